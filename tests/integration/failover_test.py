#!/usr/bin/env python3
"""Failures: fail over, exclusion, health, dead letters, and waiting when nobody can carry a message."""
from harness import GatewayTest, main, wait_until


class Failover(GatewayTest):
    def test_certain_failure_goes_to_another_provider_at_once(self):
        bad, good = self.mock("bad", success_rate=0), self.mock("good")
        gateway = self.gateway([self.provider(bad), self.provider(good)], health={"min_attempts": 100000})
        ids = [gateway.send() for _ in range(20)]
        for message_id in ids:
            gateway.wait_for_status(message_id, "SENT")
        self.assertEqual(len(good.taken()), 20)
        tried_bad = [arrival["message_id"] for arrival in bad.arrivals()]
        self.assertEqual(len(tried_bad), len(set(tried_bad)), "excluded after its failure, within the round")
        self.assertGreater(len(tried_bad), 0)
        failed_over = gateway.attempts(tried_bad[0])
        self.assertEqual([(a["provider"], a["outcome"]) for a in failed_over], [("bad", "RETRY"), ("good", "SENT")])

    def test_dead_letter_after_exactly_max_attempts(self):
        mocks = [self.mock("provider1", success_rate=0), self.mock("provider2", success_rate=0)]
        gateway = self.gateway([self.provider(mock) for mock in mocks], retry={"max_attempts": 5},
                               health={"min_attempts": 100000})
        before = gateway.http.get("/v1/me").json["credit_cents"]
        message_id = gateway.send()
        message = gateway.wait_for_status(message_id, "FAILED_PERM")
        self.assertEqual(message["reason"], "attempts_exhausted")
        self.assertEqual(message["attempts"], 5)
        self.assertEqual(sum(mock.count() for mock in mocks), 5)
        self.assertEqual(gateway.http.get("/v1/me").json["credit_cents"], before)
        providers = [attempt["provider"] for attempt in gateway.attempts(message_id)]
        for first, second in zip(providers[0::2], providers[1::2]):
            self.assertNotEqual(first, second, "each round tries both")

        dead, = gateway.http.get("/v1/dead-letters").json["dead_letters"]
        self.assertEqual(dead["id"], message_id)
        for mock in mocks:
            mock.behave(success_rate=1)
        self.assertEqual(gateway.http.post(f"/v1/dead-letters/{message_id}/requeue").status, 202)
        message = gateway.wait_for_status(message_id, "SENT")
        self.assertEqual(message["attempts"], 6, "attempt numbers go on")
        self.assertEqual(gateway.http.get("/v1/dead-letters").json["dead_letters"], [])

    def test_rejected_is_final_and_does_not_hurt_the_provider(self):
        mock = self.mock("provider1", success_rate=0, perm_fail_rate=1)
        gateway = self.gateway([self.provider(mock)], health={"min_attempts": 5})
        for _ in range(10):
            message = gateway.wait_for_status(gateway.send(), "FAILED_PERM")
            self.assertEqual((message["reason"], message["attempts"]), ("rejected", 1))
        self.assertTrue(gateway.provider_status("provider1")["healthy"])

    def test_unhealthy_above_the_threshold_and_back_by_half_open_probes(self):
        bad, good = self.mock("bad", success_rate=0), self.mock("good")
        gateway = self.gateway([self.provider(bad), self.provider(good)],
                               health={"window": "60s", "min_attempts": 10, "cooldown": "2s", "probes": 2})
        sent = 0
        while gateway.provider_status("bad")["healthy"]:
            gateway.wait_for_status(gateway.send(), "SENT")
            sent += 1
            self.assertLess(sent, 60)
        arrived = bad.count()
        self.assertGreaterEqual(arrived, 10)
        for _ in range(20):
            gateway.wait_for_status(gateway.send(), "SENT")
        self.assertLessEqual(bad.count(), arrived + 1, "an open circuit is left alone, but for a probe")
        bad.behave(success_rate=1)

        def probed():
            gateway.send()
            return gateway.provider_status("bad")["healthy"]

        wait_until(probed, "half-open probes to close the circuit", 30)
        self.assertGreaterEqual(len(bad.taken()), 2)

    def test_health_survives_a_restart_and_can_be_reset(self):
        bad, good = self.mock("bad", success_rate=0), self.mock("good")
        gateway = self.gateway([self.provider(bad), self.provider(good)],
                               health={"min_attempts": 5, "cooldown": "300s"})
        while gateway.provider_status("bad")["healthy"]:
            gateway.wait_for_status(gateway.send(), "SENT")
        gateway.stop()
        gateway.start()
        self.assertFalse(gateway.provider_status("bad")["healthy"])
        self.assertEqual(gateway.http.post("/v1/admin/providers/bad/reset").status, 200)
        self.assertTrue(gateway.provider_status("bad")["healthy"])

    def test_no_provider_available_means_waiting(self):
        """Every provider unhealthy: nothing is dropped, no attempt is burned, and all is sent when one is back."""
        mock = self.mock("provider1", success_rate=0)
        gateway = self.gateway([self.provider(mock)], retry={"max_attempts": 50},
                               health={"min_attempts": 5, "cooldown": "60s"})
        probe = gateway.send()
        wait_until(lambda: not gateway.provider_status("provider1")["healthy"], "the circuit to open")
        arrived = mock.count()
        waiting = [gateway.send() for _ in range(50)]
        attempts = gateway.message(probe)["attempts"]
        self.assertLessEqual(attempts, 50)
        for message_id in waiting[:5]:
            message = gateway.message(message_id)
            self.assertEqual((message["status"], message["attempts"]), ("QUEUED", 0))
        self.assertLessEqual(mock.count(), arrived + 1)
        mock.behave(success_rate=1)
        gateway.http.post("/v1/admin/providers/provider1/reset")
        for message_id in [probe, *waiting]:
            gateway.wait_for_status(message_id, "SENT")

    def test_disabled_waits_and_survives_a_restart(self):
        mock = self.mock("provider1")
        gateway = self.gateway([self.provider(mock)])
        self.assertEqual(gateway.http.post("/v1/admin/providers/provider1/disable").status, 200)
        message_id = gateway.send()
        gateway.stop()
        gateway.start()
        self.assertFalse(gateway.provider_status("provider1")["enabled"])
        self.assertEqual(gateway.message(message_id)["status"], "QUEUED")
        self.assertEqual(mock.count(), 0)
        self.assertEqual(gateway.http.post("/v1/admin/providers/provider1/enable").status, 200)
        gateway.wait_for_status(message_id, "SENT")

    def test_the_configuration_disables_a_provider_that_was_used(self):
        mocks = [self.mock("provider1"), self.mock("provider2")]
        gateway = self.gateway([self.provider(mock) for mock in mocks])
        for _ in range(6):
            gateway.wait_for_status(gateway.send(), "SENT")
        gateway.stop()
        with open(gateway.config, encoding="utf-8") as file:
            text = file.read().replace('id = "provider1"', 'id = "provider1"\nenabled = false', 1)
        with open(gateway.config, "w", encoding="utf-8") as file:
            file.write(text)
        gateway.start()
        self.assertFalse(gateway.provider_status("provider1")["enabled"])
        before = mocks[0].count()
        for _ in range(6):
            gateway.wait_for_status(gateway.send(), "SENT")
        self.assertEqual(mocks[0].count(), before)

    def test_waiting_message_expires(self):
        mock = self.mock("provider1")
        gateway = self.gateway([self.provider(mock)])
        gateway.http.post("/v1/admin/providers/provider1/disable")
        before = gateway.http.get("/v1/me").json["credit_cents"]
        message_id = gateway.send(validity="1s")
        wait_until(lambda: gateway.message(message_id)["status"] == "QUEUED", "it to be queued")
        message = gateway.wait_for_status(message_id, "EXPIRED", seconds=90)
        self.assertEqual(message["reason"], "expired")
        self.assertEqual(gateway.http.get("/v1/me").json["credit_cents"], before)
        self.assertEqual(mock.count(), 0)

    def test_refused_connection_is_certain(self):
        dead, good = self.mock("dead"), self.mock("good")
        dead.kill()
        gateway = self.gateway([self.provider(dead), self.provider(good)])
        for _ in range(6):
            gateway.wait_for_status(gateway.send(), "SENT")
        self.assertEqual(len(good.taken()), 6)


if __name__ == "__main__":
    main()
