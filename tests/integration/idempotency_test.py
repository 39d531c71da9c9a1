#!/usr/bin/env python3
"""Idempotency-Key: one message for many requests."""
import threading

from harness import GatewayTest, main, wait_until

BODY = {"to": "+14155552671", "from": "TEST", "text": "once"}


class Idempotency(GatewayTest):
    def setUp(self):
        super().setUp()
        self.provider1 = self.mock("provider1")
        self.gateway1 = self.gateway([self.provider(self.provider1)])

    def post(self, key, body=None, http=None):
        return (http or self.gateway1.http).post("/v1/messages", body or BODY, headers={"Idempotency-Key": key})

    def test_replay_is_the_first_answer(self):
        first = self.post("k-1")
        again = self.post('"k-1"')  # quoted (a structured field string) or not: the same key
        self.assertEqual((first.status, again.status), (202, 202))
        self.assertEqual(first.json, again.json)
        self.assertNotIn("idempotent-replayed", first.headers)
        self.assertEqual(again.headers["idempotent-replayed"], "true")
        self.gateway1.wait_for_status(first.json["message_id"], "SENT")
        self.assertEqual(self.post("k-1").json, first.json, "as first answered, whatever became of it")
        self.assertEqual(self.provider1.count(), 1)

    def test_other_body_is_a_mismatch(self):
        self.assertEqual(self.post("k-2").status, 202)
        self.assertEqual(self.post("k-2", {**BODY, "text": "other"}).status, 422)

    def test_survives_a_crash(self):
        first = self.post("k-3").json
        self.gateway1.kill()
        self.gateway1.start()
        self.assertEqual(self.post("k-3").json, first)

    def test_keys_of_clients_are_their_own(self):
        key = self.gateway1.http.post("/v1/admin/clients", {"name": "other", "credit_cents": 1000}).json["api_key"]
        other = self.gateway1.client(key)
        self.assertNotEqual(self.post("k-4").json["message_id"], self.post("k-4", http=other).json["message_id"])

    def test_storm(self):
        """50 parallel identical requests, several keys: one message and one hold each."""
        before = self.gateway1.http.get("/v1/me").json["credit_cents"]
        for key in ("s-1", "s-2", "s-3"):
            answers, barrier = [], threading.Barrier(50)

            def shoot():
                http = self.gateway1.client()
                barrier.wait(20)
                answers.append(self.post(key, http=http))
                http.close()

            threads = [threading.Thread(target=shoot) for _ in range(50)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(len(answers), 50)
            self.assertLessEqual({answer.status for answer in answers}, {202, 409})
            ids = {answer.json["message_id"] for answer in answers if answer.status == 202}
            self.assertEqual(len(ids), 1)
            for answer in answers:
                if answer.status == 409:
                    self.assertEqual(answer.headers["retry-after"], "1")
        wait_until(lambda: self.provider1.count() == 3, "three messages")
        self.assertEqual(self.gateway1.http.get("/v1/me").json["credit_cents"], before - 15)

    def test_bad_keys(self):
        self.assertEqual(self.post("x" * 256).status, 400)
        self.assertEqual(self.post("").status, 400)

    def test_refusals_are_not_kept(self):
        self.assertEqual(self.post("k-5", {**BODY, "to": "nonsense"}).status, 400)
        self.assertEqual(self.post("k-5").status, 202)


if __name__ == "__main__":
    main()
