#!/usr/bin/env python3
"""How long a refusal takes says nothing about how near a key was: neither how many characters were right nor whether its id exists.

Requests of all kinds take turns on one connection, so that what slows the machine slows all alike, and medians are compared. The
bound is far above what noise does to a median of so many and far below what anything measurable over a network would need; because a
busy machine can still spoil a round, one quiet round in a few is enough.
"""
import random
import socket
import statistics
import time

from harness import GatewayTest, main

ROUNDS, REQUESTS = 5, 1500
BOUND = 0.08  # of the median


class KeyTiming(GatewayTest):
    def setUp(self):
        super().setUp()
        self.one = self.gateway([self.provider(self.mock())], log={"level": "error"})
        self.one.http.post("/v1/admin/clients", {"name": "timed", "scopes": ["read"]})
        self.key = self.one.http.post("/v1/admin/clients/timed/keys", {}).json["api_key"]
        self.assertEqual(self.one.client(self.key).get("/v1/me").status, 200)
        self.connection = socket.create_connection(("127.0.0.1", self.one.port), timeout=20)
        self.addCleanup(self.connection.close)

    def ask(self, key):
        """Nanoseconds until the first byte of the answer."""
        request = f"GET /v1/me HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {key}\r\n\r\n".encode()
        began = time.perf_counter_ns()
        self.connection.sendall(request)
        answer = self.connection.recv(4096)
        took = time.perf_counter_ns() - began
        self.assertTrue(answer.startswith(b"HTTP/1.1 401"), answer)
        return took

    def medians(self, kinds):
        took = {kind: [] for kind in kinds}
        order, dice = list(kinds), random.Random(1)
        for _ in range(REQUESTS):
            dice.shuffle(order)
            for kind in order:
                took[kind].append(self.ask(kinds[kind]))
        return {kind: statistics.median(times) for kind, times in took.items()}

    def test_a_refusal_takes_as_long_whatever_was_wrong(self):
        other = "0" if self.key[-1] != "0" else "1"
        secret = self.key.rfind("_") + 1
        first = "0" if self.key[secret] != "0" else "1"
        kinds = {"last character wrong": self.key[:-1] + other,
                 "first character of the secret wrong": self.key[:secret] + first + self.key[secret + 1:],
                 "no such id": "hg_live_" + "0" * (secret - 9) + "_" + self.key[secret:],
                 "nothing right": "x" * len(self.key)}
        self.assertEqual({len(key) for key in kinds.values()}, {len(self.key)})
        seen = []
        for _ in range(ROUNDS):
            medians = self.medians(kinds)
            spread = (max(medians.values()) - min(medians.values())) / min(medians.values())
            seen.append({kind: round(median / 1000, 1) for kind, median in medians.items()})
            if spread < BOUND:
                print(f"medians in us: {seen[-1]}", flush=True)
                return
        self.fail(f"the kinds of refusal can be told apart by their time, medians in us: {seen}")


if __name__ == "__main__":
    main()
