"""Callbacks through the real binary: a receiver on loopback that succeeds, fails, hangs, is gone or redirects; a restart
with deliveries pending; and real deliveries verified by the reference library of Standard Webhooks."""
import json
import os
import shutil
import subprocess
import tempfile

import harness
from harness import GatewayTest, wait_until
from receiver import Receiver, signatures

ALLOWED = {"allow_cidrs": ["127.0.0.0/8"], "allow_http": True}
VERIFIER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "webhooks")


class CallbacksTest(GatewayTest):
    def setUp(self):
        super().setUp()
        self.receiver = Receiver()
        self.stack.callback(self.receiver.close)

    def serve(self, callbacks=None, start=True):
        """A gateway whose provider reports delivery, with callbacks to loopback."""
        port = harness.free_port()
        mock = self.mock("mock", receipts=f"http://127.0.0.1:{port}/v1/providers/mock/events")
        return self.gateway([self.provider(mock, receipts=True)], start=start, port=port,
                            callbacks={**ALLOWED, **(callbacks or {})})

    def register(self, gateway, path="/hooks", **fields):
        answer = gateway.http.post("/v1/callbacks", {"url": self.receiver.url(path), **fields})
        self.assertEqual(answer.status, 201, answer)
        self.assertEqual(answer.headers["location"], f"/v1/callbacks/{answer.json['id']}")
        return answer.json

    def deliveries(self, gateway, endpoint, status=None):
        query = f"&status={status}" if status else ""
        return gateway.http.get(f"/v1/callbacks/{endpoint}/deliveries?limit=100{query}").json["deliveries"]

    def wait_for_state(self, gateway, endpoint, status, count=1, seconds=20.0):
        def reached():
            found = self.deliveries(gateway, endpoint, status)
            return found if len(found) >= count else None

        return wait_until(reached, f"{count} deliveries {status}", seconds)

    def test_a_message_is_told_from_sent_to_delivered(self):
        gateway = self.serve()
        endpoint = self.register(gateway, description="orders")
        message = gateway.send(client_reference="order-7", metadata={"k": "v"})
        told = {delivery.event: delivery for delivery in self.receiver.wait_for(2)}
        self.assertEqual(set(told), {"message.sent", "message.delivered"})
        delivered = told["message.delivered"]
        self.assertEqual(delivered.headers["content-type"], "application/json")
        self.assertNotIn(".", delivered.id)
        self.assertIn(signatures(endpoint["secret"], delivered), delivered.headers["webhook-signature"].split())
        data = delivered.json["data"]
        self.assertEqual(data["message_id"], message)
        self.assertEqual((data["status"], data["client_reference"], data["provider"]), ("DELIVERED", "order-7", "mock"))
        self.assertEqual(data["metadata"], {"k": "v"})
        listed = self.wait_for_state(gateway, endpoint["id"], "delivered", 2)
        self.assertEqual({entry["id"] for entry in listed}, {delivery.id for delivery in told.values()})
        self.assertEqual({entry["last_status_code"] for entry in listed}, {200})
        shown = gateway.http.get(f"/v1/callbacks/{endpoint['id']}").json
        self.assertNotIn("secret", shown)
        self.assertEqual(shown["description"], "orders")

    def test_failures_are_tried_again_and_end_in_the_dead_letters(self):
        gateway = self.serve({"retry_delays": ["50ms", "100ms"]})
        endpoint = self.register(gateway, events=["message.sent"])
        self.receiver.plans["/hooks"] = [500, (302, {"Location": self.receiver.url("/elsewhere")}), 404, 204]
        gateway.send()
        failed = self.wait_for_state(gateway, endpoint["id"], "failed")[0]
        attempts = self.receiver.got("/hooks")
        self.assertEqual(failed["attempts"], 3)
        self.assertEqual(failed["last_status_code"], 404)
        self.assertEqual(len({attempt.id for attempt in attempts}), 1)
        self.assertEqual(self.receiver.got("/elsewhere"), [])
        replayed = gateway.http.post(f"/v1/callbacks/{endpoint['id']}/deliveries/{failed['id']}/replay")
        self.assertEqual((replayed.status, replayed.json["status"]), (202, "pending"))
        self.wait_for_state(gateway, endpoint["id"], "delivered")
        self.assertEqual(self.receiver.got("/hooks")[-1].id, failed["id"])

    def test_all_that_failed_is_replayed_at_once(self):
        gateway = self.serve({"retry_delays": []})
        endpoint = self.register(gateway, events=["message.sent"])
        self.receiver.plans["/hooks"] = [400]
        for _ in range(5):
            gateway.send()
        self.wait_for_state(gateway, endpoint["id"], "failed", 5)
        self.receiver.plans["/hooks"] = [200]
        answer = gateway.http.post(f"/v1/callbacks/{endpoint['id']}/replay")
        self.assertEqual((answer.status, answer.json), (202, {"replayed": 5, "more": False}))
        self.wait_for_state(gateway, endpoint["id"], "delivered", 5)

    def test_gone_disables_the_endpoint(self):
        gateway = self.serve()
        endpoint = self.register(gateway, events=["message.sent"])
        self.receiver.plans["/hooks"] = [410]
        gateway.send()
        path = f"/v1/callbacks/{endpoint['id']}"
        shown = wait_until(lambda: (lambda e: e if not e["enabled"] else None)(gateway.http.get(path).json), "disabled")
        self.assertIn("410", shown["disabled_reason"])
        gateway.wait_for_status(gateway.send(), "DELIVERED")
        self.assertEqual(len(self.deliveries(gateway, endpoint["id"])), 1)
        self.assertEqual(gateway.http.post(path + "/replay").status, 409)
        self.receiver.plans["/hooks"] = [200]
        enabled = gateway.http.request("PATCH", path, {"enabled": True}).json
        self.assertTrue(enabled["enabled"])
        self.assertNotIn("disabled_reason", enabled)
        self.assertEqual(gateway.http.post(path + "/replay").json["replayed"], 1)
        self.wait_for_state(gateway, endpoint["id"], "delivered")

    def test_retry_after_is_honoured(self):
        gateway = self.serve({"retry_delays": ["10ms"]})
        endpoint = self.register(gateway, events=["message.sent"])
        self.receiver.plans["/hooks"] = [(429, {"Retry-After": "2"}), 200]
        gateway.send()
        pending = wait_until(lambda: [d for d in self.deliveries(gateway, endpoint["id"], "pending") if d["attempts"]],
                             "the first attempt's result")[0]
        self.assertGreater(pending["next_attempt_at"], pending["last_attempt_at"])
        self.wait_for_state(gateway, endpoint["id"], "delivered")
        first, second = (int(delivery.headers["webhook-timestamp"]) for delivery in self.receiver.got("/hooks"))
        self.assertGreaterEqual(second - first, 1)  # whole seconds: two are at least one apart

    def test_an_endpoint_that_hangs_holds_up_no_other(self):
        gateway = self.serve({"timeout": "1s", "retry_delays": []})
        hangs = self.register(gateway, "/hangs")
        works = self.register(gateway, "/works")
        self.receiver.plans["/hangs"] = ["hang"]
        for _ in range(40):
            gateway.send()
        self.wait_for_state(gateway, works["id"], "delivered", 80)
        failed = self.wait_for_state(gateway, hangs["id"], "failed")[-1]
        self.assertEqual(failed["error"], "no answer in time")
        self.assertNotIn("last_status_code", failed)

    def test_pending_deliveries_survive_a_crash(self):
        gateway = self.serve({"retry_delays": ["1s"] * 20})
        endpoint = self.register(gateway, events=["message.sent"])
        self.receiver.plans["/hooks"] = [500]
        for _ in range(3):
            gateway.send()
        self.receiver.wait_for(3, "/hooks")
        gateway.kill()
        self.receiver.plans["/hooks"] = [200]
        gateway.start()
        self.wait_for_state(gateway, endpoint["id"], "delivered", 3)
        gateway.stop()
        self.assertEqual(len({delivery.id for delivery in self.receiver.got("/hooks")}), 3)

    def test_a_callback_url_of_a_message(self):
        gateway = self.serve()
        secret = gateway.http.get("/v1/callbacks/url-secret").json["secret"]
        first = gateway.send(callback_url=self.receiver.url("/dlr?order=1"))
        gateway.send(dlr_callback_url=self.receiver.url("/dlr?order=2"))
        gateway.send()
        self.assertEqual(gateway.message(first)["callback_url"], self.receiver.url("/dlr?order=1"))
        for path in ("/dlr?order=1", "/dlr?order=2"):
            for delivery in self.receiver.wait_for(2, path):
                self.assertEqual(delivery.headers["webhook-signature"], signatures(secret, delivery))
        listed = gateway.http.get("/v1/callbacks").json["callbacks"]
        self.assertEqual([(e["url"], e["source"], e["secret"]) for e in listed],
                         [(self.receiver.url("/dlr"), "callback_url", secret)])
        self.wait_for_state(gateway, listed[0]["id"], "delivered", 4)
        self.assertEqual(len(self.receiver.got()), 4)

    def test_the_callback_url_of_a_client(self):
        gateway = self.serve(start=False)
        with open(gateway.config, "a", encoding="utf-8") as file:
            file.write(harness.toml_section("[[client]]", {
                "name": "told", "key": "told-key", "credit_cents": 1000, "callback_url": self.receiver.url("/client")}))
        gateway.start()
        told = gateway.client("told-key")
        body = {"to": "+14155552671", "from": "TEST", "text": "Hello"}
        self.assertEqual(told.post("/v1/messages", body).status, 202)
        self.receiver.wait_for(2, "/client")
        self.assertEqual(len(told.get("/v1/callbacks").json["callbacks"]), 1)
        self.assertEqual(gateway.http.get("/v1/callbacks").json["callbacks"], [])  # another client's
        told.close()

    def test_rotation_signs_with_both_secrets(self):
        gateway = self.serve()
        old = self.register(gateway, events=["message.sent"])
        rotated = gateway.http.post(f"/v1/callbacks/{old['id']}/rotate-secret", {"overlap": "1h"})
        self.assertEqual(rotated.status, 200)
        self.assertIn("previous_secret_until", rotated.json)
        gateway.send()
        delivery = self.receiver.wait_for(1)[0]
        self.assertEqual(delivery.headers["webhook-signature"].split(),
                         [signatures(rotated.json["secret"], delivery), signatures(old["secret"], delivery)])

    def test_a_private_address_is_refused_and_the_deliveries_say_why(self):
        gateway = self.serve({"allow_cidrs": [], "retry_delays": []})
        literal = gateway.http.post("/v1/callbacks", {"url": self.receiver.url()})
        self.assertEqual((literal.status, literal.json["pointer"]), (400, "/url"))
        self.assertIn("loopback", literal.json["detail"])
        direct = {"to": "+14155552671", "from": "TEST", "text": "Hello", "callback_url": "http://10.0.0.1/x"}
        refused = gateway.http.post("/v1/messages", direct)
        self.assertEqual((refused.status, refused.json["pointer"]), (400, "/callback_url"))
        named = f"http://localhost:{self.receiver.port}/hooks"
        endpoint = gateway.http.post("/v1/callbacks", {"url": named, "events": ["message.sent"]}).json
        gateway.send()
        failed = self.wait_for_state(gateway, endpoint["id"], "failed")[0]
        self.assertRegex(failed["error"], r"the address \S+ is not allowed: loopback")
        self.assertEqual(self.receiver.got(), [])

    def test_only_https_unless_allowed(self):
        gateway = self.serve({"allow_http": False})
        answer = gateway.http.post("/v1/callbacks", {"url": "http://app.example/hooks"})
        self.assertEqual((answer.status, answer.json["pointer"]), (400, "/url"))
        self.assertEqual(gateway.http.post("/v1/callbacks", {"url": "https://app.example/hooks"}).status, 201)

    def test_bad_input(self):
        gateway = self.serve()
        url = self.receiver.url()
        for body, pointer in (({}, "/url"), ({"url": 1}, "/url"), ({"url": "app.example"}, "/url"),
                              ({"url": "https://user:pw@app.example/"}, "/url"), ({"url": "https://app.example/#x"}, "/url"),
                              ({"url": "https://app.example:0/"}, "/url"), ({"url": "ftp://app.example/"}, "/url"),
                              ({"url": "https://app.example/" + "x" * 2048}, "/url"), ({"url": url, "events": []}, "/events"),
                              ({"url": url, "events": ["message.read"]}, "/events"), ({"url": url, "events": "all"}, "/events"),
                              ({"url": url, "description": "x" * 257}, "/description"), ({"url": url, "enabled": 1}, "/enabled"),
                              ({"url": url, "secret": "x"}, "/secret")):
            answer = gateway.http.post("/v1/callbacks", body)
            self.assertEqual((answer.status, answer.json.get("pointer")), (400, pointer), body)
        stranger = "/v1/callbacks/01937b2e-4c5d-7000-8000-000000000000"
        for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/deliveries"), ("POST", "/replay"),
                             ("POST", "/rotate-secret")):
            self.assertEqual(gateway.http.request(method, stranger + path).status, 404, path)
        self.assertEqual(gateway.http.get("/v1/callbacks/nonsense").status, 404)
        endpoint = self.register(gateway)
        for query in ("limit=0", "limit=101", "status=lost", "cursor=x", "colour=red", "limit=1&limit=2"):
            answer = gateway.http.get(f"/v1/callbacks/{endpoint['id']}/deliveries?{query}")
            self.assertEqual(answer.status, 400, query)
        self.assertEqual(gateway.http.request("DELETE", f"/v1/callbacks/{endpoint['id']}").status, 204)
        self.assertEqual(gateway.http.get(f"/v1/callbacks/{endpoint['id']}").status, 404)

    def test_lists_are_paged(self):
        gateway = self.serve()
        endpoints = [self.register(gateway, f"/{number}", events=["message.sent"]) for number in range(3)]
        first = gateway.http.get("/v1/callbacks?limit=2").json
        second = gateway.http.get(f"/v1/callbacks?limit=2&cursor={first['next_cursor']}").json
        self.assertEqual([e["id"] for e in first["callbacks"] + second["callbacks"]],
                         [e["id"] for e in reversed(endpoints)])
        self.assertIsNone(second["next_cursor"])
        for _ in range(3):
            gateway.send()
        whole = self.wait_for_state(gateway, endpoints[0]["id"], "delivered", 3)
        path = f"/v1/callbacks/{endpoints[0]['id']}/deliveries?status=delivered&limit=2"
        page = gateway.http.get(path).json
        rest = gateway.http.get(f"{path}&cursor={page['next_cursor']}").json
        self.assertEqual(page["deliveries"] + rest["deliveries"], whole)
        other = gateway.http.get(f"/v1/callbacks/{endpoints[1]['id']}/deliveries?cursor={page['next_cursor']}")
        self.assertEqual(other.status, 400)

    def test_the_reference_library_verifies_real_deliveries(self):
        folder = tempfile.mkdtemp(prefix="heliograph-webhooks-")
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        for name in ("package.json", "package-lock.json", "verify.mjs"):
            shutil.copy(os.path.join(VERIFIER, name), folder)
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=folder, check=True, timeout=120)
        gateway = self.serve()
        endpoint = self.register(gateway)
        gateway.send(text="Grüße, 你好", client_reference="ä")
        told = self.receiver.wait_for(2)
        cases = [{"secret": endpoint["secret"], "headers": d.headers, "body": d.body.decode()} for d in told]
        forged = {**cases[0], "body": cases[0]["body"].replace("message.", "massage.")}
        rotated = gateway.http.post(f"/v1/callbacks/{endpoint['id']}/rotate-secret").json
        gateway.send()
        both = self.receiver.wait_for(4)[-1]
        cases += [{"secret": secret, "headers": both.headers, "body": both.body.decode()}
                  for secret in (endpoint["secret"], rotated["secret"])]
        result = subprocess.run(["node", "verify.mjs"], cwd=folder, input=json.dumps([*cases, forged]), text=True,
                                capture_output=True, check=True, timeout=60)
        *good, bad = json.loads(result.stdout)
        self.assertEqual([verdict["payload"] for verdict in good], [json.loads(case["body"]) for case in cases])
        self.assertIn("error", bad)


if __name__ == "__main__":
    harness.main()
