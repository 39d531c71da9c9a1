"""The gateway's own cases: accepts, batches, end to end, the same with receipts and callbacks, and with the redis limiter."""
import json
import os
import re
import sys
import urllib.request

from measure import BINARY, ROOT, TEXT, answers, cpu_seconds, free_port, log_has, measure, post_script

PORT = free_port()
URL = f"http://127.0.0.1:{PORT}"
MESSAGE = {"to": "+14155552671", "from": "BENCH", "text": TEXT}
BATCH_CONNECTIONS = [2, 8]
SINK_PORT, MOCK_PORT, WIRE_PORT, REDIS_PORT = (free_port() for _ in range(4))
ROUND_TRIP_MS = 1.0


def provider(mock_url, receipts=False, limit="", in_flight=64):
    return f"""
[[provider]]
id = "provider1"
plugin = "http"
receipts = {str(receipts).lower()}
max_in_flight = {in_flight}
{limit}
[provider.config]
url = "{mock_url}/api/sms/bench"
"""


def configuration(bench, name, *tables):
    return bench.write(f"{name}.toml", f"""
[http]
listen = "127.0.0.1:{PORT}"
[store]
path = "{bench.folder}/db-{len(bench.children)}-{name}/h.db"
[plugins]
path = ["{ROOT}/build/release/plugins"]
[log]
level = "info"
[[client]]
name = "bench"
key = "bench"
credit_cents = 100000000000
""" + "\n".join(tables))


def run(bench, what, config, mock_url, args, connections, body=None, path="/v1/messages", begun=lambda: None, **options):
    """One row for each number of connections, each with a gateway of its own; `begun` is called when it answers."""
    script = post_script(bench, "post.lua", body or MESSAGE)
    rows = []
    for count in connections:
        child = bench.spawn([BINARY, "serve", "--config", config], log_has("listening on"))
        begun()
        row = measure(what, URL + path, script, mock_url, [child.pid], count, args.seconds, **options)
        bench.end(child)
        stats = re.search(r"store stopped.* transactions=(\d+)", open(child.log_path, encoding="utf-8").read())
        if stats:
            row["syncs_per_message"] = int(stats.group(1)) / max(1, row["messages"])
        rows.append(row)
    return rows


def bench_gateway(bench, mock_url, args):
    config = configuration(bench, "gateway", provider(mock_url))
    return run(bench, "heliograph, durable, end to end", config, mock_url, args, args.connections)


def bench_accept(bench, mock_url, args):
    config = configuration(bench, "accept")
    return run(bench, "heliograph, durable accept alone", config, mock_url, args, args.connections, expect_arrivals=False)


def bench_batch(bench, mock_url, args):
    rows = []
    for size in (100, 1000):
        config = configuration(bench, f"batch{size}")
        rows += run(bench, f"heliograph, accept, batches of {size}", config, mock_url, args, BATCH_CONNECTIONS,
                    {"messages": [MESSAGE] * size}, "/v1/messages/batch", expect_arrivals=False, batch=size)
    return rows


class Sink:
    """Where callbacks go: an nginx that answers 200 and counts."""

    def __init__(self, bench):
        path = bench.write("sink.conf", f"""
daemon off; master_process off; worker_processes 1; pid {bench.folder}/sink.pid; error_log {bench.folder}/sink-error.log;
events {{ worker_connections 2048; }}
http {{
  access_log off; client_body_temp_path {bench.folder}/s-body; proxy_temp_path {bench.folder}/s-proxy;
  fastcgi_temp_path {bench.folder}/s-f; uwsgi_temp_path {bench.folder}/s-u; scgi_temp_path {bench.folder}/s-s;
  server {{
    listen 127.0.0.1:{SINK_PORT}; keepalive_requests 100000000;
    location / {{ return 200; }}
    location /count {{ stub_status; }}
  }}
}}
""")
        self.url = f"http://127.0.0.1:{SINK_PORT}"
        self.child = bench.spawn(["/usr/sbin/nginx", "-p", bench.folder, "-c", path], answers(self.url + "/count"))

    def requests(self):
        """Those that asked for this figure are among them."""
        text = urllib.request.urlopen(self.url + "/count", timeout=10).read().decode()
        return int(text.split("\n")[2].split()[2])


def post(path, body):
    request = urllib.request.Request(URL + path, json.dumps(body).encode(),
                                     {"Content-Type": "application/json", "X-API-Key": "bench"})
    return json.loads(urllib.request.urlopen(request, timeout=10).read())


def bench_callbacks(bench, _, args):
    """Each message gets a receipt, and its client two callbacks; it counts when the second has arrived."""
    mock_url = f"http://127.0.0.1:{MOCK_PORT}"
    mock = bench.spawn([BINARY, "mock-provider", "--port", str(MOCK_PORT), "--id", "provider1", "--arrivals-max", "1000",
                        "--receipts", URL + "/v1/providers/provider1/events", "--receipt-delay", "20"], log_has("mock provider"))
    sink = Sink(bench)
    config = configuration(bench, "callbacks", provider(mock_url, receipts=True),
                           '[callbacks]\nallow_http = true\nallow_cidrs = ["127.0.0.0/8"]')
    asked, before = 0, 0

    def register():
        nonlocal asked, before
        post("/v1/callbacks", {"url": sink.url + "/hook", "events": ["message.sent", "message.delivered"]})
        asked, before = 0, sink.requests()

    def told():
        nonlocal asked
        asked += 1
        return (sink.requests() - before - asked) // 2

    rows = run(bench, "heliograph, with receipts and callbacks", config, mock_url, args, args.connections, begun=register,
               count=told)
    bench.end(mock)
    bench.end(sink.child)
    return rows


def bench_redis(bench, mock_url, args):
    """The limiter `redis` behind a wire of one millisecond there and back, and `memory` beside it. A message keeps its place in flight
    while its permit is on the way, so there are places for that."""
    redis = bench.spawn(["redis-server", "--port", str(REDIS_PORT), "--bind", "127.0.0.1", "--save", "", "--dir", bench.folder],
                        log_has("Ready to accept connections"))
    wire = bench.spawn([sys.executable, os.path.join(os.path.dirname(os.path.abspath(__file__)), "wire.py"), str(WIRE_PORT),
                        str(REDIS_PORT), str(ROUND_TRIP_MS)], log_has("listening"))
    limit = 'limit = { limit = 1000000, window = "1s" }'
    rows = []
    for limiter, more in (("memory", ""), ("redis", f'[limiter.config]\nurl = "redis://127.0.0.1:{WIRE_PORT}/0"\n')):
        config = configuration(bench, limiter, f'[limiter]\nplugin = "{limiter}"\n{more}', provider(mock_url, limit=limit, in_flight=256))
        before = cpu_seconds([redis.pid]), cpu_seconds([wire.pid])
        rows += run(bench, f"heliograph, limiter {limiter}", config, mock_url, args, args.connections)
        messages = sum(row["messages"] for row in rows[-len(args.connections):])
        redis_us, wire_us = [1e6 * (cpu_seconds([child.pid]) - was) / messages for child, was in zip((redis, wire), before)]
        print(f"  limiter {limiter}: besides, a message took {redis_us:.0f} us of Redis and {wire_us:.0f} us of the wire",
              file=sys.stderr)
    bench.end(wire)
    bench.end(redis)
    return rows
