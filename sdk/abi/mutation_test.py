#!/usr/bin/env python3
"""Shows that the gate notices: each change below breaks plugins that exist or a rule of the ABI, and
must fail at the golden files (compiled as the build does it) or at the lint, whichever is named. An
appended field together with a new minor breaks none, and must pass both."""

import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import frozen_test
import headers
import lint_headers

ABI = "heliograph/abi/"
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wpadded", "-Werror"]
# (what, header, text, replacement): must not compile against the golden files.
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
    ("ticket narrowed", "base.h", "typedef uint64_t hg_op;", "typedef uint32_t hg_op;"),
    ("handle with a sign", "base.h", "typedef uint64_t hg_id;", "typedef int64_t hg_id;"),
    ("status without a sign", "base.h", "typedef int32_t hg_status;", "typedef uint32_t hg_status;"),
    ("field dropped", "provider.h", "  size_t n_part_ids;", "  "),
    ("constant dropped", "limiter.h", "#define HG_LIMIT_TOKEN_BUCKET 1u", ""),
    ("bit moved", "module.h", "HG_F_EXCLUSIVE (1u << 4)", "HG_F_EXCLUSIVE (1u << 5)"),
    ("array resized", "base.h", "char msg[496];", "char msg[504];"),
    ("const dropped", "distributor.h", "const uint64_t* excluded;", "uint64_t* excluded;"),
    ("entry's argument added", "module.h", "hg_plugin_entry_v1(const hg_host_info* host, hg_error* err);",
     "hg_plugin_entry_v1(const hg_host_info* host, hg_error* err, void* more);"),
    ("entry renamed", "module.h", '"hg_plugin_entry_v1"', '"hg_plugin_entry_v2"'),
]
# The same; what the lint must notice, and a compiler cannot.
FORBIDDEN = [
    ("tag changed", "host.h", "/* [any] counter += v", "/* [loop] counter += v"),
    ("tag dropped", "limiter.h", "/* [loop] Gives back", "/* Gives back"),
    ("bit-field", "limiter.h", "  uint32_t denied_key; ", "  uint32_t denied_key : 31; "),
    ("truth value", "limiter.h", "  uint32_t denied_key; ", "  bool denied_key; "),
    ("enumeration", "limiter.h", "#define HG_LIMIT_KEYS_MAX 8u", "enum { HG_LIMIT_KEYS_MAX = 8 };"),
    ("type of unknown width", "limiter.h", "  uint64_t limit;", "  unsigned long limit;"),
    ("variable arguments", "host.h", "hg_str msg, const hg_kv* kv, size_t n_kv);", "hg_str msg, ...);"),
    ("scalar type unasserted", "base.h", "typedef uint64_t hg_id;",
     "typedef uint64_t hg_id;\ntypedef uint32_t hg_shard;"),
]


def swap_constants(text):
    """Two constants change values: names, types and sizes stay."""
    text = text.replace("#define HG_RETRY 2u", "#define HG_RETRY 3u")
    return text.replace("#define HG_UNKNOWN 3u", "#define HG_UNKNOWN 2u")


def swap_slots(text):
    """Two slots of one type change places."""
    text = text.replace("(*interest)", "(*@)")
    return text.replace("(*unwatch)", "(*interest)").replace("(*@)", "(*unwatch)")


def swap_fields(text):
    """Two fields of one type change places: only their offsets tell."""
    text = text.replace("  hg_str from;", "  hg_str @;")
    return text.replace("  hg_str subject;", "  hg_str from;").replace("@", "subject")


def compiles(include):
    here = pathlib.Path(__file__).resolve().parent
    for compiler, standard, source in ((os.environ.get("CC", "cc"), "c99", "golden_test.c"),
                                       (os.environ.get("CXX", "c++"), "c++20", "golden_test.cpp")):
        command = [compiler, f"-std={standard}", "-fsyntax-only", f"-I{include}", *WARNINGS]
        if subprocess.run([*command, str(here / source)], capture_output=True).returncode != 0:
            return False
    return True


def append_slot(text):
    """A slot behind the last one of hg_limiter."""
    end = text.index("} hg_limiter;")
    return text[:end] + "  /* [loop] */\n  void (*more)(hg_instance* self);\n" + text[end:]


def append_short_field(text):
    """Its end leaves bytes that belong to nobody."""
    end = text.index("} hg_limit_rule;")
    return text[:end] + "  uint8_t more;\n" + text[end:]


def next_minor(text):
    return text.replace("#define HG_ABI_MINOR 0u", "#define HG_ABI_MINOR 1u")


def edit(include, header, change):
    path = include / ABI / header
    before = path.read_text()
    path.write_text(change(before))
    return path.read_text() != before


def verdict(what, changes, must_pass, gate):
    """None, or what is wrong with how `gate`, a function of an include folder, judges the headers."""
    with tempfile.TemporaryDirectory() as folder:
        include = pathlib.Path(folder) / "include"
        shutil.copytree(headers.INCLUDE, include)
        for header, change in changes:
            if not edit(include, header, change):
                return f"{what}: the headers no longer contain what this test changes"
        if gate(include) == must_pass:
            return None
        return f"{what}: " + ("should pass and does not" if must_pass else "went unnoticed")


def lints(include):
    return not lint_headers.lint(include)


def passes(include):
    return compiles(include) and lints(include)


def replacing(header, old, new):
    return [(header, lambda text: text.replace(old, new, 1))]


def cases():
    yield "nothing changed", [], True, passes
    for what, *change in BREAKING:
        yield what, replacing(*change), False, compiles
    for what, *change in FORBIDDEN:
        yield what, replacing(*change), False, lints
    yield "fields of one type swapped", [("provider.h", swap_fields)], False, compiles
    yield "constants swapped", [("provider.h", swap_constants)], False, compiles
    yield "slots swapped", [("ext/fd.h", swap_slots)], False, compiles
    appended, minor = ("limiter.h", append_slot), ("base.h", next_minor)
    yield "slot appended within the minor", [appended], False, compiles
    yield "slot appended with a new minor", [appended, minor], True, passes
    short = ("limiter.h", append_short_field)
    yield "bytes of nobody appended with a new minor", [short, minor], False, compiles


def released_files_are_watched():
    """A golden file that was made anew, or is gone, is refused."""
    name, path = next(iter(frozen_test.released_files().items()))
    sums = {name: frozen_test.digest_of(path)}
    with tempfile.TemporaryDirectory() as folder:
        changed = pathlib.Path(folder) / "changed.h"
        changed.write_text(path.read_text() + " ")
        judged = [frozen_test.problems({name: path}, sums), frozen_test.problems({name: changed}, sums),
                  frozen_test.problems({}, sums), frozen_test.problems({name: path}, {})]
    return None if [bool(found) for found in judged] == [False, True, True, True] else "released files"


def main():
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        problems = list(pool.map(lambda case: verdict(*case), cases()))
    problems.append(released_files_are_watched())
    count = len(problems)
    problems = [problem for problem in problems if problem]
    print("\n".join(problems) or f"{count} changes, each judged rightly")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
