#!/usr/bin/env python3
"""Limits at the provider, in every window, with jitter on the way and Redis killed and flushed meanwhile.

What a path adds to a message's time is added here as a number from a seeded dice, so the test shows what the guard is for
without depending on the machine. The bounds hold always; how much of a limit is used is asserted with HELIOGRAPH_FAULT=full.
tests/integration/limits_test.py and redis_test.py have the rest: parts, the dispatch-wide limit, four gateways, health.
"""
import os
import random
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))

import redis_test  # noqa: E402
import rights  # noqa: E402
from fault import CALLBACKS, FULL, FaultTest  # noqa: E402
from harness import main, wait_until  # noqa: E402

MS = 1_000_000
# The guard has room for the jitter and for what the machine adds.
GUARD_MS, JITTER_MS = 120, 70
LIMIT, WINDOW_MS = 40, 500


def jittered(times_ns, seed=1):
    dice = random.Random(seed)
    return sorted(at + dice.randrange(JITTER_MS * MS) for at in times_ns)


def most_above_bucket(times_ns, rate_per_ns, burst):
    """The most by which any stretch holds more than rate x its length + burst; at most 0 when the bound holds."""
    above, lead = float("-inf"), float("-inf")
    for number, at in enumerate(times_ns):
        lead = max(lead, rate_per_ns * at - number)
        above = max(above, number + 1 - rate_per_ns * at + lead - burst)
    return above


class LimiterFault(FaultTest):
    redis = redis_test.RedisLimiter.redis
    gateways = redis_test.RedisLimiter.gateways

    def limit(self, **fields):
        return {"limit": {"limit": LIMIT, "window": f"{WINDOW_MS}ms", **fields}}

    def times(self, mock, count):
        wait_until(lambda: mock.count() == count, "the backlog to be sent", 90)
        return sorted(arrival["at_ns"] for arrival in mock.arrivals())

    def check_window(self, times):
        self.assertLessEqual(redis_test.most_in_any_window(jittered(times), WINDOW_MS * MS), LIMIT)

    def check_bucket(self, times, burst):
        self.assertLessEqual(most_above_bucket(jittered(times), LIMIT / (WINDOW_MS * MS), burst), 1e-6)

    def check_use(self, times, where="memory"):
        """The bound itself: the guard makes each window longer, and LIMIT of those that long is what may be used."""
        used = redis_test.use_of_limit(times, LIMIT, (WINDOW_MS + GUARD_MS) * MS)
        print(f"figures: {where}: {used:.1%} of the {LIMIT} in {WINDOW_MS} + {GUARD_MS} ms that the test's guard leaves", flush=True)
        if FULL:
            self.assertGreaterEqual(used, 0.97)

    def check_bucket_use(self, times, burst, where="memory"):
        """Of R * T + B between the first and the last: the guard is kept back from B alone."""
        used = len(times) / (LIMIT * (times[-1] - times[0]) / (WINDOW_MS * MS) + burst)
        print(f"figures: {where}: {used:.1%} of R*T + B", flush=True)
        if FULL:
            self.assertGreaterEqual(used, 0.97)

    def alone(self, mock, guard=f"{GUARD_MS}ms", **limit):
        return self.gateway([self.provider(mock, **self.limit(**limit))], limiter={"guard": guard} if guard else {}, clients=[self.client()],
                            callbacks=CALLBACKS, log={"level": "warn"})

    def send_alone(self, count, guard=f"{GUARD_MS}ms", **limit):
        """Arrivals of that many, sent through one gateway, whose histories are judged."""
        mock = self.mock("provider1")
        self.mocks, self.gw = [mock], self.alone(mock, guard, **limit)
        for _ in range(count):
            self.ask()
        times = self.times(mock, count)
        self.judge()
        return times

    def test_window_in_memory(self):
        times = self.send_alone(1000 if FULL else 160)
        self.check_window(times)
        self.check_use(times)

    def test_window_with_the_default_guard(self):
        """Here the limit is what is used. Nothing is added to the way, which on loopback takes less than the guard."""
        limit, seconds = 80, 1
        times = self.send_alone(1000 if FULL else 160, guard=None, limit=limit, window=f"{seconds}s")
        used = redis_test.use_of_limit(times, limit, seconds * 1000 * MS)
        print(f"figures: the default guard: {used:.1%} of the limit itself", flush=True)
        self.assertLessEqual(redis_test.most_in_any_window(times, seconds * 1000 * MS), limit)
        if FULL:
            self.assertGreaterEqual(used, 0.97)

    @unittest.skipUnless(FULL, "HELIOGRAPH_FAULT=full")
    def test_use_with_redis(self):
        """Window and bucket of two gateways that share them, with Redis there throughout."""
        for number, (burst, limit) in enumerate(((None, {}), (20, {"algorithm": "token_bucket", "burst": 20}))):
            redis, mock = self.redis(), self.mock(f"provider{number}")
            gateways = self.gateways(2, redis, mock, provider=self.limit(**limit), limiter={"guard": f"{GUARD_MS}ms"})
            message = {"to": "+14155552671", "from": "TEST", "text": "Hello"}
            for gateway in gateways:
                self.assertEqual(gateway.http.post("/v1/messages/batch", {"messages": [message] * 400}).json["accepted"], 400)
            times = self.times(mock, 800)
            if burst:
                self.check_bucket(times, burst)
                self.check_bucket_use(times, burst, "Redis")
            else:
                self.check_window(times)
                self.check_use(times, "Redis")
            for gateway in gateways:
                gateway.stop()
            redis.kill()
            self.rename(f"use-{number}", 2)

    def test_bucket_in_memory(self):
        burst = 20
        times = self.send_alone(1000 if FULL else 160, algorithm="token_bucket", burst=burst)
        self.check_bucket(times, burst)
        self.check_bucket_use(times, burst)

    def test_a_kill_costs_one_window_at_most(self):
        """The memory limiter lives in its process: where that is killed, one window can see what both had to grant, never more."""
        mock = self.mock("provider1")
        gateway = self.alone(mock)
        for _ in range(2 * LIMIT):
            gateway.send(in_doubt="at_most_once")
        wait_until(lambda: mock.count() >= LIMIT, "a full window")
        gateway.kill()
        before = mock.count()
        gateway.start()
        for _ in range(2 * LIMIT):
            gateway.send(in_doubt="at_most_once")
        wait_until(lambda: mock.count() >= before + LIMIT + 10, "more than another window", 60)
        times = sorted(arrival["at_ns"] for arrival in mock.arrivals())
        self.assertLessEqual(redis_test.most_in_any_window(jittered(times), WINDOW_MS * MS), 2 * LIMIT)
        self.check_window(times[before:])

    def lose_redis(self, count, **limit):
        """The times of arrivals: with Redis, without, with it again, and with an emptied one; there is a backlog throughout."""
        redis, mock, sent = self.redis(), self.mock("provider1"), [0]
        gateways = self.gateways(count, redis, mock, provider=self.limit(**limit), limiter={"guard": f"{GUARD_MS}ms"})

        def more(limits):
            # In batches, because a backlog that grows slowly would never show what a gateway may send at once.
            message = {"to": "+14155552671", "from": "TEST", "text": "Hello"}
            for gateway in gateways:
                answer = gateway.http.post("/v1/messages/batch", {"messages": [message] * (limits * LIMIT // count)})
                sent[0] += answer.json["accepted"]

        def wait_for_more(what):
            before = mock.count()
            more(4)
            wait_until(lambda: mock.count() >= before + 2 * LIMIT, what, 60)

        wait_for_more("a full window")
        redis.kill()
        for gateway in gateways:
            gateway.process.wait_for_line("Redis is away")
        wait_for_more("the local share to go on")
        redis.start()
        for gateway in gateways:
            gateway.process.wait_for_line("connected to Redis")
        wait_for_more("Redis to grant again")
        redis.command("FLUSHALL")
        redis.command("SCRIPT", "FLUSH")
        more(2)
        return self.times(mock, sent[0])

    def test_window_through_the_loss_of_redis(self):
        for count in (1, 2, 3, 4) if FULL else (2,):
            with self.subTest(gateways=count):
                times = self.lose_redis(count)
                self.check_window(times)
                self.rename(count, count)

    @unittest.skipUnless(FULL, "HELIOGRAPH_FAULT=full")
    def test_bucket_through_the_loss_of_redis(self):
        burst = 20
        for count in (1, 2, 3, 4):
            with self.subTest(gateways=count):
                self.check_bucket(self.lose_redis(count, algorithm="token_bucket", burst=burst), burst)
                self.rename(count, count)

    def rename(self, name, count):
        """Makes room for the next set of gateways."""
        for number in range(count):
            os.rename(os.path.join(self.folder, f"gateway{number}"), os.path.join(self.folder, f"was-{name}-{number}"))


if __name__ == "__main__":
    rights.need_programs("redis-server")
    main()
