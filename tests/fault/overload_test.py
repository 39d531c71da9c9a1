#!/usr/bin/env python3
"""More than it can take, with 512 MB of memory: what is refused is told so, what is accepted is kept, memory stays bounded.

The fast form: more clients than the limit on connections and more messages than `queue.max_depth`. The whole form measures the peak
with a closed loop, then offers three times as much in an open one (heliograph_load), then measures the peak again: the store grows
meanwhile, and 90 % of the mean of both is what the crowd must have been served."""
import json
import os
import resource
import subprocess
import unittest

import histories
from fault import FULL, FaultTest, figures
from harness import BINARY, KEY, PATIENCE, main, wait_until

MEMORY_MAX = 512 << 20
RESIDENT_MAX_MB = 512
SECONDS = 20
LOAD = os.path.join(os.path.dirname(BINARY), "heliograph_load")
MESSAGE = {"to": "+14155552671", "from": "TEST", "text": "one of very many"}


def resident_mb(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) / 1024


def accepted_a_second(said):
    return (said["requests"] - said["non2xx"]) / said["seconds"]


class Overload(FaultTest):
    def limited_world(self, **sections):
        """RLIMIT_DATA, which counts what is allocated: RLIMIT_AS would count the address space that threads reserve too, and there may
        be no cgroup to write to."""
        gateway = self.world(latency=(0,), perm_fail_rate=0, log={"level": "warn"}, **sections)
        resource.prlimit(gateway.process.pid, resource.RLIMIT_DATA, (MEMORY_MAX, MEMORY_MAX))
        return gateway

    def test_refusals_are_right(self):
        gateway = self.limited_world(queue={"max_depth": 300})
        for mock in self.mocks:
            gateway.http.post(f"/v1/admin/providers/{mock.identity}/disable")
        load = self.load(threads=24)
        wait_until(lambda: len(self.history.refused) > 200, "refusals")
        answer = gateway.http.post("/v1/messages", MESSAGE)
        self.assertEqual(answer.status, 503, answer)
        self.assertGreater(int(answer.headers["retry-after"]), 0)
        self.assertLessEqual(gateway.http.get("/v1/admin/queue").json["waiting"], 300)
        self.assertEqual({status for status, _ in self.history.refused} - {409, 429, 503}, set())
        self.assertLess(resident_mb(gateway.process.pid), RESIDENT_MAX_MB)
        for mock in self.mocks:
            gateway.http.post(f"/v1/admin/providers/{mock.identity}/enable")
        load.wait_for(50)  # it goes on by itself
        load.end()
        self.judge()

    def offer(self, rate):
        """What the generator says; the ids it was given are told to the history."""
        first = len(self.history.told)  # keys of their own
        ids = os.path.join(self.folder, f"ids-{first}.txt")
        run = subprocess.run([LOAD, "--ids", ids, "--port", str(self.gw.port), "--key", KEY, "--body", json.dumps(MESSAGE), "--rate",
                              str(rate), "--seconds", str(SECONDS), "--connections", "512"], capture_output=True, text=True, timeout=240 * PATIENCE, check=True)
        with open(ids, encoding="ascii") as file:
            found = [message_id for message_id in (line.split(" ")[0] for line in file) if message_id]
        self.history.told += [histories.Told(message_id, "", f"message {number}", False, None) for number, message_id in enumerate(found, first)]
        said = json.loads(run.stdout)
        # By class: 2xx are those with an id, every other answer is a refusal (429, 503), and there are no errors beside them.
        self.assertEqual(len(found), said["requests"] - said["non2xx"], said)
        self.assertEqual((said["failed"], said["errors"]), (0, 0), said)
        return said

    @unittest.skipUnless(FULL, "measures rates: only in the whole form")
    @unittest.skipUnless(os.path.exists(LOAD), "heliograph_load is not built (HELIOGRAPH_BENCH)")
    def test_three_times_the_peak(self):
        # Nobody is called, and arrivals are not compared: with that many the test would measure itself.
        gateway = self.limited_world(called=False)
        before = accepted_a_second(self.offer(0))
        crowd = self.offer(3 * before)
        served = accepted_a_second(crowd)
        after = accepted_a_second(self.offer(0))
        resident = resident_mb(gateway.process.pid)
        figures(peak_before_a_second=int(before), peak_after_a_second=int(after), offered_a_second=int(3 * before),
                served_a_second=int(served), refused=crowd["non2xx"], never_sent=crowd["unanswered"], resident_mb=int(resident))
        self.assertTrue(gateway.process.alive(), gateway.process.text())
        self.assertGreaterEqual(served, 0.9 * (before + after) / 2)
        self.assertLess(resident, RESIDENT_MAX_MB)
        self.settle(300)
        self.mocks = []
        self.judge()


if __name__ == "__main__":
    main()
