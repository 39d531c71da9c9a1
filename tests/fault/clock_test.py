#!/usr/bin/env python3
"""The wall clock jumps by an hour and by a day, under load and between two runs: nothing expires or is sent before its time, ids stay
in order, the limit holds, absolute schedules and signatures follow the clock on the wall."""
import datetime
import os
import struct
import subprocess
import time

import rights
from fault import FULL, FaultTest, figures
from harness import main, wait_until

HOUR, DAY = 3600, 86400
JUMPS = (HOUR, -HOUR, DAY, -DAY, 0) if FULL else (DAY, -DAY)
LIMIT, GUARD_MS = 40, 120


class Clock(FaultTest):
    def setUp(self):
        super().setUp()
        self.library, self.file = f"{self.folder}/clock_shift.so", f"{self.folder}/shift"
        source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "clock_shift.c")
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", self.library, source], check=True)
        self.shift(0)

    def shift(self, seconds):
        """Written in place: the running process has it mapped."""
        self.seconds = seconds
        with open(self.file, "r+b" if os.path.exists(self.file) else "wb") as file:
            file.write(struct.pack("q", seconds))

    def shifted_world(self, **sections):
        gateway = self.world(start=False, latency=(0,), **sections)
        gateway.env = {"LD_PRELOAD": self.library, "HG_CLOCK_SHIFT": self.file}
        return gateway.start()

    def providers(self, what):
        for mock in self.mocks:
            self.assertEqual(self.gw.http.post(f"/v1/admin/providers/{mock.identity}/{what}").status // 100, 2)

    def wall(self, ahead):
        """RFC 3339, by the gateway's clock on the wall."""
        moment = datetime.datetime.fromtimestamp(time.time() + self.seconds + ahead, datetime.timezone.utc)
        return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def test_jumps_under_load(self):
        gateway = self.shifted_world(messages={"validity": "20m"})
        in_order, load = [], self.load(threads=4)
        load.wait_for(20)
        for jump in JUMPS:
            self.providers("disable")
            waiting = [self.ask() for _ in range(5)]
            self.shift(jump)
            in_order += waiting + [self.ask() for _ in range(5)]
            began = time.monotonic()
            planned = self.ask(send_at=self.wall(2))
            self.looked_at.add(planned)
            load.wait_for(10)
            for message in waiting + [planned]:
                self.assertIn(gateway.message(message)["status"], ("QUEUED", "SCHEDULED"))
            told = self.ask(callback_url=self.receiver.url(f"/jump{jump}"))
            self.providers("enable")
            for message in waiting:
                gateway.wait_for_status(message, "DELIVERED", "FAILED_PERM", "FAILED_TEMP", "SENT")
            gateway.wait_for_status(planned, "DELIVERED", "FAILED_PERM", "FAILED_TEMP", "SENT")
            self.assertGreater(time.monotonic() - began, 1.5, "sent before its time")
            delivery = self.receiver.wait_for(1, f"/jump{jump}")[0]
            skew = int(delivery.headers["webhook-timestamp"]) - (time.time() + jump)
            self.assertLess(abs(skew), 30, f"the signature of {told} does not carry the time on the wall")
        load.end()
        self.assertEqual(in_order, sorted(in_order), "ids are out of order")
        self.judge()
        expired = sum(message["status"] == "EXPIRED" for message in self.history.database.messages.values())
        self.assertEqual(expired, 0)
        figures(jumps=len(JUMPS), accepted=len(self.history.told), expired=expired)

    def test_a_clock_that_is_set_back_between_two_runs(self):
        gateway = self.shifted_world()
        for back in (-HOUR, -DAY) if FULL else (-DAY,):
            self.providers("disable")
            waiting = [self.ask() for _ in range(5)]
            gateway.stop()
            self.shift(self.seconds + back)
            gateway.start()
            later = self.ask()
            self.assertGreater(later, waiting[-1], "an id went back with the clock")
            self.providers("enable")
            for message in [*waiting, later]:
                gateway.wait_for_status(message, "DELIVERED", "FAILED_PERM", "FAILED_TEMP", "SENT")
            self.assertIn("clock is behind", "".join(gateway.process.output))
        self.judge()

    def test_a_clock_that_is_set_forward_between_two_runs(self):
        gateway = self.shifted_world()
        self.providers("disable")
        waiting = [self.ask() for _ in range(5)]
        gateway.stop()
        self.shift(HOUR)
        gateway.start()
        self.providers("enable")
        for message in waiting:
            gateway.wait_for_status(message, "DELIVERED", "FAILED_PERM", "FAILED_TEMP", "SENT")
        self.judge()

    def test_the_limit_holds(self):
        # Judged by the limit itself. The guard is wide, because what a busy machine adds to the way to the provider is not the clock's
        # doing; a window that a jump opens a second time has twice the limit.
        gateway = self.shifted_world(limits={"dispatch": {"limit": LIMIT, "window": "1s"}}, limiter={"guard": f"{GUARD_MS}ms"})
        mock, sent = self.mocks[0], 3 * LIMIT
        gateway.http.post(f"/v1/admin/providers/{self.mocks[1].identity}/disable")
        for number in range(sent):
            self.ask()
            if number % 30 == 29:
                self.shift((DAY, -DAY, HOUR, -HOUR)[number // 30 % 4])
        wait_until(lambda: mock.count() >= sent, "all to be sent", 60)
        self.judge(limits={mock.identity: (LIMIT, 1.0)})


if __name__ == "__main__":
    rights.need_programs("cc")
    main()
