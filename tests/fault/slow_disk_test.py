#!/usr/bin/env python3
"""A disk that takes its time: nothing is lost, what waits is bounded, urgent messages overtake, and one that does not answer at all
is told of by /readyz and by 503 instead of requests that hang."""
import statistics
import time

import rights
from disk_tools import Injector
from fault import FULL, FaultTest, figures
from harness import PATIENCE, main, wait_until

DELAY = 0.2
BACKLOG = 3000 if FULL else 400
MESSAGE = {"to": "+14155552671", "from": "TEST", "text": "private words"}


class SlowDisk(FaultTest):
    def slow(self, delay, when="1+"):
        injector = Injector(self.gw.process.pid, f"fdatasync:delay_exit={int(delay * 1e6)}:when={when}")
        self.addCleanup(injector.close)
        return injector

    def timed(self, http, **fields):
        began = time.monotonic()
        answer = http.post("/v1/messages", {**MESSAGE, **fields})
        self.history.tell(answer)
        self.assertEqual(answer.status, 202, answer)
        return answer.json["message_id"], time.monotonic() - began

    def test_every_sync_takes_long(self):
        gateway = self.world(latency=(0,))
        quick = statistics.median(self.timed(gateway.http)[1] for _ in range(10))
        # A backlog of bulk mail that the urgent ones have to get past.
        for mock in self.mocks:
            gateway.http.post(f"/v1/admin/providers/{mock.identity}/disable")
        load = self.load(threads=16, fields={"priority": "bulk"})
        load.wait_for(BACKLOG, 120)
        load.end()
        injector = self.slow(DELAY)
        slow = statistics.median(self.timed(gateway.http)[1] for _ in range(5))
        self.assertGreater(slow, DELAY * 0.9, "the delay does not reach the clients' answers")
        self.assertLess(quick, slow)
        self.assertEqual(gateway.http.get("/readyz").status, 200)
        urgent = [self.timed(gateway.http, priority="urgent")[0] for _ in range(5)]
        for mock in self.mocks:
            gateway.http.post(f"/v1/admin/providers/{mock.identity}/enable")
        for message in urgent:
            gateway.wait_for_status(message, "SENT", "DELIVERED", "FAILED_PERM", "FAILED_TEMP", seconds=60)
        bulk = gateway.http.get("/v1/messages?status=QUEUED&limit=1").json["messages"]
        left = gateway.http.get("/v1/admin/queue").json["waiting"]
        injector.detach()
        self.assertTrue(bulk, "the urgent ones came last")
        figures(median_ms=round(quick * 1000, 1), median_ms_with_slow_syncs=round(slow * 1000, 1), bulk_left_behind_urgent=left)
        self.judge()

    def test_a_sync_that_does_not_come_back(self):
        gateway = self.world()
        load = self.load(threads=2)
        load.wait_for(20)
        injector = self.slow(12, when="1")
        wait_until(lambda: gateway.http.get("/readyz").status == 503, "/readyz to tell")
        began = time.monotonic()
        answer = gateway.client().post("/v1/messages", MESSAGE)
        self.assertLess(time.monotonic() - began, 5 * PATIENCE, "it hung with the disk")
        self.assertEqual(answer.status, 503, answer)
        self.assertGreater(int(answer.headers["retry-after"]), 0)
        self.assertEqual(gateway.http.get("/healthz").status, 200)
        wait_until(lambda: gateway.http.get("/readyz").status == 200, "the disk to come back", 60)
        injector.detach()
        wait_until(lambda: "slow commit" in "".join(gateway.process.output), "the log to tell")
        load.wait_for(10)
        load.end()
        self.judge()


if __name__ == "__main__":
    rights.need_tracing()
    main()
