#!/usr/bin/env python3
"""SIGKILL exactly at the n-th call of those system calls that make a promise true (syncs, writes) or that others see (sockets): the
same promises hold for every n. Random moments rarely meet the few instructions between two of them; this does."""
import contextlib
import os
import signal

from fault import FULL, FaultTest, figures
from harness import BINARY, Process, main, wait_until

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
        self.assertGreater(kills.get("fdatasync", 0), 0, f"not reached: {misses}")
        self.assertGreater(kills.get("pwrite64", 0), 0, f"not reached: {misses}")
        self.assertGreater(sum(count for call, count in kills.items() if call.startswith(("send", "recv"))), 0, f"not reached: {misses}")
        self.judge()
        figures(accepted=load.accepted, **{f"kills_at_{call}": count for call, count in kills.items()}, not_reached=len(misses))

    def kill_at(self, load, call, number):
        """True when it got there; otherwise it is killed after a while."""
        traced = Process(["serve", "--config", self.gw.config], self.folder,
                         wrapper=["strace", "-f", "-qq", "-o", os.devnull, "-e", f"trace={call}",
                                  "-e", f"inject={call}:signal=KILL:when={number}"])
        self.gw.process = traced
        self.stack.callback(lambda: self.end(traced))
        before = load.accepted
        wait_until(lambda: not traced.alive() or load.accepted >= before + MESSAGES, f"{call} {number}", 60)
        reached = not traced.alive()
        self.end(traced)
        self.note_output()
        if reached:
            self.assertEqual(traced.process.returncode, -signal.SIGKILL, traced.text())
        return reached

    def end(self, traced):
        """The gateway under strace by its own id: it would outlive its tracer."""
        if traced.alive():
            for child in children(traced.pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
            traced.wait()


def children(pid):
    with contextlib.suppress(FileNotFoundError), open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(child) for child in file.read().split() if os.path.realpath(f"/proc/{child}/exe") == os.path.realpath(BINARY)]
    return []


if __name__ == "__main__":
    main()
