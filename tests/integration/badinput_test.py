#!/usr/bin/env python3
"""Malformed requests: one clear problem document that names the field, and nothing changed."""
from harness import GatewayTest, Http, main

GOOD = {"to": "+14155552671", "from": "TEST", "text": "Hello"}

# name: (body, pointer that must be named)
BAD_BODIES = {
    "missing to": ({"from": "TEST", "text": "x"}, "/to"),
    "missing text": ({"to": "+14155552671", "from": "TEST"}, "/text"),
    "no number": ({**GOOD, "to": "nonsense"}, "/to"),
    "wrong type": ({**GOOD, "text": 5}, "/text"),
    "unknown field": ({**GOOD, "colour": "red"}, "/colour"),
    "text too long": ({**GOOD, "text": "a" * 1601}, "/text"),
    "reference too long": ({**GOOD, "client_reference": "r" * 65}, "/client_reference"),
    "bad sender": ({**GOOD, "from": "far too long a sender"}, "/from"),
    "bad time": ({**GOOD, "send_at": "tomorrow"}, "/send_at"),
    "bad validity": ({**GOOD, "validity": "soon"}, "/validity"),
    "bad priority": ({**GOOD, "priority": "highest"}, "/priority"),
    "bad policy": ({**GOOD, "in_doubt": "perhaps"}, "/in_doubt"),
    "unknown provider": ({**GOOD, "provider": "nobody"}, "/provider"),
    "not built yet": ({**GOOD, "subject": "Hi"}, "/subject"),
    "callback over http": ({**GOOD, "callback_url": "http://client.example/dlr"}, "/callback_url"),
}


class BadInput(GatewayTest):
    def setUp(self):
        super().setUp()
        self.provider1 = self.mock("provider1")
        self.gateway1 = self.gateway([self.provider(self.provider1)])

    def problem(self, answer, status):
        self.assertEqual(answer.status, status, answer)
        self.assertEqual(answer.headers["content-type"], "application/problem+json")
        document = answer.json
        self.assertEqual(document["status"], status)
        for member in ("type", "title", "detail", "error"):
            self.assertTrue(document[member], document)
        return document

    def test_bodies(self):
        before = self.gateway1.http.get("/v1/me").json["credit_cents"]
        for name, (body, pointer) in BAD_BODIES.items():
            with self.subTest(name):
                document = self.problem(self.gateway1.http.post("/v1/messages", body), 400)
                self.assertIn(pointer, str(document))
        for raw in ("", "{", "[]", '"text"', '{"to":"+14155552671","to":"+14155552672","from":"T","text":"x"}', "\xff"):
            with self.subTest(raw):
                answer = self.gateway1.http.request("POST", "/v1/messages", raw.encode("latin-1"),
                                                    {"Content-Type": "application/json"})
                self.problem(answer, 400)
        self.assertEqual(self.gateway1.http.get("/v1/messages").json["messages"], [])
        self.assertEqual(self.gateway1.http.get("/v1/me").json["credit_cents"], before)
        self.assertEqual(self.provider1.count(), 0)

    def test_statuses(self):
        http, nobody = self.gateway1.http, Http(self.gateway1.port)
        self.problem(nobody.post("/v1/messages", GOOD), 401)
        self.problem(Http(self.gateway1.port, "wrong").post("/v1/messages", GOOD), 401)
        self.problem(http.request("POST", "/v1/messages", "to=1", {"Content-Type": "application/x-www-form-urlencoded"}), 415)
        self.problem(http.get("/v1/nothing"), 404)
        self.problem(http.get("/v1/messages/00000000-0000-7000-8000-000000000000"), 404)
        self.problem(http.get("/v1/messages/nonsense"), 404)
        answer = http.request("DELETE", "/v1/messages")
        self.problem(answer, 405)
        self.assertIn("POST", answer.headers["allow"])
        self.problem(http.get("/v1/messages?limit=0"), 400)
        self.problem(http.get("/v1/messages?cursor=tampered"), 400)

    def test_other_clients_messages_are_not_there(self):
        key = self.gateway1.http.post("/v1/admin/clients", {"name": "other", "credit_cents": 100}).json["api_key"]
        other = self.gateway1.client(key)
        mine = self.gateway1.send()
        for path in (f"/v1/messages/{mine}", f"/v1/messages/{mine}/attempts", f"/v1/messages/{mine}/events"):
            self.assertEqual(other.get(path).status, 404)
        self.assertEqual(other.post(f"/v1/messages/{mine}/cancel").status, 404)
        self.assertEqual(other.get("/v1/messages").json["messages"], [])
        self.assertEqual(other.get("/v1/admin/providers").status, 403)

    def test_health_pages(self):
        nobody = Http(self.gateway1.port)
        self.assertEqual(nobody.get("/healthz").status, 200)
        self.assertEqual(nobody.get("/readyz").status, 200)
        answer = nobody.get("/healthz", headers={"X-Request-Id": "abc-123"})
        self.assertEqual(answer.headers["x-request-id"], "abc-123")

    def test_signed_receipts(self):
        self.gateway1.stop()
        gateway = self.gateway([self.provider(self.provider1, receipts=True, config={"receipts": {"secret": "s3cret"}})])
        self.provider1.behave(receipts_url=gateway.receipts_url("provider1"), receipts_secret="s3cret", receipt_delay_ms=20)
        gateway.wait_for_status(gateway.send(), "DELIVERED")
        self.provider1.behave(receipts_secret="wrong")
        message_id = gateway.send()
        gateway.wait_for_status(message_id, "SENT")
        receipt = {"message_id": message_id, "provider_message_id": "x", "status": "DELIVERED"}
        self.assertEqual(Http(gateway.port).post("/v1/providers/provider1/events", receipt).status, 401)
        self.assertEqual(gateway.message(message_id)["status"], "SENT")


if __name__ == "__main__":
    main()
