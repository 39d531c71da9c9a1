#!/usr/bin/env python3
"""Breaks the gateway on purpose and shows that the tests notice (README.md here).

Exit code 0: every killer passes without its mutant and fails with it. The table of mutant, killer and verdict goes to
build/mutants/mutants.md, and that of a run of all of them into docs/reliability.md too.
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import time

import mutants
import page

HEADER = "tests/mutants/mutant.h"


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", default=os.path.join(mutants.ROOT, "build", "mutants"), help="where to copy and build")
    parser.add_argument("--only", default="", help="a regular expression for names of mutants")
    parser.add_argument("--jobs", default="2")
    parser.add_argument("--no-write", action="store_true", help="leave docs/reliability.md as it is")
    parser.add_argument("--no-build", action="store_true", help="use what was built last")
    return parser.parse_args()


def mutated(name, places):
    with open(os.path.join(mutants.ROOT, name), "rb") as file:
        content = file.read()
    if not places:
        return content
    # Only files with a mutant include the header, so the compiler cache serves all others.
    text = mutants.apply(content.decode(), places)
    header = os.path.relpath(HEADER, os.path.dirname(name))
    return f'#include "{header}"\n#line 1\n{text}'.encode()


def copy_tree(target, found):
    """Writes what differs only, so that a second run builds little."""
    places, names = mutants.by_file(found), set(mutants.tracked())
    for name in names:
        content, path = mutated(name, places.get(name)), os.path.join(target, name)
        if os.path.isfile(path):
            with open(path, "rb") as file:
                if file.read() == content:
                    continue
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)
        shutil.copymode(os.path.join(mutants.ROOT, name), path)
    for folder, folders, files in os.walk(target):
        folders[:] = [name for name in folders if name not in ("build", "node_modules")]
        for file in files:
            if os.path.relpath(os.path.join(folder, file), target) not in names:
                os.unlink(os.path.join(folder, file))


def build(source, jobs, killers):
    """The release preset inside the copy: same relative paths as in the tree itself, so compilations are shared."""
    environment = {**os.environ, "CCACHE_BASEDIR": source, "CCACHE_NOHASHDIR": "1"}
    folder = os.path.join(source, "build", "release")
    subprocess.run(["cmake", "--preset", "release", "-DHELIOGRAPH_BENCH=OFF"], cwd=source, env=environment, check=True,
                   stdout=subprocess.DEVNULL)
    subprocess.run(["ninja", "-C", folder, f"-j{jobs}", *targets(folder, killers)], env=environment, check=True,
                   stdout=subprocess.DEVNULL)
    return folder


def targets(folder, killers):
    """What the killers run: the simulation; for Python tests the gateway, its plugins and the recorder; for other C++ tests everything."""
    others = {killer for killer in killers if not killer.startswith("Shard/Simulations")}
    simulation = ["sim_test"] if others != set(killers) else []
    if not others:
        return simulation
    if not all(killer.startswith(("fault", "integration")) for killer in others):
        return []
    known = subprocess.run(["ninja", "-C", folder, "-t", "targets", "all"], check=True, capture_output=True, text=True).stdout
    plugins = re.findall(r"^(plugins/\S+\.so|fault/\S+\.so): ", known, re.M)
    return ["heliograph", *plugins, *simulation]


def ctest(folder, killer, mutant=None):
    """(passed, seconds, output)"""
    environment = {key: value for key, value in os.environ.items() if key != "HELIOGRAPH_MUTANT"}
    if mutant:
        environment["HELIOGRAPH_MUTANT"] = mutant
    started = time.monotonic()
    run = subprocess.run(["ctest", "--test-dir", folder, "-R", f"^({killer})$", "--no-tests=error", "--output-on-failure",
                          "--stop-on-failure"], env=environment, capture_output=True, text=True, check=False)
    if "No tests were found" in run.stdout + run.stderr:
        raise SystemExit(f"run.py: no test matches {killer}")
    return run.returncode == 0, time.monotonic() - started, run.stdout + run.stderr


def reason(output):
    """What the killer said, in a line."""
    for pattern in (r"^(seed \d+: .+)", r"^\d+: \S*Error: (.+)", r"^\S*(?:Error|violations?): (.+)", r"(\S+\.cpp:\d+): Failure"):
        found = re.search(pattern, output, re.M)
        if found:
            return found.group(1)[:90]
    return ""


def hunt(folder, mutant):
    """The killer with the mutant, as often as the mutant says: where it takes luck to meet, the test throws other dice each time."""
    for _ in range(mutant.throws):
        survived, seconds, output = ctest(folder, mutant.killer, mutant.name)
        if not survived:
            break
    return survived, seconds, output


def judge(folder, found):
    healthy, verdicts = {}, []
    for mutant in found:
        if mutant.killer not in healthy:
            healthy[mutant.killer] = ctest(folder, mutant.killer)
        passed, seconds, output = healthy[mutant.killer]
        if not passed:
            verdicts.append((mutant, "killer fails without it", seconds, reason(output)))
            sys.stderr.write(output)
        else:
            survived, seconds, output = hunt(folder, mutant)
            verdicts.append((mutant, "SURVIVED" if survived else "killed", seconds, reason(output)))
        print(f"{mutant.name}: {verdicts[-1][1]} ({seconds:.1f} s) {verdicts[-1][3]}", flush=True)
    return verdicts


def print_table(verdicts):
    width = max(len(verdict[0].name) for verdict in verdicts)
    killers = max(len(verdict[0].killer) for verdict in verdicts)
    print(f"\n{'mutant':<{width}} | {'killer':<{killers}} | verdict")
    for mutant, verdict, seconds, _ in verdicts:
        print(f"{mutant.name:<{width}} | {mutant.killer:<{killers}} | {verdict} ({seconds:.1f} s)")


def table(verdicts):
    lines = ["| mutant | what it breaks | killer | verdict |", "|---|---|---|---|"]
    for mutant, verdict, seconds, _ in verdicts:
        killer = mutant.killer.replace("\\", "").replace("|", "\\|")
        lines.append(f"| {mutant.name} | {mutant.why} | `{killer}` | {verdict if verdict == 'killed' else f'**{verdict}**'} ({seconds:.1f} s) |")
    return "\n".join(lines)


def write(arguments, verdicts):
    killed = sum(verdict == "killed" for _, verdict, _, _ in verdicts)
    text = f"{killed} of {len(verdicts)} killed; command: `make mutants`\n\n{table(verdicts)}"
    with open(os.path.join(arguments.work, "mutants.md"), "w", encoding="utf-8") as file:
        file.write(page.headed(text) + "\n")
    if not arguments.only and not arguments.no_write:
        page.write("make mutants", text)


def main():
    arguments = parse_arguments()
    found = mutants.load()
    wanted = [mutant for mutant in found if re.search(arguments.only, mutant.name)]
    if not wanted:
        raise SystemExit(f"run.py: no mutant matches {arguments.only}")
    source = os.path.join(arguments.work, "source")
    folder = os.path.join(source, "build", "release")
    if not arguments.no_build:
        copy_tree(source, found)
        folder = build(source, arguments.jobs, {mutant.killer for mutant in wanted})
    verdicts = judge(folder, wanted)
    print_table(verdicts)
    write(arguments, verdicts)
    return 0 if all(verdict == "killed" for _, verdict, _, _ in verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
