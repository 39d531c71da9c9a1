#!/usr/bin/env python3
"""Processor time and syncs of the disk for each message, compared with tests/bench/baseline.json.

    tests/bench/baseline.py            warns where a figure is more than 10 % above the baseline; never fails for it
    tests/bench/baseline.py --write    makes what it measured the baseline

End to end in a closed loop of 64 connections. Syncs are counted by strace in a run of their own, because that costs time.
"""
import argparse
import json
import os
import re
import shutil
import signal
import tempfile

from gateway import PORT, configuration, provider
from latency import HERE, load
from measure import BINARY, Bench, cpu_seconds, descendants, free_port, log_has, mock_count, wait_for_arrivals

BASELINE = os.path.join(HERE, "baseline.json")
TOLERANCE = 1.10
CONNECTIONS, MOCK_PORT = 64, free_port()
RUNS = 3


def run_once(bench, mock_url, seconds, under=()):
    """Messages that arrived and processor seconds of the gateway, of a gateway and a database of its own."""
    config = configuration(bench, f"baseline{len(bench.children)}", provider(mock_url))
    child = bench.spawn([*under, BINARY, "serve", "--config", config], log_has("listening on"))
    pids = descendants(child.pid)[-1:]  # strace's child, where there is one
    arrived = mock_count(mock_url)
    load(bench, PORT, 0.5, CONNECTIONS)
    began, before = arrived(), cpu_seconds(pids)
    said, _, _ = load(bench, PORT, seconds, CONNECTIONS)
    total, _ = wait_for_arrivals(arrived, began + said["requests"], 3.0)
    cpu = cpu_seconds(pids) - before
    os.kill(pids[0], signal.SIGTERM)  # strace ignores its own and ends with the gateway
    child.wait(40)
    bench.end(child)
    return total - began, cpu, total


def syncs_per_message(bench, mock_url, seconds):
    path = os.path.join(bench.folder, "strace.txt")
    before = mock_count(mock_url)()
    # BPF leaves the other system calls alone.
    under = ["strace", "-f", "--seccomp-bpf", "-c", "-e", "trace=fdatasync,fsync", "-o", path]
    _, _, total = run_once(bench, mock_url, seconds, under)
    text = open(path, encoding="ascii").read()
    calls = sum(int(line.split()[3]) for line in text.splitlines() if re.search(r"\b(fdatasync|fsync)$", line))
    return calls / max(1, total - before)


def measure(seconds):
    folder = tempfile.mkdtemp(prefix="heliograph-baseline-")
    bench = Bench(folder)
    try:
        mock = bench.spawn([BINARY, "mock-provider", "--port", str(MOCK_PORT), "--id", "bench", "--arrivals-max", "1"],
                           log_has("mock provider"))
        mock_url = f"http://127.0.0.1:{MOCK_PORT}"
        # The least of some runs: neighbours only ever add.
        costs = [1e6 * cpu / max(1, messages) for messages, cpu, _ in (run_once(bench, mock_url, seconds) for _ in range(RUNS))]
        found = {"cpu_us_per_message": round(min(costs), 1)}
        if shutil.which("strace"):
            found["syncs_per_message"] = round(syncs_per_message(bench, mock_url, seconds), 4)
        bench.end(mock)
        return found
    finally:
        bench.end_all()
        shutil.rmtree(folder, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    with open(BASELINE, encoding="utf-8") as file:
        baseline = json.load(file)
    found = measure(args.seconds)
    for name, value in found.items():
        allowed = baseline[name] * TOLERANCE
        print(f"{name}: {value} (baseline {baseline[name]})", flush=True)
        if value > allowed and not args.write:
            print(f"::warning::{name} is {value}, {100 * (value / baseline[name] - 1):.0f} % above the baseline of {baseline[name]}")
    if args.write:
        with open(BASELINE, "w", encoding="utf-8") as file:
            json.dump({**baseline, **found}, file, indent=2)
            file.write("\n")


if __name__ == "__main__":
    main()
