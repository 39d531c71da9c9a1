#!/usr/bin/env python3
"""Limits, measured where the contract is: at the provider."""
from harness import GatewayTest, main, wait_until

NS = 1_000_000_000


def most_in_any_window(times_ns, window_ns=NS):
    times_ns, most, start = sorted(times_ns), 0, 0
    for end, at in enumerate(times_ns):
        while times_ns[start] <= at - window_ns:
            start += 1
        most = max(most, end - start + 1)
    return most


class Limits(GatewayTest):
    def test_no_sliding_second_above_the_limit(self):
        limit, messages = 50, 260
        mock = self.mock("provider1")
        gateway = self.gateway([self.provider(mock, limit={"limit": limit, "window": "1s"})])
        for _ in range(messages):
            gateway.send()
        wait_until(lambda: mock.count() == messages, "the backlog to be sent", 30)
        times = [arrival["at_ns"] for arrival in mock.arrivals()]
        self.assertLessEqual(most_in_any_window(times), limit)
        # Under backlog the limit is used: 260 messages at 50 a second take about 4.2 windows of 1.02 s.
        self.assertLess((max(times) - min(times)) / NS, 7.0)
        for message in gateway.http.get("/v1/messages?limit=100").json["messages"]:
            self.assertEqual(message["attempts"], 1)

    def test_limit_in_parts(self):
        mock = self.mock("provider1")
        gateway = self.gateway([self.provider(mock, limit={"limit": 20, "window": "1s", "unit": "parts"})])
        for _ in range(30):
            gateway.send(text="a" * 170)  # two parts each
        wait_until(lambda: mock.count() == 30, "all to be sent", 30)
        self.assertLessEqual(most_in_any_window([arrival["at_ns"] for arrival in mock.arrivals()]), 10)

    def test_dispatch_wide_limit(self):
        mocks = [self.mock("provider1"), self.mock("provider2")]
        gateway = self.gateway([self.provider(mock) for mock in mocks],
                               limits={"dispatch": {"limit": 30, "window": "1s"}})
        for _ in range(100):
            gateway.send()
        wait_until(lambda: sum(mock.count() for mock in mocks) == 100, "all to be sent", 30)
        times = [arrival["at_ns"] for mock in mocks for arrival in mock.arrivals()]
        self.assertLessEqual(most_in_any_window(times), 30)

    def test_one_limited_provider_burns_no_permit_of_the_other(self):
        slow, fast = self.mock("slow"), self.mock("fast")
        gateway = self.gateway([self.provider(slow, limit={"limit": 5, "window": "1s"}),
                                self.provider(fast, limit={"limit": 100, "window": "1s"})])
        for _ in range(150):
            gateway.send()
        wait_until(lambda: slow.count() + fast.count() == 150, "all to be sent", 30)
        self.assertLessEqual(most_in_any_window([a["at_ns"] for a in slow.arrivals()]), 5)
        self.assertLessEqual(most_in_any_window([a["at_ns"] for a in fast.arrivals()]), 100)
        self.assertGreater(fast.count(), 100)

    def test_too_many_requests_of_a_client_and_in_total(self):
        mock = self.mock("provider1")
        gateway = self.gateway([self.provider(mock)], limits={"total": {"limit": 20, "window": "2s"}})
        answers = [gateway.http.post("/v1/messages", {"to": "+14155552671", "from": "T", "text": "x"}) for _ in range(30)]
        statuses = [answer.status for answer in answers]
        self.assertEqual(statuses.count(202), 20)
        self.assertEqual(set(statuses), {202, 429})
        refused = next(answer for answer in answers if answer.status == 429)
        self.assertGreaterEqual(int(refused.headers["retry-after"]), 1)
        self.assertEqual(refused.headers["x-ratelimit-limit"], "20")
        self.assertEqual(refused.headers["x-ratelimit-remaining"], "0")
        wait_until(lambda: mock.count() == 20, "the accepted ones to be sent")

    def test_a_replay_meets_no_limit(self):
        mock = self.mock("provider1")
        gateway = self.gateway([self.provider(mock)], limits={"total": {"limit": 3, "window": "60s"}})
        body, key = {"to": "+14155552671", "from": "T", "text": "x"}, {"Idempotency-Key": "a"}
        first = gateway.http.post("/v1/messages", body, headers=key)
        gateway.send()
        gateway.send()
        self.assertEqual(gateway.http.post("/v1/messages", body).status, 429)
        again = gateway.http.post("/v1/messages", body, headers=key)
        self.assertEqual((again.status, again.json), (202, first.json))
        self.assertEqual(gateway.http.post("/v1/messages", body, headers={"Idempotency-Key": "b"}).status, 429)

    def test_client_bucket(self):
        mock = self.mock("provider1")
        gateway = self.gateway([self.provider(mock)], limits={"client": {"rate": 1, "burst": 3}})
        statuses = [gateway.http.post("/v1/messages", {"to": "+14155552671", "from": "T", "text": "x"}).status
                    for _ in range(6)]
        self.assertEqual(statuses[:3], [202] * 3)
        self.assertEqual(statuses[-1], 429)

    def test_throttled_provider_is_obeyed_and_no_attempt_counted(self):
        mock = self.mock("provider1", rate_limit=5)
        gateway = self.gateway([self.provider(mock)])
        ids = [gateway.send() for _ in range(12)]
        for message_id in ids:
            message = gateway.wait_for_status(message_id, "SENT", seconds=30)
            self.assertLessEqual(message["attempts"], 20)
        throttled = [arrival for arrival in mock.arrivals() if arrival["code"] == 429]
        self.assertTrue(throttled)
        first = min(arrival["at_ns"] for arrival in throttled)
        # The pause is for the provider: nothing is sent to it within the second it asked for but what was in flight already.
        in_pause = [arrival for arrival in mock.arrivals() if first + NS // 10 < arrival["at_ns"] < first + NS * 9 // 10]
        self.assertEqual(in_pause, [])


if __name__ == "__main__":
    main()
