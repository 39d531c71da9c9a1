#!/usr/bin/env python3
"""The in-doubt matrix: what a provider does with the first send x policy x whether it drops repeated keys x crash of the
gateway. The tables below are the specification: how often, where, with which key a message is sent, and what is said of it.
"""
import contextlib
import os
import signal
import sqlite3
import threading

from fault import CALLBACKS, FaultTest
import raw_provider as raw
from harness import PATIENCE, main, wait_until

POLICIES = ("resolve_same", "at_least_once", "at_most_once", "auto")
HOLDS = {1: "held", 2: "captured", 3: "released"}

# What the first provider does, and what that says: "sent", "refused" (for good), "failed" (certainly not sent) or "doubt".
BEHAVIOURS = {
    "answers": (raw.answer, "sent"),
    "says 201 without an id": (raw.answering(201, b""), "sent"),
    "2xx with garbage": (raw.answering(200, b"\x00\xff<html>"), "sent"),
    "2xx, closes in the body": (raw.raw_bytes(raw.response(200, b'{"id":', length=500)), "sent"),
    "2xx, longer than it says": (raw.raw_bytes(raw.response(200, b'{"id":"x"}{"id":"y"}', length=10)), "sent"),
    "rejects": (raw.answering(400), "refused"),
    "fails": (raw.answering(500), "failed"),
    "resets before reading": (raw.reset_unread, "doubt"),
    "resets after reading": (raw.reset_read, "doubt"),
    "closes after reading": (raw.close_read, "doubt"),
    "answers too late": (raw.too_late, "doubt"),
    "closes in the status line": (raw.raw_bytes(b"HTTP/1.1 20"), "doubt"),
    "closes in the head": (raw.raw_bytes(b"HTTP/1.1 200 OK\r\nContent-Le"), "doubt"),
    "says no HTTP": (raw.raw_bytes(b"220 smtp.example ESMTP\r\n"), "doubt"),
    "says an impossible length": (raw.raw_bytes(b"HTTP/1.1 200 OK\r\nContent-Length: -7\r\n\r\n"), "doubt"),
    "redirects": (raw.answering(302, headers=["Location: /elsewhere"]), "doubt"),
}

# Each send at a provider by letter: P the first one, Q another.
# what the first send says -> sends, status, possible_duplicate, hold
CERTAIN = {
    "sent": ("P", "SENT", False, "captured"),
    "refused": ("P", "FAILED_PERM", False, "released"),
    "failed": ("PQ", "SENT", False, "captured"),
}
# (policy, dedupes) -> the same for a doubt
DOUBT = {
    ("resolve_same", True): ("PP", "SENT", False, "captured"),
    ("resolve_same", False): ("PP", "SENT", True, "captured"),
    ("at_least_once", True): ("PQ", "SENT", True, "captured"),
    ("at_least_once", False): ("PQ", "SENT", True, "captured"),
    ("at_most_once", True): ("P", "UNKNOWN", False, "held"),
    ("at_most_once", False): ("P", "UNKNOWN", False, "held"),
    ("auto", True): ("PP", "SENT", False, "captured"),
    ("auto", False): ("PQ", "SENT", True, "captured"),
}
# SIGKILL while SENDING: how far the send had come. It is a doubt each time, whatever the provider did.
CRASHES = ("unread", "unanswered", "answered")


def freeze(pid):
    """Until no thread of it runs any more: a signal is sent before it is obeyed."""
    def states():
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/stat", encoding="ascii", errors="replace") as file:
                yield file.read().rsplit(")", 1)[1].split()[0]

    os.kill(pid, signal.SIGSTOP)
    wait_until(lambda: set(states()) == {"T"}, "every thread to be stopped")


class InDoubtMatrix(FaultTest):
    def providers(self, step, dedupes=False):
        script = raw.Script(step, dedupes)
        self.scripts = [script]
        made = [raw.RawProvider(name, script) for name in ("first", "second")]
        for provider in made:
            self.stack.callback(provider.close)
        return script, made

    def serve(self, providers, dedupes, timeout=f"{30 * PATIENCE:.0f}s", **options):
        # Nothing but the attempts of a message decides: no circuit opens, and only what is to be too late is.
        tables = [{"id": provider.identity, "receipts": False, "timeout": timeout,
                   "config": {"url": provider.url, "dedupes": dedupes}} for provider in providers]
        self.gw = self.gateway(tables, in_doubt={"wait": "50ms"}, health={"min_attempts": 1_000_000}, clients=[self.client()],
                               callbacks=CALLBACKS, **options)
        return self.gw

    earlier = {}  # cells of a gateway before, on the same database

    def cell(self, name, policy, **fields):
        """The id of a message that is to go through one cell of the tables."""
        message_id = self.ask(in_doubt=policy, client_reference=name, **fields)
        self.history.policy[message_id] = policy
        return message_id

    def wait_for_cells(self, gateway, cells):
        for message_id, (name, expected) in cells.items():
            with self.subTest(name):
                gateway.wait_for_status(message_id, expected[1], seconds=40)

    def check(self, gateway, script, cells):
        """cells: message id -> (name, expected). Ends the gateway: nothing more may be sent afterwards."""
        print(f"figures: {len(cells)} cells", flush=True)
        self.wait_for_cells(gateway, cells)
        shown = {message_id: gateway.message(message_id) for message_id in cells}
        self.judge()
        with contextlib.closing(sqlite3.connect(f"file:{gateway.database}?mode=ro", uri=True)) as database:
            holds = dict(database.execute("SELECT client_reference, hold_state FROM messages"))
        for message_id, (name, expected) in cells.items():
            requests = script.of(message_id)
            letters = "".join("P" if r.provider == requests[0].provider else "Q" for r in requests)
            message = shown[message_id]
            with self.subTest(name):
                self.assertEqual((letters, message["status"], message.get("possible_duplicate", False),
                                  HOLDS[holds[name]]), expected, message)
                self.assertEqual({request.key for request in requests}, {message_id}, "one key for all sends")
                self.assertEqual(message["attempts"], len(requests))
        everything = {**self.earlier, **cells}
        self.assertEqual(script.count(), sum(len(expected[0]) for _, expected in everything.values()), "no other sends")
        self.earlier = everything

    def without_crash(self, dedupes):
        def step(connection, request):
            behave, says = BEHAVIOURS[request.text] if request.seen == 1 else (raw.answer, "sent")
            if says in ("sent", "doubt"):
                request.took = raw.provider_id(request)
            return behave(connection, request)

        script, providers = self.providers(step, dedupes)
        # Two deadlines: one that a message is to miss, one that none misses however slow the machine is.
        for behaviours, timeout in (({"answers too late"}, "1s"), (set(BEHAVIOURS) - {"answers too late"}, f"{30 * PATIENCE:.0f}s")):
            gateway = self.serve(providers, dedupes, timeout=timeout)
            cells = {}
            for behaviour in behaviours:
                for policy in POLICIES:
                    says = BEHAVIOURS[behaviour][1]
                    expected = DOUBT[policy, dedupes] if says == "doubt" else CERTAIN[says]
                    name = f"{behaviour}, {policy}, dedupes={dedupes}"
                    cells[self.cell(name, policy, text=behaviour)] = (name, expected)
            self.check(gateway, script, cells)

    def test_provider_that_does_not_dedupe(self):
        self.without_crash(False)

    def test_provider_that_dedupes(self):
        self.without_crash(True)

    def with_crash(self, dedupes):
        let_go, answered = threading.Event(), threading.Semaphore(0)

        def step(connection, request):
            request.took = raw.provider_id(request)
            if request.seen > 1:
                return raw.answer(connection, request)
            if request.text == "unread":
                let_go.wait(60 * PATIENCE)
                return False
            raw.read(connection, request)
            if request.text == "answered":
                let_go.wait(60 * PATIENCE)
                connection.sendall(raw.response(200, b'{"id":"told-to-nobody"}'))
                answered.release()
            raw.peer_gave_up(connection)
            return False

        script, providers = self.providers(step, dedupes)
        gateway = self.serve(providers, dedupes)
        cells = {}
        for crash in CRASHES:
            for policy in POLICIES:
                name = f"SIGKILL, {crash}, {policy}, dedupes={dedupes}"
                message_id = self.cell(name, policy, text=crash)
                cells[message_id] = (name, DOUBT[policy, dedupes])
        wait_until(lambda: script.count() == len(cells), "all to be with the providers", 40)
        # Stopped first: the answers are on their way, and nobody reads them any more.
        freeze(gateway.process.pid)
        let_go.set()
        for _ in POLICIES:
            self.assertTrue(answered.acquire(timeout=30 * PATIENCE))
        gateway.kill()
        self.note_output()
        gateway.start()
        self.check(gateway, script, cells)

    def test_crash_and_a_provider_that_does_not_dedupe(self):
        self.with_crash(False)

    def test_crash_and_a_provider_that_dedupes(self):
        self.with_crash(True)

    def test_the_key_of_a_doubtful_send_is_kept(self):
        """Every send of an order carries one key. A message that certainly failed and is requeued is a new order, one that is
        requeued out of a doubt is not."""
        steps = [raw.answering(400), *[raw.reset_read] * 3, *[raw.reset_read] * 3, raw.answer]

        def step(connection, request):
            return steps[request.seen - 1](connection, request)

        script, providers = self.providers(step)
        gateway = self.serve(providers[:1], False, retry={"max_attempts": 3})
        message_id = gateway.send(in_doubt="at_least_once")
        gateway.wait_for_status(message_id, "FAILED_PERM")
        for _ in range(2):
            self.assertEqual(gateway.http.post(f"/v1/dead-letters/{message_id}/requeue").status, 202)
            gateway.wait_for_status(message_id, "UNKNOWN")
        self.assertEqual(gateway.http.post(f"/v1/dead-letters/{message_id}/requeue").status, 202)
        self.assertTrue(gateway.wait_for_status(message_id, "SENT")["possible_duplicate"])
        self.assertEqual([request.key for request in script.of(message_id)], [message_id] + [message_id + ".1"] * 7)

    def test_a_kept_connection_that_is_reset_is_resent_only_where_the_provider_dedupes(self):
        """A kept connection may have been closed innocently: the one case in which one attempt is two requests."""
        for dedupes, sends, status in ((True, "PP", "SENT"), (False, "P", "UNKNOWN")):
            def step(connection, request):
                return (raw.reset_read if request.text == "reset" and request.seen == 1 else raw.answer)(connection, request)

            script = raw.Script(step)
            provider = raw.RawProvider("first", script, keep=True)
            self.stack.callback(provider.close)
            gateway = self.serve([provider], dedupes)
            gateway.wait_for_status(gateway.send(text="warms the connection"), "SENT")
            message_id = gateway.send(text="reset", in_doubt="at_most_once")
            message = gateway.wait_for_status(message_id, status)
            self.assertEqual(len(script.of(message_id)), len(sends))
            self.assertEqual({request.key for request in script.of(message_id)}, {message_id})
            self.assertEqual(message["attempts"], 1)
            self.assertFalse(message.get("possible_duplicate", False))
            gateway.stop()


if __name__ == "__main__":
    main()
