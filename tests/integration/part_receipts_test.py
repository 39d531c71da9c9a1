#!/usr/bin/env python3
"""A provider that gives each part of a message an id, in the shape of Vonage's: its receipts become one status of the message."""
import http.server
import itertools
import json
import threading

from harness import GatewayTest, Http, main, wait_until
from receiver import Receiver

LONG = "A text that is longer than one part. " * 10  # 370 characters: three parts


class PartProvider:
    """Answers with an id for each part; the test sends the receipts."""

    def __init__(self):
        provider, self.ids, self.lock, numbers = self, {}, threading.Lock(), itertools.count(1)

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                ids = [f"part-{next(numbers)}" for _ in range(3 if len(body["text"]) > 160 else 1)]
                with provider.lock:
                    provider.ids[body["message_id"]] = ids
                answer = json.dumps({"message-count": len(ids), "messages": [{"message-id": part, "status": "0"} for part in ids]}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/sms"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class PartReceipts(GatewayTest):
    def setUp(self):
        super().setUp()
        self.provider1, self.receiver = PartProvider(), Receiver()
        self.stack.callback(self.provider1.close)
        self.stack.callback(self.receiver.close)
        self.one = self.gateway(
            [{"id": "parts", "config": {"url": self.provider1.url, "id_pointers": ["/messages/0/message-id"],
                                        "part_ids": {"list": "/messages", "id": "/message-id"}}}],
            callbacks={"allow_http": True, "allow_cidrs": ["127.0.0.0/8"]})
        self.one.http.post("/v1/callbacks", {"url": self.receiver.url("/hook")})

    def receipts(self, *parts):
        """(id, status) each."""
        body = [{"provider_message_id": part, "status": status} for part, status in parts]
        answer = Http(self.one.port).post("/v1/providers/parts/events", body)
        self.assertEqual(answer.status, 200, answer)

    def sent(self, text=LONG):
        message = self.one.send(text=text)
        self.one.wait_for_status(message, "SENT")
        return message, self.provider1.ids[message]

    def events(self, message):
        return [delivery.json["type"] for delivery in self.receiver.got("/hook") if delivery.json["data"]["message_id"] == message]

    def test_delivered_when_every_part_is_and_told_once(self):
        before = self.one.http.get("/v1/me").json["credit_cents"]
        message, parts = self.sent()
        self.assertEqual(len(parts), 3)
        self.receipts((parts[2], "DELIVERED"), (parts[0], "DELIVERED"))
        self.receipts((parts[0], "DELIVERED"), (parts[2], "DELIVERED"))
        self.assertEqual(self.one.message(message)["status"], "SENT")
        self.one.kill()
        self.one.start()
        self.receipts((parts[1], "DELIVERED"))
        self.assertEqual(self.one.wait_for_status(message, "DELIVERED")["provider_message_id"], parts[0])
        self.receipts(*((part, "DELIVERED") for part in parts))
        wait_until(lambda: "message.delivered" in self.events(message), "the callback")
        other, parts = self.sent("short")
        self.receipts((parts[0], "DELIVERED"))
        self.one.wait_for_status(other, "DELIVERED")
        wait_until(lambda: "message.delivered" in self.events(other), "the other's callback")
        self.assertEqual(self.events(message).count("message.delivered"), 1)
        self.assertEqual(self.one.http.get("/v1/me").json["credit_cents"], before - 15 - 5)

    def test_one_part_that_fails_fails_the_message(self):
        before = self.one.http.get("/v1/me").json["credit_cents"]
        message, parts = self.sent()
        self.receipts((parts[0], "DELIVERED"), (parts[1], "FAILED_PERM"))
        self.assertEqual(self.one.wait_for_status(message, "FAILED_PERM")["reason"], "undelivered")
        self.receipts((parts[2], "DELIVERED"), (parts[1], "DELIVERED"))
        self.assertEqual(self.one.message(message)["status"], "FAILED_PERM")
        self.assertEqual(self.one.http.get("/v1/me").json["credit_cents"], before)


if __name__ == "__main__":
    main()
