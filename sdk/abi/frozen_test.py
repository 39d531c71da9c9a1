#!/usr/bin/env python3
"""What was released is never changed: golden files and frozen headers are what RELEASED.sha256 says.

frozen_test.py --release writes the sums of files that have none yet; those of released files stay."""

import hashlib
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
SUMS = HERE / "RELEASED.sha256"


def released_files():
    found = [*(HERE / "golden").glob("*.h"), *(HERE / "frozen").glob("*/heliograph/**/*.h")]
    return {str(path.relative_to(HERE)): path for path in sorted(found)}


def known_sums():
    if not SUMS.exists():
        return {}
    lines = SUMS.read_text().splitlines()
    return {name: digest for digest, name in (line.split("  ", 1) for line in lines)}


def digest_of(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def problems(files, known):
    gone = [f"{name}: was released and is gone" for name in known if name not in files]
    new = [f"{name}: has no sum; frozen_test.py --release when its version is released"
           for name in files if name not in known]
    return gone + new + [f"{name}: was released and has changed" for name, path in files.items()
                         if name in known and digest_of(path) != known[name]]


def main():
    files, known = released_files(), known_sums()
    if "--release" in sys.argv[1:]:
        known = {**{name: digest_of(path) for name, path in files.items()}, **known}
        SUMS.write_text("".join(f"{known[name]}  {name}\n" for name in sorted(known)))
    found = problems(files, known)
    print("\n".join(found) or f"{len(known)} released files as they were")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
