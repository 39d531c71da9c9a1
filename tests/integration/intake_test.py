#!/usr/bin/env python3
"""Batches, sync mode, one-time codes, lanes, the ledger, and what browsers may read."""
import re
import socket
import threading
import time

from harness import GatewayTest, cli, main, wait_until

MESSAGE = {"to": "+14155552671", "from": "TEST", "text": "Hello"}


class Intake(GatewayTest):
    def start(self, provider=None, **options):
        self.mock1 = self.mock("provider1")
        return self.gateway([self.provider(self.mock1, **(provider or {}))], **options)

    def batch(self, gateway, messages, **headers):
        return gateway.http.post("/v1/messages/batch", {"messages": messages}, headers=headers)

    def test_a_batch_is_on_disk_when_it_is_answered(self):
        gateway = self.start()
        gateway.http.post("/v1/admin/providers/provider1/disable")
        messages = [{**MESSAGE, "client_reference": str(i)} for i in range(400)]
        messages[7]["to"] = "nobody"
        key = {"Idempotency-Key": "batch-1"}
        answer = self.batch(gateway, messages, **key)
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual((answer.json["accepted"], answer.json["refused"]), (399, 1))
        items = answer.json["messages"]
        self.assertEqual((items[7]["code"], items[7]["problem"]["pointer"]), (400, "/messages/7/to"))
        gateway.kill()
        gateway.start()
        again = self.batch(gateway, messages, **key)
        self.assertEqual((again.status, again.json), (200, answer.json))
        self.assertEqual(again.headers["idempotent-replayed"], "true")
        self.assertEqual(gateway.message(items[398]["message_id"])["client_reference"], "398")
        self.assertEqual(gateway.http.get("/v1/admin/queue").json["lanes"]["normal"]["live"], 399)
        gateway.http.post("/v1/admin/providers/provider1/enable")
        wait_until(lambda: self.mock1.count() == 399, "all to be sent", 40)
        gateway.stop()
        check = cli(["db", "check", "--config", gateway.config], self.folder)
        self.assertEqual(check.returncode, 0, check.stdout + check.stderr)

    def test_a_batch_gets_in_as_far_as_credit_and_limits_go(self):
        client = {"name": "test", "key": "test-key", "credit_cents": 12, "scopes": ["send", "read", "admin"]}
        gateway = self.start(clients=[client], limits={"total": {"limit": 6, "window": "60s"}})
        answer = self.batch(gateway, [MESSAGE] * 4)
        self.assertEqual([item["code"] for item in answer.json["messages"]], [202, 202, 402, 402])
        gateway.http.post("/v1/admin/clients/test/credit", {"cents": 1000})
        answer = self.batch(gateway, [MESSAGE] * 6)
        self.assertEqual([item["code"] for item in answer.json["messages"]], [202] * 4 + [429] * 2)
        self.assertGreater(int(answer.headers["retry-after"]), 30)
        self.assertEqual(answer.headers["x-ratelimit-remaining"], "0")
        self.assertEqual(self.batch(gateway, [MESSAGE] * 2).status, 429)

    def test_large_bodies_are_for_messages_alone(self):
        gateway = self.start()
        long = {**MESSAGE, "text": "x" * 1600}
        answer = self.batch(gateway, [long] * 1000)
        self.assertEqual((answer.status, answer.json["accepted"]), (200, 1000), answer)
        # A message may carry an e-mail's attachments, anything else is small.
        self.assertEqual(gateway.http.post("/v1/messages", {**MESSAGE, "text": "x" * 70_000}).status, 400)
        self.assertEqual(gateway.http.post("/v1/callbacks", {"url": "x" * 70_000}).status, 413)

    def test_sync_mode_answers_when_the_message_is_sent(self):
        gateway = self.start()
        self.mock1.behave(latency_ms=200)
        answer = gateway.http.post("/v1/messages", MESSAGE, headers={"Prefer": "wait=15"})
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(answer.headers["preference-applied"], "wait=15")
        self.assertEqual(answer.json["status"], "SENT")
        self.assertEqual(answer.json["message_id"], answer.json["id"])
        self.assertEqual(self.mock1.count(), 1)
        self.mock1.behave(latency_ms=0, perm_fail_rate=1.0)
        failed = gateway.http.post("/v1/messages", MESSAGE, headers={"Prefer": "wait=15"})
        self.assertEqual((failed.status, failed.json["status"]), (200, "FAILED_PERM"))

    def test_sync_mode_tells_the_state_when_the_time_is_over(self):
        gateway = self.start()
        gateway.http.post("/v1/admin/providers/provider1/disable")
        began = time.monotonic()
        answer = gateway.http.post("/v1/messages", MESSAGE, headers={"Prefer": "wait=1"})
        self.assertGreaterEqual(time.monotonic() - began, 0.99)
        self.assertEqual((answer.status, answer.json["status"]), (202, "QUEUED"))
        self.assertEqual(answer.headers["preference-applied"], "wait=1")

    def test_sync_mode_ends_with_the_gateway(self):
        gateway = self.start()
        gateway.http.post("/v1/admin/providers/provider1/disable")
        waiting, answers = gateway.client(), []
        thread = threading.Thread(target=lambda: answers.append(
            waiting.post("/v1/messages", MESSAGE, headers={"Prefer": "wait=30"})))
        thread.start()
        wait_until(lambda: gateway.http.get("/v1/messages").json["messages"], "the message to be taken")
        began = time.monotonic()
        gateway.stop()
        thread.join(20)
        self.assertLess(time.monotonic() - began, 20)
        self.assertEqual([answer.status for answer in answers], [202])
        waiting.close()

    def test_sync_message_processing(self):
        gateway = self.start(env={"SYNC_MESSAGE_PROCESSING": "true"})
        answer = gateway.http.post("/v1/messages", MESSAGE)
        self.assertEqual((answer.status, answer.json["status"]), (200, "SENT"), answer)
        self.assertNotIn("preference-applied", answer.headers)

    def test_one_time_code(self):
        gateway = self.start()
        body, key = {**MESSAGE, "text": "{otp} is your code", "otp": True}, {"Idempotency-Key": "otp-1"}
        answer = gateway.http.post("/v1/messages", body, headers=key)
        self.assertEqual(answer.status, 202, answer)
        code = answer.json["otp_code"]
        self.assertRegex(code, r"^\d{6}$")
        message = gateway.wait_for_status(answer.json["message_id"], "SENT")
        self.assertEqual(message["text"], f"{code} is your code")
        self.assertEqual(gateway.http.post("/v1/messages", body, headers=key).json, answer.json)
        gateway.stop()
        self.assertNotIn(code, "".join(re.sub(r"[0-9a-f-]{36}|\d{7,}", "", line) for line in gateway.process.output))

    def test_lanes_share_by_weight(self):
        gateway = self.start(provider={"max_in_flight": 1})
        gateway.http.post("/v1/admin/providers/provider1/disable")
        lanes = {}
        for lane, fields in (("bulk", {"priority": "bulk"}), ("normal", {}), ("urgent", {"express": True})):
            answer = self.batch(gateway, [{**MESSAGE, **fields}] * 60)
            for item in answer.json["messages"]:
                lanes[item["message_id"]] = lane
        queue = gateway.http.get("/v1/admin/queue").json["lanes"]
        self.assertEqual({lane: entry["live"] for lane, entry in queue.items()}, {"urgent": 60, "normal": 60, "bulk": 60})
        gateway.http.post("/v1/admin/providers/provider1/enable")
        wait_until(lambda: self.mock1.count() == 180, "all to be sent", 40)
        order = [lanes[arrival["message_id"]] for arrival in self.mock1.arrivals()]
        first = {lane: order[:65].count(lane) for lane in ("urgent", "normal", "bulk")}
        # Weights 8, 4 and 1: 40, 20 and 5 of the first 65.
        self.assertAlmostEqual(first["urgent"], 40, delta=4)
        self.assertAlmostEqual(first["normal"], 20, delta=4)
        self.assertAlmostEqual(first["bulk"], 5, delta=3)

    def test_ledger_pages_add_up(self):
        gateway = self.start()
        answer = self.batch(gateway, [MESSAGE] * 25)
        wait_until(lambda: gateway.http.get("/v1/me/ledger").json["held_cents"] == 0, "all holds to be resolved")
        entries, cursor = [], ""
        while cursor is not None:
            page = gateway.http.get(f"/v1/me/ledger?limit=10{cursor and '&cursor=' + cursor}").json
            entries, cursor = entries + page["entries"], page["next_cursor"]
        holds = [entry["message_id"] for entry in entries if entry["type"] == "hold"]
        self.assertEqual(holds, [item["message_id"] for item in reversed(answer.json["messages"])])
        granted = sum(entry["cents"] for entry in entries if entry["type"] == "grant")
        captured = sum(entry["cents"] for entry in entries if entry.get("state") == "captured")
        self.assertEqual((granted, captured), (page["granted_cents"], page["captured_cents"]))

    def test_filters_in_every_combination(self):
        gateway = self.start()
        self.batch(gateway, [{**MESSAGE, "client_reference": "a"}, {**MESSAGE, "to": "+14155552672", "client_reference": "a"},
                             {**MESSAGE, "client_reference": "b"}])
        wait_until(lambda: len(gateway.http.get("/v1/messages?status=SENT").json["messages"]) == 3, "all to be sent")
        messages = gateway.http.get("/v1/messages").json["messages"]
        filters = {"status": "SENT", "provider": "provider1", "to": "%2B14155552671", "client_reference": "a",
                   "created_after": "2020-01-01T00:00:00Z", "created_before": "2120-01-01T00:00:00Z"}
        names = list(filters)
        for chosen in range(1, 1 << len(names)):
            picked = [name for bit, name in enumerate(names) if chosen >> bit & 1]
            query = "&".join(f"{name}={filters[name]}" for name in picked)
            expected = [m["id"] for m in messages if ("to" not in picked or m["to"] == "+14155552671")
                        and ("client_reference" not in picked or m["client_reference"] == "a")]
            found, cursor = [], ""
            while cursor is not None:
                page = gateway.http.get(f"/v1/messages?{query}&limit=1{cursor and '&cursor=' + cursor}").json
                found, cursor = found + [m["id"] for m in page["messages"]], page["next_cursor"]
            self.assertEqual(found, expected, query)

    def test_pages_may_read_every_answer(self):
        origin = {"Origin": "https://app.example"}
        gateway = self.start(http={"cors_origins": ["https://app.example"]}, limits={"client": {"rate": 1, "burst": 9}})
        answers = [gateway.http.post("/v1/messages", MESSAGE, headers=origin), gateway.http.get("/nowhere", headers=origin),
                   gateway.http.request("DELETE", "/v1/me", headers=origin),
                   gateway.http.request("POST", "/v1/callbacks", "x" * 70_000, headers={"Content-Type": "application/json", **origin}),
                   gateway.http.get("/v1/me", headers={"X-API-Key": "wrong", **origin})]
        self.assertEqual([answer.status for answer in answers], [202, 404, 405, 413, 401])
        for answer in answers:
            self.assertEqual(answer.headers.get("access-control-allow-origin"), "https://app.example", answer)
            exposed = answer.headers["access-control-expose-headers"]
            for name in ("RateLimit", "RateLimit-Policy", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset",
                         "Retry-After", "Preference-Applied", "Location"):
                self.assertIn(name, exposed)
        self.assertIn("x-ratelimit-limit", answers[0].headers)
        with socket.create_connection(("127.0.0.1", gateway.port), timeout=10) as raw:
            raw.sendall(b"GET /v1/me HTTP/1.1\r\nOrigin: https://app.example\r\nHost: localhost\r\nContent-Length: x\r\n\r\n")
            head = raw.makefile("rb").read().decode()
        self.assertTrue(head.startswith("HTTP/1.1 400"), head)
        self.assertIn("Vary: Origin", head)


if __name__ == "__main__":
    main()
