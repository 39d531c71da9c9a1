#!/usr/bin/env python3
"""SIGKILL at random moments, under load and while the gateway starts, recovers or drains: every 202 is kept, the ledger is exact,
duplicates only where flagged."""
import threading

from fault import FULL, FaultTest, figures
from harness import Process, main, wait_until

ROUNDS = 100 if FULL else 8


class Kill(FaultTest):
    def test_nothing_accepted_is_lost(self):
        gateway, kills = self.world(), {"under load": 0, "while starting": 0, "while draining": 0}
        load = self.load()
        for number in range(ROUNDS):
            load.wait_for(self.dice.randrange(1, 120))
            moment = list(kills)[number % 3]
            getattr(self, "kill_" + moment.replace(" ", "_"))()
            kills[moment] += 1
            gateway.start()
        load.end()
        self.judge()
        copies = sum(1 for message in self.history.database.messages.values() if message["possible_duplicate"])
        replays = sum(1 for told in self.history.told if told.replayed)
        figures(kills=ROUNDS, accepted=load.accepted, answered_again_by_key=replays, flagged_as_possible_duplicates=copies)

    def kill_under_load(self):
        self.gw.kill()
        self.note_output()

    def kill_while_starting(self):
        """Twice: the second one meets a recovery that was cut off, at any point between its first line and its work."""
        self.kill_under_load()
        self.gw.process = Process(["serve", "--config", self.gw.config], self.folder)
        threading.Event().wait(self.dice.uniform(0, 0.15))  # the moment is the dice's, nothing is expected of it
        self.kill_under_load()

    def kill_while_draining(self):
        self.gw.process.process.terminate()
        threading.Event().wait(self.dice.uniform(0, 0.03))
        self.kill_under_load()

    def test_a_second_gateway_changes_nothing(self):
        """Whoever starts it by mistake after a crash: the lock tells it, and the first one goes on."""
        gateway = self.world(providers=1)
        load = self.load(threads=2)
        load.wait_for(5)
        second = Process(["serve", "--config", gateway.config], self.folder)
        self.assertEqual(second.wait(), 75, second.text())
        load.wait_for(5)
        load.end()
        wait_until(gateway.process.alive, "the first one to live")
        self.judge()


if __name__ == "__main__":
    main()
