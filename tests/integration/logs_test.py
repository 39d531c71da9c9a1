#!/usr/bin/env python3
"""The log: a message's story, a line for each request, its level changed while the gateway runs, and what happens where nobody reads it."""
import json
import os
import subprocess

from harness import BINARY, KEY, PATIENCE, GatewayTest, child_environment, main, wait_until
from receiver import Receiver


class Logs(GatewayTest):
    def serve(self, level="debug", form="json", **options):
        self.good = self.mock("good", **options.pop("mock", {}))
        self.one = self.gateway([self.provider(self.good, receipts=True)], log={"level": level, "format": form}, **options)

    def lines(self):
        return [json.loads(line) for line in self.one.process.output if line.startswith("{")]

    def of(self, event, **fields):
        return [line for line in self.lines() if line["event"] == event and all(line.get(name) == value for name, value in fields.items())]

    def wait_for_event(self, event, **fields):
        return wait_until(lambda: self.of(event, **fields), f"{event} {fields}")[0]

    def test_the_story_of_a_message(self):
        receiver = Receiver()
        self.stack.callback(receiver.close)
        self.serve(callbacks={"allow_http": True, "allow_cidrs": ["127.0.0.0/8"]})
        self.good.behave(receipts_url=self.one.receipts_url("good"), success_rate=0, temp_fail_rate=1)
        answer = self.one.http.post("/v1/messages", {"to": "+14155552671", "from": "TEST", "text": "A secret text",
                                                     "callback_url": receiver.url("/hook")}, headers={"X-Request-Id": "req-77"})
        message = answer.json["message_id"]
        accepted = self.wait_for_event("message accepted", message=message)
        self.assertEqual((accepted["request"], accepted["client"], accepted["to"]), ("req-77", "test", "+1415***2671"))
        self.wait_for_event("retry due", message=message)
        self.good.behave(success_rate=1, temp_fail_rate=0)
        self.one.wait_for_status(message, "DELIVERED")
        ended = self.wait_for_event("attempt ended", message=message, outcome="SENT")
        self.wait_for_event("receipt", provider_message=ended["provider_message"], state="delivered")
        self.wait_for_event("callback delivered", message=message)
        told = [line["event"] for line in self.lines() if line.get("message") == message]
        told.remove("message accepted")  # told by who answers the client, while the message is on its way already
        self.assertEqual(told[:5], ["provider picked", "sent to the provider", "attempt ended", "retry due", "provider picked"])
        self.assertNotIn("A secret text", "".join(self.one.process.output))
        self.assertNotIn("4155552671", "".join(self.one.process.output))

    def test_a_line_for_each_request(self):
        self.serve()
        self.one.http.get("/v1/messages?to=%2B14155552671", headers={"X-Request-Id": "list-1"})
        line = self.wait_for_event("request", request="list-1")
        self.assertEqual((line["method"], line["route"], line["status"], line["client"]), ("GET", "/v1/messages", "200", "test"))
        self.assertGreater(int(line["bytes"]), 0)
        self.assertGreaterEqual(float(line["ms"]), 0)
        self.one.http.get("/v1/messages/00000000-0000-7000-8000-000000000000", headers={"X-Request-Id": "one-1"})
        self.assertEqual(self.wait_for_event("request", request="one-1")["route"], "/v1/messages/{id}")
        self.one.client("wrong").get("/v1/me", headers={"X-Request-Id": "who-1"})
        line = self.wait_for_event("request", request="who-1")
        self.assertEqual((line["status"], line["client"]), ("401", "-"))
        self.one.http.get("/nowhere/+14155552671", headers={"X-Request-Id": "lost-1"})
        line = self.wait_for_event("request", request="lost-1")
        self.assertEqual((line["status"], line["route"]), ("404", "-"))
        self.one.http.get("/healthz", headers={"X-Request-Id": "health-1"})
        self.wait_for_event("request", request="health-1")
        for request in ("list-1", "one-1", "who-1", "lost-1", "health-1"):
            self.assertEqual(len(self.of("request", request=request)), 1, request)

    def test_a_batch_and_the_facades_say_which_request_brought_what(self):
        self.serve(clients=[{"name": "test", "key": KEY, "credit_cents": 1_000_000}, {"name": "front", "billing": False}],
                   facades={"client": "front"})
        body = {"to": "+14155552671", "from": "TEST", "text": "x"}
        self.one.http.post("/v1/messages/batch", {"messages": [body, {**body, "to": "nobody"}, body]}, headers={"X-Request-Id": "batch-1"})
        wait_until(lambda: len(self.of("message accepted", request="batch-1")) == 2, "two of the batch")
        self.one.http.post("/api/sms/send", {"phone": "+14155552671", "text": "x"}, headers={"X-Request-Id": "twillow-1"})
        self.assertEqual(self.wait_for_event("message accepted", request="twillow-1")["to"], "+1415***2671")
        answer = self.one.http.post("/api/v1/messages/send", {"from": "+14155550120", "to": "+14155552671", "body": "x", "type": "sms",
                                                              "timestamp": "2026-01-01T00:00:00Z"}, headers={"X-Request-Id": "messaging-1"})
        self.assertEqual(answer.status, 201, answer)
        self.wait_for_event("message accepted", request="messaging-1")

    def test_the_level_changes_while_it_runs_and_not_for_good(self):
        self.serve(level="info")
        self.assertEqual(self.one.http.get("/v1/admin/log").json, {"level": "info", "lines_lost": 0})
        self.one.send()
        self.assertEqual(self.one.http.put("/v1/admin/log", {"level": "debug"}).json["level"], "debug")
        changed = self.wait_for_event("log level changed by an operator", to="debug")
        self.assertEqual((changed["from"], changed["client"]), ("info", "test"))
        self.assertEqual(self.of("message accepted"), [])
        message = self.one.send()
        self.wait_for_event("message accepted", message=message)
        self.assertEqual(self.one.http.put("/v1/admin/log", {"level": "error"}).json["level"], "error")
        self.wait_for_event("log level changed by an operator", to="error")  # told before it falls silent
        self.one.stop()
        self.one.start()
        self.assertEqual(self.one.http.get("/v1/admin/log").json["level"], "info")

    def test_what_is_no_level_and_who_is_no_operator(self):
        self.serve(clients=[{"name": "test", "key": KEY, "scopes": ["admin"]}, {"name": "shop", "key": "shop-key", "scopes": ["send", "read"]}])
        for body in ({"level": "loud"}, {"level": 3}, {}, {"level": "debug", "for": "1h"}):
            self.assertEqual(self.one.http.put("/v1/admin/log", body).status, 400, body)
        for request in (lambda http: http.get("/v1/admin/log"), lambda http: http.put("/v1/admin/log", {"level": "error"})):
            self.assertEqual(request(self.one.client("shop-key")).status, 403)
        self.assertEqual(self.one.http.get("/v1/admin/log").json["level"], "debug")

    def test_the_command(self):
        self.serve(level="info")
        environment = child_environment({"HELIOGRAPH_URL": f"http://127.0.0.1:{self.one.port}", "HELIOGRAPH_API_KEY": KEY})

        def run(*arguments):
            return subprocess.run([BINARY, "log", "level", *arguments], cwd=self.folder, env=environment, capture_output=True, text=True,
                                  timeout=30 * PATIENCE, check=False)

        self.assertEqual(run().stdout, "info\n")
        self.assertEqual(run("debug").stdout, "debug\n")
        self.assertEqual(json.loads(run("--json").stdout), {"level": "debug", "lines_lost": 0})
        self.assertEqual(run("loud").returncode, 2)

    def test_a_log_that_nobody_reads_holds_nothing_up(self):
        """Standard error is a pipe that is full: messages go on, lines are lost, and the log says how many once it is read."""
        self.good = self.mock("good")
        self.one = self.gateway([self.provider(self.good)], start=False, log={"level": "debug", "format": "json"})
        reader, writer = os.pipe()
        with subprocess.Popen([BINARY, "serve", "--config", self.one.config], cwd=self.folder, env=child_environment(),
                              stdout=subprocess.PIPE, stderr=writer, text=True) as process:
            os.close(writer)
            try:
                while "listening on" not in process.stdout.readline():
                    pass
                sent = 0
                while self.one.http.get("/v1/admin/log").json["lines_lost"] < 100:
                    messages = [{"to": "+14155552671", "from": "TEST", "text": "x"}] * 1000
                    answer = self.one.http.post("/v1/messages/batch", {"messages": messages})
                    self.assertEqual(answer.json["accepted"], 1000)
                    sent += 1000
                    self.assertLess(sent, 50_000, "the queue of the log has no end")
                wait_until(lambda: self.good.count() >= 1000, "messages to arrive while the log stands still", 60)
                process.terminate()
                with os.fdopen(reader, errors="replace") as log:
                    text = log.read()
                self.assertEqual(process.wait(60 * PATIENCE), 0)
            finally:
                if process.poll() is None:
                    process.kill()
        told = [json.loads(line) for line in text.splitlines() if "log lines lost" in line]
        self.assertGreaterEqual(sum(int(line["lines"]) for line in told), 100)
        self.assertEqual(int(told[-1]["since_start"]), sum(int(line["lines"]) for line in told))
        self.assertTrue(all(json.loads(line) for line in text.splitlines()))


if __name__ == "__main__":
    main()
