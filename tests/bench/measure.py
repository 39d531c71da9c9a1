"""What every case of the benchmark needs: processes, load by wrk, and what came of it."""
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.path.join(ROOT, "build", "release", "bin", "heliograph")
TEXT = "Your parcel arrives today between 14:00 and 16:00. Track it at https://example.com/t/1234567"
TICKS = os.sysconf("SC_CLK_TCK")

WRK_REPORT = """
done = function(summary, latency, requests)
  io.write(string.format('RESULT {"requests":%d,"errors":%d,"non2xx":%d,"seconds":%.3f,"p50":%.3f,"p90":%.3f,"p99":%.3f,"p999":%.3f,"max":%.3f}\\n',
    summary.requests, summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    summary.errors.status, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(90) / 1e3,
    latency:percentile(99) / 1e3, latency:percentile(99.9) / 1e3, latency.max / 1e3))
end
"""


GIVEN = set()


def free_port():
    """One that nobody listens at and that was not given before; below those of outgoing connections, so that none of them takes it
    before its process is there."""
    while True:
        port = random.SystemRandom().randrange(10_240, 32_000)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if port not in GIVEN and probe.connect_ex(("127.0.0.1", port)) != 0:
                GIVEN.add(port)
                return port


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


def mock_count(mock_url):
    return lambda: get(f"{mock_url}/admin/arrivals?summary=1")["total"]


def wait_for_arrivals(count, expected, give_up_after):
    """The count and the time of the last arrival: all expected ones, or no progress for a while."""
    last, changed = -1, time.monotonic()
    while True:
        total = count()
        now = time.monotonic()
        if total != last:
            last, changed = total, now
        if total >= expected or now - changed > give_up_after:
            return total, changed
        time.sleep(0.02)


def measure(name, url, script, mock_url, pids, connections, seconds, expect_arrivals=True, batch=1, count=None):
    """`count`: how many have arrived, where that is not for the mock provider to say."""
    request = urllib.request.Request(f"{mock_url}/admin/arrivals", method="DELETE")
    urllib.request.urlopen(request, timeout=10).read()
    before, began = cpu_seconds(pids), time.monotonic()
    result = wrk(url, script, connections, seconds)
    result["requests"] *= batch
    arrived, last = (result["requests"], time.monotonic())
    if expect_arrivals:
        arrived, last = wait_for_arrivals(count or mock_count(mock_url), result["requests"] - result["non2xx"], 3.0)
    cpu = cpu_seconds(pids) - before
    row = {"what": name, "connections": connections, "accepted_per_s": result["requests"] / result["seconds"],
           "end_to_end_per_s": arrived / (last - began), "cpu_us": cpu * 1e6 / max(1, arrived), "resident_mb": peak_mb(pids),
           "messages": arrived, **{k: result[k] for k in ("errors", "non2xx", "p50", "p90", "p99", "p999", "max")}}
    print(f"  {name} c={connections}: {row['end_to_end_per_s']:.0f} msg/s", file=sys.stderr, flush=True)
    return row


def post_script(bench, name, path_body):
    return bench.write(name, f"wrk.method='POST'\nwrk.body={json.dumps(json.dumps(path_body))}\n"
                             "wrk.headers['Content-Type']='application/json'\nwrk.headers['X-API-Key']='bench'\n" + WRK_REPORT)
