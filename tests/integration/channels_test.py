#!/usr/bin/env python3
"""SMS, MMS and e-mail, end to end: what a client gives arrives at the provider, and is shown again."""
import base64
import hashlib
import hmac
import http.server
import json
import queue
import socket
import threading

from harness import KEY, PATIENCE, GatewayTest, main, wait_until

EMAIL = {"channel": "email", "to": "someone@example.com", "from": "shop@example.com", "subject": "Grüße \"42\"",
         "text": "It is on its way.", "html": "<p>It is on <b>its</b> way.</p>",
         "attachments": [{"filename": "a.pdf", "content_type": "application/pdf",
                          "content": base64.b64encode(bytes(range(256))).decode()}]}
MMS = {"channel": "mms", "text": "", "media": ["https://example.com/a.png", "https://example.com/b.png?x=1&y=2"]}
FILE = EMAIL["attachments"][0]

# name: (message, pointer that must be named)
BAD_MESSAGES = {
    "sms with a subject": ({"subject": "x"}, "/subject"),
    "sms with html": ({"html": "<p>"}, "/html"),
    "sms with media": ({"media": ["https://example.com/a.png"]}, "/media"),
    "sms with attachments": ({"attachments": [FILE]}, "/attachments"),
    "voice": ({"channel": "voice"}, "/channel"),
    "mms with nothing": ({**MMS, "media": []}, "/text"),
    "mms with attachments": ({**MMS, "attachments": [FILE]}, "/attachments"),
    "mms with a relative URL": ({**MMS, "media": ["/a.png"]}, "/media/0"),
    "mms with a file URL": ({**MMS, "media": ["https://example.com/", "file:///etc/passwd"]}, "/media/1"),
    "mms with many media": ({**MMS, "media": ["https://example.com/a.png"] * 11}, "/media"),
    "e-mail to a number": ({**EMAIL, "to": "+14155552671"}, "/to"),
    "e-mail to a name": ({**EMAIL, "to": "Someone <someone@example.com>"}, "/to"),
    "e-mail to two": ({**EMAIL, "to": "a@example.com,b@example.com"}, "/to"),
    "e-mail with a header in its address": ({**EMAIL, "to": "a@example.com\r\nBcc: b@example.com"}, "/to"),
    "e-mail from a word": ({**EMAIL, "from": "SHOP"}, "/from"),
    "e-mail with a header in its subject": ({**EMAIL, "subject": "a\r\nBcc: b@example.com"}, "/subject"),
    "e-mail with a long subject": ({**EMAIL, "subject": "s" * 256}, "/subject"),
    "e-mail with nothing": ({**EMAIL, "text": "", "html": ""}, "/text"),
    "e-mail with media": ({**EMAIL, "media": MMS["media"]}, "/media"),
    "no base64": ({**EMAIL, "attachments": [{**FILE, "content": "****"}]}, "/attachments/0/content"),
    "no file name": ({**EMAIL, "attachments": [{"content": "eA=="}]}, "/attachments/0/filename"),
    "a path for a file name": ({**EMAIL, "attachments": [{**FILE, "filename": "../a"}]}, "/attachments/0/filename"),
    "no content type": ({**EMAIL, "attachments": [{**FILE, "content_type": "x\r\ny"}]},
                        "/attachments/0/content_type"),
}


class Listener:
    """Takes what is posted to it, as the gateway's events path would."""

    def __init__(self):
        taken = self.taken = queue.Queue()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):  # pylint: disable=invalid-name
                body = self.rfile.read(int(self.headers["Content-Length"]))
                taken.put((self.headers, body))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):  # pylint: disable=arguments-differ
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_address[1]}/events"

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Channels(GatewayTest):
    def setUp(self):
        super().setUp()
        self.provider1 = self.mock("provider1")

    def start(self, config=None, channels=("sms", "mms", "email"), **sections):
        url = f"http://127.0.0.1:{self.provider1.port}/api/{{channel}}/provider1"
        return self.gateway([{"id": "provider1", "receipts": False, "channels": list(channels), "timeout": "60s",
                              "config": {"url": url, **(config or {})}}], **sections)

    def arrival(self, message_id):
        return next(a for a in self.provider1.arrivals() if a["message_id"] == message_id)

    def test_each_arrives_and_is_shown(self):
        gateway = self.start()
        before = gateway.http.get("/v1/me").json["credit_cents"]
        sms = gateway.wait_for_status(gateway.send(), "SENT")
        mms = gateway.wait_for_status(gateway.send(**MMS), "SENT")
        email = gateway.wait_for_status(gateway.send(**EMAIL), "SENT")

        arrival = self.arrival(sms["id"])
        self.assertEqual((arrival["channel"], arrival["path"], arrival["code"]), ("sms", "/api/sms/provider1", 200))
        self.assertNotIn("content", arrival)
        self.assertFalse({"subject", "html", "media", "attachments"} & set(sms))

        arrival = self.arrival(mms["id"])
        self.assertEqual((arrival["channel"], arrival["path"], arrival["code"]), ("mms", "/api/mms/provider1", 200))
        self.assertEqual(arrival["content"], {"media": MMS["media"]})
        self.assertEqual((mms["channel"], mms["media"], mms["text"], mms["parts"]), ("mms", MMS["media"], "", 1))

        arrival = self.arrival(email["id"])
        self.assertEqual((arrival["channel"], arrival["path"], arrival["code"]),
                         ("email", "/api/email/provider1", 200))
        shown = [{"filename": "a.pdf", "content_type": "application/pdf", "size": 256}]
        self.assertEqual(arrival["content"],
                         {"subject": EMAIL["subject"], "html": EMAIL["html"], "attachments": shown})
        for field in ("subject", "text", "html", "to", "from"):
            self.assertEqual(email[field], EMAIL[field])
        self.assertEqual((email["channel"], email["attachments"], email["parts"]), ("email", shown, 1))
        self.assertEqual(gateway.http.get("/v1/me").json["credit_cents"], before - 15)

        listed = gateway.http.get("/v1/messages").json["messages"]
        self.assertEqual([message["channel"] for message in listed], ["email", "mms", "sms"])
        for message in listed:
            self.assertFalse({"subject", "html", "media", "attachments"} & set(message))

    def test_bad_messages_name_the_field(self):
        gateway = self.start()
        before = gateway.http.get("/v1/me").json["credit_cents"]
        for name, (fields, pointer) in BAD_MESSAGES.items():
            with self.subTest(name):
                answer = gateway.http.post("/v1/messages",
                                           {"to": "+14155552671", "from": "TEST", "text": "Hello", **fields})
                self.assertEqual(answer.status, 400, answer)
                self.assertEqual(answer.json["pointer"], pointer, answer)
        self.assertEqual(gateway.http.get("/v1/me").json["credit_cents"], before)
        self.assertEqual(gateway.http.get("/v1/messages").json["messages"], [])

    def test_large_and_too_large(self):
        gateway = self.start()

        def with_bytes(count):
            return {**EMAIL, "attachments": [{**FILE, "content": base64.b64encode(b"x" * count).decode()}]}

        message_id = gateway.send(**with_bytes(1_048_000))
        gateway.wait_for_status(message_id, "SENT")
        self.assertEqual(self.arrival(message_id)["content"]["attachments"][0]["size"], 1_048_000)
        answer = gateway.http.post("/v1/messages", with_bytes(1_048_577))
        self.assertEqual((answer.status, answer.json["pointer"]), (400, "/attachments"))
        self.assertEqual(self.announced(gateway, "/v1/messages", 3_000_000), 413)
        # The cap of every other path is as it was.
        self.assertEqual(self.announced(gateway, f"/v1/messages/{message_id}/cancel", 70_000), 413)

    @staticmethod
    def announced(gateway, path, size):
        """The status for a body that is announced and not sent: it is refused by its size alone."""
        with socket.create_connection(("127.0.0.1", gateway.port), timeout=20 * PATIENCE) as connection:
            connection.sendall(f"POST {path} HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {KEY}\r\n"
                               f"Content-Type: application/json\r\nContent-Length: {size}\r\n\r\n".encode())
            return int(connection.makefile("rb").readline().split()[1])

    def test_a_channel_nobody_carries(self):
        gateway = self.start(channels=["sms"])
        answer = gateway.http.post("/v1/messages", EMAIL)
        self.assertEqual((answer.status, answer.json["pointer"]), (400, "/channel"))

    def test_content_outlives_a_crash_and_a_requeue(self):
        gateway = self.start(config={"dedupes": True})
        self.provider1.behave(fault="hang", fault_rate=1.0, dedupe=True)
        email, mms = gateway.send(**EMAIL), gateway.send(**MMS)
        wait_until(lambda: self.provider1.count() == 2, "both to be in flight")
        gateway.kill()
        self.provider1.behave(fault="none")
        gateway.start()
        for message_id in (email, mms):
            gateway.wait_for_status(message_id, "SENT")
        arrivals = self.provider1.arrivals()
        for message_id in (email, mms):
            first, second = [a["content"] for a in arrivals if a["message_id"] == message_id]
            self.assertEqual(first, second, "sent again whole")

        self.provider1.behave(success_rate=0, perm_fail_rate=1.0)
        dead = gateway.send(**EMAIL)
        gateway.wait_for_status(dead, "FAILED_PERM")
        self.provider1.behave(success_rate=1, perm_fail_rate=0)
        self.assertEqual(gateway.http.post(f"/v1/dead-letters/{dead}/requeue").status, 202)
        gateway.wait_for_status(dead, "SENT")
        contents = [a["content"] for a in self.provider1.arrivals() if a["message_id"] == dead]
        self.assertEqual(len(contents), 2)
        self.assertEqual(contents[0], contents[1])
        gateway.stop()

    def test_the_mock_is_a_strict_provider(self):
        send = self.provider1.http.post
        self.assertEqual(send("/api/sms/x", {"phone": "+14155552671", "text": "x"}).status, 200)
        self.assertEqual(send("/api/sms/x", {"phone": "nonsense", "text": "x"}).status, 400)
        self.assertEqual(send("/api/sms/x", {"phone": "+14155552671", "media": ["x"]}).status, 400)
        self.assertEqual(send("/api/sms/x", {"phone": "+14155552671", "media": ["http://a/b"]}).status, 200)
        email = {"subject": "S", "body": "B", "recipients": ["a@example.com"]}
        self.assertEqual(send("/api/email/x", email).status, 200)
        self.assertEqual(send("/api/email/x", {**email, "recipients": ["a@example.com", "b"]}).status, 400)
        self.assertEqual(send("/api/email/x", {**email, "recipients": []}).status, 400)
        self.assertEqual(send("/api/email/x", {"subject": "S", "body": "B"}).status, 400)
        self.assertEqual(send("/api/email/x", {**email, "attachments": [{"content": "*"}]}).status, 400)
        self.assertEqual([(a["channel"], a["code"]) for a in self.provider1.arrivals()],
                         [("sms", 200), ("sms", 400), ("sms", 400), ("mms", 200), ("email", 200)] + 4 * [("email", 400)])

    def test_the_mock_tells_of_inbound_messages(self):
        listener = Listener()
        self.stack.callback(listener.close)
        inbound = {"from": "+14155552671", "to": "12345", "text": "STOP", "media": ["https://example.com/a.png"]}
        self.assertEqual(self.provider1.http.post("/admin/inbound", inbound).status, 409)
        self.provider1.behave(receipts_url=listener.url, receipts_secret="s3cret")
        for missing in ("from", "to"):
            answer = self.provider1.http.post("/admin/inbound", {k: v for k, v in inbound.items() if k != missing})
            self.assertEqual((answer.status, answer.json["error"]), (400, f"{missing} is missing"))
        answer = self.provider1.http.post("/admin/inbound", inbound)
        self.assertEqual(answer.status, 202, answer)
        headers, body = listener.taken.get(timeout=20 * PATIENCE)
        self.assertEqual(json.loads(body), {"type": "inbound", "id": answer.json["id"], **inbound})
        self.assertEqual(headers["X-Signature"], hmac.new(b"s3cret", body, hashlib.sha256).hexdigest())
        wait_until(lambda: self.provider1.http.get("/admin/arrivals").json["inbound_delivered"] == 1,
                   "the answer to be counted")


if __name__ == "__main__":
    main()
