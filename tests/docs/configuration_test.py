#!/usr/bin/env python3
"""docs/configuration.md against the program: each key has the type, the range, the default and the must that its row tells.

That each key has a row and each row a key is tests/unit/config/embedded_test.cpp, and so is that config/heliograph.toml states the
defaults of the code; here the rows are compared with that file, and the program is given what the rows call wrong.
"""
import os
import re
import subprocess
import tempfile
import tomllib
import unittest
from typing import NamedTuple

import markdown

PROGRAM = os.environ["HELIOGRAPH_BIN"]
# A value that the type is not, and what the program answers.
WRONG = {
    "string": ("1", "expected a string"),
    "secret": ("1", "expected a string"),
    "integer": ('"x"', "expected an integer"),
    "number": ('"x"', "expected a number"),
    "boolean": ("1", "expected true or false"),
    "duration": ("5", "expected a duration"),
    "size": ("true", "expected a size"),
    "array of strings": ("1", "expected an array of strings"),
    "array of durations": ('["x"]', "duration"),
    "table": ("1", "expected a table"),
}
SMALLER = {"integer": "-1", "number": "-0.5", "duration": '"0s"', "size": '"1"'}
LARGER = {"integer": "9999999999", "number": "1000000000000", "duration": '"3650d"', "size": '"900GiB"'}


class Row(NamedTuple):
    section: str
    key: str
    kind: str
    range: str
    default: str

    def name(self):
        return f"{self.section} {self.key}"


def rows():
    text = markdown.read("docs/configuration.md")
    found = []
    for part in re.split(r"^### ", text[text.index("## Keys"):text.index("\n## Limits")], flags=re.M)[1:]:
        section = part.splitlines()[0].strip("`")
        for key, kind, default in re.findall(r"^\| `([\w.]+)` \| ([^|]*?) \| ([^|]*?) ?\| ", part, re.M):
            kind, _, bounds = kind.partition(", ")
            found.append(Row("" if section == "Top level" else section, key, kind, bounds, default))
    return found


def header(section):
    """What the section needs above it: a list in a list needs an entry of the outer one."""
    outer = re.match(r"\[\[(route)\.", section)
    return ([f"[[{outer[1]}]]"] if outer else []) + ([section] if section else [])


def check(lines):
    """The program's errors by line."""
    with tempfile.NamedTemporaryFile("w", suffix=".toml", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
        file.flush()
        environment = {name: value for name, value in os.environ.items() if not name.startswith("HELIOGRAPH_")}
        done = subprocess.run([PROGRAM, "config", "check", "--config", file.name], env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 78, done.stderr
        errors = {}
        for number, message in re.findall(rf"^{re.escape(file.name)}:(\d+): (.*)$", done.stderr, re.M):
            errors.setdefault(int(number), []).append(message)
        return errors


def answers(values):
    """(row, errors at its line) for a file that gives these rows these values."""
    lines, places, section = [], [], ""
    for row, value in values:
        if row.section != section:
            lines += header(row.section)
            section = row.section
        lines.append(f"{row.key} = {value}")
        places.append((row, len(lines)))
    errors = check(lines)
    return [(row, "; ".join(errors.get(line, []))) for row, line in places]


def documented_file():
    """config/heliograph.toml with its examples, and without them; tomllib refuses tables that are given twice."""
    lines = markdown.read("config/heliograph.toml").splitlines()
    return (tomllib.loads("\n".join(re.sub(r"^#(?=\S)", "", line) for line in lines)), tomllib.loads("\n".join(lines)))


def look_up(tree, row):
    """The value of a row's key in a file, or None."""
    for name in [*filter(None, row.section.strip("[]").split(".")), *row.key.split(".")]:
        tree = tree[0] if isinstance(tree, list) else tree
        if not isinstance(tree, dict) or name not in tree:
            return None
        tree = tree[name]
    return tree


class Rows(unittest.TestCase):
    def setUp(self):
        self.rows = rows()

    def test_are_all_read(self):
        text = markdown.read("docs/configuration.md")
        self.assertEqual(len(self.rows), len(re.findall(r"^\| `", text[text.index("## Keys"):text.index("\n## Limits")], re.M)))
        self.assertEqual({row.kind for row in self.rows} - set(WRONG), set(), "types that the page does not explain")

    def test_tell_the_type(self):
        wrong = [f"{row.name()}: is documented as {row.kind}: {error or 'no error'}"
                 for row, error in answers([(row, WRONG[row.kind][0]) for row in self.rows]) if WRONG[row.kind][1] not in error]
        self.assertEqual(wrong, [])

    def test_tell_the_range(self):
        ranged = [row for row in self.rows if row.range]
        self.assertGreater(len(ranged), 12)
        wrong = []
        for values, upper in ((SMALLER, False), (LARGER, True)):
            # Zero is the smallest of some: nothing is below it.
            asked = [row for row in ranged if (row.range.startswith(">=") or "-" in row.range) and not (upper and row.range.startswith(">="))]
            asked = [row for row in asked if upper or row.kind != "duration" or not row.range.startswith("0s")]
            for row, error in answers([(row, f"[{values['duration']}]" if row.kind.startswith("array") else values[row.kind])
                                       for row in asked]):
                low, _, high = row.range.removeprefix(">= ").partition("-")
                if not re.search(rf"(expected|no duration from) .*?\b{re.escape(low)}\b.*{re.escape(high)}\b", error):
                    wrong.append(f"{row.name()}: is documented as {row.range}: {error or 'no error'}")
        self.assertEqual(wrong, [])

    def test_tell_the_default(self):
        examples, defaults = documented_file()
        wrong = []
        for row in self.rows:
            code = re.fullmatch(r"`(.*)`", row.default)
            if code and re.fullmatch(r"[a-z_]+\.[a-z_.]+", code[1]):  # another key's value
                continue
            of_list = "[[" in row.section
            stated = look_up(examples if of_list else defaults, row)
            if code and stated is not None and tomllib.loads("x = " + code[1])["x"] != stated:
                wrong.append(f"{row.name()}: is documented as {code[1]}, config/heliograph.toml has {stated!r}")
            if not of_list and row.default == "" and stated not in (None, "", {}):
                wrong.append(f"{row.name()}: is documented without a default, config/heliograph.toml has {stated!r}")
            if not of_list and stated is not None and not code and row.default:
                wrong.append(f"{row.name()}: has a default in config/heliograph.toml: {stated!r}")
        self.assertEqual(wrong, [])

    def test_tell_what_must_be_given(self):
        """Each list gets an empty entry, each table that something is required with another key of its own."""
        lines = ["[limits]", "total.unit = \"parts\"", "client.burst = 1", "dispatch.unit = \"parts\""]
        for section in dict.fromkeys(row.section for row in self.rows if row.section.startswith("[[")):
            lines += ([section] if section != "[[route.provider]]" else []) + (["[[route.provider]]"] if section == "[[route]]" else [])
            lines += {"[[provider]]": ["limit.unit = \"parts\""], "[[client]]": ["quiet_hours.timezone = \"UTC\""]}.get(section, [])
        missing = set()
        for messages in check(lines).values():
            for message in messages:
                place = re.match(r"(\[+[\w.]+\]+)(?: #\d+| '[^']*')?:? ?([\w.]+): is missing", message)
                if place:
                    missing.add(f"{place[1]} {place[2]}")
        self.assertEqual(missing, {row.name() for row in self.rows if row.default.startswith("required")})


if __name__ == "__main__":
    unittest.main()
