#!/usr/bin/env python3
"""One provider after another goes wrong in its own way - fails, flaps, hangs, trickles, answers garbage - beside healthy ones:
what the healthy ones carry does not wait, attempts stay within the budget, and recovery begins with probes alone.

Everything is counted at the providers. HELIOGRAPH_FAULT=full: more messages, and the time of what healthy ones carry.
"""
import threading
import time

from fault import CALLBACKS, FULL, FaultTest
import raw_provider as raw
from harness import PATIENCE, main, wait_until

MESSAGES = 1500 if FULL else 120
MIN_ATTEMPTS, PROBES, WINDOW, MAX_ATTEMPTS = 10, 2, 8, 6


class Sick:
    """A provider's step that can be changed, and how many messages it had at once."""

    def __init__(self, ill):
        self.ill, self.lock, self.inside, self.most = ill, threading.Lock(), 0, 0

    def step(self, connection, request):
        with self.lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        try:
            return self.ill(connection, request)
        finally:
            with self.lock:
                self.inside -= 1


def flapping():
    """Nine of ten fail; the pattern, not chance, decides."""
    lock, count = threading.Lock(), [0]

    def step(connection, request):
        with lock:
            count[0] += 1
            fine = count[0] % 10 == 5
        return (raw.answer if fine else raw.answering(500))(connection, request)
    return step


def hang(connection, request):
    raw.read(connection, request)
    raw.peer_gave_up(connection, 120)
    return False


def trickle(connection, request):
    """A byte now and then: no single read ever takes long."""
    raw.read(connection, request)
    pause = threading.Event()
    for byte in raw.response(200, b"x" * 400):
        connection.sendall(bytes([byte]))
        pause.wait(0.1)
    return False


ILLS = {
    "fails": raw.answering(500),
    "flaps": flapping(),
    "hangs": hang,
    "trickles": trickle,
    "garbage": raw.raw_bytes(b"\x16\x03\x01 no HTTP at all\r\n\r\n"),
}


class ProviderStorm(FaultTest):
    def world(self, ills, timeout, healthy=2, cooldown="1s"):
        self.sick = {name: Sick(ill) for name, ill in ills.items()}
        self.good = raw.Script(raw.answer)
        self.of = {name: raw.Script(sick.step) for name, sick in self.sick.items()}
        self.scripts = [self.good, *self.of.values()]
        providers = [raw.RawProvider(f"good{n}", self.good, keep=True) for n in range(healthy)]
        providers += [raw.RawProvider(name, script, keep=True) for name, script in self.of.items()]
        for provider in providers:
            self.stack.callback(provider.close)
        self.gw = self.gateway(
            [{"id": p.identity, "receipts": False, "max_in_flight": WINDOW, "timeout": timeout,
              "config": {"url": p.url}} for p in providers],
            in_doubt={"policy": "at_least_once", "wait": "100ms"},
            retry={"max_attempts": MAX_ATTEMPTS, "min_delay": "50ms", "max_delay": "100ms", "jitter": "none"},
            health={"min_attempts": MIN_ATTEMPTS, "failure_threshold": 0.7, "cooldown": cooldown, "probes": PROBES,
                    "window": "60s"}, log={"level": "warn"}, clients=[self.client()], callbacks=CALLBACKS)
        return self.gw

    def circuit(self, gateway, name):
        return gateway.provider_status(name)["circuit"]

    def test_healthy_ones_do_not_wait_for_those_that_hang(self):
        # Nothing is given up while the test runs: what hangs does so throughout, and holds its slots.
        gateway = self.world({"hangs": ILLS["hangs"]}, "120s")
        begun = time.monotonic()
        ids = [self.ask() for _ in range(MESSAGES)]
        wait_until(lambda: self.good.count() + self.of["hangs"].count() == MESSAGES, "all with a provider", 60)
        hung = {request.message_id for request in self.of["hangs"].requests}
        self.assertLessEqual(len(hung), WINDOW, "its window bounds what waits for it")
        for message_id in ids:
            if message_id not in hung:
                self.assertEqual(gateway.wait_for_status(message_id, "SENT")["attempts"], 1)
        took = time.monotonic() - begun
        print(f"figures: {MESSAGES - len(hung)} past {len(hung)} that hang in {took:.1f} s", flush=True)
        self.assertEqual({gateway.message(message_id)["status"] for message_id in hung}, {"SENDING"})
        self.ask_for_events()
        gateway.kill()
        self.compare()  # those that hang are on their way still

    def test_attempts_stay_within_the_budget(self):
        """All ills at once: every message is sent, few attempts are spent on the sick, none at one that failed it before."""
        gateway = self.world(ILLS, "1s", cooldown="300s")
        ids = [self.ask() for _ in range(MESSAGES)]
        for message_id in ids:
            message = gateway.wait_for_status(message_id, "SENT", seconds=60)
            self.assertLessEqual(message["attempts"], MAX_ATTEMPTS)
            tried = [attempt["provider"] for attempt in gateway.attempts(message_id)]
            # One round is enough, as somebody healthy is always left: then no provider sees a message twice.
            self.assertEqual(len(tried), len(set(tried)), tried)
        for name, script in self.of.items():
            # What opens the circuit, what was under way then, and what the two successes of ten of a flapping one allow.
            most = MIN_ATTEMPTS + WINDOW + (MIN_ATTEMPTS if name == "flaps" else 0)
            self.assertLessEqual(script.count(), most, name)
            self.assertEqual(self.circuit(gateway, name) == "closed", script.count() < MIN_ATTEMPTS, name)
        spent = sum(script.count() for script in self.of.values())
        print(f"{spent} attempts at the sick for {MESSAGES} messages", flush=True)
        self.judge()

    def test_recovery_begins_with_probes_alone(self):
        """The only provider fails, comes back, and meets a backlog: one probe at a time until the circuit closes."""
        gateway = self.world({"fails": ILLS["fails"]}, "60s", healthy=0)
        sick, script = self.sick["fails"], self.of["fails"]
        self.ask()
        first = [self.ask() for _ in range(MIN_ATTEMPTS + WINDOW)]
        wait_until(lambda: self.circuit(gateway, "fails") != "closed", "its circuit to open")
        backlog = [self.ask() for _ in range(MESSAGES)]
        # While it is ill a probe now and then is all it gets, and each failure opens the circuit for longer.
        wait_until(lambda: gateway.provider_status("fails")["reason"] == "a probe failed", "a probe that fails", 30)
        hold, gate, answered = threading.Event(), threading.Event(), []
        self.addCleanup(hold.set)
        self.addCleanup(gate.set)

        def slow_and_well(connection, request):
            raw.read(connection, request)
            hold.wait(60 * PATIENCE)
            answered.append(request)
            if len(answered) > PROBES:  # what comes behind the probes is kept, so that all that may come does
                gate.wait(60 * PATIENCE)
            return raw.tell(connection, request)

        sick.ill = slow_and_well
        wait_until(lambda: sick.inside == 1, "the next probe", 30)
        before = script.count()
        # It is held for longer than the pause between probes: nothing else comes meanwhile, whatever waits.
        pause = threading.Event()
        pause.wait(1.5)
        self.assertEqual((script.count() - before, sick.inside, self.circuit(gateway, "fails")), (0, 1, "half_open"))
        hold.set()
        wait_until(lambda: self.circuit(gateway, "fails") == "closed", "the circuit to close", 30)
        wait_until(lambda: sick.inside >= WINDOW, "its window to fill", 30)
        pause.wait(1.0)  # more than it takes would be there by now: a backlog waits
        self.assertEqual((sick.inside, sick.most), (WINDOW, WINDOW))
        gate.set()
        for message_id in first + backlog:
            message = gateway.wait_for_status(message_id, "SENT", "FAILED_PERM", seconds=60)
            self.assertLessEqual(message["attempts"], MAX_ATTEMPTS)
        self.assertEqual({gateway.message(message_id)["status"] for message_id in backlog[PROBES:]}, {"SENT"})
        self.assertEqual(sick.most, WINDOW)
        print(f"{script.count()} sends for {len(first) + len(backlog) + 1} messages", flush=True)
        self.judge()


if __name__ == "__main__":
    main()
