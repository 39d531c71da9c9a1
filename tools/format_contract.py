#!/usr/bin/env python3
"""Lays out docs/openapi/openapi.json: what fits on a line stands on one, everything else is one member a line.

    tools/format_contract.py           writes the file anew
    tools/format_contract.py --check   only says whether it would change (exit code 1); duplicate names fail either way
"""
import json
import os
import sys

FILE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "docs", "openapi", "openapi.json")
COLUMNS = 128


def without_duplicates(pairs):
    names = [name for name, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            raise SystemExit(f"{FILE}: {name!r} is there twice in one object")
    return dict(pairs)


def laid_out(value, indent, room):
    """`room`: columns taken on the first line by what stands before and after the value."""
    line = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, (dict, list)) or not value or indent + room + len(line) <= COLUMNS:
        return line
    inner = " " * (indent + 2)
    if isinstance(value, dict):
        heads = [json.dumps(name, ensure_ascii=False) + ": " for name in value]
        items = [head + laid_out(item, indent + 2, len(head) + 1) for head, item in zip(heads, value.values())]
    else:
        items = [laid_out(item, indent + 2, 1) for item in value]
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return f"{opening}\n" + ",\n".join(inner + item for item in items) + "\n" + " " * indent + closing


def main():
    with open(FILE, encoding="utf-8") as file:
        before = file.read()
    after = laid_out(json.loads(before, object_pairs_hook=without_duplicates), 0, 0) + "\n"
    if after == before:
        return 0
    if "--check" in sys.argv[1:]:
        print(f"{FILE} is not laid out as tools/format_contract.py does it", file=sys.stderr)
        return 1
    with open(FILE, "w", encoding="utf-8") as file:
        file.write(after)
    return 0


if __name__ == "__main__":
    sys.exit(main())
