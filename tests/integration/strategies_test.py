#!/usr/bin/env python3
"""Distributors that judge: lowest_cost and latency_aware, with providers that differ in price, speed and luck."""
import threading
import time

from harness import PATIENCE, GatewayTest, main, wait_until


class Strategies(GatewayTest):
    def steady(self, gateway, seconds, per_second):
        """Sends at a steady rate, so that windows and latencies and not a burst decide."""
        ticker, ids = threading.Event(), []
        start = time.monotonic()
        while (due := start + len(ids) / per_second) < start + seconds:
            ticker.wait(max(0.0, due - time.monotonic()))
            ids.append(gateway.send())
        return ids

    def all_taken(self, mocks, messages):
        wait_until(lambda: sum(len(mock.taken()) for mock in mocks) == messages, "every message to be taken", 60)
        return [mock.count() for mock in mocks]

    def test_lowest_cost_uses_the_cheapest_and_shares_equal_prices(self):
        mocks = [self.mock(f"provider{i + 1}") for i in range(3)]
        gateway = self.gateway([self.provider(mock, cost_micros=cost, weight=weight)
                                for mock, cost, weight in zip(mocks, (4000, 4000, 5000), (3, 1, 9))],
                               distributor={"plugin": "lowest_cost"})
        for _ in range(400):
            gateway.send()
        counts = self.all_taken(mocks, 400)
        self.assertEqual(counts[2], 0, counts)
        self.assertAlmostEqual(counts[0], 300, delta=8, msg=str(counts))

    def test_lowest_cost_gives_what_the_cheapest_cannot_take_to_the_next(self):
        """A window of two at 100 ms takes 20 a second; waiting for it with the others idle would be the fault."""
        mocks = [self.mock("provider1", latency=100), self.mock("provider2", latency=5), self.mock("provider3", latency=5)]
        gateway = self.gateway([self.provider(mocks[0], cost_micros=1000, max_in_flight=2),
                                self.provider(mocks[1], cost_micros=2000), self.provider(mocks[2], cost_micros=3000)],
                               distributor={"plugin": "lowest_cost"})
        start = time.monotonic()
        messages = len(self.steady(gateway, seconds=2, per_second=100))
        counts = self.all_taken(mocks, messages)
        took = time.monotonic() - start
        self.assertLess(took, 4 * PATIENCE)
        self.assertGreater(counts[0], 0.7 * 20 * 2, counts)
        self.assertLess(counts[0], 1.2 * 20 * took + 4, counts)
        self.assertGreater(counts[1], messages / 3, counts)
        self.assertEqual(counts[2], 0, counts)

    def test_lowest_cost_leaves_a_failing_provider_and_comes_back(self):
        mocks = [self.mock("provider1", success_rate=0.0), self.mock("provider2")]
        gateway = self.gateway([self.provider(mocks[0], cost_micros=1000), self.provider(mocks[1], cost_micros=2000)],
                               distributor={"plugin": "lowest_cost", "config": {
                                   "interval": "100ms", "half_life": "1s", "recovery_delay": "1s", "step": 20.0,
                                   "recovery_step": 20.0, "floor": 10.0}},
                               health={"min_attempts": 100000})
        ids = self.steady(gateway, seconds=1.5, per_second=150)
        for message_id in ids[-10:]:
            gateway.wait_for_status(message_id, "SENT")
        before = mocks[0].count()
        ids += self.steady(gateway, seconds=0.5, per_second=150)
        self.assertLess(mocks[0].count() - before, 25, "a tenth is the floor")
        mocks[0].behave(success_rate=1.0)

        def back():
            taken = mocks[0].count()
            ids.extend(self.steady(gateway, seconds=0.3, per_second=150))
            return mocks[0].count() - taken > 25

        wait_until(back, "the cheapest to carry more than half again")
        self.assertIn("another provider is the cheapest now", "".join(gateway.process.output))

    def test_latency_aware_prefers_the_fast_one_and_keeps_asking_the_slow_one(self):
        mocks = [self.mock("provider1", latency=10), self.mock("provider2", latency=150)]
        gateway = self.gateway([self.provider(mock) for mock in mocks], distributor={"plugin": "latency_aware"})
        messages = len(self.steady(gateway, seconds=2, per_second=150))
        counts = self.all_taken(mocks, messages)
        self.assertGreater(counts[0], 0.85 * messages, counts)
        self.assertGreater(counts[1], 2, counts)
        # Turned round, the load follows.
        mocks[0].behave(latency_ms=150)
        mocks[1].behave(latency_ms=10)
        before = counts

        def turned():
            nonlocal before, messages
            messages += len(self.steady(gateway, seconds=0.5, per_second=150))
            now = [mock.count() for mock in mocks]
            ahead = now[1] - before[1] > now[0] - before[0]
            before = now
            return ahead

        wait_until(turned, "the load to follow", 30)

    def test_latency_aware_keeps_the_weights_of_equal_providers(self):
        mocks = [self.mock(f"provider{i + 1}", latency=30) for i in range(3)]
        gateway = self.gateway([self.provider(mock, weight=weight) for mock, weight in zip(mocks, (5, 3, 2))],
                               distributor={"plugin": "latency_aware"})
        messages = len(self.steady(gateway, seconds=2, per_second=150))
        counts = self.all_taken(mocks, messages)
        # Latencies of a busy machine are never quite equal.
        for count, share in zip(counts, (0.5, 0.3, 0.2)):
            self.assertAlmostEqual(count / messages, share, delta=0.12, msg=str(counts))


if __name__ == "__main__":
    main()
