#!/usr/bin/env python3
"""In doubt: the provider reads the request and closes the connection. Was it sent? The policy decides, and says so."""
from harness import GatewayTest, main, wait_until


class Doubt(GatewayTest):
    def start(self, policy=None, dedupes=False, second=True, **options):
        self.first = self.mock("first", dedupe=dedupes) if dedupes else self.mock("first")
        providers = [self.provider(self.first, config={"dedupes": dedupes}, weight=100 if second else 1)]
        if second:
            self.second = self.mock("second")
            providers.append(self.provider(self.second, weight=1))
        in_doubt = {"wait": "200ms", **({"policy": policy} if policy else {})}
        return self.gateway(providers, in_doubt=in_doubt, **options)

    def break_once(self, gateway, **fields):
        """A message whose first attempt ends without an answer; the provider behaves again afterwards."""
        self.first.behave(fault="close_after_read")
        message_id = gateway.send(**fields)
        wait_until(lambda: self.first.count() >= 1, "the doubtful attempt")
        self.first.behave(fault="none")
        return message_id

    def test_at_least_once_sends_again_and_flags_it(self):
        gateway = self.start("at_least_once")
        message_id = self.break_once(gateway)
        message = gateway.wait_for_status(message_id, "SENT")
        self.assertTrue(message["possible_duplicate"])
        outcomes = [attempt["outcome"] for attempt in gateway.attempts(message_id)]
        self.assertEqual(outcomes[0], "UNKNOWN")
        self.assertEqual(outcomes[-1], "SENT")
        arrivals = self.first.taken() + self.second.taken()
        self.assertEqual(len(arrivals), 2)

    def test_doubt_cannot_be_cancelled(self):
        gateway = self.start("at_least_once")
        gateway.stop()
        with open(gateway.config, encoding="utf-8") as file:
            text = file.read().replace('wait = "200ms"', 'wait = "60s"')
        with open(gateway.config, "w", encoding="utf-8") as file:
            file.write(text)
        gateway.start()
        before = gateway.http.get("/v1/me").json["credit_cents"]
        message_id = self.break_once(gateway)
        gateway.wait_for_status(message_id, "FAILED_TEMP")
        self.assertEqual(gateway.http.post(f"/v1/messages/{message_id}/cancel").status, 409)
        self.assertEqual(gateway.http.get("/v1/me").json["credit_cents"], before - 5)

    def test_at_most_once_never_sends_again(self):
        gateway = self.start("at_most_once")
        before = gateway.http.get("/v1/me").json["credit_cents"]
        message_id = self.break_once(gateway)
        message = gateway.wait_for_status(message_id, "UNKNOWN")
        self.assertFalse(message.get("possible_duplicate"))
        self.assertEqual(gateway.http.get("/v1/me").json["credit_cents"], before - 5, "the hold is kept")
        other = gateway.send()
        gateway.wait_for_status(other, "SENT")
        self.assertEqual([a["message_id"] for a in self.first.arrivals() + self.second.arrivals()].count(message_id), 1)
        self.assertEqual([m["id"] for m in gateway.http.get("/v1/dead-letters").json["dead_letters"]], [message_id])

    def test_resolve_same_asks_the_same_provider_with_the_same_key(self):
        gateway = self.start("resolve_same", dedupes=True)
        message_id = self.break_once(gateway)
        message = gateway.wait_for_status(message_id, "SENT")
        self.assertEqual(message["provider"], "first")
        arrivals = [a for a in self.first.arrivals() if a["message_id"] == message_id]
        self.assertEqual(len({a["idempotency_key"] for a in arrivals}), 1)
        self.assertEqual(len({a["provider_message_id"] for a in arrivals}), 1, "the provider recognised it: sent once")
        self.assertEqual(self.second.count(), 0)

    def test_auto_is_resolve_same_where_the_provider_dedupes(self):
        gateway = self.start(None, dedupes=True)
        message_id = self.break_once(gateway)
        self.assertEqual(gateway.wait_for_status(message_id, "SENT")["provider"], "first")
        self.assertEqual(self.second.count(), 0)

    def test_policy_of_a_message(self):
        gateway = self.start("at_least_once")
        message_id = self.break_once(gateway, in_doubt="at_most_once")
        gateway.wait_for_status(message_id, "UNKNOWN")

    def test_a_receipt_resolves_the_doubt(self):
        gateway = self.start("at_most_once", second=False)
        self.first.behave(receipts_url=gateway.receipts_url("first"), receipt_delay_ms=300)
        message_id = self.break_once(gateway)
        message = gateway.wait_for_status(message_id, "DELIVERED")
        self.assertEqual(message["attempts"], 1)

    def test_timeout_is_doubt(self):
        self.first = self.mock("first", latency=2000)
        gateway = self.gateway([self.provider(self.first, timeout="200ms")], in_doubt={"policy": "at_most_once"})
        message = gateway.wait_for_status(gateway.send(), "UNKNOWN")
        self.assertEqual(message["attempts"], 1)

    def test_doubt_does_not_exceed_the_attempts(self):
        gateway = self.start("at_least_once", retry={"max_attempts": 3}, health={"min_attempts": 100000})
        self.first.behave(fault="close_after_read")
        self.second.behave(fault="close_after_read")
        message_id = gateway.send()
        message = gateway.wait_for_status(message_id, "UNKNOWN")
        self.assertEqual(message["attempts"], 3)
        self.assertEqual(self.first.count() + self.second.count(), 3)


if __name__ == "__main__":
    main()
