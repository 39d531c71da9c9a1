#!/usr/bin/env python3
"""Checks the line coverage of the parts that must stay above their floor, from llvm-cov's report."""
import sys

FLOORS = {"core/pipeline/": 90.0, "core/store/": 90.0, "plugins/limiters/memory/": 90.0}


def main() -> int:
    sums = {part: [0, 0] for part in FLOORS}  # lines, missed
    for row in open(sys.argv[1], encoding="utf-8"):
        cells = row.split()
        # Filename Regions Missed Cover Functions Missed Executed Lines Missed Cover Branches Missed Cover
        if len(cells) < 10 or not cells[7].isdigit():
            continue
        for part in FLOORS:
            if part in cells[0]:
                sums[part][0] += int(cells[7])
                sums[part][1] += int(cells[8])
    failed = False
    for part, (lines, missed) in sums.items():
        if lines == 0:
            print(f"{part}: no lines found in the report")
            failed = True
            continue
        covered = 100.0 * (lines - missed) / lines
        verdict = "ok" if covered >= FLOORS[part] else "BELOW"
        failed |= covered < FLOORS[part]
        print(f"{part:28} {covered:5.1f} % of {lines} lines (floor {FLOORS[part]:.0f} %) {verdict}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
