"""The contract against the real gateway: what is served, that its examples run, and that the comparison itself sees faults."""
import copy
import datetime
import gzip
import json
import re
import unittest

import contract
import harness
from harness import Answer, GatewayTest, main

HEADERS = {"content-type": "application/json", "x-request-id": "r"}
MESSAGE_ID = "019ab3c1-5a00-7c3e-8f00-0123456789ab"


class Served(GatewayTest):
    def setUp(self):
        super().setUp()
        self.mock1 = self.mock()
        self.one = self.gateway([self.provider(self.mock1, channels=["sms", "mms", "email"])], facades={"client": "test"},
                                inbound={"default_client": "test"})

    def test_the_file_in_the_tree_is_what_is_served(self):
        plain = self.one.http.get("/openapi.json")
        packed = self.one.http.get("/openapi.json", headers={"Accept-Encoding": "gzip"})
        with open(contract.FILE, "rb") as file:
            self.assertEqual(plain.body, file.read())
        self.assertEqual(packed.headers["content-encoding"], "gzip")
        self.assertEqual(gzip.decompress(packed.body), plain.body)
        again = self.one.http.get("/openapi.json", headers={"If-None-Match": plain.headers["etag"]})
        self.assertEqual((again.status, again.body), (304, b""))
        head = self.one.http.request("HEAD", "/docs")
        self.assertEqual((head.status, head.body), (200, b""))

    def test_every_example_of_a_request_runs(self):
        """In the order of the document, with the ids of what was made before; a success that is documented has to come."""
        endpoint = self.one.http.post("/v1/callbacks", {"url": "https://app.example/other"}).json["id"]
        ids = {"/v1/messages": self.one.send(send_at=self.in_an_hour()), "/v1/dead-letters": self.dead_letter(), "/v1/admin/messages": self.dead_letter(),
               "/v1/admin/clients": "shop", "/v1/callbacks": endpoint, "/v1/conversations": self.conversation(),
               "/v1/providers": "mock", "/api/sms": "mock"}
        ran = 0
        for path, item in harness.CONTRACT.document["paths"].items():
            for method, operation in item.items():
                if method not in contract.METHODS or "requestBody" not in operation:
                    continue
                for name, body in self.examples(operation):
                    parent = path.split("/{", 1)[0]
                    target = re.sub(r"\{[^}]*\}", ids.get(parent, ""), path)
                    answer = self.one.http.request(method.upper(), target, body)
                    self.assertIn(answer.status, (200, 201, 202, 204), f"{method} {target}, example {name}: {answer}")
                    ran += 1
        self.assertGreaterEqual(ran, 20)

    @staticmethod
    def in_an_hour():
        return (datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1)).isoformat(timespec="seconds")

    def dead_letter(self):
        self.mock1.behave(success_rate=0, perm_fail_rate=1)
        message = self.one.send()
        self.one.wait_for_status(message, "FAILED_PERM")
        return message

    def conversation(self):
        answer = self.one.client(key=None).post("/v1/providers/mock/events",
                                                {"type": "inbound", "from": "+14155552671", "to": "12345", "text": "Hi"})
        self.assertEqual(answer.status, 200, answer)
        return self.one.http.get("/v1/conversations").json["conversations"][0]["id"]

    @staticmethod
    def examples(operation):
        for content in operation["requestBody"]["content"].values():
            if "example" in content:
                yield "example", content["example"]
            for name, example in content.get("examples", {}).items():
                yield name, example["value"]


class Comparison(unittest.TestCase):
    """Each answer is right but for one thing, which has to be seen."""

    def setUp(self):
        self.contract = contract.Contract()

    def fault(self, method, target, status, body, **headers):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        merged = {name: value for name, value in {**HEADERS, **named}.items() if value is not None}
        return self.contract.fault(method, target, Answer(status, merged, raw))

    def accepted(self, status=202, location=f"/v1/messages/{MESSAGE_ID}", **changes):
        headers = {"location": location, **{name: changes.pop(name) for name in ("content_type",) if name in changes}}
        body = {"message_id": MESSAGE_ID, "status": "QUEUED", **changes}
        return self.fault("POST", "/v1/messages", status, {k: v for k, v in body.items() if v is not None}, **headers)

    def problem(self, status, method="GET", target="/v1/me", body_status=None, **headers):
        body = {"type": "about:blank", "title": "t", "status": body_status or status, "detail": "d", "error": "e"}
        return self.fault(method, target, status, body, content_type="application/problem+json", **headers)

    def refused_batch(self, **changes):
        problem = {"type": "about:blank", "title": "t", "status": 400, "detail": "d", "error": "e", "pointer": "/messages/0"}
        body = {**problem, "messages": [{"code": 400, "problem": problem}], "accepted": 0, "refused": 1, **changes}
        return self.fault("POST", "/v1/messages/batch", 400, {k: v for k, v in body.items() if v is not None},
                          content_type="application/problem+json")

    def test_right_answers_pass(self):
        self.assertIsNone(self.accepted())
        self.assertIsNone(self.fault("GET", "/healthz?x=1", 200, {"status": "ok"}))
        self.assertIsNone(self.problem(401, www_authenticate='Bearer realm="x"'))
        self.assertIsNone(self.problem(503, x_request_id=None, target="/v1/messages", method="GET"))
        self.assertIsNone(self.problem(404, target="/nowhere"))
        self.assertIsNone(self.problem(405, method="PUT", allow="GET"))
        self.assertIsNone(self.refused_batch())
        self.assertIsNone(self.fault("HEAD", "/nowhere", 404, b"", content_type="application/problem+json"))
        self.assertIsNone(self.problem(404, method="PUT", target="/api/sms/health"), "where the facade is off")

    def test_wrong_answers_are_seen(self):
        faults = {
            "a missing member": self.accepted(message_id=None),
            "an undocumented member": self.accepted(surprise=1),
            "an id that is none": self.accepted(message_id="x"),
            "an undocumented status": self.accepted(status=201),
            "a content type": self.accepted(content_type="text/plain"),
            "a missing header": self.accepted(location=None),
            "a malformed header": self.accepted(location="/elsewhere"),
            "a body that is no JSON": self.fault("GET", "/healthz", 200, b"{"),
            "a status that not everything answers": self.problem(409),
            "a problem of another status": self.problem(400, target="/v1/messages", body_status=401),
            "401 without a challenge": self.problem(401),
            "an unknown path that answers": self.fault("GET", "/nowhere", 200, {}),
            "an unknown method that answers": self.fault("PUT", "/v1/me", 200, {}),
            "a path that is always there and is not": self.problem(404, method="PUT"),
            "405 without Allow": self.problem(405, method="PUT"),
            "an undocumented member of several schemas together": self.refused_batch(surprise=1),
            "a missing member of several schemas together": self.refused_batch(refused=None),
            "a deep type": self.fault("GET", "/v1/me", 200, {
                "id": MESSAGE_ID, "name": "n", "credit_cents": 1, "limits": {"rate": "fast"}}),
        }
        self.assertEqual([name for name, fault in faults.items() if fault is None], [])

    def test_a_literal_path_wins_over_a_parameter(self):
        document = copy.deepcopy(self.contract.document)
        document["paths"]["/v1/messages/recent"] = {"get": {"operationId": "recent", "responses": {}}}
        template, operation = contract.Contract(document).operation("GET", "/v1/messages/recent?x")
        self.assertEqual((template, operation["operationId"]), ("/v1/messages/recent", "recent"))

    def test_what_was_seen_is_kept(self):
        with self.assertRaises(contract.ContractViolation):
            self.contract.check("GET", "/healthz", Answer(200, HEADERS, b"{}"))
        self.assertEqual(len(self.contract.violations), 1)


if __name__ == "__main__":
    main()
