#!/usr/bin/env python3
"""Receipts as no provider should send them: before its answer, twice, in the wrong order, for nobody, one against the other,
by the hundred and through kills of the gateway. States only go forward, each is told once, the ledger is exact.

HELIOGRAPH_FAULT=full: 4000 messages in place of 150. HELIOGRAPH_FAULT_SEED repeats a run.
"""
import collections
import contextlib
import queue
import sqlite3
import threading

from fault import CALLBACKS, CREDIT, FULL, FaultTest
import raw_provider as raw
from harness import PATIENCE, Http, main, wait_until

MESSAGES, KILLS = (4000, 8) if FULL else (150, 2)
PRICE, REPORTERS = 5, 8
ACCEPTED, DELIVERED, FAILED, EXPIRED, ODD = "ACCEPTED", "DELIVERED", "FAILED_PERM", "EXPIRED", "NEVER_HEARD_OF"
FINAL = {DELIVERED: "DELIVERED", FAILED: "FAILED_PERM", EXPIRED: "FAILED_PERM"}
RANK = {"QUEUED": 0, "SENDING": 1, "FAILED_TEMP": 1, "UNKNOWN": 2, "SENT": 3, "DELIVERED": 4, "FAILED_PERM": 4}
LEDGER = {"DELIVERED": 2, "FAILED_PERM": 3}  # hold_state: captured, released
# What is reported of one message, in this order; each word may come several times.
STORIES = [
    [DELIVERED], [ACCEPTED, DELIVERED], [FAILED], [EXPIRED],
    [DELIVERED, ACCEPTED], [DELIVERED, DELIVERED, DELIVERED], [ACCEPTED, ACCEPTED, FAILED, ACCEPTED],
    [DELIVERED, FAILED], [FAILED, DELIVERED], [FAILED, FAILED, EXPIRED, DELIVERED], [ODD, DELIVERED, ODD],
    [DELIVERED, EXPIRED, ACCEPTED, DELIVERED, FAILED],
]


class Plan:
    """What the provider will report of a message, and how much of it before it answers."""

    def __init__(self, dice, request):
        self.words = dice.choice(STORIES)
        self.early = dice.choice([0, 0, 1, len(self.words)])
        self.names = dice.choice(["both", "provider", "ours"])
        self.batched = dice.random() < 0.3
        self.final = next(FINAL[word] for word in self.words if word in FINAL)
        self.ids = {"provider_message_id": raw.provider_id(request), "message_id": request.message_id}

    def receipts(self, words):
        ids = dict(self.ids)
        if self.names == "provider":
            ids.pop("message_id")
        if self.names == "ours":
            ids.pop("provider_message_id")
        return [{**ids, "status": word} for word in words]


class Reporter:
    """Posts receipts until they are taken, as providers do; a gateway that is being started anew is asked again."""

    def __init__(self, port):
        self.port, self.taken, self.ended = port, 0, threading.Event()

    def post(self, document):
        http = Http(self.port, timeout=10, check=None)
        try:
            while not self.ended.is_set():
                try:
                    answer = http.post("/v1/providers/chaos/events", document)
                    if answer.status == 200:
                        self.taken += len(document) if isinstance(document, list) else 1
                        return
                except OSError:
                    http.close()
                self.ended.wait(0.02)
        finally:
            http.close()


class ReceiptChaos(FaultTest):
    def setUp(self):
        super().setUp()
        self.lock, self.plans, self.late = threading.Lock(), {}, queue.Queue()
        self.script = raw.Script(self.step, dedupes=True)
        self.scripts = [self.script]
        self.chaos = raw.RawProvider("chaos", self.script)
        self.stack.callback(self.chaos.close)
        self.gw = self.gateway1 = self.gateway(
            [{"id": "chaos", "receipts": True, "timeout": f"{60 * PATIENCE:.0f}s", "config": {"url": self.chaos.url, "dedupes": True}}],
            clients=[self.client()],
            health={"min_attempts": 1_000_000}, retry={"max_attempts": 100, "min_delay": "20ms", "max_delay": "50ms"},
            callbacks=CALLBACKS,
            log={"level": "warn"})
        self.reporter = Reporter(self.gateway1.port)
        self.stack.callback(self.reporter.ended.set)
        self.threads = [threading.Thread(target=self.report_late, daemon=True) for _ in range(REPORTERS)]
        for thread in self.threads:
            thread.start()

    def step(self, connection, request):
        """A send: some receipts, then the answer, the other receipts by whoever has time."""
        raw.read(connection, request)
        with self.lock:
            first = request.message_id not in self.plans
            plan = self.plans.setdefault(request.message_id, Plan(self.dice, request)) if first else None
        if plan:
            self.report(plan, plan.words[:plan.early])
        try:
            return raw.tell(connection, request)
        finally:
            if plan:
                self.late.put(plan)

    def report(self, plan, words):
        receipts = plan.receipts(words)
        if plan.batched and receipts:
            stranger = {"provider_message_id": f"nobody-{len(receipts)}", "status": DELIVERED}
            return self.reporter.post([stranger, *receipts])
        for receipt in receipts:
            self.reporter.post(receipt)

    def report_late(self):
        while (plan := self.late.get()):
            self.report(plan, plan.words[plan.early:])

    def watch(self, ids, seen):
        """One look at every message that is not at its end: what it says may not go backwards."""
        open_ones = [message_id for message_id in ids if RANK.get(seen.get(message_id), 0) < 4]
        for message_id in open_ones:
            status, before = self.gateway1.message(message_id)["status"], seen.get(message_id, "QUEUED")
            self.assertGreaterEqual(RANK[status], RANK[before], f"{message_id}: {before} -> {status}")
            seen[message_id] = status
        return len(open_ones) == 0

    def test_chaos(self):
        ids, seen = [], {}
        for part in range(KILLS + 1):
            ids += [self.ask(client_reference=f"{part}-{n}") for n in range(MESSAGES // (KILLS + 1))]
            if part < KILLS:
                # In the middle of things: some are sent, some reported, some neither.
                wait_until(lambda: len(self.plans) >= len(ids) * 2 // 3, "some to be with the provider", 60)
                self.watch(ids[-20:], seen)
                self.gateway1.kill()
                self.note_output()
                self.gateway1.start()
        wait_until(lambda: self.watch(ids, seen), "the end of every message", 120)
        for _ in self.threads:
            self.late.put(None)
        for thread in self.threads:
            thread.join(60 * PATIENCE)
            self.assertFalse(thread.is_alive(), "every receipt is taken")
        for message_id in ids:
            with self.subTest(message_id, words=self.plans[message_id].words, early=self.plans[message_id].early):
                plan = self.plans[message_id]
                if self.overtaken(message_id, plan):
                    plan.final = "DELIVERED"
                self.assertEqual(self.gateway1.message(message_id)["status"], plan.final)
                self.assertEqual(seen[message_id], plan.final, "what comes after the end changes nothing")
        print(f"figures: {self.reporter.taken} receipts of {len(ids)} messages, {KILLS} kills", flush=True)
        self.check_callbacks(ids)
        self.check_money(ids)

    def overtaken(self, message_id, plan):
        """In doubt, a message is waited for or sent again whatever was failed of it; delivered is delivered all the same."""
        in_doubt = any(attempt["outcome"] == "UNKNOWN" for attempt in self.gateway1.attempts(message_id))
        return in_doubt and DELIVERED in plan.words and self.gateway1.message(message_id)["status"] == "DELIVERED"

    def test_undelivered_while_in_doubt(self):
        """The gateway dies with the send on its way; before it asks again it hears that the message was not delivered. The
        provider then knows the send again, and no other receipt comes: this one must not be lost."""
        let_go = threading.Event()
        self.addCleanup(let_go.set)

        def step(connection, request):
            raw.read(connection, request)
            request.took = raw.provider_id(request)
            if request.seen == 1:
                let_go.wait(60 * PATIENCE)
                return False
            return raw.tell(connection, request)

        self.script.step = step
        ids = [self.ask() for _ in range(3)]
        wait_until(lambda: self.script.count() == len(ids), "all to be with the provider")
        requests = {request.message_id: request for request in self.script.requests}

        def tell(message_id):
            return self.reporter.post({"message_id": message_id, "status": FAILED,
                                       "provider_message_id": raw.provider_id(requests[message_id])})

        tell(ids[0])  # before the outcome is known
        self.gateway1.kill()
        self.note_output()
        let_go.set()
        self.gateway1.start()
        tell(ids[1])  # while it waits, or when it was sent again: that is chance, and must not matter
        for message_id in ids[:2]:
            self.assertEqual(self.gateway1.wait_for_status(message_id, "FAILED_PERM")["reason"], "undelivered")
        self.gateway1.wait_for_status(ids[2], "SENT")
        self.assertEqual(self.gateway1.http.get("/v1/me").json["credit_cents"], CREDIT - PRICE)
        self.judge()

    def check_callbacks(self, ids):
        """Each end is told once: a delivery repeated through a kill carries the same webhook-id."""
        def told():
            ends = collections.defaultdict(set)
            for delivery in self.receiver.got("/history"):
                ends[delivery.json["data"]["message_id"], delivery.json["data"]["status"]].add(delivery.id)
            return ends

        wanted = {(message_id, self.plans[message_id].final) for message_id in ids}
        wait_until(lambda: wanted <= set(told()), "a callback for every end", 180)
        self.assertEqual({key: len(names) for key, names in told().items() if len(names) != 1}, {})
        ends = collections.Counter(message for message, status in told() if status != "SENT")
        self.assertEqual([message for message, count in ends.items() if count != 1], [], "one end each")

    def check_money(self, ids):
        delivered = sum(1 for message_id in ids if self.plans[message_id].final == "DELIVERED")
        self.assertEqual(self.gateway1.http.get("/v1/me").json["credit_cents"], CREDIT - PRICE * delivered)
        self.judge()
        with contextlib.closing(sqlite3.connect(f"file:{self.gateway1.database}?mode=ro", uri=True)) as database:
            states = collections.Counter(state for state, in database.execute("SELECT hold_state FROM messages"))
            resolutions, = database.execute("SELECT count(*) FROM resolutions").fetchone()
        wanted = collections.Counter(LEDGER[self.plans[message_id].final] for message_id in ids)
        self.assertEqual(states, wanted)
        self.assertEqual(resolutions, len(ids), "one resolution for each hold")


if __name__ == "__main__":
    main()
