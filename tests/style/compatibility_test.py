#!/usr/bin/env python3
"""docs/compatibility.md and its page for the messaging service tell the truth about their tests: each named one exists, and a row without one says why."""
import os
import re
import subprocess
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
GUIDES = [os.path.join(ROOT, "docs", name) for name in ("compatibility.md", "compatibility-messaging.md")]
NAME = re.compile(r"^[A-Za-z]\w*\.\w+$")
EXCUSES = ("**Differs**", "**Not kept**", "**Not needed**")


def tracked(*patterns):
    out = subprocess.run(["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard", "--", *patterns], check=True,
                         capture_output=True, text=True)
    return [os.path.join(ROOT, name) for name in out.stdout.splitlines()]


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def known_tests():
    names = set()
    for path in tracked("tests/*.cpp", "plugins/*.cpp", "sdk/*.cpp"):
        names.update(f"{suite}.{name}" for suite, name in re.findall(r"^TEST(?:_F|_P)?\((\w+),\s*(\w+)\)", read(path), re.M))
    for path in [*tracked("tests/integration/*_test.py"), *tracked("tests/fault/*_test.py")]:
        suite = None
        for kind, name in re.findall(r"^(class |    def )(\w+)", read(path), re.M):
            suite = name if kind == "class " else suite
            names.add(f"{suite}.{name}")
    return names


def rows():
    """(promise, where, test) of every row of every table."""
    for line in (line for guide in GUIDES for line in read(guide).splitlines()):
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] if line.startswith("|") else []
        if cells and cells[0] not in ("promise", "---"):
            yield cells


class Compatibility(unittest.TestCase):
    def test_every_row_has_three_cells(self):
        self.assertEqual([row for row in rows() if len(row) != 3], [])

    def test_every_named_test_exists(self):
        known = known_tests()
        named = [name for row in rows() for name in re.findall(r"`([^`]+)`", row[2])]
        self.assertGreater(len(named), 50)
        self.assertEqual([name for name in named if not NAME.match(name) or name not in known], [])

    def test_a_row_without_a_test_says_why(self):
        silent = [row[0] for row in rows() if not row[2] and not any(excuse in row[1] for excuse in EXCUSES)]
        self.assertEqual(silent, [])


if __name__ == "__main__":
    unittest.main()
