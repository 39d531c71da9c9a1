#!/usr/bin/env python3
"""Runs the whole fault suite and writes what it showed into docs/reliability.md, between its markers.

  tests/fault/run.py build/release [--only REGEX] [--no-write] [--partial]

A test that was skipped, or of which a part was, did not show that anything holds. A table with one is written only with --partial,
which then says so above it.
"""
import argparse
import ast
import os
import re
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "mutants"))

import mutants  # noqa: E402
import page  # noqa: E402

MARK = "make fault"


def tests_of(build, only):
    out = subprocess.run(["ctest", "--test-dir", build, "-N", "-L", "^fault$"], check=True, capture_output=True, text=True).stdout
    return [name for name in re.findall(r"Test +#\d+: (\S+)", out) if re.search(only, name)]


def run(build, name):
    """(verdict, seconds, figures)"""
    started = time.monotonic()
    done = subprocess.run(["ctest", "--test-dir", build, "-R", f"^{re.escape(name)}$", "-V"], capture_output=True, text=True,
                          check=False)
    found = re.findall(r"figures: (.+)", done.stdout)
    if done.returncode != 0:
        sys.stderr.write(done.stdout + done.stderr)
    return verdict_of(done.returncode, done.stdout), time.monotonic() - started, "; ".join(found)


def verdict_of(code, output):
    """What `ctest -V` came to: "holds", "FAILS", or "skipped" with what was, as ctest (exit code 77) or unittest say."""
    if code != 0:
        return "FAILS"
    if "***Skipped" in output or "***Not Run" in output:
        reason = re.search(r"skipped: (.+)", output)
        return f"skipped: {reason.group(1).strip()}" if reason else "skipped"
    parts = sum(int(count) for count in re.findall(r"\(.*?\bskipped=(\d+)", output))
    if parts:
        reasons = re.findall(r"\.\.\. skipped ['\"](.+?)['\"]\s*$", output, re.M)
        return f"skipped: {parts} of its cases ({'; '.join(dict.fromkeys(reasons))})"
    return "holds"


def short(name):
    return re.sub(r"^(fault|integration)\.|\.full$", "", name)


def what_it_does(name):
    """The first sentence of the test's own description."""
    path = os.path.join(ROOT, "tests", name.split(".")[0], f"{short(name)}_test.py")
    with open(path, encoding="utf-8") as file:
        text = ast.get_docstring(ast.parse(file.read())) or ""
    return " ".join(text.split("\n\n")[0].split()).split(". ")[0].rstrip(".")


def mutants_of(name):
    names = {name, name.removesuffix(".full")}
    return ", ".join(f"`{mutant.name}`" for mutant in mutants.load() if any(re.fullmatch(mutant.killer, each) for each in names))


def table(results):
    lines = ["| test | what was done | figures | proved by | verdict |", "|---|---|---|---|---|"]
    for name, verdict, seconds, figures in results:
        lines.append(f"| {short(name)} | {what_it_does(name)} | {figures or '-'} | {mutants_of(name) or '-'} | "
                     f"{verdict if verdict == 'holds' else f'**{verdict}**'} ({seconds:.0f} s) |")
    return "\n".join(lines)


def incomplete(results):
    return [short(name) for name, verdict, _, _ in results if verdict.startswith("skipped")]


def write(results, missing=""):
    page.write(MARK, f"command: `make fault`{missing}\n\n{table(results)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--only", default="", help="a regular expression for names of tests; writes nothing without --partial")
    parser.add_argument("--no-write", action="store_true")
    parser.add_argument("--partial", action="store_true", help="write a table that does not have every test too, and say so in it")
    arguments = parser.parse_args()
    names, results = tests_of(arguments.build, arguments.only), []
    if not names:
        raise SystemExit("run.py: no test with the label fault")
    for name in names:
        results.append((name, *run(arguments.build, name)))
        print(f"{name}: {results[-1][1]} ({results[-1][2]:.0f} s) {results[-1][3]}", flush=True)
    return finish(arguments, results)


def finish(arguments, results):
    skipped, code = incomplete(results), 0 if all(verdict != "FAILS" for _, verdict, _, _ in results) else 1
    if arguments.no_write or arguments.only and not arguments.partial:
        return code
    if skipped and not arguments.partial:
        print(f"run.py: nothing is written, because not everything ran: {', '.join(skipped)}; --partial writes it and says so",
              file=sys.stderr)
        return 1
    missing = "".join([f"; of the tests only `{arguments.only}`" if arguments.only else "",
                       f"; **not the whole suite**: skipped, wholly or in part, are {', '.join(skipped)}" if skipped else ""])
    write(results, missing)
    return code


if __name__ == "__main__":
    sys.exit(main())
