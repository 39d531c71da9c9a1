"""Reads the mutants of this folder and applies them to a tree."""
import collections
import glob
import os
import subprocess
import tomllib

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))

Edit = collections.namedtuple("Edit", "file find replace")
Mutant = collections.namedtuple("Mutant", "name edits killer why group throws")
FIELDS = {"name", "killer", "why", "file", "find", "replace", "edit", "throws"}


class Faulty(Exception):
    """A table that says nothing usable; the message names file and mutant."""


def parse(table, group):
    name = table.get("name", "?")
    unknown = set(table) - FIELDS
    if unknown:
        raise Faulty(f"{group}: {name}: unknown {', '.join(sorted(unknown))}")
    edits = table.get("edit") or [{key: table.get(key) for key in Edit._fields}]
    for edit in edits:
        if set(edit) != set(Edit._fields) or not all(isinstance(edit[key], str) and edit[key] for key in Edit._fields):
            raise Faulty(f"{group}: {name}: a place needs file, find and replace")
    for key in ("name", "killer", "why"):
        if not table.get(key):
            raise Faulty(f"{group}: {name}: {key} is missing")
    return Mutant(name, [Edit(**edit) for edit in edits], table["killer"], table["why"], group, table.get("throws", 1))


def load(folder=HERE):
    found = []
    for path in sorted(glob.glob(os.path.join(folder, "*.toml"))):
        with open(path, "rb") as file:
            tables = tomllib.load(file).get("mutant", [])
        found += [parse(table, os.path.basename(path)) for table in tables]
    return found


def by_file(mutants):
    places = collections.defaultdict(list)
    for mutant in mutants:
        for edit in mutant.edits:
            places[edit.file].append((mutant, edit))
    return places


def apply(text, places):
    """The text with all places changed. Raises Faulty where a place is missing, ambiguous, unguarded or taken."""
    spans = []
    for mutant, edit in places:
        count = text.count(edit.find)
        if count != 1:
            raise Faulty(f"{mutant.group}: {mutant.name}: its text occurs {count} times in {edit.file}, not once")
        if f'HG_MUTANT("{mutant.name}")' not in edit.replace:
            raise Faulty(f'{mutant.group}: {mutant.name}: HG_MUTANT("{mutant.name}") does not guard its text in {edit.file}')
        start = text.index(edit.find)
        spans.append((start, start + len(edit.find), mutant, edit))
    spans.sort(key=lambda span: span[0])
    for (_, end, first, _), (start, _, second, edit) in zip(spans, spans[1:]):
        if start < end:
            raise Faulty(f"{first.name} and {second.name} change the same text of {edit.file}")
    for start, end, _, edit in reversed(spans):
        text = text[:start] + edit.replace + text[end:]
    return text


def tracked(root=ROOT):
    out = subprocess.run(["git", "-C", root, "ls-files", "-co", "--exclude-standard", "-z"], check=True, capture_output=True,
                         text=True)
    return [name for name in out.stdout.split("\0") if name and os.path.isfile(os.path.join(root, name))]
