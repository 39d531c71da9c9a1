#!/usr/bin/env python3
"""`heliograph plugin check` over good plugins, which must pass, and bad ones, each of which must fail
at the case that its table names, with the verdict it names, and at no other.

Usage: conformance_test.py HELIOGRAPH good PLUGIN...
       conformance_test.py HELIOGRAPH bad TABLE FOLDER
       conformance_test.py HELIOGRAPH frozen PLUGIN...  (the groups about the border alone)
       conformance_test.py HELIOGRAPH command PLUGIN    (the http provider: it has a required key)
"""

import concurrent.futures
import json
import pathlib
import subprocess
import sys
import tempfile
import tomllib

BORDER = ("binary", "entry", "config", "lifecycle", "side-effects")
PATIENCE = 300  # seconds: a bound on hanging, no expectation


def command(heliograph, plugin, *options):
    """`heliograph plugin check`, ended."""
    return subprocess.run(
        [heliograph, "plugin", "check", str(plugin), *options],
        capture_output=True, text=True, timeout=PATIENCE, check=False)


def check(heliograph, plugin, *options):
    """The report of one plugin."""
    run = command(heliograph, plugin, "--format", "json", *options)
    assert run.returncode in (0, 1), f"{plugin}: exit code {run.returncode}: {run.stderr}"
    report = json.loads(run.stdout)
    assert report["ok"] == (run.returncode == 0), f"{plugin}: the exit code and the report differ"
    return report


def fallen(report):
    return {f"{case['group']}/{case['case']}": case for case in report["cases"]
            if case["verdict"] not in ("pass", "skip")}


def test_frozen(heliograph, plugin):
    """The same of one that is about the border, whatever its strategy."""
    return test_good(heliograph, plugin, *(word for group in BORDER for word in ("--group", group)))


def test_good(heliograph, plugin, *options):
    """What is wrong with the check of a plugin that keeps the rules."""
    report = check(heliograph, plugin, *options)
    problems = [f"{name}: {case['verdict']}: {case['sentence']}"
                for name, case in fallen(report).items()]
    passed = {f"{case['group']}/{case['case']}" for case in report["cases"]
              if case["verdict"] == "pass"}
    problems += [f"{name} did not pass" for name in
                 ("entry/describe", "lifecycle/create", "lifecycle/start") if name not in passed]
    return problems


def test_bad(heliograph, plugin, expected, groups):
    """What is wrong with the check of a plugin with a known fault."""
    only = [word for name in expected.get("only", []) for word in ("--case", name)]
    only = only or [word for name in groups for word in ("--group", name)]
    found = fallen(check(heliograph, plugin, *only))
    problems = []
    for name, verdict in expected["falls"].items():
        got = found[name]["verdict"] if name in found else "no failure"
        if got != verdict:
            problems.append(f"{name}: expected {verdict}, got {got}")
        elif expected.get("says", "") not in found[name]["sentence"]:
            problems.append(f"{name}: '{found[name]['sentence']}' does not say "
                            f"'{expected['says']}'")
    problems += [f"{name} must not fall ({case['verdict']}: {case['sentence']})"
                 for name, case in found.items() if name not in expected["falls"]
                 and case["group"] != expected.get("others")]
    return problems


def usage_errors(heliograph, plugin):
    """What the command line refuses, and in which words."""
    problems = []
    for options, words in [
            (("--case", "lifecycle/nothing"), "there is no case 'lifecycle/nothing'"),
            (("--group", "nothing"), "there is no group 'nothing'"),
            (("--config", "{\"url\": "), "--config is no JSON"),
            (("--config", "no-such-file"), "--config: no-such-file cannot be read")]:
        run = command(heliograph, plugin, *options)
        if run.returncode != 2 or words not in run.stderr or run.stdout:
            problems.append(f"{options}: exit code {run.returncode}, {run.stderr!r}")
    if command(heliograph, "no-such-file").returncode != 2:
        problems.append("a file that is not there: no usage error")
    return problems


def selections(heliograph, plugin):
    """A chosen case brings what it needs, and nothing else."""
    names = [f"{case['group']}/{case['case']}"
             for case in check(heliograph, plugin, "--case", "lifecycle/start")["cases"]]
    wanted = ["binary/load", "entry/describe", "config/schema", "lifecycle/create",
              "lifecycle/start"]
    problems = [] if names == wanted else [f"--case lifecycle/start ran {names}"]
    groups = {case["group"] for case in check(heliograph, plugin, "--group", "binary")["cases"]}
    return problems if groups == {"binary"} else problems + [f"--group binary ran {groups}"]


def formats(heliograph, plugin):
    """TAP has a plan and one numbered line per case; the same seed tells the same."""
    lines = command(heliograph, plugin).stdout.splitlines()
    tests = [line for line in lines if line.startswith(("ok ", "not ok "))]
    problems = [] if lines[0] == "TAP version 14" else [f"begins with {lines[0]!r}"]
    if f"1..{len(tests)}" not in lines or not tests[-1].startswith(f"ok {len(tests)} - "):
        problems.append(f"{len(tests)} tests do not fit the plan or the last line {tests[-1]!r}")
    same, again, other = (
        check(heliograph, plugin, "--case", "config/mutations", "--seed", seed)["cases"][-1]["notes"]
        for seed in ("7", "7", "8"))
    return problems if same == again != other else problems + ["--seed is not what decides"]


def documentation(heliograph, _plugin):
    """The manual holds the table that --list prints."""
    table = subprocess.run([heliograph, "plugin", "check", "--list"], capture_output=True,
                           text=True, timeout=PATIENCE, check=True).stdout
    manual = (pathlib.Path(__file__).parents[2] / "docs/plugin-check.md").read_text("utf-8")
    return [f"docs/plugin-check.md lacks: {row}" for row in table.splitlines()
            if row not in manual]


def configurations(heliograph, plugin):
    """--config takes the place of the made configuration, as text and as a file."""
    problems = []
    wrong = json.dumps({"url": "ftp://peer/"})
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        file.write(wrong)
        file.flush()
        for given in (wrong, file.name):
            found = fallen(check(heliograph, plugin, "--config", given))
            if "url" not in found.get("lifecycle/create", {"sentence": ""})["sentence"]:
                problems.append(f"--config {given} was not used: {found}")
    with tempfile.TemporaryDirectory() as folder:  # which nobody else may write to
        empty = pathlib.Path(folder) / "empty.so"
        empty.touch(mode=0o600)
        found = fallen(check(heliograph, empty))
        if set(found) != {"binary/file"} or "is empty" not in found["binary/file"]["sentence"]:
            problems.append(f"an empty file: {found}")
    return problems


def main():
    heliograph, what, *rest = sys.argv[1:]
    if what == "command":
        tasks = [(test.__name__, test, (rest[0],))
                 for test in (usage_errors, selections, formats, documentation,
                              configurations)]
    elif what == "good":
        tasks = [(pathlib.Path(plugin).name, test_good, (plugin,)) for plugin in rest]
    elif what == "frozen":
        tasks = [(pathlib.Path(plugin).name, test_frozen, (plugin,)) for plugin in rest]
    else:
        table = tomllib.loads(pathlib.Path(rest[0]).read_text(encoding="utf-8"))
        groups = table.get("groups", [])  # all
        tasks = [(bad["name"], test_bad,
                  (pathlib.Path(rest[1]) / (bad["name"] + ".so"), bad, groups))
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
