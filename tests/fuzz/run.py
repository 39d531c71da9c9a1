#!/usr/bin/env python3
"""Fuzzes every target for a while, some at a time; fails when one has found something.

    tests/fuzz/run.py --seconds 60 --jobs 2 [target ...]
    tests/fuzz/run.py --keep            then puts what is new and small into tests/fuzz/corpus

What was found lies in build/fuzz/found/<target>-*. Copied into tests/fuzz/corpus/<target>/ it is a
regression input, which fuzz_replay runs in every build.
"""
import argparse
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.join(ROOT, "build", "fuzz")
PROGRAM = os.path.join(BUILD, "bin", "fuzz_targets")
CORPUS = os.path.join(HERE, "corpus")
DICTIONARIES = {"http_request": "http", "http_response": "http", "http_target": "http", "url": "http", "query": "http",
                "json": "json", "example_json": "json", "request_fields": "http", "message_body": "json", "webhook": "json", "http_provider": "json",
                "configuration": "configuration"}
KEPT_BYTES_MAX = 512  # of one input that --keep takes over
KEPT_INPUTS_MAX = 60  # of one target


def options_of(target):
    longest = {"segments": 4096, "elf": 8192, "configuration": 4096, "smtp_mail": 8192}.get(target, 2048)
    options = [f"--target={target}", f"-max_len={longest}", "-timeout=10", "-rss_limit_mb=1500", "-print_final_stats=1",
               "-use_value_profile=1", f"-artifact_prefix={BUILD}/found/{target}-"]
    if target in DICTIONARIES:
        options.append(f"-dict={HERE}/dictionaries/{DICTIONARIES[target]}.dict")
    return options


def fuzz(target, seconds):
    grown = os.path.join(BUILD, "corpus", target)
    os.makedirs(grown, exist_ok=True)
    result = subprocess.run([PROGRAM, *options_of(target), f"-max_total_time={seconds}", grown, os.path.join(CORPUS, target)],
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, cwd=BUILD)
    log = result.stdout.decode("utf-8", "replace")
    runs = re.search(r"number_of_executed_units: (\d+)", log)
    coverage = re.findall(r"cov: (\d+)", log)
    print(f"{target:16} {'ok' if result.returncode == 0 else 'BROKEN':7} {runs.group(1) if runs else '?':>10} runs, "
          f"coverage {coverage[-1] if coverage else '?'}", flush=True)
    if result.returncode != 0:
        telling = re.compile(r"broken:|ERROR:|runtime error|what\(\)|SUMMARY|Test unit written|^Base64|^ +#\d+ .*/(core|plugins|tests)/")
        print("\n".join(line for line in log.splitlines() if telling.search(line))[:4000], flush=True)
    return result.returncode == 0


def keep(target):
    """The least set of inputs that reaches what all of them reach; the small ones of it."""
    merged = os.path.join(BUILD, "merged", target)
    shutil.rmtree(merged, ignore_errors=True)
    os.makedirs(merged)
    kept = os.path.join(CORPUS, target)
    subprocess.run([PROGRAM, *options_of(target), "-merge=1", merged, kept, os.path.join(BUILD, "corpus", target)], check=True,
                   cwd=BUILD, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    have = {open(os.path.join(kept, name), "rb").read() for name in os.listdir(kept)}
    room = KEPT_INPUTS_MAX - len(have)
    for name in sorted(os.listdir(merged), key=lambda name: os.path.getsize(os.path.join(merged, name))):
        path = os.path.join(merged, name)
        with open(path, "rb") as file:
            data = file.read()
        if room > 0 and 0 < len(data) <= KEPT_BYTES_MAX and data not in have:
            shutil.copy(path, os.path.join(kept, name[:12]))
            room -= 1


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("targets", nargs="*")
    chosen = parser.parse_args()
    targets = chosen.targets or sorted(os.listdir(CORPUS))
    os.makedirs(os.path.join(BUILD, "found"), exist_ok=True)
    with concurrent.futures.ThreadPoolExecutor(chosen.jobs) as pool:
        well = list(pool.map(lambda target: fuzz(target, chosen.seconds), targets))
    if chosen.keep:
        for target in targets:
            keep(target)
    return 0 if all(well) else 1


if __name__ == "__main__":
    sys.exit(main())
