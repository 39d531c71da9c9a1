#!/usr/bin/env python3
"""The facade messaging through the real binary: what the quickstart of that system says, as it says it.

The commands are the document's own, run by bash; only the port of localhost:8080 is another one.
"""
import base64
import hashlib
import hmac
import json
import subprocess

from harness import GatewayTest, Http, PATIENCE, main, wait_until

FACADES = {"name": "facades", "billing": False}
# Step 5 of the quick start.
HEALTH = "curl -sS http://localhost:8080/health"
SEND = """
curl -sS -X POST http://localhost:8080/api/v1/messages/send \\
  -H "Content-Type: application/json" \\
  -d '{
    "from": "+15551234567",
    "to": "+15559876543",
    "type": "sms",
    "body": "Hello from Hatch!"
  }'
"""
# Rate limiting tests: the manual one, and the loop of the section on rate limiting.
HEADERS_OF_110 = """
for i in {1..110}; do curl -i http://localhost:8080/health 2>/dev/null | grep -E "HTTP|X-RateLimit"; done
"""
BODIES_OF_110 = """
for i in {1..110}; do
  curl -sS -w "\\n" http://localhost:8080/health
done
"""
# Configuration, with its defaults but for what says where to listen.
ENVIRONMENT = {
    "POSTGRES_HOST": "localhost", "POSTGRES_PORT": "5432", "POSTGRES_USER": "messaging_user",
    "POSTGRES_PASSWORD": "messaging_password", "POSTGRES_DB": "messaging_service",
    "REDIS_HOST": "localhost", "REDIS_PORT": "6379",
    "SYNC_MESSAGE_PROCESSING": "false",
    "RATE_LIMIT_ENABLED": "true", "RATE_LIMIT_REQUESTS": "100", "RATE_LIMIT_PERIOD": "60",
    "ENVIRONMENT": "development", "DEBUG": "true",
}
MEMBERS = {"id", "conversation_id", "parent_id", "provider", "provider_message_id", "direction", "status", "type", "from", "to",
           "body", "attachments", "sent_at", "delivered_at", "created_at", "updated_at", "metadata"}
SMS = {"from": "+15551234567", "to": "+15559876543", "type": "sms", "body": "Hello from Hatch!"}


def shell(commands, port):
    """What the commands of the document print when the service is at `port`."""
    text = commands.replace("localhost:8080", f"localhost:{port}")
    done = subprocess.run(["bash", "-c", text], capture_output=True, text=True, timeout=120 * PATIENCE, check=True)
    return done.stdout


class MessagingCase(GatewayTest):
    def messaging(self, env=None, mock=None, facades=None, receipts=False, **options):
        self.phones = mock or self.mock("phones")
        url = f"http://127.0.0.1:{self.phones.port}/api/{{channel}}/phones"
        provider = self.provider(self.phones, channels=["sms", "mms", "email"], receipts=receipts, config={"url": url})
        clients = [FACADES, {"name": "test", "key": "test-key", "credit_cents": 1000, "scopes": ["send", "read", "admin"]}]
        gateway = self.gateway([provider], clients=clients, env=env,
                               # These tests ask more often than a hundred times a minute.
                               facades={"client": "facades", "messaging_requests": 10_000, **(facades or {})}, **options)
        self.api = Http(gateway.port)
        self.addCleanup(self.api.close)
        return gateway

    def read(self, path):
        answer = self.api.get(path)
        self.assertEqual(answer.status, 200, answer)
        return answer.json

    def send(self, **fields):
        answer = self.api.post("/api/v1/messages/send", {**SMS, **fields})
        self.assertEqual(answer.status, 201, answer)
        return answer.json["id"]

    def wait_for(self, message_id, *statuses):
        def reached():
            message = self.read(f"/api/v1/messages/{message_id}")
            return message if message["status"] in statuses else None
        return wait_until(reached, f"{message_id} to be {' or '.join(statuses)}")

    def form(self, path, body, **headers):
        return self.api.request("POST", path, body, headers={"Content-Type": "application/x-www-form-urlencoded", **headers})


class Quickstart(MessagingCase):
    def test_step_5_health_and_a_message_that_is_sent(self):
        gateway = self.messaging(env=ENVIRONMENT)
        health = json.loads(shell(HEALTH, gateway.port))
        self.assertEqual(health["status"], "healthy")
        self.assertIn("timestamp", health)
        message = json.loads(shell(SEND, gateway.port))
        self.assertEqual(set(message), MEMBERS)
        self.assertEqual(message["status"], "pending")
        self.assertEqual({**message, **SMS, "direction": "outbound"}, message)
        wait_until(self.phones.taken, "the message to be sent")  # without asking: there are a hundred requests
        sent = self.wait_for(message["id"], "sent", "delivered")
        self.assertEqual(sent["provider"], "phones")
        self.assertIsNotNone(sent["sent_at"])
        self.assertEqual(self.phones.taken()[0]["provider_message_id"], sent["provider_message_id"])

    def test_the_documents_variables_are_understood(self):
        gateway = self.messaging(env={**ENVIRONMENT, "RATE_LIMIT_REQUESTS": "7", "RATE_LIMIT_PERIOD": "30"})
        answer = self.api.get("/health")
        self.assertEqual((answer.headers["x-ratelimit-limit"], answer.headers["x-ratelimit-remaining"],
                          answer.headers["x-ratelimit-reset"]), ("7", "6", "30"))
        log = gateway.process.text()
        for name in ENVIRONMENT:
            self.assertIn(name, log)

    def test_available_endpoints(self):
        gateway = self.messaging()
        for path in ("/health", "/docs", "/ready", "/metrics"):
            status = shell(f"curl -sS -o /dev/null -w '%{{http_code}}' http://localhost:8080{path}", gateway.port)
            self.assertEqual(status, "200", path)

    def test_sync_mode_answers_when_the_message_is_sent(self):
        gateway = self.messaging(env={"SYNC_MESSAGE_PROCESSING": "true"})
        message = json.loads(shell(SEND, gateway.port))
        self.assertEqual(message["status"], "sent")
        self.assertEqual(message["provider"], "phones")


class RateLimiting(MessagingCase):
    def test_after_100_requests_it_answers_429(self):
        gateway = self.messaging(env=ENVIRONMENT)
        lines = shell(HEADERS_OF_110, gateway.port).split("\n")
        statuses = [line.split()[1] for line in lines if line.startswith("HTTP")]
        self.assertEqual(statuses, ["200"] * 100 + ["429"] * 10)
        remaining = [int(line.split()[1]) for line in lines if line.startswith("X-RateLimit-Remaining")]
        self.assertEqual(remaining, list(range(99, -1, -1)) + [0] * 10)
        limits = {line.strip() for line in lines if line.startswith(("X-RateLimit-Limit", "X-RateLimit-Reset"))}
        self.assertEqual(limits, {"X-RateLimit-Limit: 100", "X-RateLimit-Reset: 60"})
        bodies = [json.loads(line) for line in shell(BODIES_OF_110, gateway.port).split("\n") if line]
        self.assertEqual(bodies, [{"error": "Rate limit exceeded", "message": "Too many requests. Please try again later."}] * 110)
        # By path: everything else has its own hundred.
        message = json.loads(shell(SEND, gateway.port))
        self.assertEqual(message["status"], "pending")

    def test_it_can_be_switched_off_and_comes_back_with_time(self):
        gateway = self.messaging(env={"RATE_LIMIT_ENABLED": "false"})
        for _ in range(120):
            self.assertEqual(self.api.get("/ready").status, 200)
        self.assertNotIn("x-ratelimit-limit", self.api.get("/ready").headers)
        gateway.stop()
        gateway.env = {"RATE_LIMIT_REQUESTS": "2", "RATE_LIMIT_PERIOD": "1"}
        gateway.start()
        self.assertEqual([self.api.get("/ready").status for _ in range(3)], [200, 200, 429])
        wait_until(lambda: self.api.get("/ready").status == 200, "the period to be over", 5)


class Messages(MessagingCase):
    def test_three_channels_in_one_interface(self):
        self.messaging()
        sms = self.send()
        mms = self.send(type="mms", attachments=["https://example.com/picture.png"])
        email = self.send(type="email", **{"from": "user@example.com", "to": "contact@example.com"},
                          body="<p>Hello</p>", metadata={"subject": "Greetings"})
        for message_id in (sms, mms, email):
            self.wait_for(message_id, "sent")
        self.assertEqual(self.read(f"/api/v1/messages/{mms}")["attachments"], ["https://example.com/picture.png"])
        self.assertEqual(self.read(f"/api/v1/messages/{email}")["body"], "<p>Hello</p>")
        listed = self.read("/api/v1/messages/?status=sent")
        self.assertEqual([message["id"] for message in listed["messages"]], [email, mms, sms])
        self.assertEqual((listed["total"], listed["limit"], listed["offset"]), (3, 50, 0))
        self.assertEqual(listed["messages"][1]["attachments"], ["https://example.com/picture.png"])
        self.assertEqual([message["id"] for message in self.read("/api/v1/messages/?limit=1&offset=1")["messages"]], [mms])

    def test_a_repeated_idempotency_key_sends_nothing(self):
        self.messaging()
        key = {"Idempotency-Key": "quickstart-1"}
        first = self.api.post("/api/v1/messages/send", SMS, headers=key)
        again = self.api.post("/api/v1/messages/send", SMS, headers=key)
        self.assertEqual((first.status, again.status), (201, 201))
        self.assertEqual(first.json["id"], again.json["id"])
        self.assertEqual(self.read("/api/v1/messages/")["total"], 1)

    def test_a_failed_message_is_retried_when_asked(self):
        mock = self.mock("phones", perm_fail_rate=1)
        self.messaging(mock=mock)
        message_id = self.send()
        self.wait_for(message_id, "failed")
        mock.behave(perm_fail_rate=0, success_rate=1)
        retried = self.api.post(f"/api/v1/messages/{message_id}/retry")
        self.assertEqual(retried.status, 200, retried)
        self.wait_for(message_id, "sent")
        again = self.api.post(f"/api/v1/messages/{message_id}/retry")
        self.assertEqual(again.status, 400, again)
        self.assertEqual(again.json["detail"], "Message cannot be retried: its status is sent")

    def test_a_status_can_be_patched_as_far_as_it_is_true(self):
        self.messaging(receipts=True)
        message_id = self.send()
        self.wait_for(message_id, "sent")
        path = f"/api/v1/messages/{message_id}/status"
        refused = self.api.request("PATCH", path, {"status": "failed"})
        self.assertEqual(refused.status, 400, refused)
        delivered = self.api.request("PATCH", path, {"status": "delivered"})
        self.assertEqual((delivered.status, delivered.json["status"]), (200, "delivered"))

    def test_the_older_paths(self):
        self.messaging()
        sms = self.api.post("/api/messages/sms", {**SMS, "attachments": None, "timestamp": "2024-11-01T14:00:00Z"})
        email = self.api.post("/api/messages/email", {"from": "user@example.com", "to": "contact@example.com", "body": "Hello",
                                                      "attachments": ["https://example.com/document.pdf"]})
        for answer, kind in ((sms, "sms"), (email, "email")):
            self.assertEqual(answer.status, 200, answer)
            self.assertEqual((answer.json["status"], answer.json["type"]), ("success", kind))
            self.wait_for(answer.json["message_id"], "sent")

    def test_invalid_messages_are_422(self):
        self.messaging()
        for change in ({"to": "not-a-number"}, {"type": "fax"}, {"body": ""}, {"attachments": ["x"]}):
            answer = self.api.post("/api/v1/messages/send", {**SMS, **change})
            self.assertEqual(answer.status, 422, answer)
            self.assertEqual(answer.json["detail"][0]["loc"], ["body", next(iter(change))])
        self.assertEqual(self.phones.count(), 0)
        self.assertEqual(self.api.get("/api/v1/messages/unknown").status, 404)

    def test_messages_survive_a_restart(self):
        gateway = self.messaging()
        message_id = self.send()
        before = self.wait_for(message_id, "sent")
        gateway.kill()
        gateway.start()
        self.assertEqual(self.read(f"/api/v1/messages/{message_id}"), before)


class Webhooks(MessagingCase):
    def test_twilios_report_makes_a_message_delivered(self):
        self.messaging(receipts=True)
        message_id = self.send()
        sent = self.wait_for(message_id, "sent")
        sid = sent["provider_message_id"]
        answer = self.form("/api/v1/webhooks/twilio", f"MessageSid={sid}&MessageStatus=delivered&To=%2B15559876543")
        self.assertEqual(answer.status, 200, answer)
        self.assertIn(b"<Response></Response>", answer.body)
        delivered = self.read(f"/api/v1/messages/{message_id}")
        self.assertEqual(delivered["status"], "delivered")
        self.assertIsNotNone(delivered["delivered_at"])
        counts = self.read("/api/v1/webhooks/status/twilio")["events"]
        self.assertEqual((counts["applied"], counts["parked"]), (1, 0))

    def test_a_report_of_an_unknown_message_is_parked_and_applied_when_it_comes(self):
        self.messaging(receipts=True, mock=self.mock("phones", latency=300))
        unknown = self.api.post("/api/v1/webhooks/generic/phones", {"messaging_provider_id": "nobody-knows", "status": "delivered"})
        self.assertEqual((unknown.status, unknown.json["parked"]), (200, 1))
        self.assertEqual(self.read("/api/v1/webhooks/status/phones")["events"]["parked"], 1)
        # The report overtakes the answer to the send.
        message_id = self.send()
        arrival = wait_until(lambda: next(iter(self.phones.arrivals()), None), "the send to arrive")
        early = self.api.post("/api/v1/webhooks/generic/phones",
                              {"messaging_provider_id": arrival["provider_message_id"], "status": "delivered"})
        self.assertEqual((early.status, early.json["parked"]), (200, 1))
        self.wait_for(message_id, "delivered")

    def test_sendgrids_events_are_matched_by_the_head_of_their_id(self):
        self.messaging(receipts=True)
        message_id = self.send(type="email", **{"from": "user@example.com", "to": "contact@example.com"})
        sid = self.wait_for(message_id, "sent")["provider_message_id"]
        events = [{"event": "processed", "sg_message_id": f"{sid}.filter-1"}, {"event": "open", "sg_message_id": f"{sid}.filter-1"},
                  {"event": "bounce", "sg_message_id": f"{sid}.filter-1", "reason": "550 no such user", "timestamp": 1764000000}]
        answer = self.api.post("/api/v1/webhooks/sendgrid", events)
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual((answer.json["applied"], answer.json["unchanged"], answer.json["ignored"]), (1, 1, 1))
        self.assertEqual(self.read(f"/api/v1/messages/{message_id}")["status"], "failed")

    def test_a_wrong_signature_is_401_and_nothing_is_stored(self):
        gateway = self.messaging(receipts=True, env={"TOKEN": "12345"}, facades={"twilio_auth_token": "env:TOKEN"})
        message_id = self.send()
        sid = self.wait_for(message_id, "sent")["provider_message_id"]
        body = f"MessageSid={sid}&MessageStatus=delivered"
        self.assertEqual(self.form("/api/v1/webhooks/twilio", body).status, 401)
        signed = f"http://127.0.0.1:{gateway.port}/api/v1/webhooks/twilioMessageSid{sid}MessageStatusdelivered".encode()
        signature = base64.b64encode(hmac.digest(b"54321", signed, hashlib.sha1)).decode()
        self.assertEqual(self.form("/api/v1/webhooks/twilio", body, **{"X-Twilio-Signature": signature}).status, 401)
        self.assertEqual(self.read(f"/api/v1/messages/{message_id}")["status"], "sent")
        signature = base64.b64encode(hmac.digest(b"12345", signed, hashlib.sha1)).decode()
        answer = self.form("/api/v1/webhooks/twilio", body, **{"X-Twilio-Signature": signature})
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(self.read(f"/api/v1/messages/{message_id}")["status"], "delivered")
        self.assertEqual(self.read("/api/v1/webhooks/status/twilio")["wrong_signatures"], 2)
        self.assertNotIn("12345", "".join(gateway.process.output))


class Conversations(MessagingCase):
    """Automatic threading, and webhook processing for inbound messages."""

    def inbound(self, **fields):
        answer = self.api.post("/api/webhooks/sms", {
            "from": "+15559876543", "to": "+15551234567", "type": "sms", "messaging_provider_id": "in-1",
            "body": "This is an incoming SMS message", "attachments": None, "timestamp": "2024-11-01T14:00:00Z", **fields})
        self.assertEqual((answer.status, answer.json["inbound"]), (200, 1), answer)

    def test_messages_both_ways_are_one_thread(self):
        gateway = self.messaging()
        first = self.api.post("/api/v1/messages/send", SMS).json
        conversation = first["conversation_id"]
        self.assertIsNotNone(conversation)
        self.inbound()
        self.inbound()  # the same again
        second = self.api.post("/api/v1/messages/send", {**SMS, "body": "And again"}).json
        self.assertEqual(second["conversation_id"], conversation)
        thread = self.read(f"/api/v1/conversations/{conversation}?include_messages=true")
        self.assertEqual((thread["participant_from"], thread["participant_to"]), ("+15551234567", "+15559876543"))
        self.assertEqual((thread["message_count"], thread["unread_count"], thread["status"]), (3, 1, "active"))
        self.assertEqual([(message["direction"], message["body"]) for message in thread["messages"]],
                         [("outbound", SMS["body"]), ("inbound", "This is an incoming SMS message"), ("outbound", "And again")])
        came = thread["messages"][1]
        self.assertEqual(self.read(f"/api/v1/messages/{came['id']}"), came)
        self.assertEqual((came["status"], came["provider_message_id"], came["sent_at"]),
                         ("delivered", "in-1", "2024-11-01T14:00:00.000Z"))
        newest = self.read(f"/api/v1/messages/?conversation_id={conversation}&limit=1")
        self.assertEqual((newest["messages"][0]["id"], newest["total"]), (second["id"], 3))
        older = self.read(f"/api/conversations/{conversation}/messages?offset=1&limit=1")
        self.assertEqual([message["id"] for message in older["messages"]], [came["id"]])
        gateway.kill()
        gateway.start()
        self.assertEqual(self.read(f"/api/v1/conversations/{conversation}")["message_count"], 3)

    def test_an_inbound_message_starts_a_thread(self):
        self.messaging()
        self.inbound(**{"from": "+15550001111"})
        answer = self.form("/api/v1/webhooks/twilio",
                           "MessageSid=MM1&From=%2B15550001111&To=%2B15551234567&Body=Look&MediaUrl0=https://example.com/a.png")
        self.assertEqual(answer.status, 200, answer)
        threads = self.read("/api/v1/conversations/?participant=%2B15550001111")
        self.assertEqual(sorted(thread["channel_type"] for thread in threads["conversations"]), ["mms", "sms"])
        self.assertEqual(threads["total"], 2)
        sent = self.api.post("/api/v1/messages/send", {**SMS, "to": "+15550001111"}).json
        self.assertIn(sent["conversation_id"], [thread["id"] for thread in threads["conversations"]])
        mms = self.read("/api/v1/conversations/?channel_type=mms")["conversations"][0]
        messages = self.read(f"/api/v1/conversations/{mms['id']}?include_messages=true")["messages"]
        self.assertEqual(messages[0]["attachments"], ["https://example.com/a.png"])

    def test_threads_are_made_found_changed_and_removed(self):
        self.messaging()
        made = self.api.post("/api/v1/conversations/", {"type": "direct", "participant_from": "+15551234567",
                                                        "participant_to": "+15559876543", "channel_type": "sms",
                                                        "title": "Support", "metadata": {"case": 7}})
        self.assertEqual(made.status, 201, made)
        conversation = made.json["id"]
        self.assertEqual(self.api.post("/api/v1/messages/send", SMS).json["conversation_id"], conversation)
        found = self.api.post("/api/v1/conversations/search", {"query": "supp"})
        self.assertEqual([thread["id"] for thread in found.json["conversations"]], [conversation])
        path = f"/api/v1/conversations/{conversation}"
        changed = self.api.request("PATCH", path, {"status": "archived", "title": "Done"})
        self.assertEqual((changed.json["status"], changed.json["title"], changed.json["metadata"]), ("archived", "Done", {"case": "7"}))
        self.assertEqual(self.read("/api/v1/conversations?status=active")["total"], 0)
        wait_until(lambda: self.read(path + "/statistics")["avg_send_time_seconds"] is not None, "the message to be sent")
        statistics = self.read(path + "/statistics")
        self.assertEqual((statistics["total_messages"], statistics["outbound_messages"], statistics["failed_messages"]), (1, 1, 0))
        self.assertEqual(self.api.request("DELETE", path).status, 204)
        self.assertEqual(self.read(path)["status"], "closed")
        self.assertEqual(self.api.request("DELETE", path + "?hard_delete=true").status, 204)
        self.assertEqual(self.api.get(path).status, 404)

    def test_who_said_stop_gets_nothing_more(self):
        self.messaging()
        self.send()
        self.inbound(body="STOP")
        refused = self.api.post("/api/v1/messages/send", SMS)
        self.assertEqual(refused.status, 422, refused)
        self.assertEqual(refused.json["detail"][0]["loc"], ["body", "to"])
        self.inbound(body="START", messaging_provider_id="in-2")
        self.send()


if __name__ == "__main__":
    main()
