#!/usr/bin/env python3
"""Measures the gateway end to end, beside nginx and Kannel where they are installed, in one run on one machine.

    tests/bench/run.py [--seconds 10] [--connections 64,128] [--only gateway,accept,batch,callbacks,redis,nginx,kannel,latency] [--json FILE]

Closed loop: wrk keeps the named number of connections busy; `latency` is an open loop. The provider is `heliograph mock-provider` for everybody. A message
counts when it has arrived at the provider: throughput is arrivals over the time from the first request to the last arrival.
"""
import argparse
import json
import os
import shutil
import sys
import tempfile

from gateway import bench_accept, bench_batch, bench_callbacks, bench_gateway, bench_redis
from latency import bench_latency, print_latencies
from measure import BINARY, Bench, free_port, log_has
from peers import bench_kannel, bench_nginx

MOCK_PORT = free_port()
CASES = {"gateway": bench_gateway, "accept": bench_accept, "batch": bench_batch, "callbacks": bench_callbacks, "redis": bench_redis,
         "nginx": bench_nginx, "kannel": bench_kannel}
NEEDS = {"callbacks": "/usr/sbin/nginx", "redis": "/usr/bin/redis-server", "nginx": "/usr/sbin/nginx", "kannel": "/usr/sbin/bearerbox"}


def print_table(rows):
    print(f"\n{'':34} {'conn':>5} {'end to end':>11} {'accepted':>9} {'CPU':>8} {'p50':>7} {'p90':>7} {'p99':>7} {'p99.9':>7} "
          f"{'max':>7} {'syncs':>7} {'memory':>7} {'errors':>7}")
    print(f"{'':34} {'':>5} {'msg/s':>11} {'req/s':>9} {'us/msg':>8} {'ms':>7} {'ms':>7} {'ms':>7} {'ms':>7} {'ms':>7} {'/msg':>7} "
          f"{'MB':>7} {'':>7}")
    for row in rows:
        syncs = f"{row['syncs_per_message']:.3f}" if "syncs_per_message" in row else "-"
        print(f"{row['what']:34} {row['connections']:>5} {row['end_to_end_per_s']:>11.0f} {row['accepted_per_s']:>9.0f} "
              f"{row['cpu_us']:>8.0f} {row['p50']:>7.1f} {row['p90']:>7.1f} {row['p99']:>7.1f} {row['p999']:>7.1f} {row['max']:>7.1f} "
              f"{syncs:>7} {row['resident_mb']:>7.0f} {row['errors'] + row['non2xx']:>7}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--connections", type=lambda text: [int(part) for part in text.split(",")], default=[64, 128])
    parser.add_argument("--only", type=lambda text: text.split(","), default=[*CASES, "latency"])
    parser.add_argument("--json", help="also write the rows there")
    args = parser.parse_args()
    if not shutil.which("wrk"):
        sys.exit("wrk is missing: packaging/install-deps.sh --bench")
    folder = tempfile.mkdtemp(prefix="heliograph-bench-")
    bench, rows = Bench(folder), []
    try:
        mock = bench.spawn([BINARY, "mock-provider", "--port", str(MOCK_PORT), "--id", "bench", "--arrivals-max", "1000"],
                           log_has("mock provider"))
        mock_url = f"http://127.0.0.1:{MOCK_PORT}"
        for case in (case for case in args.only if case != "latency"):
            if os.path.exists(NEEDS.get(case, BINARY)):
                rows += CASES[case](bench, mock_url, args)
            else:
                print(f"{case}: left out, {NEEDS[case]} is missing", file=sys.stderr)
        bench.end(mock)
        if rows:
            print_table(rows)
        latencies = bench_latency(bench, args) if "latency" in args.only else []
    finally:
        bench.end_all()
        shutil.rmtree(folder, ignore_errors=True)
    if latencies:
        print_latencies(latencies)
    if args.json:
        with open(args.json, "w", encoding="utf-8") as file:
            json.dump(rows + latencies, file, indent=1)


if __name__ == "__main__":
    main()
