#!/usr/bin/env python3
"""A sync that fails, at any commit: who waits for an accept gets 503 and never 202, the process ends with 70 without asking the disk
again, and the next start has every 202 and nothing half."""
import os

import rights
from disk_tools import Injector, end_traced, failed_on_folder, run_traced, syncs_after_error, under_strace
from fault import FULL, FaultTest, figures
from harness import Process, main, wait_until

COMMITS = range(1, 41) if FULL else (2, 9)
AT_START = range(1, 13) if FULL else range(1, 4)
FATAL = 70


class FsyncError(FaultTest):
    def injector(self, rule):
        injector = Injector(self.gw.process.pid, rule)
        self.addCleanup(injector.close)
        return injector

    def test_a_commit_fails_under_load(self):
        gateway = self.world(log={"level": "warn"})
        load = self.load(threads=16)
        for number in COMMITS:
            load.wait_for(30)
            refused = len(self.history.refused)
            injector = self.injector(f"fdatasync,fsync:error=EIO:when={number}")
            self.assertEqual(gateway.process.wait(), FATAL, gateway.process.text())
            injector.detach()
            self.assertEqual(syncs_after_error(injector.calls()), [], "a sync was asked for after one had failed")
            self.assertIn("the store failed", gateway.process.text())
            self.assertGreater(len(self.history.refused), refused, "nobody who waited was told")
            self.note_output()
            gateway.start()
        load.wait_for(10)
        load.end()
        self.assertEqual({status for status, _ in self.history.refused} - {409}, {503})
        self.judge()
        figures(failed_syncs=len(COMMITS), accepted=load.accepted, refused_with_503=len(self.history.refused))

    def test_the_one_who_waits_is_told(self):
        gateway = self.world()
        injector = self.injector("fdatasync:error=EIO:when=1")
        answer = gateway.client().post("/v1/messages", {"to": "+14155552671", "from": "TEST", "text": "private words"})
        self.assertEqual(answer.status, 503, answer)
        self.assertGreater(int(answer.headers["retry-after"]), 0)
        self.assertEqual(gateway.process.wait(), FATAL, gateway.process.text())
        injector.detach()

    def test_it_fails_while_starting(self):
        gateway = self.world()
        gateway.send()
        gateway.kill()
        failed = 0
        for number in AT_START:
            rule = f"fdatasync:error=EIO:when={number}"
            code, output, calls = self.start_with(rule)
            if code is None:
                break  # a start needs fewer syncs
            if failed_on_folder(calls):
                continue  # SQLite does not look at what syncing a folder comes to
            self.assertEqual(code, FATAL, f"{output}{calls}")
            self.assertEqual(syncs_after_error(calls), [], output)
            failed += 1
        self.assertGreaterEqual(failed, 1)
        gateway.start()
        wait_until(lambda: gateway.http.get("/readyz").status == 200, "readiness")

    def start_with(self, rule):
        """`db check` opens, migrates, marks and closes as a start does, and ends by itself. None: it needs fewer syncs."""
        code, output, calls = run_traced(["db", "check", "--config", self.gw.config], self.folder, rule)
        if not any("(INJECTED)" in line for line in calls):
            return None, output, calls
        return code, output, calls

    def test_it_fails_while_serving_begins(self):
        """`serve` itself: beside what `db check` does it decides what was interrupted, in a thread of its own."""
        gateway, failed = self.world(latency=(30,)), []
        for number in AT_START:
            load = self.load(threads=4)
            load.wait_for(10)
            gateway.kill()
            self.note_output()
            load.end()
            code, output, calls = self.serve_with(f"fdatasync:error=EIO:when={number}")
            if code is None:
                gateway.start()
                break  # a start needs fewer syncs
            if not failed_on_folder(calls):
                self.assertEqual(code, FATAL, f"{output}{calls}")
                self.assertEqual(syncs_after_error(calls), [], output)
                failed.append(number)
            gateway.start()
        self.assertTrue(failed, "no start met a failing sync")
        self.judge()
        figures(starts_with_a_failing_sync=len(failed))

    def serve_with(self, rule):
        """Exit code, words and calls of a start. A code of None: it listens, and no sync has failed."""
        path = os.path.join(self.folder, "strace.serve")
        traced = Process(["serve", "--config", self.gw.config], self.folder, wrapper=under_strace(rule, path))
        self.stack.callback(lambda: end_traced(traced))

        def calls():
            with open(path, encoding="utf-8", errors="replace") as file:
                return file.read().splitlines()

        wait_until(lambda: not traced.alive() or "listening on" in traced.text(), "the start to end, well or not", 60)
        if traced.alive() and any("(INJECTED)" in line for line in calls()) and not failed_on_folder(calls()):
            traced.wait()
        code = None if traced.alive() else traced.process.returncode
        end_traced(traced)
        found = calls()
        return (0 if code is None and any("(INJECTED)" in line for line in found) else code), traced.text(), found

    def test_it_fails_while_stopping(self):
        gateway = self.world()
        ids = [gateway.send() for _ in range(5)]
        for message in ids:
            gateway.wait_for_status(message, "DELIVERED", "FAILED_PERM")
        injector = self.injector("fdatasync,fsync:error=EIO:when=1")
        self.assertEqual(gateway.process.terminate(), FATAL, gateway.process.text())
        injector.detach()
        self.assertEqual(syncs_after_error(injector.calls()), [])
        gateway.start()
        for message in ids:
            self.assertIn(gateway.message(message)["status"], ("DELIVERED", "FAILED_PERM"))


if __name__ == "__main__":
    rights.need_tracing()
    main()
