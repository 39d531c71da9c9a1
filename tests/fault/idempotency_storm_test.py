#!/usr/bin/env python3
"""Idempotency under a storm: 50 connections send the same request at once, key after key, also across a SIGKILL.

Whatever happens there is one message and one hold per key. HELIOGRAPH_FAULT=full: 1000 keys in place of 40.
"""
import contextlib
import json
import random
import socket
import sqlite3
import time

from fault import CALLBACKS, FULL, FaultTest
from harness import KEY, PATIENCE, main, wait_until

KEYS = 1000 if FULL else 40
PARALLEL = 50
KILLS = 10 if FULL else 2
PRICE = 5


def request(key, text):
    body = json.dumps({"to": "+14155552671", "from": "TEST", "text": text}).encode()
    return (f"POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {KEY}\r\nIdempotency-Key: {key}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n").encode() + body


class Told:
    """One answer, as it stands on the wire."""

    def __init__(self, stream):
        line = stream.readline()
        if not line:
            raise OSError("closed")
        self.status, self.headers = int(line.split()[1]), {}
        while (line := stream.readline().strip()):
            name, _, value = line.decode().partition(":")
            self.headers[name.lower()] = value.strip()
        length = int(self.headers["content-length"])
        self.body = stream.read(length)
        if len(self.body) < length:
            raise OSError("closed in the body")
        self.json = json.loads(self.body)
        self.id = self.json.get("message_id")
        self.replayed = self.headers.get("idempotent-replayed") == "true"


class Crowd:
    """Connections that send the same request as nearly at once as one thread can. `history` is told every answer."""

    def __init__(self, port, size, history):
        self.history, self.key = history, None
        self.connections = [socket.create_connection(("127.0.0.1", port), timeout=60 * PATIENCE) for _ in range(size)]
        self.streams = [connection.makefile("rb") for connection in self.connections]

    def ask(self, key, text):
        self.key, data = key, request(key, text)
        for connection in self.connections:
            connection.sendall(data)

    def answers(self):
        """Of those that are still answered."""
        told = []
        for stream in self.streams:
            try:
                told.append(self.answer(stream))
            except OSError:
                continue
        return told

    def answer(self, stream):
        told = Told(stream)
        self.history.tell(told, self.key, time.monotonic_ns())
        return told

    def close(self):
        for connection, stream in zip(self.connections, self.streams):
            stream.close()
            connection.close()


class IdempotencyStorm(FaultTest):
    def setUp(self):
        super().setUp()
        self.provider1 = self.mock("provider1")
        self.mocks = [self.provider1]
        self.gw = self.gateway1 = self.gateway([self.provider(self.provider1)], log={"level": "warn"}, in_doubt={"wait": "50ms"},
                                     clients=[self.client()], callbacks=CALLBACKS)
        self.before = self.credit()

    def credit(self):
        return self.gateway1.http.get("/v1/me").json["credit_cents"]

    def crowd(self, size=PARALLEL):
        crowd = Crowd(self.gateway1.port, size, self.history)
        self.addCleanup(crowd.close)
        return crowd

    def storm(self, key, text):
        crowd = self.crowd()
        crowd.ask(key, text)
        return crowd

    def check_answers(self, answers):
        """The id that all of them speak of; None when nobody was told one."""
        self.assertLessEqual({told.status for told in answers}, {202, 409})
        for told in answers:
            if told.status == 409:
                self.assertEqual(told.headers["retry-after"], "1")
        accepted = [told for told in answers if told.status == 202]
        self.assertLessEqual(len({told.body for told in accepted}), 1)
        self.assertLessEqual(sum(not told.replayed for told in accepted), 1, "one is the first, the others replay it")
        return accepted[0].id if accepted else None

    def check_messages(self, ids):
        """ids: key -> message id. One message and one hold for each, in the store as at the provider."""
        wait_until(lambda: self.provider1.count() >= len(ids), "all to be sent", 60)
        for message_id in list(ids.values())[-3:]:
            self.gateway1.wait_for_status(message_id, "SENT", "UNKNOWN", seconds=60)
        self.assertEqual(self.credit(), self.before - PRICE * len(ids))
        self.judge()
        with contextlib.closing(sqlite3.connect(f"file:{self.gateway1.database}?mode=ro", uri=True)) as database:
            self.assertEqual(database.execute("SELECT count(*), count(DISTINCT body) FROM messages").fetchone(),
                             (len(ids), len(ids)))

    def test_one_message_for_each_key(self):
        crowd = self.crowd()
        ids, in_flight = {}, 0
        for number in range(KEYS):
            key = f"key-{number}"
            crowd.ask(key, key)
            answers = crowd.answers()
            self.assertEqual(len(answers), PARALLEL)
            ids[key] = self.check_answers(answers)
            self.assertIsNotNone(ids[key])
            in_flight += sum(told.status == 409 for told in answers)
        # While the first is being committed the others are refused, not made to wait for it.
        self.assertGreater(in_flight, 0)
        self.assertEqual(len(set(ids.values())), KEYS)
        print(f"figures: {KEYS * PARALLEL} requests, {in_flight} answered 409", flush=True)
        # Afterwards each is replayed, and another body under the same key is told so.
        alone = self.crowd(1)
        for key, message_id in ids.items():
            alone.ask(key, key)
            again, = alone.answers()
            self.assertEqual((again.status, again.id, again.replayed), (202, message_id, True))
        for key in list(ids)[:20]:
            alone.ask(key, "another text")
            other, = alone.answers()
            self.assertEqual((other.status, other.id), (422, None))
        self.assertEqual(self.provider1.count(), KEYS)
        self.check_messages(ids)

    def test_two_bodies_at_once(self):
        """Half of the crowd says something else under the same key: one of the two wins, the other is never accepted."""
        ids = {}
        for number in range(KEYS // 4):
            key = f"mixed-{number}"
            crowds = [self.storm(key, f"{key} {side}") for side in ("left", "right")]
            told = [crowd.answers() for crowd in crowds]
            winners = [answers for answers in told if any(answer.status == 202 for answer in answers)]
            self.assertEqual(len(winners), 1)
            ids[key] = self.check_answers(winners[0])
            losers = told[1 - told.index(winners[0])]
            self.assertLessEqual({answer.status for answer in losers}, {409, 422})
            for crowd in crowds:
                crowd.close()
        self.check_messages(ids)

    def test_across_a_kill(self):
        """SIGKILL in the middle of each storm: what anybody was told holds, and the repetition makes no second message."""
        dice, ids = random.Random(7), {}
        for round_number in range(KILLS):
            storms, keys = [], [f"kill-{round_number}-{number}" for number in range(5)]
            for key in keys:
                storms.append(self.storm(key, key))
            # After as many answers of the first key's crowd as the dice say, the rest is cut off.
            for stream in storms[0].streams[:dice.randrange(PARALLEL)]:
                storms[0].answer(stream)
            self.gateway1.kill()
            self.note_output()
            told = {}
            for key, crowd in zip(keys, storms):
                told[key] = self.check_answers(crowd.answers())
                crowd.close()
            self.gateway1.start()
            for key in keys:
                crowd = self.storm(key, key)
                ids[key] = self.check_answers(crowd.answers())
                crowd.close()
                self.assertIsNotNone(ids[key])
                if told[key]:
                    self.assertEqual(ids[key], told[key], "as it was told before the kill")
        self.check_messages(ids)


if __name__ == "__main__":
    main()
