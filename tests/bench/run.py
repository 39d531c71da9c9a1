#!/usr/bin/env python3
"""Measures the gateway end to end, beside nginx and Kannel where they are installed, in one run on one machine.

    tests/bench/run.py [--seconds 10] [--connections 64,128] [--only gateway,accept,batch,nginx,kannel] [--json FILE]

Closed loop: wrk keeps the named number of connections busy. The provider is `heliograph mock-provider` for everybody. A message
counts when it has arrived at the provider: throughput is arrivals over the time from the first request to the last arrival.
"""
import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.path.join(ROOT, "build", "release", "bin", "heliograph")
TEXT = "Your parcel arrives today between 14:00 and 16:00. Track it at https://example.com/t/1234567"
TICKS = os.sysconf("SC_CLK_TCK")
BATCH_CONNECTIONS = [2, 8]

WRK_REPORT = """
done = function(summary, latency, requests)
  io.write(string.format('RESULT {"requests":%d,"errors":%d,"non2xx":%d,"seconds":%.3f,"p50":%.3f,"p90":%.3f,"p99":%.3f,"p999":%.3f,"max":%.3f}\\n',
    summary.requests, summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    summary.errors.status, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(90) / 1e3,
    latency:percentile(99) / 1e3, latency:percentile(99.9) / 1e3, latency.max / 1e3))
end
"""


class Bench:
    def __init__(self, folder):
        self.folder, self.children = folder, []

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def spawn(self, arguments, ready=None, cwd=None):
        log = open(os.path.join(self.folder, f"{os.path.basename(arguments[0])}-{len(self.children)}.log"), "w+", encoding="utf-8")
        child = subprocess.Popen(arguments, cwd=cwd or self.folder, stdout=log, stderr=subprocess.STDOUT)
        child.log_path = log.name
        self.children.append(child)
        deadline = time.monotonic() + 20
        while ready and not ready(child):
            if child.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"{' '.join(arguments)} did not start; see {log.name}:\n{open(log.name, encoding='utf-8').read()[-2000:]}")
            time.sleep(0.02)
        return child

    def end(self, child):
        if child in self.children:
            self.children.remove(child)
        if child.poll() is None:
            child.send_signal(signal.SIGTERM)
            try:
                child.wait(40)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    def end_all(self):
        for child in list(reversed(self.children)):
            self.end(child)


def log_has(text):
    return lambda child: text in open(child.log_path, encoding="utf-8").read()


def answers(url):
    def check(_):
        try:
            urllib.request.urlopen(url, timeout=1).read()
            return True
        except OSError as error:
            return getattr(error, "code", None) is not None
    return check


def get(url):
    return json.loads(urllib.request.urlopen(url, timeout=10).read())


def cpu_seconds(pids):
    total = 0
    for pid in pids:
        fields = open(f"/proc/{pid}/stat", encoding="ascii").read().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def peak_mb(pids):
    total = 0.0
    for pid in pids:
        for line in open(f"/proc/{pid}/status", encoding="ascii"):
            if line.startswith("VmHWM"):
                total += int(line.split()[1]) / 1024
    return total


def descendants(pid):
    found = [pid]
    for child in open(f"/proc/{pid}/task/{pid}/children", encoding="ascii").read().split():
        found += descendants(int(child))
    return found


def wrk(url, script, connections, seconds):
    run = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", script, url], check=True,
                         capture_output=True, text=True)
    found = re.search(r"RESULT (\{.*\})", run.stdout)
    if not found:
        sys.exit(f"wrk gave no result:\n{run.stdout}{run.stderr}")
    return json.loads(found.group(1))


def wait_for_arrivals(mock_url, expected, give_up_after):
    """The count and the time of the last arrival: all expected ones, or no progress for a while."""
    last, changed = -1, time.monotonic()
    while True:
        total = get(f"{mock_url}/admin/arrivals?summary=1")["total"]
        now = time.monotonic()
        if total != last:
            last, changed = total, now
        if total >= expected or now - changed > give_up_after:
            return total, changed
        time.sleep(0.02)


def measure(name, url, script, mock_url, pids, connections, seconds, expect_arrivals=True, batch=1):
    request = urllib.request.Request(f"{mock_url}/admin/arrivals", method="DELETE")
    urllib.request.urlopen(request, timeout=10).read()
    before, began = cpu_seconds(pids), time.monotonic()
    result = wrk(url, script, connections, seconds)
    result["requests"] *= batch
    arrived, last = (result["requests"], time.monotonic())
    if expect_arrivals:
        arrived, last = wait_for_arrivals(mock_url, result["requests"] - result["non2xx"], 3.0)
    cpu = cpu_seconds(pids) - before
    row = {"what": name, "connections": connections, "accepted_per_s": result["requests"] / result["seconds"],
           "end_to_end_per_s": arrived / (last - began), "cpu_us": cpu * 1e6 / max(1, arrived), "resident_mb": peak_mb(pids),
           "messages": arrived, **{k: result[k] for k in ("errors", "non2xx", "p50", "p90", "p99", "p999", "max")}}
    print(f"  {name} c={connections}: {row['end_to_end_per_s']:.0f} msg/s", file=sys.stderr, flush=True)
    return row


def post_script(bench, name, path_body):
    return bench.write(name, f"wrk.method='POST'\nwrk.body={json.dumps(json.dumps(path_body))}\n"
                             "wrk.headers['Content-Type']='application/json'\nwrk.headers['X-API-Key']='bench'\n" + WRK_REPORT)


def bench_gateway(bench, mock_url, args, provider=True, batch=1):
    config = f"""
[http]
listen = "127.0.0.1:18080"
[store]
path = "{bench.folder}/db-{len(bench.children)}-{int(provider)}/h.db"
[plugins]
path = ["{ROOT}/build/release/plugins"]
[log]
level = "info"
[[client]]
name = "bench"
key = "bench"
credit_cents = 100000000000
""" + (f"""
[[provider]]
id = "provider1"
plugin = "http"
receipts = false
max_in_flight = 64
[provider.config]
url = "{mock_url}/api/sms/bench"
""" if provider else "")
    path = bench.write(f"gateway-{int(provider)}.toml", config)
    message = {"to": "+14155552671", "from": "BENCH", "text": TEXT}
    script = post_script(bench, "post.lua", message if batch == 1 else {"messages": [message] * batch})
    url = "http://127.0.0.1:18080/v1/messages" + ("" if batch == 1 else "/batch")
    rows = []
    for connections in args.connections if batch == 1 else BATCH_CONNECTIONS:
        child = bench.spawn([BINARY, "serve", "--config", path], log_has("listening on"))
        name = "heliograph, durable, end to end" if provider else "heliograph, durable accept alone"
        name = name if batch == 1 else f"heliograph, accept, batches of {batch}"
        rows.append(measure(name, url, script, mock_url, [child.pid], connections, args.seconds, expect_arrivals=provider,
                            batch=batch))
        bench.end(child)
        stats = re.search(r"store stopped.* transactions=(\d+)", open(child.log_path, encoding="utf-8").read())
        if stats:
            rows[-1]["syncs_per_message"] = int(stats.group(1)) / max(1, rows[-1]["messages"])
    return rows


def bench_nginx(bench, mock_url, args):
    path = bench.write("nginx.conf", f"""
daemon off; master_process off; worker_processes 1; pid {bench.folder}/nginx.pid; error_log {bench.folder}/nginx-error.log;
events {{ worker_connections 2048; }}
http {{
  access_log off; client_body_temp_path {bench.folder}/body; proxy_temp_path {bench.folder}/proxy;
  fastcgi_temp_path {bench.folder}/f; uwsgi_temp_path {bench.folder}/u; scgi_temp_path {bench.folder}/s;
  upstream provider {{ server {mock_url.removeprefix('http://')}; keepalive 64; }}
  server {{
    listen 127.0.0.1:18081; keepalive_requests 100000000;
    location / {{ proxy_pass http://provider; proxy_http_version 1.1; proxy_set_header Connection ""; }}
  }}
}}
""")
    child = bench.spawn(["/usr/sbin/nginx", "-p", bench.folder, "-c", path], answers("http://127.0.0.1:18081/health"))
    script = post_script(bench, "nginx.lua", {"phone": "+14155552671", "from": "BENCH", "text": TEXT, "message_id": "x"})
    rows = [measure("nginx proxy_pass (keeps nothing)", "http://127.0.0.1:18081/api/sms/bench", script, mock_url, [child.pid],
                    connections, args.seconds) for connections in args.connections]
    bench.end(child)
    return rows


def bench_kannel(bench, mock_url, args, store):
    spool = os.path.join(bench.folder, "kannel-spool")
    os.makedirs(spool, exist_ok=True)
    storage = f'store-type = spool\nstore-location = "{spool}"' if store else ""
    path = bench.write("kannel.conf", f"""
group = core
admin-port = 13000
admin-password = bench
smsbox-port = 13001
box-allow-ip = "127.0.0.1"
log-level = 4
log-file = "{bench.folder}/bearerbox.log"
{storage}

group = smsc
smsc = http
smsc-id = mock
system-type = generic
port = 13099
connect-allow-ip = "127.0.0.1"
send-url = "{mock_url}/api/sms/kannel?phone=%p&text=%b"
status-success-regex = "accepted"
max-pending-submits = 64

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = 13013
log-level = 4
log-file = "{bench.folder}/smsbox.log"

group = sendsms-user
username = bench
password = bench
concatenation = true
max-messages = 10

group = sms-service
keyword = default
text = "none"
""")
    boxes = [bench.spawn(["/usr/sbin/bearerbox", path], answers("http://127.0.0.1:13000/status.txt?password=bench")),
             bench.spawn(["/usr/sbin/smsbox", path], answers("http://127.0.0.1:13013/"))]
    time.sleep(1)  # smsbox registers with bearerbox; there is nothing to ask
    query = "/cgi-bin/sendsms?username=bench&password=bench&from=BENCH&to=%2B14155552671&text=" + TEXT.replace(" ", "+").replace(":", "%3A").replace("/", "%2F")
    script = bench.write("kannel.lua", f"wrk.method='GET'\nwrk.path={json.dumps(query)}\n" + WRK_REPORT)
    pids = [pid for box in boxes for pid in descendants(box.pid)]
    name = "Kannel, spool (never syncs)" if store else "Kannel, no storage"
    rows = [measure(name, "http://127.0.0.1:13013" + query, script, mock_url, pids, connections, args.seconds)
            for connections in args.connections]
    for box in reversed(boxes):
        bench.end(box)
    return rows


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
    parser.add_argument("--only", type=lambda text: text.split(","), default=["gateway", "accept", "batch", "nginx", "kannel"])
    parser.add_argument("--json", help="also write the rows there")
    args = parser.parse_args()
    if not shutil.which("wrk"):
        sys.exit("wrk is missing: packaging/install-deps.sh --bench")
    folder = tempfile.mkdtemp(prefix="heliograph-bench-")
    bench, rows = Bench(folder), []
    try:
        mock = bench.spawn([BINARY, "mock-provider", "--port", "18071", "--id", "bench", "--arrivals-max", "1000"],
                           log_has("mock provider"))
        mock_url = "http://127.0.0.1:18071"
        if "gateway" in args.only:
            rows += bench_gateway(bench, mock_url, args)
        if "accept" in args.only:
            rows += bench_gateway(bench, mock_url, args, provider=False)
        if "batch" in args.only:
            for size in (100, 1000):
                rows += bench_gateway(bench, mock_url, args, provider=False, batch=size)
        if "nginx" in args.only and os.path.exists("/usr/sbin/nginx"):
            rows += bench_nginx(bench, mock_url, args)
        if "kannel" in args.only and os.path.exists("/usr/sbin/bearerbox"):
            rows += bench_kannel(bench, mock_url, args, store=False) + bench_kannel(bench, mock_url, args, store=True)
        bench.end(mock)
    finally:
        bench.end_all()
        shutil.rmtree(folder, ignore_errors=True)
    print_table(rows)
    if args.json:
        with open(args.json, "w", encoding="utf-8") as file:
            json.dump(rows, file, indent=1)


if __name__ == "__main__":
    main()
