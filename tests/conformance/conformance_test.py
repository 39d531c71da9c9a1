#!/usr/bin/env python3
"""`heliograph plugin check` over good plugins, which must pass, and bad ones, each of which must fail
at the case that its table names, with the verdict it names, and at no other.

Usage: conformance_test.py HELIOGRAPH good PLUGIN...
       conformance_test.py HELIOGRAPH bad TABLE FOLDER
"""

import concurrent.futures
import json
import pathlib
import subprocess
import sys
import tomllib

PATIENCE = 300  # seconds: a bound on hanging, no expectation


def check(heliograph, plugin):
    """The report of one plugin, and the exit code."""
    run = subprocess.run(
        [heliograph, "plugin", "check", "--format", "json", str(plugin)],
        capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert run.returncode in (0, 1), f"{plugin}: exit code {run.returncode}: {run.stderr}"
    report = json.loads(run.stdout)
    assert report["ok"] == (run.returncode == 0), f"{plugin}: the exit code and the report differ"
    return report


def fallen(report):
    return {f"{case['group']}/{case['case']}": case for case in report["cases"]
            if case["verdict"] not in ("pass", "skip")}


def test_good(heliograph, plugin):
    """What is wrong with the check of a plugin that keeps the rules."""
    report = check(heliograph, plugin)
    problems = [f"{name}: {case['verdict']}: {case['sentence']}"
                for name, case in fallen(report).items()]
    passed = {f"{case['group']}/{case['case']}" for case in report["cases"]
              if case["verdict"] == "pass"}
    problems += [f"{name} did not pass" for name in
                 ("entry/describe", "lifecycle/create", "lifecycle/start") if name not in passed]
    return problems


def test_bad(heliograph, plugin, expected):
    """What is wrong with the check of a plugin with a known fault."""
    found = fallen(check(heliograph, plugin))
    problems = []
    for name, verdict in expected["falls"].items():
        got = found[name]["verdict"] if name in found else "no failure"
        if got != verdict:
            problems.append(f"{name}: expected {verdict}, got {got}")
        elif expected.get("says", "") not in found[name]["sentence"]:
            problems.append(f"{name}: '{found[name]['sentence']}' does not say "
                            f"'{expected['says']}'")
    problems += [f"{name} must not fall ({case['verdict']}: {case['sentence']})"
                 for name, case in found.items() if name not in expected["falls"]]
    return problems


def main():
    heliograph, what, *rest = sys.argv[1:]
    if what == "good":
        tasks = [(pathlib.Path(plugin).name, test_good, (plugin,)) for plugin in rest]
    else:
        table = tomllib.loads(pathlib.Path(rest[0]).read_text(encoding="utf-8"))
        tasks = [(bad["name"], test_bad, (pathlib.Path(rest[1]) / (bad["name"] + ".so"), bad))
                 for bad in table["bad"]]
    assert tasks, "nothing to check"
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        runs = [(name, pool.submit(test, heliograph, *arguments))
                for name, test, arguments in tasks]
        for name, run in runs:
            problems = run.result()
            failed += bool(problems)
            print(f"{'FAILED' if problems else 'ok':8}{name}", *problems, sep="\n          ")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
