"""Open loop: latencies at given rates, from the time a request was due, in HdrHistogram's percentiles."""
import json
import os
import struct
import subprocess
import sys
import urllib.request

from gateway import MESSAGE, PORT, configuration, provider
from measure import BINARY, cpu_seconds, free_port, get, log_has

HERE = os.path.dirname(os.path.abspath(__file__))
LOAD = os.path.join(os.path.dirname(BINARY), "heliograph_load")
RATES = [100, 1000, 5000, 10000]
MOCK_PORT = free_port()
ARRIVALS_MAX = 1_000_000


def load(bench, port, seconds, connections, rate=0, arrivals="constant"):
    """What heliograph_load says, and the files with its latencies and with when each message was due."""
    samples, ids = os.path.join(bench.folder, "samples.bin"), os.path.join(bench.folder, "ids.txt")
    run = subprocess.run([LOAD, "--port", str(port), "--key", "bench", "--body", json.dumps(MESSAGE), "--rate", str(rate), "--arrivals",
                          arrivals, "--seconds", str(seconds), "--connections", str(connections), "--samples", samples, "--ids", ids],
                         check=True, capture_output=True, text=True)
    return json.loads(run.stdout), samples, ids


def percentiles(*paths):
    run = subprocess.run(["node", os.path.join(HERE, "percentiles.mjs"), *paths], check=True, capture_output=True, text=True)
    return [json.loads(line) for line in run.stdout.splitlines()]


def write_samples(path, values):
    with open(path, "wb") as file:
        file.write(struct.pack(f"={len(values)}Q", *values))


def way_to_the_provider(bench, mock_url, ids):
    """A file of the times from when each message was due until it was at the provider."""
    due = dict(line.split() for line in open(ids, encoding="ascii") if not line.startswith(" "))  # of refused ones there is no id
    path = os.path.join(bench.folder, "way.bin")
    arrivals = get(f"{mock_url}/admin/arrivals")["arrivals"]
    write_samples(path, [max(0, arrival["at_ns"] - int(due[arrival["message_id"]])) for arrival in arrivals
                         if arrival["message_id"] in due])
    return path


def bench_latency(bench, args):
    mock = bench.spawn([BINARY, "mock-provider", "--port", str(MOCK_PORT), "--id", "bench", "--arrivals-max", str(ARRIVALS_MAX)],
                       log_has("mock provider"))
    mock_url, rows = f"http://127.0.0.1:{MOCK_PORT}", []
    config = configuration(bench, "latency", provider(mock_url))
    for arrivals in ("constant", "poisson"):
        for rate in RATES:
            child = bench.spawn([BINARY, "serve", "--config", config], log_has("listening on"))
            urllib.request.urlopen(urllib.request.Request(f"{mock_url}/admin/arrivals", method="DELETE"), timeout=10).read()
            load(bench, PORT, 1, args.connections[0], min(rate, 1000))  # connections and caches are warm
            urllib.request.urlopen(urllib.request.Request(f"{mock_url}/admin/arrivals", method="DELETE"), timeout=10).read()
            before = cpu_seconds([child.pid])
            said, samples, ids = load(bench, PORT, args.seconds, args.connections[0], rate, arrivals)
            cpu = cpu_seconds([child.pid]) - before
            accept, way = percentiles(samples, way_to_the_provider(bench, mock_url, ids))
            bench.end(child)
            rows.append({"what": f"open loop, {arrivals}", "rate": rate, "cpu_us": 1e6 * cpu / max(1, said["requests"]), "accept": accept,
                         "to_provider": way, **said})
            print(f"  {arrivals} {rate}/s: accept p99 {accept['p99']:.1f} ms, to the provider p99 {way['p99']:.1f} ms",
                  file=sys.stderr, flush=True)
    bench.end(mock)
    return rows


def print_latencies(rows):
    names = ("p50", "p90", "p99", "p999", "max")
    print(f"\n{'':22} {'':>7} {'CPU':>7} {'accept, ms from the time it was due':^40} {'to the provider, ms':^40} {'errors':>7}")
    print(f"{'':22} {'msg/s':>7} {'us/msg':>7} " + " ".join(f"{name:>7}" for name in names * 2) + "")
    for row in rows:
        figures = [row[part][name] for part in ("accept", "to_provider") for name in names]
        print(f"{row['what']:22} {row['rate']:>7} {row['cpu_us']:>7.0f} " + " ".join(f"{figure:>7.2f}" for figure in figures) +
              f" {row['errors'] + row['non2xx'] + row['unanswered']:>7}")
