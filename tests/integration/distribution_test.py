#!/usr/bin/env python3
"""Which provider carries a message: weights, and what happens when the windows are the bottleneck."""
from harness import GatewayTest, main, wait_until


class Distribution(GatewayTest):
    def shares(self, weights, messages, max_in_flight=64, latency_ms=0, plugin="weighted_round_robin"):
        mocks = [self.mock(f"provider{i + 1}", latency=latency_ms) for i in range(len(weights))]
        gateway = self.gateway(
            [self.provider(mock, weight=weight, max_in_flight=max_in_flight) for mock, weight in zip(mocks, weights)],
            distributor={"plugin": plugin})
        for _ in range(messages):
            gateway.send()
        wait_until(lambda: sum(mock.count() for mock in mocks) == messages, "every message to arrive", 60)
        return [mock.count() for mock in mocks]

    def test_weights_are_met_within_one_percent(self):
        counts = self.shares([5, 3, 2], 1000)
        for count, expected in zip(counts, (500, 300, 200)):
            self.assertAlmostEqual(count, expected, delta=10, msg=str(counts))

    def test_a_full_window_is_not_an_exclusion(self):
        """Windows of one and slow providers: the shares must still follow the weights (35/33/32 would be the fault)."""
        counts = self.shares([5, 3, 2], 400, max_in_flight=2, latency_ms=5)
        for count, expected in zip(counts, (200, 120, 80)):
            self.assertAlmostEqual(count, expected, delta=16, msg=str(counts))

    def test_pinned_goes_to_its_provider(self):
        mocks = [self.mock("provider1"), self.mock("provider2")]
        gateway = self.gateway([self.provider(mock) for mock in mocks])
        ids = [gateway.send(provider="provider2") for _ in range(10)]
        for message_id in ids:
            gateway.wait_for_status(message_id, "SENT")
        self.assertEqual([mock.count() for mock in mocks], [0, 10])
        answer = gateway.http.post("/v1/messages", {"to": "+14155552671", "from": "T", "text": "x", "provider": "nobody"})
        self.assertEqual(answer.status, 400, answer)

    def test_least_failure_moves_away_from_the_failing_one(self):
        mocks = [self.mock("provider1", success_rate=0.5), self.mock("provider2"), self.mock("provider3")]
        gateway = self.gateway([self.provider(mock) for mock in mocks],
                               distributor={"plugin": "least_failure"}, health={"min_attempts": 100000})
        ids = [gateway.send() for _ in range(900)]
        for message_id in ids[-30:]:
            gateway.wait_for_status(message_id, "SENT", seconds=60)
        wait_until(lambda: sum(len(mock.taken()) for mock in mocks) == 900, "every message to be taken", 60)
        counts = [mock.count() for mock in mocks]
        self.assertGreater(counts[0], 0)
        self.assertLess(counts[0], min(counts[1:]), counts)


if __name__ == "__main__":
    main()
