#!/usr/bin/env python3
"""Idempotency under a storm: 50 connections send the same request at once, key after key, also across a SIGKILL.

Whatever happens there is one message and one hold per key. HELIOGRAPH_FAULT=full: 1000 keys in place of 40.
"""
import json
import os
import random
import socket
import sqlite3
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))

from harness import KEY, GatewayTest, cli, main, wait_until  # noqa: E402

FULL = os.environ.get("HELIOGRAPH_FAULT") == "full"
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
        self.id = json.loads(self.body).get("message_id")
        self.replayed = self.headers.get("idempotent-replayed") == "true"


class Crowd:
    """Connections that send the same bytes as nearly at once as one thread can."""

    def __init__(self, port, size):
        self.connections = [socket.create_connection(("127.0.0.1", port), timeout=60) for _ in range(size)]
        self.streams = [connection.makefile("rb") for connection in self.connections]

    def ask(self, data):
        for connection in self.connections:
            connection.sendall(data)

    def answers(self):
        """Of those that are still answered."""
        told = []
        for stream in self.streams:
            try:
                told.append(Told(stream))
            except OSError:
                continue
        return told

    def close(self):
        for connection, stream in zip(self.connections, self.streams):
            stream.close()
            connection.close()


class IdempotencyStorm(GatewayTest):
    def setUp(self):
        super().setUp()
        self.provider1 = self.mock("provider1")
        self.gateway1 = self.gateway([self.provider(self.provider1)], log={"level": "warn"}, in_doubt={"wait": "50ms"},
                                     clients=[{"name": "test", "key": KEY, "credit_cents": 10_000_000,
                                               "scopes": ["send", "read", "admin"]}])
        self.before = self.credit()

    def credit(self):
        return self.gateway1.http.get("/v1/me").json["credit_cents"]

    def storm(self, data):
        crowd = Crowd(self.gateway1.port, PARALLEL)
        self.addCleanup(crowd.close)
        crowd.ask(data)
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
        self.gateway1.stop()
        with sqlite3.connect(f"file:{self.gateway1.database}?mode=ro", uri=True) as database:
            self.assertEqual(database.execute("SELECT count(*), count(DISTINCT body) FROM messages").fetchone(),
                             (len(ids), len(ids)))
        checked = cli(["db", "check", "--config", self.gateway1.config], self.folder)
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)

    def test_one_message_for_each_key(self):
        crowd = Crowd(self.gateway1.port, PARALLEL)
        self.addCleanup(crowd.close)
        ids, in_flight = {}, 0
        for number in range(KEYS):
            key = f"key-{number}"
            crowd.ask(request(key, key))
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
        alone = Crowd(self.gateway1.port, 1)
        self.addCleanup(alone.close)
        for key, message_id in ids.items():
            alone.ask(request(key, key))
            again, = alone.answers()
            self.assertEqual((again.status, again.id, again.replayed), (202, message_id, True))
        for key in list(ids)[:20]:
            alone.ask(request(key, "another text"))
            other, = alone.answers()
            self.assertEqual((other.status, other.id), (422, None))
        self.assertEqual(self.provider1.count(), KEYS)
        self.check_messages(ids)

    def test_two_bodies_at_once(self):
        """Half of the crowd says something else under the same key: one of the two wins, the other is never accepted."""
        ids = {}
        for number in range(KEYS // 4):
            key = f"mixed-{number}"
            crowds = [self.storm(request(key, f"{key} {side}")) for side in ("left", "right")]
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
                storms.append(self.storm(request(key, key)))
            # After as many answers of the first key's crowd as the dice say, the rest is cut off.
            for stream in storms[0].streams[:dice.randrange(PARALLEL)]:
                Told(stream)
            self.gateway1.kill()
            told = {}
            for key, crowd in zip(keys, storms):
                told[key] = self.check_answers(crowd.answers())
                crowd.close()
            self.gateway1.start()
            for key in keys:
                crowd = self.storm(request(key, key))
                ids[key] = self.check_answers(crowd.answers())
                crowd.close()
                self.assertIsNotNone(ids[key])
                if told[key]:
                    self.assertEqual(ids[key], told[key], "as it was told before the kill")
        self.check_messages(ids)


if __name__ == "__main__":
    main()
