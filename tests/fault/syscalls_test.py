#!/usr/bin/env python3
"""SIGKILL exactly at the n-th call of those system calls that make a promise true (syncs, writes) or that others see (sockets): the
same promises hold for every n. Random moments rarely meet the few instructions between two of them; this does."""
import os
import signal

import rights
from disk_tools import end_traced, under_strace
from fault import FULL, FaultTest, figures
from harness import Process, main, wait_until

# Those the gateway makes under load, as `strace -f -c` shows. strace counts by thread, so each n meets the first thread that gets there:
# at start the main thread, then the store's writer, the loop or a thread of the server. Writes are most of a commit, so a kill at
# one is almost always in the middle of it.
CALLS = {"fdatasync": range(1, 61), "pwrite64": range(1, 121), "sendto": range(1, 61), "recvfrom": range(1, 61)}
FEW = {"fdatasync": (2, 7, 15), "pwrite64": range(15, 95, 8), "sendto": (3, 11), "recvfrom": (5, 14)}
# Enough to reach the largest n; then it is killed all the same.
MESSAGES = 200 if FULL else 60


class Syscalls(FaultTest):
    def test_the_same_for_every_n(self):
        self.world(start=False, latency=(0, 1))
        load, kills, misses = self.load(threads=4), {}, []
        for call, numbers in (CALLS if FULL else FEW).items():
            for number in numbers:
                if self.kill_at(load, call, number):
                    kills[call] = kills.get(call, 0) + 1
                else:
                    misses.append(f"{call} {number}")
        self.gw.start()
        load.wait_for(5)
        load.end()
        self.assertEqual(sorted(kills), sorted(CALLS), f"a call at which nothing was killed; not reached: {misses}")
        # Where it ran on to the last message instead, another kind of kill was tested. A start may need fewer calls than the last n.
        self.assertLessEqual(len(misses), sum(kills.values()) // 10, f"not reached: {misses}")
        self.judge()
        figures(accepted=load.accepted, **{f"kills_at_{call}": count for call, count in kills.items()}, not_reached=len(misses))

    def kill_at(self, load, call, number):
        """True when it got there; otherwise it is killed after a while."""
        traced = Process(["serve", "--config", self.gw.config], self.folder,
                         wrapper=under_strace(f"{call}:signal=KILL:when={number}", os.devnull))
        self.gw.process = traced
        self.stack.callback(lambda: end_traced(traced))
        before = load.accepted
        wait_until(lambda: not traced.alive() or load.accepted >= before + MESSAGES, f"{call} {number}", 60)
        reached = not traced.alive()
        end_traced(traced)
        self.note_output()
        if reached:
            self.assertEqual(traced.process.returncode, -signal.SIGKILL, traced.text())
        return reached


if __name__ == "__main__":
    rights.need_tracing()
    main()
