#!/usr/bin/env python3
"""Clients never see each other's objects: every operation of the contract, tried with a stranger's key, without one and without scopes.

The operations come from docs/openapi/openapi.json, so a new one is tested from the day it is documented; a path whose object this
test does not know how to make fails it.
"""
import datetime
import re

import contract
import harness
from harness import GatewayTest, main, wait_until
from receiver import Receiver

NUMBER, SECRET_TEXT, METADATA = "+14155550117", "alpha-only words", "alpha-only-metadata"
OPERATOR_TAGS = {"admin"}
FACADE_TAGS = {"twillow", "messaging"}


def in_an_hour():
    moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def operations():
    for path, item in harness.CONTRACT.document["paths"].items():
        for method, operation in item.items():
            if method in contract.METHODS:
                yield method.upper(), path, operation


def example(operation):
    for content in operation.get("requestBody", {}).get("content", {}).values():
        if "example" in content:
            return content["example"]
        for one in content.get("examples", {}).values():
            return one["value"]
    return {} if "requestBody" in operation else None


class Tenancy(GatewayTest):
    def setUp(self):
        super().setUp()
        self.receiver = Receiver()
        self.addCleanup(self.receiver.close)
        self.mock1 = self.mock()
        scopes = ["send", "read"]
        self.one = self.gateway(
            [self.provider(self.mock1, receipts=True)],
            clients=[{"name": "alpha", "key": "alpha-key", "credit_cents": 100_000, "scopes": scopes},
                     {"name": "beta", "key": "beta-key", "credit_cents": 100_000, "scopes": scopes},
                     {"name": "front", "key": "front-key", "credit_cents": 100_000, "scopes": scopes},
                     {"name": "operator", "key": "operator-key", "scopes": ["admin"]}],
            facades={"client": "front"}, inbound={"default_client": "alpha"},
            callbacks={"allow_http": True, "allow_cidrs": ["127.0.0.0/8"]})
        self.alpha, self.beta = self.one.client("alpha-key"), self.one.client("beta-key")
        self.ids = self.make_objects()

    def make_objects(self):
        """One of everything, alpha's; the ids by the path in the contract."""
        callback = self.alpha.post("/v1/callbacks", {"url": self.receiver.url("/hook")}).json["id"]
        message = self.alpha.post("/v1/messages", {"to": NUMBER, "from": "TEST", "text": SECRET_TEXT,
                                                   "metadata": {"note": METADATA}}).json["message_id"]
        self.mock1.behave(success_rate=0, perm_fail_rate=1)
        wait_until(lambda: self.alpha.get(f"/v1/messages/{message}").json["status"] in ("SENT", "DELIVERED", "FAILED_PERM"), "an outcome")
        dead = self.alpha.post("/v1/messages", {"to": NUMBER, "from": "TEST", "text": SECRET_TEXT}).json["message_id"]
        wait_until(lambda: self.alpha.get(f"/v1/messages/{dead}").json["status"] == "FAILED_PERM", "a dead letter")
        waiting = self.alpha.post("/v1/messages", {"to": NUMBER, "from": "TEST", "text": SECRET_TEXT,
                                                   "send_at": in_an_hour()})
        self.assertEqual(waiting.status, 202, waiting)
        far = self.alpha.post("/v1/messages", {"to": NUMBER, "from": "TEST", "text": SECRET_TEXT, "send_at": "2099-01-01T00:00:00Z"})
        self.assertEqual(far.status, 400, far)
        inbound = self.one.client(None).post("/v1/providers/mock/events",
                                             {"type": "inbound", "from": NUMBER, "to": "12345", "text": SECRET_TEXT})
        self.assertEqual(inbound.status, 200, inbound)
        thread = self.alpha.get("/v1/conversations").json["conversations"][0]["id"]
        self.assertIn(self.alpha.post("/v1/opt-outs", {"recipient": NUMBER, "sender": "OTHER"}).status, (201, 204))
        deliveries = wait_until(lambda: self.alpha.get(f"/v1/callbacks/{callback}/deliveries").json["deliveries"], "a delivery")
        return {"/v1/messages/{id}": message, "/v1/dead-letters/{id}": dead, "/v1/callbacks/{id}": callback,
                "/v1/conversations/{id}": thread, "delivery": deliveries[0]["id"], "/api/sms/requests/{id}": message,
                "/api/v1/messages/{id}": message, "/api/v1/conversations/{id}": thread, "/api/conversations/{id}": thread}

    def target(self, path):
        """The path with alpha's ids; None where it names no object of a client's."""
        if "{" not in path:
            return path
        for known, value in self.ids.items():
            if path.startswith(known):
                return re.sub(r"\{delivery\}", self.ids["delivery"], path.replace("{id}", value, 1))
        return None

    def snapshot(self):
        """Everything alpha can read of its own."""
        seen = {}
        for method, path, operation in operations():
            if method == "GET" and path.startswith("/v1/") and not OPERATOR_TAGS & set(operation["tags"]):
                target = self.target(path)
                if path == "/v1/me/prices":
                    target += f"?to=%2B{NUMBER[1:]}"
                answer = self.alpha.get(target)
                self.assertEqual(answer.status, 200, f"{path}: {answer}")
                seen[path] = answer.json
        return seen

    def settled(self):
        """Alpha's view once nothing more is on its way."""
        def same():
            first = self.snapshot()
            return first if first == self.snapshot() else None
        return wait_until(same, "everything to settle")

    def assert_nothing_of_alphas(self, answer, target):
        """But for the id that was asked for, which a refusal may repeat."""
        body = answer.body.decode(errors="replace")
        for leak in (*set(self.ids.values()), SECRET_TEXT, METADATA, NUMBER[1:], self.receiver.url("/hook")):
            if leak not in target:
                self.assertNotIn(leak, body, f"{target} shows what is alpha's: {answer}")

    def test_a_stranger_gets_404_for_every_object_and_sees_none_in_lists(self):
        before, tried = self.settled(), 0
        for method, path, operation in operations():
            tags = set(operation["tags"])
            if tags & OPERATOR_TAGS or operation.get("security") == [] or tags & FACADE_TAGS:
                continue
            target = self.target(path)
            self.assertIsNotNone(target, f"{method} {path}: this test does not know how to make what it is about")
            tried += 1
            body = example(operation)
            if path == "/v1/opt-outs" and method == "DELETE":
                target = f"{path}?recipient=%2B{NUMBER[1:]}&sender=OTHER"
            if path == "/v1/opt-outs" and method == "POST":
                continue  # makes one of its own, which is no business of alpha's
            answer = self.beta.request(method, target, body)
            what = f"{method} {target} with a stranger's key"
            self.assertLess(answer.status, 500, f"{what}: {answer}")
            if "{" in path or (path == "/v1/opt-outs" and method == "DELETE"):
                self.assertEqual(answer.status, 404, f"{what}: {answer}")
            if method == "GET":
                self.assert_nothing_of_alphas(answer, target)
        self.assertGreaterEqual(tried, 25)
        self.assertEqual(self.settled(), before, "a stranger has changed something of alpha's")

    def test_nobody_can_tell_a_strangers_object_from_none(self):
        nobody = "019ab3c1-5a00-7c3e-8f00-0123456789ab"
        for method, path, operation in operations():
            target = self.target(path)
            if method != "GET" or "{" not in path or not path.startswith("/v1/") or target is None:
                continue
            theirs = self.beta.get(target)
            none = self.beta.get(path.replace("{id}", nobody).replace("{delivery}", nobody))
            self.assertEqual(theirs.status, 404, theirs)
            same = {key: value for key, value in theirs.json.items() if key not in ("request_id", "instance")}
            self.assertEqual(same, {key: none.json[key] for key in same}, path)

    def test_a_facade_shows_its_own_clients_objects_only(self):
        tried, front = 0, self.one.client(None)
        for method, path, operation in operations():
            target = self.target(path)
            if not FACADE_TAGS & set(operation["tags"]) or method != "GET" or target is None:
                continue
            answer = front.get(target)
            self.assertLess(answer.status, 500, answer)
            if "{" in path:
                self.assertEqual(answer.status, 404, f"{method} {target}: {answer}")
            self.assert_nothing_of_alphas(answer, target)
            tried += 1
        self.assertGreaterEqual(tried, 10)

    def test_without_a_key_and_without_the_scope(self):
        nobody, operator, tried = self.one.client(None), self.one.client("operator-key"), 0
        for method, path, operation in operations():
            if operation.get("security") == []:
                continue
            operators = bool(set(operation["tags"]) & OPERATOR_TAGS)
            target = re.sub(r"\{[^}]*\}", "mock", path) if operators else self.target(path)
            body = example(operation)
            self.assertEqual(nobody.request(method, target, body).status, 401, f"{method} {target} without a key")
            wrong = nobody.request(method, target, body, headers={"X-API-Key": "alpha-kez"})
            self.assertEqual(wrong.status, 401, f"{method} {target} with a wrong key")
            if "403" in operation["responses"]:
                answer = (self.alpha if operators else operator).request(method, target, body)
                self.assertEqual(answer.status, 403, f"{method} {target} without the scope: {answer}")
            tried += 1
        self.assertGreaterEqual(tried, 40)


if __name__ == "__main__":
    main()
