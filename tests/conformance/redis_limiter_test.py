#!/usr/bin/env python3
"""`heliograph plugin check` over the redis limiter, with a redis-server of the test's own: nothing may fail, and nothing be
skipped but what a virtual clock is needed for.

Usage: redis_limiter_test.py HELIOGRAPH PLUGIN
"""
import json
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "integration"))
from redis_server import Redis  # noqa: E402

PATIENCE = 300  # seconds: a bound on hanging, no expectation
MAY_SKIP = {"limiter/clock-jump"}


def main():
    heliograph, plugin = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        redis = Redis(folder)
        try:
            run = subprocess.run(
                [heliograph, "plugin", "check", plugin, "--group", "limiter", "--format", "json", "--config",
                 json.dumps({"url": redis.url})], capture_output=True, text=True, timeout=PATIENCE, check=False)
        finally:
            redis.kill()
    cases = {f"{case['group']}/{case['case']}": case for case in json.loads(run.stdout)["cases"]}
    problems = [f"{name}: {case['verdict']}: {case['sentence']}" for name, case in cases.items()
                if case["verdict"] != "pass" and not (case["verdict"] == "skip" and name in MAY_SKIP)]
    assert {"limiter/sliding-window", "limiter/pending", "limiter/refund"} <= cases.keys(), "cases are missing"
    print(*(problems or [f"{len(cases)} cases"]), sep="\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
