#!/usr/bin/env python3
"""Shows that the golden file notices: each change below breaks plugins that exist, and must not
compile. An appended field together with a new minor breaks none, and must."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import headers

ABI = "heliograph/abi/"
# (what, header, text, replacement)
BREAKING = [
    ("slot inserted", "host.h", "  /* [any] The clock", "  void (*more)(void);\n  /* The clock"),
    ("argument retyped", "host.h", "uint32_t id, double v)", "uint32_t id, float v)"),
    ("result retyped", "lifecycle.h", "void (*destroy)", "hg_status (*destroy)"),
    ("field narrowed", "limiter.h", "uint64_t limit;", "uint32_t limit;"),
    ("field renamed", "module.h", "hg_str vendor;", "hg_str maker;"),
    ("frozen struct grown", "base.h", "  size_t len;\n", "  size_t len;\n  size_t capacity;\n"),
    ("constant renumbered", "provider.h", "#define HG_RETRY 2u", "#define HG_RETRY 9u"),
    ("status renumbered", "base.h", "HG_E_BUSY (-3)", "HG_E_BUSY (-30)"),
    ("extension id changed", "ext/fd.h", '"hg.fd/1"', '"hg.fd/2"'),
    ("callback retyped", "base.h", "(*hg_fn)(void* arg, uint64_t tag)", "(*hg_fn)(void* arg)"),
    ("entry renamed", "module.h", '"hg_plugin_entry_v1"', '"hg_plugin_entry_v2"'),
]


def swap_fields(text):
    """Two fields of one type change places: only their offsets tell."""
    text = text.replace("  hg_str from;", "  hg_str @;")
    return text.replace("  hg_str subject;", "  hg_str from;").replace("@", "subject")


def compiles(include):
    here = pathlib.Path(__file__).resolve().parent
    for compiler, standard, source in ((os.environ.get("CC", "cc"), "c99", "golden_test.c"),
                                       (os.environ.get("CXX", "c++"), "c++20", "golden_test.cpp")):
        command = [compiler, f"-std={standard}", "-fsyntax-only", f"-I{include}"]
        if subprocess.run([*command, str(here / source)], capture_output=True).returncode != 0:
            return False
    return True


def append_slot(text):
    """A slot behind the last one of hg_limiter."""
    end = text.index("} hg_limiter;")
    return text[:end] + "  /* [loop] */\n  void (*more)(hg_instance* self);\n" + text[end:]


def next_minor(text):
    return text.replace("#define HG_ABI_MINOR 0u", "#define HG_ABI_MINOR 1u")


def edit(include, header, change):
    path = include / ABI / header
    before = path.read_text()
    path.write_text(change(before))
    return path.read_text() != before


def verdict(what, changes, must_compile):
    with tempfile.TemporaryDirectory() as folder:
        include = pathlib.Path(folder) / "include"
        shutil.copytree(headers.INCLUDE, include)
        for header, change in changes:
            if not edit(include, header, change):
                return f"{what}: the headers no longer contain what this test changes"
        if compiles(include) == must_compile:
            return None
        return f"{what}: " + ("should compile and does not" if must_compile else "went unnoticed")


def main():
    problems = [verdict("nothing changed", [], True)]
    for what, header, old, new in BREAKING:
        change = (header, lambda text, o=old, n=new: text.replace(o, n, 1))
        problems.append(verdict(what, [change], False))
    problems.append(verdict("fields of one type swapped", [("provider.h", swap_fields)], False))
    appended = [("limiter.h", append_slot)]
    problems.append(verdict("slot appended within the minor", appended, False))
    appended.append(("base.h", next_minor))
    problems.append(verdict("slot appended with a new minor", appended, True))
    count = len(problems)
    problems = [problem for problem in problems if problem]
    print("\n".join(problems) or f"{count} sets of headers, each judged rightly")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
