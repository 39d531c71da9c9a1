#!/usr/bin/env python3
"""What a full run leaves behind names no person and no secret: output, logs in both formats, operators' answers, files.

Numbers are looked for in every form they were given in, whole and as their national digits; the masked form (+1415***0119) is what a
log may show.
"""
import http.server
import json
import os
import threading
import urllib.parse

from harness import GatewayTest, cli, main, wait_until
from receiver import Receiver

RECIPIENTS = ["+14155550119", "+442079460958", "+8801712345678"]
SENDER, ADDRESS = "+14155550120", "ada.lovelace@example.org"
TEXTS = ["Meet me at the lighthouse at nine", "Your code is 739151", "Biopsy results are in"]
METADATA, SUBJECT = "patient-4711-lovelace", "About Tuesdays appointment"
KEYS = {"alpha": "alpha-key-3b1f6c", "operator": "operator-key-9d2e7a", "added": None}
RECEIPT_SECRET, IDEMPOTENCY = "receipt-secret-55aa12", "order-of-ada-20-40"
URL_TOKEN, PROVIDER_TOKEN = "hook-token-77bc21", "provider-token-41fe90"
DATABASE = ("heliograph.db", "heliograph.db-wal", "heliograph.db-shm")


class Tattler:
    """A provider that repeats what it was sent in its errors, as some do, and closes now and then without an answer."""

    def __init__(self):
        tattler, self.count = self, 0

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                tattler.count += 1
                if tattler.count % 3 == 0:
                    self.close_connection = True
                    return
                status = 400 if tattler.count % 2 else 503
                answer = json.dumps({"error": f"cannot send {body}", "authorization": self.headers.get("Authorization")}).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/send"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(5)


def forms(number):
    digits = number.lstrip("+")
    return [digits, digits[1:] if digits.startswith("1") else digits[2:], urllib.parse.quote(number)]


def needles():
    found = [form for number in [*RECIPIENTS, SENDER] for form in forms(number)]
    found += [word for text in TEXTS for word in (text, text[4:24])] + [ADDRESS, METADATA, SUBJECT]
    found += [key for key in KEYS.values() if key] + [RECEIPT_SECRET, IDEMPOTENCY, URL_TOKEN, PROVIDER_TOKEN]
    return found


class PersonalData(GatewayTest):
    def serve(self, log_format):
        self.receiver, self.tattler = Receiver(), Tattler()
        self.stack.callback(self.receiver.close)
        self.stack.callback(self.tattler.close)
        self.good = self.mock("good")
        channels = ["sms", "mms", "email"]
        self.one = self.gateway(
            [self.provider(self.good, receipts=True, channels=channels, config={"receipts": {"secret": RECEIPT_SECRET}}),
             {"id": "tattler", "receipts": False, "channels": channels,
              "config": {"url": self.tattler.url, "headers": {"Authorization": f"Bearer {PROVIDER_TOKEN}"}}}],
            clients=[{"name": "alpha", "key": KEYS["alpha"], "credit_cents": 100_000, "scopes": ["send", "read"]},
                     {"name": "operator", "key": KEYS["operator"], "scopes": ["admin"]},
                     {"name": "front", "billing": False}],
            facades={"client": "front"}, inbound={"default_client": "alpha"}, log={"level": "trace", "format": log_format},
            callbacks={"allow_http": True, "allow_cidrs": ["127.0.0.0/8"]}, in_doubt={"wait": "100ms"},
            retry={"min_delay": "20ms", "max_delay": "50ms", "max_attempts": 3, "jitter": "none"},
            health={"min_attempts": 1_000_000})
        self.alpha, self.operator = self.one.client(KEYS["alpha"]), self.one.client(KEYS["operator"])

    def everything(self):
        """Each way in, with what is right and what is wrong about it."""
        hook = self.receiver.url(f"/hook?token={URL_TOKEN}")
        self.receiver.plans["/hook"] = [500, 200]
        self.added_secret = self.alpha.post("/v1/callbacks", {"url": hook}).json["secret"]
        ids = []
        for number in RECIPIENTS:
            for text in TEXTS:
                sms = {"to": number, "from": SENDER, "text": text, "metadata": {"who": METADATA}, "callback_url": hook}
                ids.append(self.alpha.post("/v1/messages", sms).json["message_id"])
        for text in TEXTS:
            sms = {"to": RECIPIENTS[0], "from": SENDER, "text": text, "provider": "tattler"}
            ids.append(self.alpha.post("/v1/messages", sms).json["message_id"])
        key = {"Idempotency-Key": IDEMPOTENCY}
        mail = {"to": ADDRESS, "from": ADDRESS, "subject": SUBJECT, "text": TEXTS[2], "channel": "email"}
        for body in (mail, {**mail, "text": TEXTS[0]}):  # the second: 422, another body under that key
            answer = self.alpha.post("/v1/messages", body, headers=key)
            self.assertIn(answer.status, (202, 422), answer)
        for wrong in ({"to": RECIPIENTS[0] + "x", "text": TEXTS[0]}, {"to": RECIPIENTS[0], "text": ""},
                      {"to": RECIPIENTS[0], "text": TEXTS[0], TEXTS[1]: 1}, {"to": [RECIPIENTS[0]], "text": TEXTS[0]}):
            self.assertEqual(self.alpha.post("/v1/messages", wrong).status, 400, wrong)
        broken = f'{{"to": "{RECIPIENTS[0]}", "text": "{TEXTS[0]}'
        self.assertEqual(self.alpha.post("/v1/messages", broken, headers={"Content-Type": "application/json"}).status, 400)
        self.alpha.get(f"/v1/messages?to={urllib.parse.quote(RECIPIENTS[0])}")
        self.alpha.get(f"/nowhere/{RECIPIENTS[0]}?text={urllib.parse.quote(TEXTS[0])}")
        self.one.client(KEYS["operator"] + "x").get("/v1/me")
        front = self.one.client(None)
        front.post("/api/sms/send", {"phone": RECIPIENTS[0], "text": TEXTS[0]})
        front.post("/api/v1/messages/send", {"from": SENDER, "to": RECIPIENTS[1], "body": TEXTS[1], "type": "sms",
                                             "timestamp": "2026-01-01T00:00:00Z"})
        events = {"type": "inbound", "from": RECIPIENTS[0], "to": SENDER, "text": TEXTS[2]}
        self.assertIn(front.post("/v1/providers/good/events", events).status, (401, 403))  # not signed
        self.assertIn(front.post("/v1/providers/tattler/events", events).status, (200, 400, 401, 403, 404))
        front.post("/v1/providers/tattler/events", broken, headers={"Content-Type": "application/json"})
        self.alpha.post("/v1/opt-outs", {"recipient": RECIPIENTS[2], "sender": SENDER})
        self.assertEqual(self.alpha.post("/v1/messages", {"to": RECIPIENTS[2], "from": SENDER, "text": TEXTS[0]}).status // 100, 4)
        self.assertEqual(self.operator.post("/v1/admin/clients", {"name": "added", "scopes": ["send"]}).status, 201)
        made = self.operator.post("/v1/admin/clients/added/keys", {})
        self.assertEqual(made.status, 201, made)
        KEYS["added"] = made.json["api_key"]
        self.operator.post("/v1/admin/routes/test", {"to": RECIPIENTS[0], "from": SENDER})
        ends = ("SENT", "DELIVERED", "FAILED_PERM", "EXPIRED", "UNKNOWN")
        for message in ids:
            wait_until(lambda found=message: self.alpha.get(f"/v1/messages/{found}").json["status"] in ends, "an end", 40)
        wait_until(lambda: self.tattler.count >= 3, "the tattler to have been asked")
        self.receiver.wait_for(3, f"/hook?token={URL_TOKEN}")
        return ids

    def operators_view(self):
        paths = ["providers", "queue", "limits", "routes", "distribution", "clients", "plugins", "messages", "messages?dead_letters=true"]
        listed = self.operator.get("/v1/admin/messages?limit=100").json["messages"]
        self.assertGreater(len(listed), 10)
        paths += [f"messages/{message['id']}" for message in listed]
        answers = [self.operator.get(f"/v1/admin/{path}") for path in paths] + [self.one.client(None).get("/readyz")]
        answers.append(self.one.client(None).get("/metrics"))
        self.assertIn(b"heliograph_messages_accepted_total", answers[-1].body)
        return {f"answer {i}": answer.body.decode() for i, answer in enumerate(answers)}

    def files(self):
        found = {}
        for folder, _, names in os.walk(self.folder):
            for name in names:
                if name in DATABASE or name == "heliograph.toml":
                    continue
                with open(os.path.join(folder, name), "rb") as file:
                    found[name] = file.read().decode(errors="replace")
        return found

    def assert_clean(self, left):
        sought = [*needles(), KEYS["added"], self.added_secret]
        faults = [f"{where} has {needle!r}: ...{text[max(0, text.find(needle) - 120):text.find(needle) + 60]}..."
                  for where, text in left.items() for needle in sought if needle in text]
        self.assertEqual(faults, [], "\n".join(faults))

    def run_through(self, log_format):
        self.serve(log_format)
        self.everything()
        left = self.operators_view()
        self.one.kill()
        left["output before it was killed"] = "".join(self.one.process.output)
        self.one.start()
        self.one.stop()
        left["output after it was killed"] = "".join(self.one.process.output)
        self.assertGreater(len(left["output before it was killed"].splitlines()), 20, "a log that says nothing proves nothing")
        for command in (["db", "check"], ["config", "check"], ["plugin", "list"]):
            run = cli([*command, "--config", self.one.config], self.folder)
            left[" ".join(command)] = run.stdout + run.stderr
        self.assert_told(left["output before it was killed"])
        self.assert_known()
        self.assert_clean({**left, **self.files()})

    def assert_told(self, log):
        """Every kind of line that belongs to a message or a request was there to be looked through, with the masked number."""
        for event in ("message accepted", "provider picked", "sent to the provider", "attempt ended", "retry due", "callback delivered",
                      "client changed by an operator", "/v1/messages/{id}", "+1415***0119"):
            self.assertIn(event, log)

    def assert_known(self):
        """The database does hold what is looked for everywhere else: a needle that never was proves nothing."""
        stored = b"".join(open(os.path.join(self.folder, "data", name), "rb").read() for name in DATABASE
                          if os.path.exists(os.path.join(self.folder, "data", name)))
        for needle in (*RECIPIENTS, SENDER, ADDRESS, *TEXTS, METADATA, SUBJECT):
            self.assertIn(needle.encode(), stored)

    def test_a_full_run_with_a_readable_log(self):
        self.run_through("console")

    def test_a_full_run_with_a_json_log(self):
        self.run_through("json")


if __name__ == "__main__":
    main()
