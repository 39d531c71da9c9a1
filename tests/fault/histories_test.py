#!/usr/bin/env python3
"""The checker itself: it is silent about a sound history and finds each kind of violation in a doctored one."""
import copy
import os
import sqlite3
import tempfile
import unittest

import fault  # noqa: F401  (paths)
import histories
from harness import Answer
from histories import DUPLICATE, LEDGER, LIMIT, LOST, PERSONAL, STATE, Database, Histories

A, B = "01a205f4-1f95-7000-81ca-91e7cd9edf7b", "01a205f4-1f95-7000-85ca-91e7cd9edf7b"


def accepted(message_id, key=None, replayed=False):
    headers = {"idempotent-replayed": "true"} if replayed else {}
    return Answer(202, headers, f'{{"message_id":"{message_id}","status":"QUEUED"}}'), key


def message(**changes):
    return {"client": 1, "status": "DELIVERED", "live": 0, "cycle": 0, "attempt_number": 1, "possible_duplicate": 0,
            "sending_provider": None, "cost_cents": 5, "hold_state": histories.CAPTURED, **changes}


def arrival(message_id, provider_id="p-1", at_ns=0):
    return {"message_id": message_id, "provider_message_id": provider_id, "at_ns": at_ns, "idempotency_key": message_id, "code": 200}


def callback(message_id, status="DELIVERED", webhook="w1"):
    return webhook, {"type": f"message.{status.lower()}", "data": {"message_id": message_id, "status": status}}


def sound():
    """Two messages, accepted, sent once, delivered and paid."""
    history = Histories()
    history.tell(*accepted(A, "a"))
    history.tell(*accepted(A, "a", replayed=True))
    history.tell(*accepted(B))
    history.keep_secret("private words", "test-key")
    history.arrivals = {"mock": [arrival(A, "p-1", 0), arrival(B, "p-2", 10)]}
    history.callbacks = [callback(A), callback(A), callback(B, webhook="w2")]
    history.events = {A: ["QUEUED", "SENDING", "FAILED_TEMP", "SENDING", "SENT", "DELIVERED"]}
    history.written = {"log": "info attempt ended to=+1415***2671"}
    database = history.database = Database()
    database.messages = {A: message(attempt_number=2), B: message()}
    database.attempts[A] = [{"outcome": 2}, {"outcome": 0}]
    database.attempts[B] = [{"outcome": 0}]
    database.balances = {1: {"name": "test", "granted": 100, "available": 90, "held": 0, "captured": 10, "grants": 100,
                             "resolutions": 10}}
    database.keys = [A]
    return history


class HistoriesTest(unittest.TestCase):
    def found(self, change, **expectations):
        history = sound()
        change(history)
        return history.violations(**expectations)

    def expect(self, kind, text, change, **expectations):
        found = self.found(change, **expectations)
        self.assertTrue(any(v.kind == kind and text in v.text for v in found), found)

    def row(self, message_id, **changes):
        return lambda history: history.database.messages[message_id].update(changes)

    def test_a_sound_history_is_sound(self):
        self.assertEqual(sound().violations(finished=True, at_most_once=True, limits={"mock": (2, 1.0)}), [])

    def test_lost(self):
        self.expect(LOST, "answered QUEUED and is not in the database", lambda h: h.database.messages.pop(B))
        self.expect(LOST, "was sent and is not in the database", lambda h: h.database.messages.pop(B))
        self.expect(LOST, "a callback told of", lambda h: h.database.messages.pop(B))
        self.expect(LOST, "an idempotency key stands for", lambda h: h.database.messages.pop(A))
        self.expect(LOST, "no provider has it", lambda h: h.arrivals["mock"].pop())
        still = self.row(B, status="SENDING", live=1, sending_provider=1)
        self.expect(LOST, "still SENDING", still, finished=True)
        self.assertFalse(any(v.kind == LOST for v in self.found(still)))

    def test_duplicates(self):
        def twice(history):
            history.arrivals["mock"].append(arrival(A, "p-3"))

        self.expect(DUPLICATE, "taken 2 times by providers, unflagged", twice)

        def flagged(history):
            twice(history)
            history.database.messages[A]["possible_duplicate"] = 1

        self.assertEqual(self.found(flagged), [])
        self.expect(DUPLICATE, "unflagged", flagged, at_most_once=True)
        self.expect(DUPLICATE, "unflagged", lambda h: (flagged(h), h.policy.update({A: "at_most_once"})))
        # A provider that knows the key gives the same id again, and a requeue is a new order.
        self.assertEqual(self.found(lambda h: h.arrivals["mock"].append(arrival(A, "p-1"))), [])
        self.assertEqual(self.found(lambda h: (twice(h), self.row(A, cycle=1)(h))), [])

    def test_keys(self):
        self.expect(DUPLICATE, "key a was answered with 2 messages", lambda h: h.tell(*accepted(B, "a")))
        self.expect(DUPLICATE, "was the answer to a and to c", lambda h: h.tell(*accepted(A, "c")))
        self.expect(DUPLICATE, "was the answer to two requests", lambda h: h.tell(*accepted(B)))

    def test_batches(self):
        history = sound()
        body = f'{{"messages":[{{"code":202,"message_id":"{A}"}},{{"code":400}},{{"code":202,"message_id":"{B}"}}]}}'
        self.assertEqual(Histories().tell(Answer(200, {}, body), "k"), [A, B])
        self.assertEqual(history.tell(Answer(503, {}, "")), [])
        self.assertEqual(len(history.refused), 1)

    def test_states(self):
        self.expect(STATE, "has status 12", self.row(B, status="status 12"))
        self.expect(STATE, "with live = 1", self.row(B, live=1))
        self.expect(STATE, "with sending_provider = 3", self.row(B, sending_provider=3))
        self.expect(STATE, "after 2 attempts, 1 are recorded", self.row(B, attempt_number=2))
        self.expect(STATE, "in 0 attempts", self.row(B, attempt_number=0))
        self.expect(STATE, "no attempt says that it was sent", lambda h: h.database.attempts[B][0].update(outcome=1))
        self.expect(STATE, "attempts of c", lambda h: h.database.attempts["c"].append({}))

    def test_transitions(self):
        for statuses, text in [(["SENT"], "began as SENT"), (["QUEUED", "SENDING", "CANCELLED"], "from SENDING to CANCELLED"),
                               (["QUEUED", "SENDING", "SENT", "DELIVERED", "SENT"], "from DELIVERED to SENT"),
                               (["QUEUED", "CANCELLED"], "was CANCELLED and is DELIVERED")]:
            self.expect(STATE, text, lambda h, s=statuses: h.events.update({A: s}))
        again = ["QUEUED", "SENDING", "FAILED_PERM", "QUEUED", "SENDING", "SENT", "DELIVERED"]
        self.assertEqual(self.found(lambda h: (h.events.update({A: again}), self.row(A, cycle=1)(h))), [])

    def test_callbacks(self):
        self.expect(STATE, "is FAILED_PERM, it is DELIVERED", lambda h: h.callbacks.append(callback(A, "FAILED_PERM", "w3")))
        self.expect(STATE, "callback w1 told of", lambda h: h.callbacks.append(callback(B, webhook="w1")))
        self.expect(DUPLICATE, "2 callbacks told", lambda h: h.callbacks.append(callback(A, webhook="w3")))

        self.expect(STATE, "a callback told that " + A + " is UNKNOWN, it is EXPIRED",
                    lambda h: (h.callbacks.append(callback(A, "UNKNOWN", "w3")), self.row(A, status="EXPIRED")(h)))
        self.expect(STATE, "is called message.sent and says DELIVERED",
                    lambda h: h.callbacks[0][1].update(type="message.sent"))
        earlier = [callback(A, "UNKNOWN", "w3"), callback(A, "SENT", "w4")]
        self.assertEqual(self.found(lambda h: h.callbacks.extend(earlier)), [])
        self.expect(DUPLICATE, "2 callbacks told that " + A + " is SENT",
                    lambda h: h.callbacks.extend([*earlier, callback(A, "SENT", "w5")]))

    def test_silence(self):
        def unheard(history):
            history.callbacks.pop()
            history.called([])

        self.expect(LOST, f"{B} is DELIVERED and no callback told so", unheard)
        self.assertEqual(self.found(lambda h: (unheard(h), h.database.untold.add(B))), [])
        self.assertEqual(self.found(lambda h: h.called([])), [])

    def test_ledger(self):
        def balance(**changes):
            return lambda history: history.database.balances[1].update(changes)

        self.expect(LEDGER, "granted is not", balance(available=89))
        self.expect(LEDGER, "granted is 100 cents, its rows add up to 90", balance(grants=90))
        self.expect(LEDGER, "held is 5 cents, its rows add up to 0", balance(held=5, available=85))
        self.expect(LEDGER, "captured is 10 cents, its rows add up to 5", balance(resolutions=5))
        self.expect(LEDGER, "captured, the balance 5", balance(captured=5, available=95, resolutions=5))
        self.expect(LEDGER, "still holds 5 cents", self.row(B, hold_state=histories.HELD))
        self.expect(LEDGER, "db check: it is broken", lambda h: h.problems.append("it is broken"))

    def test_limits(self):
        self.expect(LIMIT, "2 in 1.0 s", lambda h: None, limits={"mock": (1, 1.0)})
        times = [0, 500, 999, 1000, 1400]
        self.assertEqual(histories.window_excess(times, 4, 1e-6), "")
        self.assertIn("5 in", histories.window_excess(times + [1450], 4, 1e-6))
        self.assertEqual(histories.window_excess([0, 0, 1000], 2, 1e-6), "")
        self.assertEqual(histories.bucket_excess([0, 0, 500, 1000], 2, 1e-6, 2), "")
        self.assertIn("at once", histories.bucket_excess([0, 0, 0], 2, 1e-6, 2))
        self.assertIn("at once", histories.bucket_excess([0, 0, 500, 600], 2, 1e-6, 2))

    def test_personal_data(self):
        for text, shown in [("a private words 1", "private words"), ("key test-key", "test-key"), ("to +14155552671", "+14155552671")]:
            self.expect(PERSONAL, shown, lambda h, t=text: h.wrote("log", t))

    def test_without_a_database_nothing_is_compared(self):
        with self.assertRaisesRegex(ValueError, "read"):
            Histories().violations()

    def test_report(self):
        found = self.found(lambda h: h.database.messages.pop(B))
        self.assertRegex(histories.report(found), "violations: .* LOST")

    def test_ids_are_those_of_the_api(self):
        value = int(A.replace("-", ""), 16)
        high, low = value >> 64, value & (1 << 64) - 1
        row = (high >> 16) << 16 | (high & 0xFFF) << 4 | (low >> 58 & 0xF)
        self.assertEqual(histories.message_id(row, low), A)

    def test_what_is_no_database_is_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            with self.assertRaises(sqlite3.Error):
                histories.read_database(os.path.join(folder, "none.db"))

    def test_sound_histories_do_not_share(self):
        one, other = sound(), sound()
        one.database.messages.clear()
        self.assertEqual(len(copy.copy(other).database.messages), 2)


if __name__ == "__main__":
    unittest.main()
