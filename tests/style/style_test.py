#!/usr/bin/env python3
"""House rules that a compiler does not know: include direction between floors, self-contained headers, lengths.

What is longer than the rule allows stands in ratchet.txt with its length and may only get shorter: a new offender fails, and so
does an entry that is longer than needed or not needed any more.
"""
import os
import re
import subprocess
import sys
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RATCHET = os.path.join(ROOT, "tests", "style", "ratchet.txt")
COMPILER = os.environ.get("HELIOGRAPH_CXX", "clang++-19")

FLOOR = {"base": 0, "model": 1, "config": 1, "ports": 1, "pipeline": 2, "telemetry": 3, "store": 3, "plugin": 3, "http": 3,
         "api": 4, "app": 5}
SAME_FLOOR = {("config", "model"), ("ports", "model")}  # floor 1 stands on the domain's own types
COLUMNS_MAX = 100
FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 70


def tracked(*patterns):
    out = subprocess.run(["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard", "--", *patterns], check=True,
                         capture_output=True, text=True)
    return [name for name in out.stdout.splitlines() if os.path.exists(os.path.join(ROOT, name))]


def lines_of(name):
    with open(os.path.join(ROOT, name), encoding="utf-8") as file:
        return file.read().splitlines()


def functions(lines):
    """(first line's text, length) of each function; relies on clang-format: a body closes at its head's indentation."""
    i = 0
    while i < len(lines):
        line = lines[i]
        head = re.match(r"^( {0,4})[A-Za-z_~\[].*$", line)
        if not head or line.rstrip().endswith((";", ":", ",")) and "(" not in line:
            i += 1
            continue
        indent = head.group(1)
        # The head may span lines; it ends with '{' before any ';'.
        end_of_head = i
        while end_of_head < len(lines) and not lines[end_of_head].rstrip().endswith(("{", ";", "}")) and end_of_head - i < 12:
            end_of_head += 1
        text = " ".join(part.strip() for part in lines[i:end_of_head + 1])
        is_function = (end_of_head < len(lines) and lines[end_of_head].rstrip().endswith("{") and "(" in text and not re.match(
            r"(namespace|class|struct|enum|union|extern|if|for|while|switch|do|else|return|static constexpr|constexpr|const)\b",
            text))
        if not is_function:
            i += 1
            continue
        close = end_of_head + 1
        while close < len(lines) and not re.match(rf"^{indent}}}", lines[close]):
            close += 1
        yield text.split("(")[0][-60:], close - i + 1
        i = close + 1


def read_ratchet():
    entries = {}
    for line in lines_of("tests/style/ratchet.txt"):
        if line and not line.startswith("#"):
            kind, name, length = line.rsplit("\t", 2)
            entries[(kind, name)] = int(length)
    return entries


class Style(unittest.TestCase):
    def test_includes_go_down(self):
        wrong = []
        for name in tracked("core/*.h", "core/*.cpp"):
            own = name.split("/")[1]
            for number, line in enumerate(lines_of(name), 1):
                found = re.match(r'#include "core/([a-z]+)/', line)
                if not found:
                    continue
                other = found.group(1)
                allowed = other == own or FLOOR[other] < FLOOR[own] or (own, other) in SAME_FLOOR
                if not allowed:
                    wrong.append(f"{name}:{number}: {own} (floor {FLOOR[own]}) includes {other} (floor {FLOOR[other]})")
        self.assertEqual(wrong, [])

    def test_plugins_and_sdk_know_no_core(self):
        wrong = [f"{name}:{number}: {line}" for name in tracked("plugins/*", "sdk/*") if name.endswith((".h", ".hpp", ".c", ".cpp"))
                 for number, line in enumerate(lines_of(name), 1) if re.match(r'#include ["<]core/', line)]
        self.assertEqual(wrong, [])

    def test_sources_include_their_header_first(self):
        """Which also shows that the header is self-contained."""
        wrong = []
        for name in tracked("core/*.cpp"):
            header = name[:-4] + ".h"
            if not os.path.exists(os.path.join(ROOT, header)):
                continue
            includes = [line for line in lines_of(name) if line.startswith("#include")]
            if not includes or includes[0] != f'#include "{header}"':
                wrong.append(f"{name}: its first include is not {header}")
        self.assertEqual(wrong, [])

    def test_headers_without_source_are_self_contained(self):
        headers = [name for name in tracked("core/*.h") if not os.path.exists(os.path.join(ROOT, name[:-2] + ".cpp"))]

        def check(name):
            with tempfile.NamedTemporaryFile("w", suffix=".cpp") as file:
                file.write(f'#include "{name}"\n')
                file.flush()
                run = subprocess.run(
                    [COMPILER, "-std=c++23", "-fsyntax-only", f"-I{ROOT}", f"-I{ROOT}/sdk/include",
                     "-DBOOST_ASIO_SEPARATE_COMPILATION", "-DBOOST_BEAST_SEPARATE_COMPILATION", file.name],
                    capture_output=True, text=True, check=False)
                return None if run.returncode == 0 else f"{name}: {run.stderr[:400]}"

        with ThreadPoolExecutor(2) as pool:
            self.assertEqual([problem for problem in pool.map(check, headers) if problem], [])

    def test_pragma_once_and_opening_comment(self):
        wrong = []
        for name in tracked("core/*.h"):
            lines = lines_of(name)
            if "#pragma once" not in lines[:40]:
                wrong.append(f"{name}: no #pragma once")
            if not lines or not lines[0].startswith("//"):
                wrong.append(f"{name}: does not open with what it is")
        self.assertEqual(wrong, [])

    def test_columns(self):
        wrong = []
        for name in tracked("core/*", "plugins/*", "sdk/*", "tests/*"):
            if name.endswith((".h", ".hpp", ".c", ".cpp")) and "number_table" not in name and "/data/" not in name:
                for number, line in enumerate(lines_of(name), 1):
                    # A line that cannot be broken (a literal, an include) is no fault.
                    if len(line) > COLUMNS_MAX and " " in line.strip() and '"' not in line and "http" not in line:
                        wrong.append(f"{name}:{number}: {len(line)} columns")
        self.assertEqual(wrong, [])

    def test_lengths(self):
        found = {}
        for name in tracked("core/*", "plugins/*", "sdk/*"):
            if not name.endswith((".h", ".hpp", ".c", ".cpp")) or "number_table" in name or "/golden" in name:
                continue
            lines = lines_of(name)
            if len(lines) > FILE_LINES_MAX:
                found[("file", name)] = len(lines)
            for head, length in functions(lines):
                if length > FUNCTION_LINES_MAX:
                    found[("function", f"{name}: {head}")] = length
        ratchet = read_ratchet()
        wrong = []
        for key, length in found.items():
            if length > ratchet.get(key, 0):
                wrong.append(f"{key[0]} {key[1]} has {length} lines (allowed {ratchet.get(key, 'the rule only')})")
        for key, length in ratchet.items():
            if found.get(key, 0) < length:
                wrong.append(f"ratchet.txt: {key[0]} {key[1]} is {found.get(key, 'not')} long now, not {length}: tighten it")
        self.assertEqual(wrong, [])

    def test_matcher_sees_functions(self):
        """The measure itself: a matcher that finds nothing would let everything pass."""
        sample = ["int f(int a,", "      int b) {", "  return a + b;", "}", "class C {", "  void g() {", "    h();", "  }", "};"]
        self.assertEqual(list(functions(sample)), [("int f", 4), ("void g", 3)])
        found = sum(len(list(functions(lines_of(name)))) for name in tracked("core/*.cpp"))
        self.assertGreater(found, 200)


if __name__ == "__main__":
    sys.exit(unittest.main())
