#!/usr/bin/env python3
"""A disk that fills up under load: new messages are refused with 503 and Retry-After while there is still room for the outcomes of
those accepted; nothing accepted is lost; it goes on by itself once there is room."""
import os

import rights
from disk_tools import Injector, SmallDisk
from fault import FULL, FaultTest, figures
from harness import main, wait_until

MIN_FREE = 4 << 20
ROUNDS = 5 if FULL else 1
MESSAGE = {"to": "+14155552671", "from": "TEST", "text": "private words"}


class DiskFull(FaultTest):
    def small_world(self, **options):
        # Room for all that is accepted in the rounds, so that giving back what was taken is enough.
        self.disk = SmallDisk(f"{self.folder}/data", 64)
        if self.disk.why_not:
            raise AssertionError(f"no tmpfs can be mounted: {self.disk.why_not}")
        self.addCleanup(self.disk.close)
        self.stack.callback(lambda: None)
        gateway = self.world(store={"min_free": "4MiB"}, **options)
        # Before the file system goes, its processes do.
        self.addCleanup(self.stack.close)
        return gateway

    def refused(self):
        answer = self.gw.http.post("/v1/messages", MESSAGE)
        self.history.tell(answer)
        if answer.status == 202:
            return None
        self.assertEqual(answer.status, 503, answer)
        self.assertGreater(int(answer.headers["retry-after"]), 0)
        return answer

    def fill(self):
        """Until new messages are refused, and would be if the store gave back what its log takes."""
        while True:
            self.disk.leave(MIN_FREE // 2)
            answer = wait_until(self.refused, "the disk to be full for new messages", 60)
            if self.disk.free() + os.path.getsize(f"{self.disk.folder}/heliograph.db-wal") < MIN_FREE * 3 // 2:
                return answer

    def accepted(self):
        answer = self.gw.http.post("/v1/messages", MESSAGE)
        self.history.tell(answer)
        return answer.status == 202

    def test_outcomes_fit_into_the_reserve(self):
        gateway, least = self.small_world(), []
        pid = gateway.process.pid
        for _ in range(ROUNDS):
            load = self.load(threads=8)
            load.wait_for(50)
            self.disk.leave(MIN_FREE + (1 << 20))
            wait_until(self.refused, "the disk to be full for new messages", 60)
            answer = self.fill()
            self.assertIn("disk full", answer.body.decode())
            least.append(self.disk.free())
            self.assertGreater(self.disk.free(), MIN_FREE // 4, "the reserve is used up by new messages")
            ready = gateway.http.get("/readyz")
            self.assertEqual(ready.status, 503)
            self.assertIn("store accepts no messages", ready.body.decode())
            # Attempts, retries and receipts of all that was accepted, while the disk stays full.
            self.settle()
            self.assertIsNotNone(self.refused())
            load.end()
            self.disk.give_back()
            wait_until(self.accepted, f"messages to be accepted again, with {self.disk.free()} bytes free")
            self.assertEqual(gateway.http.get("/readyz").status, 200)
        self.assertEqual(gateway.process.pid, pid)
        self.assertTrue(gateway.process.alive())
        accepted = len(self.history.told)
        self.judge()
        figures(rounds=ROUNDS, accepted=accepted, refused=len(self.history.refused), least_free_bytes=min(least))

    def test_not_a_page_is_left(self):
        gateway = self.small_world()
        load = self.load(threads=8)
        load.wait_for(100)
        self.disk.leave_nothing()
        wait_until(self.refused, "a refusal")
        load.end()
        self.disk.leave_nothing()
        self.assertIsNotNone(self.refused())
        self.assertTrue(gateway.process.alive(), gateway.process.text())
        self.disk.give_back()
        wait_until(self.accepted, "messages to be accepted again")
        self.judge()

    def test_writes_that_find_no_space(self):
        gateway = self.world()
        load = self.load(threads=8)
        load.wait_for(50)
        injector = Injector(gateway.process.pid, "pwrite64:error=ENOSPC:when=3+")
        self.addCleanup(injector.close)
        wait_until(self.refused, "a refusal")
        self.assertTrue(gateway.process.alive(), gateway.process.text())
        injector.detach()
        wait_until(self.accepted, "messages to be accepted again")
        load.wait_for(20)
        load.end()
        self.judge()


if __name__ == "__main__":
    rights.need_tracing()
    rights.own_mounts()
    main()
