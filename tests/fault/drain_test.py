#!/usr/bin/env python3
"""SIGTERM under load: the gateway ends in time with exit code 0, every accepted message is finished or kept, and none is in doubt: a
drain waits for the providers' answers, so nothing is sent twice, flagged or not."""
import contextlib
import sqlite3
import time

import histories
from fault import FULL, FaultTest, figures
from harness import PATIENCE, main

ROUNDS = 200 if FULL else 10
# Far above what the mocks need to answer, far below the 30 s after which the gateway gives up waiting.
DRAIN_SECONDS = 10.0


class Drain(FaultTest):
    def test_nothing_is_left_in_doubt(self):
        gateway, slowest = self.world(latency=(10, 30), in_doubt={"wait": "1s"}), 0.0
        load = self.load()
        for number in range(ROUNDS):
            load.wait_for(self.dice.randrange(1, 60))
            started = time.monotonic()
            gateway.stop()
            slowest = max(slowest, time.monotonic() - started)
            self.note_output()
            self.assertEqual(self.in_sending(), 0, f"round {number}: messages are still SENDING after a drain")
            gateway.start()
        load.end()
        self.assertLess(slowest, DRAIN_SECONDS * PATIENCE)
        self.judge(at_most_once=True)
        doubtful = [message for message, row in self.history.database.messages.items() if row["possible_duplicate"]]
        self.assertEqual(doubtful[:5], [], f"{histories.DUPLICATE}: flagged after drains alone")
        figures(drains=ROUNDS, accepted=load.accepted, slowest=f"{slowest:.2f} s")

    def in_sending(self):
        with contextlib.closing(sqlite3.connect(f"file:{self.gw.database}?mode=ro", uri=True)) as connection:
            return connection.execute("SELECT count(*) FROM messages WHERE status = ?",
                                      (histories.STATUSES.index("SENDING"),)).fetchone()[0]


if __name__ == "__main__":
    main()
