#!/usr/bin/env python3
"""The credit gateway's document, promise by promise: its commands, fields, statuses, headers and variables."""
import json
import shlex
import uuid

from harness import GatewayTest, Http, cli, free_port, main, wait_until

DEMO = [{"name": "demo", "key": "secret", "credit_cents": 100_000, "scopes": ["send", "read"]},
        {"name": "operator", "key": "operator-key", "scopes": ["send", "read", "admin"]}]
SEND = """
curl -X POST http://localhost:8080/v1/messages \\
     -H "Content-Type: application/json" \\
     -H "X-API-Key: secret" \\
     -d '{"to":"+1234567890","from":"TEST","text":"Hello SMS Gateway!"}'
"""


def curl(port, command):
    """Does what the document's curl command does, at another port."""
    words = shlex.split(command.replace("\\\n", " "))[1:]
    method, body, headers, path = "GET", None, {}, None
    while words:
        word = words.pop(0)
        if word == "-X":
            method = words.pop(0)
        elif word == "-H":
            name, value = words.pop(0).split(":", 1)
            headers[name] = value.strip()
        elif word == "-d":
            body = words.pop(0)
        else:
            path = word.removeprefix("http://localhost:8080")
    http = Http(port)
    try:
        return http.request(method, path, body, headers)
    finally:
        http.close()


class CreditGateway(GatewayTest):
    def start(self, receipts=True, **options):
        self.mock1 = self.mock("provider1")
        gateway = self.gateway([self.provider(self.mock1, receipts=receipts)], clients=DEMO, **options)
        gateway.http.key = "secret"
        return gateway

    def dlr(self, gateway, **fields):
        http = Http(gateway.port)
        try:
            return http.post("/v1/providers/mock/dlr", fields)
        finally:
            http.close()

    def credit(self, gateway):
        return gateway.http.get("/v1/me").json["credit_cents"]

    def test_quick_start(self):
        gateway = self.start()
        answer = curl(gateway.port, SEND)
        self.assertEqual(answer.status, 202, answer)
        self.assertEqual(set(answer.json), {"message_id", "status"})
        self.assertEqual(answer.json["status"], "QUEUED")
        uuid.UUID(answer.json["message_id"])
        for path in ("/healthz", "/readyz"):
            self.assertEqual(curl(gateway.port, f"curl http://localhost:8080{path}").status, 200)
        gateway.wait_for_status(answer.json["message_id"], "SENT")

    def test_authentication(self):
        gateway = self.start()
        body = json.dumps({"to": "+1234567890", "from": "TEST", "text": "x"})
        for headers in ({}, {"X-API-Key": "wrong"}):
            http = Http(gateway.port)
            for method, path in (("POST", "/v1/messages"), ("GET", "/v1/me"), ("GET", "/v1/messages")):
                answer = http.request(method, path, body if method == "POST" else None,
                                      {"Content-Type": "application/json", **headers})
                self.assertEqual(answer.status, 401, (method, path, answer))
            http.close()

    def test_status_and_its_fields(self):
        gateway = self.start()
        sent = gateway.http.post("/v1/messages", {"to": "+1234567890", "from": "SENDER", "text": "Your message here",
                                                  "client_reference": "optional-ref"})
        message_id = sent.json["message_id"]
        message = gateway.wait_for_status(message_id, "SENT")
        answer = self.dlr(gateway, provider_message_id=message["provider_message_id"], status="DELIVERED",
                          timestamp="2024-01-01T00:00:01Z")
        self.assertEqual((answer.status, answer.body), (204, b""))
        message = gateway.message(message_id)
        self.assertEqual({k: message[k] for k in ("id", "status", "to", "from", "text", "parts", "cost_cents", "attempts",
                                                  "client_reference", "provider")},
                         {"id": message_id, "status": "DELIVERED", "to": "+1234567890", "from": "SENDER",
                          "text": "Your message here", "parts": 1, "cost_cents": 5, "attempts": 1,
                          "client_reference": "optional-ref", "provider": "provider1"})
        self.assertLess(message["created_at"], message["updated_at"])
        listed = gateway.http.get("/v1/messages?client_reference=optional-ref").json["messages"]
        self.assertEqual([entry["id"] for entry in listed], [message_id])
        me = gateway.http.get("/v1/me").json
        uuid.UUID(me["id"])
        self.assertEqual((me["name"], me["credit_cents"]), ("demo", 99_995))

    def test_credit_is_held_captured_and_released(self):
        gateway = self.start()
        taken = gateway.wait_for_status(gateway.send(), "SENT")
        lost = gateway.wait_for_status(gateway.send(text="x" * 161), "SENT")
        self.assertEqual((lost["parts"], lost["cost_cents"]), (2, 10))
        self.assertEqual(self.credit(gateway), 99_985)
        self.assertEqual(self.dlr(gateway, provider_message_id=taken["provider_message_id"], status="DELIVERED").status, 204)
        self.assertEqual(self.dlr(gateway, provider_message_id=lost["provider_message_id"], status="FAILED_PERM",
                                  reason="absent subscriber").status, 204)
        message = gateway.message(lost["id"])
        self.assertEqual(message["status"], "FAILED_PERM")
        self.assertIn("absent subscriber", message["last_error"])
        self.assertEqual(self.credit(gateway), 99_995)
        ledger = gateway.http.get("/v1/me/ledger").json
        self.assertEqual({k: ledger[k] for k in ("granted_cents", "credit_cents", "held_cents", "captured_cents")},
                         {"granted_cents": 100_000, "credit_cents": 99_995, "held_cents": 0, "captured_cents": 5})
        self.assertEqual([(entry["type"], entry.get("state"), entry["cents"], entry.get("message_id"))
                          for entry in ledger["entries"]],
                         [("hold", "released", 10, lost["id"]), ("hold", "captured", 5, taken["id"]),
                          ("grant", None, 100_000, None)])

    def test_too_little_credit(self):
        gateway = self.start(billing={"price_per_part_cents": 60_000})
        gateway.send()
        answer = gateway.http.post("/v1/messages", {"to": "+1234567890", "from": "T", "text": "x"})
        self.assertEqual(answer.status, 402)
        self.assertEqual((answer.json["error"], answer.json["required_cents"]), ("insufficient credits", 60_000))
        operator = gateway.client("operator-key")
        self.assertEqual(operator.post("/v1/admin/clients/demo/credit", {"cents": 50_000, "note": "top-up"}).status, 200)
        gateway.send()
        operator.close()

    def test_idempotency(self):
        gateway = self.start()
        body, key = {"to": "+1234567890", "from": "T", "text": "x"}, {"Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}
        first, again = (gateway.http.post("/v1/messages", body, headers=key) for _ in range(2))
        self.assertEqual((first.status, again.status), (202, 202))
        self.assertEqual(first.json, again.json)
        self.assertEqual(self.credit(gateway), 99_995)

    def test_statuses_of_failures(self):
        gateway = self.start(retry={"min_delay": "20s", "max_delay": "30s", "jitter": "none"})
        self.mock1.behave(temp_fail_rate=1.0)
        waiting = gateway.wait_for_status(gateway.send(), "FAILED_TEMP")
        self.assertEqual(gateway.http.post(f"/v1/messages/{waiting['id']}/cancel").json["status"], "CANCELLED")
        self.mock1.behave(temp_fail_rate=0.0, perm_fail_rate=1.0)
        failed = gateway.wait_for_status(gateway.send(), "FAILED_PERM")
        self.assertEqual(failed["attempts"], 1)
        self.assertTrue(failed["last_error"])
        self.assertEqual(self.credit(gateway), 100_000)

    def test_variables(self):
        port = str(free_port())
        gateway = self.start(start=False, env={
            "POSTGRES_URL": "postgres://user:pass@localhost:5432/db?sslmode=disable", "REDIS_URL": "redis://localhost:6379",
            "NATS_URL": "nats://localhost:4222", "PORT": port, "PRICE_PER_PART_CENTS": "7", "RATE_LIMIT_RPS": "0.01",
            "RATE_LIMIT_BURST": "3", "MOCK_SUCCESS_RATE": "0.8", "MOCK_TEMP_FAIL_RATE": "0.15", "MOCK_PERM_FAIL_RATE": "0.05",
            "RETRY_MIN_DELAY": "10ms", "RETRY_MAX_DELAY": "30m", "RETRY_FACTOR": "2.0", "MAX_ATTEMPTS": "3",
            "LOG_LEVEL": "info"})
        gateway.port = gateway.http.port = int(port)
        gateway.start()
        self.mock1.behave(temp_fail_rate=1.0)
        message = gateway.wait_for_status(gateway.send(), "FAILED_PERM")
        self.assertEqual((message["cost_cents"], message["attempts"], message["reason"]), (7, 3, "attempts_exhausted"))
        statuses = [gateway.http.post("/v1/messages", {"to": "+1234567890", "from": "T", "text": "x"}) for _ in range(3)]
        self.assertEqual([answer.status for answer in statuses], [202, 202, 429])
        refused = statuses[-1]
        self.assertGreaterEqual(int(refused.headers["retry-after"]), 60)
        self.assertEqual((refused.headers["x-ratelimit-limit"], refused.headers["x-ratelimit-remaining"]), ("3", "0"))
        self.assertEqual(refused.headers["x-ratelimit-reset"], refused.headers["retry-after"])
        self.assertEqual(refused.headers["ratelimit-policy"], '"client";q=3;w=300')
        self.assertIn('"client";r=0;t=', refused.headers["ratelimit"])

    def test_seed(self):
        """`make seed` made a client with credit; here that is a command, on the running gateway or without it."""
        gateway = self.start()
        added = cli(["client", "add", "seeded", "--credit", "1000", "--config", gateway.config, "--json"], self.folder)
        self.assertEqual(added.returncode, 0, added.stderr)
        seeded = gateway.client(json.loads(added.stdout)["key"])
        self.assertEqual(seeded.get("/v1/me").json["credit_cents"], 1_000)
        seeded.close()

    def test_receipts_only_from_this_machine_and_unknown_ones_are_kept(self):
        gateway = self.start()
        self.assertEqual(self.dlr(gateway, provider_message_id="nobody-1", status="DELIVERED").status, 204)
        self.assertEqual(self.dlr(gateway, provider_message_id="nobody-1", status="LOST").status, 400)
        page = Http(gateway.port)
        answer = page.post("/v1/providers/mock/dlr", {"provider_message_id": "x", "status": "DELIVERED"},
                           headers={"Origin": "https://page.example"})
        self.assertEqual(answer.status, 403)
        page.close()

    def test_json_log_carries_the_ids_an_operator_looks_for(self):
        gateway = self.start(log={"level": "debug", "format": "json"})
        message_id = gateway.send()
        gateway.wait_for_status(message_id, "SENT")
        lines = wait_until(lambda: [json.loads(line) for line in gateway.process.output
                                    if line.startswith("{") and message_id in line], "a line about the message")
        self.assertTrue(all("level" in line for line in lines))


if __name__ == "__main__":
    main()
