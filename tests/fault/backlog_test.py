#!/usr/bin/env python3
"""A million messages waiting (twenty thousand in the fast form): resident memory below 200 MB, ready within five seconds of a start,
they are sent at 80 % or more of the rate without a backlog, and the database has every one that was accepted."""
import contextlib
import json
import os
import re
import sqlite3
import subprocess
import time

import rights
from fault import FULL, figures
from harness import PATIENCE, GatewayTest, cli, main, wait_until

FEW = 60_000 if FULL else 3_000  # a queue that is no backlog
MESSAGES = int(os.environ.get("HELIOGRAPH_BACKLOG", "1000000" if FULL else "20000"))
RESIDENT_MAX_MB = 200
START_MAX_SECONDS = 5.0


def resident_mb(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS")) / 1024


class Backlog(GatewayTest):
    def fill(self, gateway, messages, seconds):
        """Accepted over HTTP like any others, by several keep-alive connections of a generator."""
        script = os.path.join(self.folder, "post.lua")
        body = json.dumps({"to": "+14155552671", "from": "TEST", "text": "one of a million, with a text of usual length to be fair"})
        with open(script, "w", encoding="ascii") as file:
            file.write(f"wrk.method='POST'\nwrk.body={json.dumps(body)}\n"
                       "wrk.headers['Content-Type']='application/json'\nwrk.headers['X-API-Key']='test-key'\n")
        accepted = 0
        while gateway.http.get("/v1/admin/queue").json["waiting"] < messages:
            run = subprocess.run(["wrk", "-t1", "-c128", f"-d{seconds}s", "-s", script,
                                  f"http://127.0.0.1:{gateway.port}/v1/messages"], check=True, capture_output=True, text=True, timeout=60)
            accepted += int(re.search(r"(\d+) requests in", run.stdout).group(1))
            if refused := re.search(r"Non-2xx or 3xx responses: (\d+)", run.stdout):
                accepted -= int(refused.group(1))
        return accepted

    def drain(self, gateway, mock, messages):
        """A second, while so many are sent; the provider is disabled before and enabled afterwards. The first tenth is not counted:
        what was read ahead, and connections that are being made."""
        first = mock.count()
        gateway.http.post("/v1/admin/providers/provider1/enable")
        wait_until(lambda: mock.count() - first > messages // 10, "a tenth to be sent", 60)
        begun, began = mock.count(), time.monotonic()
        wait_until(lambda: mock.count() - first > messages * 9 // 10, "most of them to be sent", 120)
        return (mock.count() - begun) / (time.monotonic() - began)

    def judge(self, gateway, accepted):
        """What four histories would hold of a million does not fit; the database answers the two questions left: is every message
        there that was answered, and does it add up."""
        gateway.stop()
        check = cli(["db", "check", "--config", gateway.config], self.folder, seconds=600)
        self.assertEqual(check.returncode, 0, check.stdout + check.stderr)
        with contextlib.closing(sqlite3.connect(f"file:{gateway.database}?mode=ro", uri=True)) as connection:
            kept = connection.execute("SELECT count(*) FROM messages").fetchone()[0]
        self.assertGreaterEqual(kept, accepted, "LOST: fewer messages than 202s")

    def test_a_million(self):
        mock = self.mock("provider1")
        gateway = self.gateway([self.provider(mock)], log={"level": "info"},
                               clients=[{"name": "test", "key": "test-key", "billing": False, "scopes": ["send", "read", "admin"]}])
        gateway.http.post("/v1/admin/providers/provider1/disable")
        accepted = self.fill(gateway, FEW, 1)
        usual = self.drain(gateway, mock, FEW)
        wait_until(lambda: gateway.http.get("/v1/admin/queue").json["waiting"] == 0, "an empty queue", 60)
        gateway.http.post("/v1/admin/providers/provider1/disable")
        accepted += self.fill(gateway, MESSAGES, 10 if FULL else 2)
        filled = resident_mb(gateway.process.pid)
        print(f"resident with {MESSAGES} waiting, after filling: {filled:.0f} MB", flush=True)
        self.assertLess(filled, RESIDENT_MAX_MB)
        for end in (gateway.stop, gateway.kill):
            end()
            started = time.monotonic()
            gateway.start()
            wait_until(lambda: gateway.http.get("/readyz").status == 200, "readiness", 60)
            took = time.monotonic() - started
            print(f"ready after {took:.1f} s ({end.__name__}), resident {resident_mb(gateway.process.pid):.0f} MB", flush=True)
            self.assertLess(took, START_MAX_SECONDS * PATIENCE)
        rate = self.drain(gateway, mock, FEW)
        print(f"sent from the backlog at {rate:.0f} a second, without one at {usual:.0f}, resident {resident_mb(gateway.process.pid):.0f} MB", flush=True)
        self.assertLess(resident_mb(gateway.process.pid), RESIDENT_MAX_MB)
        figures(waiting=accepted, resident_mb=int(filled), ready_after_s=round(took, 1), sent_a_second=int(rate),
                without_a_backlog=int(usual))
        if FULL:  # of a fast form's fraction of a second nothing is expected
            self.assertGreaterEqual(rate, 0.8 * usual)
        self.judge(gateway, accepted)


if __name__ == "__main__":
    rights.need_programs("wrk")
    main()
