#!/usr/bin/env python3
"""From the request to the receipt: what a client sees of one message."""
import datetime

from harness import GatewayTest, Http, main, wait_until


def utc(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


class Delivery(GatewayTest):
    def setUp(self):
        super().setUp()
        self.provider1 = self.mock("provider1")
        self.gateway1 = self.gateway([self.provider(self.provider1, receipts=True)])
        self.provider1.behave(receipts_url=self.gateway1.receipts_url("provider1"), receipt_delay_ms=50)

    def test_accepted_sent_delivered(self):
        answer = self.gateway1.http.post("/v1/messages", {"to": "+14155552671", "from": "TEST", "text": "Hello",
                                                          "client_reference": "order 7"})
        self.assertEqual(answer.status, 202)
        self.assertEqual(set(answer.json), {"message_id", "status"})
        self.assertEqual(answer.json["status"], "QUEUED")
        message_id = answer.json["message_id"]
        self.assertEqual(answer.headers["location"], f"/v1/messages/{message_id}")

        message = self.gateway1.wait_for_status(message_id, "DELIVERED")
        self.assertEqual(message["to"], "+14155552671")
        self.assertEqual(message["text"], "Hello")
        self.assertEqual(message["parts"], 1)
        self.assertEqual(message["cost_cents"], 5)
        self.assertEqual(message["attempts"], 1)
        self.assertEqual(message["provider"], "provider1")
        self.assertEqual(message["client_reference"], "order 7")
        arrival, = self.provider1.arrivals()
        self.assertEqual(arrival["message_id"], message_id)
        self.assertEqual(arrival["idempotency_key"], message_id)
        self.assertEqual(message["provider_message_id"], arrival["provider_message_id"])

        attempt, = self.gateway1.attempts(message_id)
        self.assertEqual((attempt["number"], attempt["provider"], attempt["outcome"], attempt["status_code"]),
                         (1, "provider1", "SENT", 200))
        self.assertLessEqual(utc(attempt["started_at"]), utc(attempt["finished_at"]))
        events = self.gateway1.http.get(f"/v1/messages/{message_id}/events").json["events"]
        self.assertEqual([event["status"] for event in events], ["QUEUED", "SENDING", "SENT", "DELIVERED"])

    def test_undelivered_receipt_fails_the_message_and_releases_the_credit(self):
        self.provider1.behave(receipt_fail_rate=1.0)
        before = self.gateway1.http.get("/v1/me").json["credit_cents"]
        message = self.gateway1.wait_for_status(self.gateway1.send(), "FAILED_PERM")
        self.assertEqual(message["reason"], "undelivered")
        self.assertEqual(self.gateway1.http.get("/v1/me").json["credit_cents"], before)

    def test_early_and_duplicate_receipts(self):
        self.provider1.behave(latency_ms=150, receipt_early=True, receipt_copies=3)
        before = self.gateway1.http.get("/v1/me").json["credit_cents"]
        ids = [self.gateway1.send() for _ in range(20)]
        for message_id in ids:
            message = self.gateway1.wait_for_status(message_id, "DELIVERED")
            events = self.gateway1.http.get(f"/v1/messages/{message_id}/events").json["events"]
            self.assertEqual([event["status"] for event in events].count("DELIVERED"), 1, events)
            self.assertEqual(message["attempts"], 1)
        wait_until(lambda: self.provider1.http.get("/admin/arrivals?summary=1").json["receipts_delivered"] == 60,
                   "all copies of all receipts to be taken")
        self.assertEqual(self.gateway1.http.get("/v1/me").json["credit_cents"], before - 20 * 5)

    def test_unknown_receipt_is_taken(self):
        answer = Http(self.gateway1.port).post("/v1/providers/provider1/events",
                                               {"provider_message_id": "nobody-1", "status": "DELIVERED"})
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(Http(self.gateway1.port).post("/v1/providers/nobody/events", {}).status, 404)

    def test_scheduled_is_sent_at_its_time(self):
        due = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=1.2)
        answer = self.gateway1.http.post("/v1/messages", {"to": "+14155552671", "from": "TEST", "text": "Later",
                                                          "send_at": due.isoformat(timespec="milliseconds")})
        self.assertEqual((answer.status, answer.json["status"]), (202, "SCHEDULED"))
        message_id = answer.json["message_id"]
        self.assertEqual(self.gateway1.message(message_id)["status"], "SCHEDULED")
        self.gateway1.wait_for_status(message_id, "DELIVERED")
        arrival, = self.provider1.arrivals()
        late = arrival["at_ns"] / 1e9 - due.timestamp()
        self.assertGreaterEqual(late, -0.002)

    def test_cancel_scheduled(self):
        due = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)).isoformat(timespec="seconds")
        before = self.gateway1.http.get("/v1/me").json["credit_cents"]
        message_id = self.gateway1.send(send_at=due)
        self.assertEqual(self.gateway1.http.get("/v1/me").json["credit_cents"], before - 5)
        for _ in range(2):
            answer = self.gateway1.http.post(f"/v1/messages/{message_id}/cancel")
            self.assertEqual((answer.status, answer.json["status"]), (200, "CANCELLED"))
        self.assertEqual(self.gateway1.http.get("/v1/me").json["credit_cents"], before)
        sent = self.gateway1.send()
        self.gateway1.wait_for_status(sent, "DELIVERED")
        self.assertEqual(self.gateway1.http.post(f"/v1/messages/{sent}/cancel").status, 409)
        self.assertEqual(self.provider1.count(), 1)

    def test_list_and_filters(self):
        ids = [self.gateway1.send(client_reference=f"r{i}", to=f"+1415555{2000 + i}") for i in range(7)]
        for message_id in ids:
            self.gateway1.wait_for_status(message_id, "DELIVERED")
        seen, cursor = [], None
        while True:
            page = self.gateway1.http.get("/v1/messages?limit=3" + (f"&cursor={cursor}" if cursor else "")).json
            self.assertLessEqual(len(page["messages"]), 3)
            seen += [message["id"] for message in page["messages"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        self.assertEqual(seen, list(reversed(ids)))

        def matching(query):
            return [message["id"] for message in self.gateway1.http.get("/v1/messages?" + query).json["messages"]]

        self.assertEqual(matching("client_reference=r3"), [ids[3]])
        self.assertEqual(matching("to=%2B14155552004"), [ids[4]])
        self.assertEqual(len(matching("status=DELIVERED&provider=provider1")), 7)
        self.assertEqual(matching("status=QUEUED"), [])
        self.assertEqual(self.gateway1.http.get("/v1/messages?limit=101").status, 400)
        self.assertEqual(self.gateway1.http.get("/v1/messages?colour=red").status, 400)

    def test_long_text_is_priced_by_part(self):
        message_id = self.gateway1.send(text="a" * 161)
        message = self.gateway1.wait_for_status(message_id, "DELIVERED")
        self.assertEqual((message["parts"], message["cost_cents"]), (2, 10))

    def test_logs_show_no_number_text_or_key(self):
        message_id = self.gateway1.send(to="+14155550123", text="strictly confidential words")
        self.gateway1.wait_for_status(message_id, "DELIVERED")
        self.gateway1.stop()
        output = "".join(self.gateway1.process.output)
        self.assertIn(message_id, output)  # the log is at debug and does tell the message's way
        for secret in ("4155550123", "strictly confidential", "test-key"):
            self.assertNotIn(secret, output)


if __name__ == "__main__":
    main()
