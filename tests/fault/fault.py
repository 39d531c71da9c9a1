"""What the fault tests share: how thorough to be, clients that send until told to stop, and the end of a run.

HELIOGRAPH_FAULT=full chooses the whole form of each test, HELIOGRAPH_FAULT_SEED the dice.
"""
import os
import random
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "integration"))

import histories  # noqa: E402
from harness import KEY, PATIENCE, GatewayTest, Http, cli, wait_until  # noqa: E402
from receiver import Receiver  # noqa: E402

FULL = os.environ.get("HELIOGRAPH_FAULT") == "full"
SEED = int(os.environ.get("HELIOGRAPH_FAULT_SEED", random.SystemRandom().randrange(1 << 32)))
CREDIT = 100_000_000
CALLBACKS = {"allow_http": True, "allow_cidrs": ["127.0.0.0/8"], "retry_delays": ["50ms"] * 20}


def figures(**values):
    """One line that run.py puts into the table of docs/reliability.md."""
    print("figures: " + ", ".join(f"{value:,} {name.replace('_', ' ')}" if isinstance(value, int) else
                                  f"{name.replace('_', ' ')} {value}" for name, value in values.items()), flush=True)


class Load:
    """Clients that send until told to stop. Every message has a text, a number and an idempotency key of its own; a request that
    got no answer is repeated with its key, as a careful client does. `history` is told every answer."""

    def __init__(self, port, history, threads=8, keys=True, fields=None, on_accepted=None):
        self.port, self.history, self.keys, self.fields = port, history, keys, fields or {}
        self.on_accepted, self.stopping, self.lock = on_accepted, threading.Event(), threading.Lock()
        self.sent = self.accepted = 0
        history.keep_secret(KEY)
        self.threads = [threading.Thread(target=self._run, args=(number,), daemon=True) for number in range(threads)]
        for thread in self.threads:
            thread.start()

    def _next(self):
        with self.lock:
            self.sent += 1
            number = self.sent
        return number, {"to": f"+1415555{number % 10000:04d}", "from": "TEST", "text": f"private words {number:08d}", **self.fields}

    def _run(self, _):
        http, pause = Http(self.port, KEY, timeout=10, check=None), threading.Event()
        while not self.stopping.is_set():
            number, body = self._next()
            key = f"key-{id(self)}-{number}" if self.keys else None
            while not self.stopping.is_set():
                try:
                    answer = http.post("/v1/messages", body, headers={"Idempotency-Key": key} if key else {})
                except Exception:  # ended in the middle of things: nothing was promised
                    http.close()
                    pause.wait(0.005)
                    if not key:
                        break
                    continue
                self._told(answer, key)
                if answer.status not in (409, 503):
                    break
                pause.wait(0.005)
        http.close()

    def _told(self, answer, key):
        ids = self.history.tell(answer, key, time.monotonic_ns())
        if not ids:
            return
        if self.on_accepted:
            self.on_accepted(ids[0])
        with self.lock:
            self.accepted += 1

    def wait_for(self, more, seconds=20.0):
        target = self.accepted + more
        wait_until(lambda: self.accepted >= target, f"{more} messages to be accepted", seconds)

    def end(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join(30)


class FaultTest(GatewayTest):
    """A gateway between providers that fail now and then, and the histories of all of it."""

    def setUp(self):
        super().setUp()
        self.dice, self.history, self.mocks, self.scripts = random.Random(SEED), histories.Histories(), [], []
        self.history.keep_secret("private words", KEY)
        self.called, self.looked_at = True, set()  # messages whose events are looked at, whatever the dice say
        self.receiver = Receiver()  # is told of every message
        self.addCleanup(self.receiver.close)
        print(f"seed {SEED} (HELIOGRAPH_FAULT_SEED)", flush=True)

    def world(self, providers=2, latency=(0, 3, 10), perm_fail_rate=0.05, start=True, called=True, **sections):
        """Mocks that fail now and then, receipts, and the gateway; failures never open a circuit, doubts are sent again soon. `called`:
        whether the receiver is told of every message."""
        self.called = called
        self.mocks = [self.mock(f"provider{i}", latency=self.dice.choice(latency), temp_fail_rate=0.1, perm_fail_rate=perm_fail_rate,
                                seed=i) for i in range(1, providers + 1)]
        defaults = {"in_doubt": {"policy": "at_least_once", "wait": "300ms"}, "retry": {"max_attempts": 50},
                    "health": {"min_attempts": 1000000}, "log": {"level": "debug"},
                    "callbacks": CALLBACKS}
        self.gw = self.gateway(
            [self.provider(mock, receipts=True) for mock in self.mocks], start=start,
            clients=[self.client(called)],
            **{name: {**defaults.get(name, {}), **sections.get(name, {})} for name in {**defaults, **sections}})
        for mock in self.mocks:
            mock.behave(receipts_url=self.gw.receipts_url(mock.identity), receipt_delay_ms=20)
        return self.gw

    def client(self, called=True):
        table = {"name": "test", "key": KEY, "credit_cents": CREDIT, "scopes": ["send", "read", "admin"]}
        return {**table, "callback_url": self.receiver.url("/history")} if called else table

    def ask(self, **fields):
        """A message that must be accepted; its id."""
        answer = self.gw.http.post("/v1/messages", {"to": "+14155552671", "from": "TEST", "text": "private words", **fields})
        self.history.tell(answer, at=time.monotonic_ns())
        self.assertEqual(answer.status, 202, answer)
        return answer.json["message_id"]

    def load(self, **options):
        load = Load(self.gw.port, self.history, **options)
        self.addCleanup(load.end)
        return load

    def note_output(self):
        """Keeps what the running process wrote; before it is replaced by the next one."""
        self.outputs = getattr(self, "outputs", 0) + 1
        self.history.wrote(f"log of start {self.outputs}", "".join(self.gw.process.output))

    def settle(self, seconds=90.0, still=20.0):
        """Until nothing is in the gateway's hands any more. Fails early when nothing has moved for `still` seconds."""
        moved = [time.monotonic(), None]

        def busy():
            found = {}
            for status in sorted(histories.LIVE):
                waiting = self.gw.http.get(f"/v1/messages?status={status}&limit=3").json["messages"]
                if waiting:
                    found[status] = [(message["id"], message["attempts"]) for message in waiting]
            stored = [] if found else histories.live_messages(self.gw.database)
            return {"in the database": stored} if stored else found

        def settled():
            now = [busy(), [each.count() for each in self.mocks + self.scripts]]
            if now != moved[1]:
                moved[:] = [time.monotonic(), now]
            if now[0] and time.monotonic() > moved[0] + still * PATIENCE:
                raise AssertionError(f"nothing moves for {still * PATIENCE:.0f} s")
            return not now[0]

        try:
            wait_until(settled, "every message to be settled", seconds)
        except AssertionError as error:
            raise AssertionError(f"{histories.LOST}: {error}; still: {busy()}; log:\n{self.gw.process.text()}") from None

    def hear(self, seconds=60.0):
        """Until no callback is under way any more; with it the history of the receiver is whole."""
        def silent():
            endpoints = self.gw.http.get("/v1/callbacks").json["callbacks"]
            return not any(self.gw.http.get(f"/v1/callbacks/{endpoint['id']}/deliveries?status=pending&limit=1").json["deliveries"]
                           for endpoint in endpoints)

        wait_until(silent, "every callback to be delivered", seconds)

    def judge(self, events=200, finished=True, **expectations):
        """Ends the gateway, gathers what all four know and checks it. The gateway must be running."""
        if finished:
            self.settle()
            self.hear()
        self.ask_for_events(events)
        self.gw.stop()
        self.compare(finished=finished, **expectations)

    def ask_for_events(self, most=200):
        ids = [told.id for told in self.history.told]
        self.history.asked(self.gw, {*self.looked_at, *self.dice.sample(ids, min(most, len(ids)))})

    def compare(self, **expectations):
        """The same of a gateway that has ended already."""
        self.note_output()
        for each in self.mocks:
            self.history.saw(each)
        for script in self.scripts:
            self.history.saw_script(script)
        self.read_database()
        self.gather_callbacks()
        histories.check(self, self.history, **expectations)

    def gather_callbacks(self):
        if not self.called:
            return
        self.history.called(self.receiver.got())
        if any(message["status"] in histories.TOLD_OF for message in self.history.database.messages.values()):
            self.assertTrue(self.history.callbacks, "messages ended and nobody was called: the history of callbacks proves nothing")

    def read_database(self):
        check = cli(["db", "check", "--config", self.gw.config], self.folder, seconds=120)
        self.history.read(self.gw.database, check)
