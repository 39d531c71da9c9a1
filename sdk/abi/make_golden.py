#!/usr/bin/env python3
"""Writes the golden file of the present headers: make_golden.py > golden/1_1.h

Once per minor, before its release; a released file is never made again. With a file as argument:
says whether it is up to date, so that nothing is added to the headers without its assertion."""

import os
import pathlib
import subprocess
import sys
import tempfile
import textwrap

import headers

HEAD = """\
/* Golden file of plugin ABI {version}, made by make_golden.py. Not to be edited: when it fails to
 * compile, the headers have changed in a way that breaks plugins that exist. Frozen structs and
 * those of this very minor keep their exact size; structs with a size field may grow in later
 * minors. */
#ifndef HG_GOLDEN_{guard}_H
#define HG_GOLDEN_{guard}_H

"""


def measure(structs):
    """Sizes and offsets, as the C compiler of this machine lays them out."""
    lines = [f"#include <{path}>" for path in [*headers.STABLE, "stdio.h"]]
    lines.append("int main(void) {")
    for struct in structs:
        lines.append(f'printf("%zu\\n", sizeof({struct.name}));')
        for field in struct.fields:
            lines.append(f'printf("%zu\\n", offsetof({struct.name}, {field.name}));')
    lines.append("return 0; }")
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder) / "measure.c"
        source.write_text("\n".join(lines))
        program = pathlib.Path(folder) / "measure"
        compile_it = [os.environ.get("CC", "cc"), "-std=c99", f"-I{headers.INCLUDE}"]
        subprocess.run([*compile_it, str(source), "-o", str(program)], check=True)
        run = subprocess.run([str(program)], check=True, capture_output=True, text=True)
        return iter(map(int, run.stdout.split()))


def golden():
    parsed = [headers.parse(path) for path in headers.STABLE]
    structs = [struct for header in parsed for struct in header.structs]
    constants = dict(constant for header in parsed for constant in header.constants)
    minor = int(constants["HG_ABI_MINOR"].rstrip("u"))
    version = constants["HG_ABI_VERSION"].strip('"')
    figures = measure(structs)
    out = [HEAD.format(version=version, guard=version.upper().replace(".", "_").replace("-", "_"))]
    for struct in structs:
        kind = "GROWS" if struct.grows else "FROZEN"
        minor_argument = f", {minor}u" if struct.grows else ""
        out.append(f"HG_GOLDEN_{kind}({struct.name}, {next(figures)}{minor_argument})\n")
        for field in struct.fields:
            where = f"{struct.name}, {field.name}, {next(figures)}"
            out.append(f"HG_GOLDEN_FIELD({where}, {field.type})\n")
        out.append("\n")
    for header in parsed:
        out += [f"HG_GOLDEN_TYPEDEF({name}, {type})\n" for name, type, _ in header.typedefs]
    out.append("\n")
    for name, value in constants.items():
        if name in ("HG_ABI_MINOR", "HG_ABI_VERSION"):
            continue  # these change with each release; a minor only grows
        kind = "TEXT" if value.startswith('"') else "CONSTANT"
        out.append(f"HG_GOLDEN_{kind}({name}, {value})\n")
    out.append(f"HG_GOLDEN_MINOR({minor}u)\n\n#endif\n")
    return "".join(out)


def wrapped(text):
    """No line is longer than 100 columns, as everywhere in this tree."""
    wrap = textwrap.TextWrapper(100, subsequent_indent=" " * 4, break_long_words=False)
    return "".join(wrap.fill(line) + "\n" for line in text.splitlines())


def main():
    text = wrapped(golden())
    if len(sys.argv) < 2:
        sys.stdout.write(text)
        return 0
    if pathlib.Path(sys.argv[1]).read_text() == text:
        return 0
    print(f"{sys.argv[1]} is not what the headers say now: make it anew if this minor is a draft,")
    print("else raise HG_ABI_MINOR and add a golden file")
    return 1


if __name__ == "__main__":
    sys.exit(main())
