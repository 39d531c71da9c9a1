#!/usr/bin/env python3
"""The facade twillow through the real binary: what the developer guide and the readme of that system say, as they say it.

The commands are the documents' own, run by bash; only the port of localhost:8000 is another one.
"""
import json
import subprocess
import time

from harness import GatewayTest, Http, PATIENCE, PLUGINS, Process, free_port, main, toml_section, wait_until
from limits_test import most_in_any_window
from redis_server import Redis

FACADES = {"name": "facades", "billing": False}
# Developer guide, sliding-window testing, step 1.
GUIDE_ENVIRONMENT = {
    "RATE_LIMIT_WINDOW": "1",
    "PROVIDER_RATE_LIMIT": "5",
    "TOTAL_RATE_LIMIT": "20",
    "HEALTH_WINDOW_DURATION": "5",
    "HEALTH_FAILURE_THRESHOLD": "0.7",
}
# Developer guide, sliding-window testing, step 3.
GUIDE_BURST = """
for i in {1..30}; do
  curl -sS -X POST http://localhost:8000/api/sms \\
    -H "Content-Type: application/json" \\
    -d '{"phone":"+15551234567","text":"test '"$i"'"}' &
done
wait
"""
# Readme, examples.
README_SEND = """
curl -X POST http://localhost:8000/api/sms/send \\
  -H "Content-Type: application/json" \\
  -d '{"phone":"01921317475","text":"Hello"}'
"""


def shell(commands, port):
    """What the commands of a document print when the service is at `port`."""
    text = commands.replace("localhost:8000", f"localhost:{port}")
    done = subprocess.run(["bash", "-c", text], capture_output=True, text=True, timeout=60 * PATIENCE, check=True)
    return done.stdout


class TwillowCase(GatewayTest):
    def twillow(self, providers=3, env=None, mocks=None, **options):
        self.mocks = mocks or [self.mock(f"provider{n + 1}") for n in range(providers)]
        clients = [FACADES, {"name": "test", "key": "test-key", "credit_cents": 1000, "scopes": ["send", "read", "admin"]}]
        options.setdefault("facades", {"client": "facades"})
        gateway = self.gateway([self.provider(mock) for mock in self.mocks], clients=clients, env=env, **options)
        self.api = Http(gateway.port)
        self.addCleanup(self.api.close)
        return gateway

    def read(self, path):
        answer = self.api.get(path)
        self.assertEqual(answer.status, 200, answer)
        return answer.json

    def send(self, path="/api/sms/send", **fields):
        answer = self.api.post(path, {"phone": "01921317475", "text": "Hello", **fields})
        self.assertEqual(answer.status, 200, answer)
        return answer.json["message_id"]

    def wait_for(self, request_id, status):
        return wait_until(lambda: self.settled(request_id, status), f"{request_id} to be {status}")

    def settled(self, request_id, status):
        request = self.read(f"/api/sms/requests/{request_id}")
        return request if request["status"] == status else None

    def taken(self):
        return sum(mock.count() for mock in self.mocks)


class Demonstration(TwillowCase):
    """The guide's sliding-window demonstration: limits of 5 and 20, a burst of 30."""

    def burst(self, gateway):
        printed = shell(GUIDE_BURST, gateway.port)
        accepted, refused = printed.count('"queued":true'), printed.count("Global rate limit exceeded")
        self.assertEqual(accepted + refused, 30, printed)
        return accepted

    def test_a_burst_never_exceeds_a_providers_window(self):
        gateway = self.twillow(env=GUIDE_ENVIRONMENT)
        accepted = self.burst(gateway)
        self.assertGreaterEqual(accepted, 20)
        wait_until(lambda: self.taken() == accepted, "the accepted ones to be sent", 30)
        for mock in self.mocks:
            times = [arrival["at_ns"] for arrival in mock.arrivals()]
            self.assertLessEqual(most_in_any_window(times), 5)
            self.assertGreater(len(times), 0, "every provider has its share")

    def test_the_windows_are_keys_in_redis_that_expire(self):
        redis = Redis(self.folder)
        self.stack.callback(redis.kill)
        gateway = self.twillow(env=GUIDE_ENVIRONMENT, limiter={"plugin": "redis"},
                               extra=toml_section("[limiter.config]", {"url": redis.url}))
        accepted = self.burst(gateway)
        keys = wait_until(lambda: shell(f"redis-cli -p {redis.port} --raw --scan | grep rate_limit:provider || true",
                                        gateway.port).split(), "the keys to be seen")
        self.assertLessEqual(set(keys), {"rate_limit:provider1", "rate_limit:provider2", "rate_limit:provider3"})
        wait_until(lambda: self.taken() == accepted, "the accepted ones to be sent", 30)
        for mock in self.mocks:
            self.assertLessEqual(most_in_any_window([arrival["at_ns"] for arrival in mock.arrivals()]), 5)
        wait_until(lambda: not shell(f"redis-cli -p {redis.port} --raw --scan | grep rate_limit:provider || true",
                                     gateway.port).split(), "the keys to expire", 10)

    def test_above_the_global_limit_it_answers_429(self):
        """The same with a window that no burst outlasts, so that the numbers are exact."""
        gateway = self.twillow(env={**GUIDE_ENVIRONMENT, "RATE_LIMIT_WINDOW": "60"})
        self.assertEqual(self.burst(gateway), 20)
        refused = self.api.post("/api/sms", {"phone": "+15551234567", "text": "one more"})
        self.assertEqual(refused.status, 429)
        detail = refused.json["detail"]
        self.assertEqual({**detail, "reset_in_seconds": 0},
                         {"error": "Global rate limit exceeded", "current_count": 20, "limit": 20, "reset_in_seconds": 0})
        self.assertTrue(1 <= detail["reset_in_seconds"] <= 61, detail)

        # 15 fit into the providers' windows; the rest waits, it is not lost.
        wait_until(lambda: self.taken() == 15, "the windows to be used up")
        limits = wait_until(lambda: self.full_limits(), "every window to be full")
        self.assertEqual({name: limits[name] for name in ("provider_count", "provider_limit", "global_count",
                                                          "global_limit", "global_limited")},
                         {"provider_count": 5, "provider_limit": 5, "global_count": 20, "global_limit": 20,
                          "global_limited": True})
        for provider in limits["providers"].values():
            self.assertEqual(provider, {"count": 5, "limit": 5, "window_seconds": 60})
        wait_until(lambda: self.read("/api/sms/queue-status")["waiting"] == 5, "five to wait")
        self.assertEqual(len(self.read("/api/sms/requests?status=pending")), 5)
        self.assertEqual([mock.count() for mock in self.mocks], [5, 5, 5])
        native = gateway.http.get("/v1/admin/limits").json
        self.assertEqual((native["total"]["count"], native["providers"][0]["limit"]["count"]), (20, 5))

    def full_limits(self):
        limits = self.read("/api/sms/rate-limits")
        return limits if limits["provider_limited"] else None


class Health(TwillowCase):
    def break_provider1(self, **environment):
        """Until provider1 is unhealthy; the seconds it took."""
        bad = self.mock("provider1", success_rate=0)
        self.gateway_ = self.twillow(mocks=[bad, self.mock("provider2"), self.mock("provider3")],
                                     env={**GUIDE_ENVIRONMENT, "PROVIDER_RATE_LIMIT": "500", "TOTAL_RATE_LIMIT": "5000",
                                          **environment})
        began = time.monotonic()
        while self.read("/api/sms/health/provider1")["is_healthy"]:
            self.wait_for(self.send(), "completed")
            self.assertLess(time.monotonic() - began, 60 * PATIENCE)
        return time.monotonic() - began

    def test_flips_within_the_window(self):
        self.break_provider1()
        configuration = self.read("/api/sms/health")["configuration"]
        self.assertEqual(configuration, {"window_duration_seconds": 5, "failure_threshold": 0.7})

    def test_an_unhealthy_provider_is_avoided_until_it_is_reset(self):
        self.break_provider1(HEALTH_WINDOW_DURATION="300")
        health = self.read("/api/sms/health")
        self.assertEqual(health["summary"], {"total_providers": 3, "healthy_providers": 2, "unhealthy_providers": 1,
                                             "system_healthy": True})
        one = health["providers"]["provider1"]
        self.assertGreater(one["failure_rate"], one["threshold"])
        self.assertGreaterEqual(one["failure_count"], 10)
        self.assertEqual(one["current_window"]["failure"], one["failure_count"])

        self.assertEqual(self.api.post("/api/sms/distribution-stats/reset").json,
                         {"success": True, "message": "Distribution statistics reset"})
        for _ in range(12):
            self.wait_for(self.send(), "completed")
        stats = self.read("/api/sms/distribution-stats")
        self.assertEqual(stats["requests_per_provider"], {"provider1": 0, "provider2": 6, "provider3": 6})
        self.assertEqual(stats["provider_usage_count"], stats["requests_per_provider"])
        self.assertEqual((stats["total_requests"], stats["healthy_providers"], stats["unhealthy_providers"]), (12, 2, 1))
        self.assertEqual(stats["healthy_providers_queue"], ["provider2", "provider3"])
        self.assertFalse(stats["provider_status"]["provider1"]["is_healthy"])
        native = self.gateway_.http.get("/v1/admin/distribution").json
        self.assertEqual([provider["sends"] for provider in native["providers"]], [0, 6, 6])

        self.mocks[0].behave(success_rate=1)
        answer = self.api.post("/api/sms/health/provider1/reset")
        self.assertEqual(answer.json, {"success": True, "message": "Health metrics reset for provider1",
                                       "provider_id": "provider1"})
        self.assertTrue(self.read("/api/sms/health/provider1")["is_healthy"])
        self.assertEqual(self.read("/api/sms/health/provider1")["total_requests"], 0)
        before = self.mocks[0].count()
        for _ in range(6):
            self.wait_for(self.send(), "completed")
        self.assertEqual(self.mocks[0].count() - before, 2, "its share of the round robin")

    def test_unknown_providers_are_404(self):
        self.twillow()
        for answer in (self.api.get("/api/sms/health/provider9"), self.api.post("/api/sms/health/provider9/reset")):
            self.assertEqual((answer.status, answer.json), (404, {"detail": "Provider provider9 not found"}))


class Requests(TwillowCase):
    def test_the_readmes_example(self):
        gateway = self.twillow()
        answer = json.loads(shell(README_SEND, gateway.port))
        message_id = answer.pop("message_id")
        self.assertEqual(answer, {"success": True, "message": "SMS queued for sending", "provider": None, "queued": True})
        request = self.wait_for(message_id, "completed")
        self.assertEqual((request["phone"], request["text"], request["retry_count"]), ("01921317475", "Hello", 0))
        self.assertIn(request["provider_used"], ["provider1", "provider2", "provider3"])
        response, = request["responses"]
        self.assertEqual(response["status_code"], 200)
        self.assertEqual(json.loads(response["response_data"])["outcome"], "SENT")

    def test_every_path_takes_a_message(self):
        self.twillow()
        for path in ("/api/sms/send", "/api/sms/", "/api/sms"):
            self.wait_for(self.send(path), "completed")
        for number, mock in enumerate(self.mocks, 1):
            before = mock.count()
            ids = [self.send(f"/api/sms/provider{number}") for _ in range(5)]
            for message_id in ids:
                self.assertEqual(self.wait_for(message_id, "completed")["provider_used"], f"provider{number}")
            self.assertEqual(mock.count() - before, 5)
        self.assertEqual(self.api.post("/api/sms/provider4", {"phone": "01921317475", "text": "x"}).status, 404)

    def test_a_failed_provider_is_skipped_and_named(self):
        bad = self.mock("provider1", success_rate=0)
        self.twillow(mocks=[bad, self.mock("provider2")], health={"min_attempts": 100000})
        ids = [self.send() for _ in range(4)]
        requests = [self.wait_for(message_id, "completed") for message_id in ids]
        retried = [request for request in requests if request["retry_count"] > 0]
        self.assertTrue(retried)
        for request in retried:
            self.assertEqual((request["failed_providers"], request["provider_used"]), ("provider1", "provider2"))
            self.assertEqual([response["status_code"] for response in request["responses"]], [500, 200])
        listed = {request["id"]: request for request in self.read("/api/sms/requests")}
        for request in requests:
            del request["responses"]
            self.assertEqual(listed[request["id"]], request)

    def test_permanently_failed_after_the_last_retry(self):
        mocks = [self.mock(f"provider{n}", success_rate=0) for n in (1, 2)]
        self.twillow(mocks=mocks, health={"min_attempts": 100000}, env={"MAX_ATTEMPTS": "6"})
        request = self.wait_for(self.send(), "failed")
        self.assertEqual((request["retry_count"], request["max_retries"], request["is_permanently_failed"]), (5, 5, True))
        self.assertEqual(sorted(request["failed_providers"].split(",")), ["provider1", "provider2"])
        self.assertEqual(len(request["responses"]), 6)

    def test_filters(self):
        self.twillow(providers=2)
        ids = [self.send(f"/api/sms/provider{n}") for n in (1, 1, 2)]
        for message_id in ids:
            self.wait_for(message_id, "completed")

        def listed(query):
            return [request["id"] for request in self.read(f"/api/sms/requests?{query}")]

        self.assertEqual(listed(""), ids[::-1], "newest first")
        self.assertEqual(listed("status=completed&provider=provider1"), [ids[1], ids[0]])
        self.assertEqual(listed("status=pending"), [])
        self.assertEqual(listed("limit=2"), [ids[2], ids[1]])
        second = self.read(f"/api/sms/requests/{ids[1]}")["created_at"]
        self.assertIn(ids[1], listed(f"start_time={second}&end_time={second}"))
        self.assertEqual(listed("start_time=2000-01-01T00:00:00&end_time=2000-01-02T00:00:00"), [])
        for query in ("limit=0", "limit=1001", "status=sent", "start_time=noon"):
            self.assertEqual(self.api.get(f"/api/sms/requests?{query}").status, 400, query)
        self.assertEqual(self.api.get("/api/sms/requests/1").status, 404)

        stats = self.read("/api/sms/stats")["requests"]
        self.assertEqual(stats["total_requests"], 3)
        self.assertEqual(stats["status_breakdown"], {"pending": 0, "processing": 0, "completed": 3, "failed": 0})
        self.assertEqual(stats["provider_breakdown"], {"provider1": 2, "provider2": 1})

    def test_requests_survive_a_restart(self):
        gateway = self.twillow()
        message_id = self.send()
        before = self.wait_for(message_id, "completed")
        gateway.kill()
        gateway.start()
        self.assertEqual(self.read(f"/api/sms/requests/{message_id}"), before)
        self.wait_for(self.send(), "completed")

    def test_invalid_requests(self):
        self.twillow()
        answer = self.api.post("/api/sms/send", {"phone": "0192"})
        self.assertEqual((answer.status, [(fault["loc"], fault["type"]) for fault in answer.json["detail"]]),
                         (422, [(["body", "phone"], "string_too_short"), (["body", "text"], "missing")]))
        form = self.api.request("POST", "/api/sms/send", "phone=01921317475&text=x",
                                headers={"Content-Type": "application/x-www-form-urlencoded"})
        self.assertEqual((form.status, form.json), (415, {"detail": "Content-Type must be application/json."}))


class Door(TwillowCase):
    BODY = {"phone": "01921317475", "text": "Hello"}

    def test_nobody_else_gets_in(self):
        gateway = self.twillow(http={"hostnames": ["sms.internal"]})
        for headers in ({"X-Forwarded-For": "192.0.2.1"}, {"Forwarded": "for=192.0.2.1"}, {"Host": "rebound.example"},
                        {"Origin": "http://evil.example"}):
            answer = self.api.post("/api/sms/send", self.BODY, headers=headers)
            self.assertEqual(answer.status, 403, headers)
            self.assertIsInstance(answer.json["detail"], str)
        self.assertEqual(self.api.get("/api/sms/health", headers={"Host": "rebound.example"}).status, 403)
        self.assertEqual(self.api.post("/api/sms/send", self.BODY, headers={"Host": f"sms.internal:{gateway.port}"}).status,
                         200)
        wait_until(lambda: self.taken() > 0, "the one that got in to be sent")
        self.assertEqual([request["text"] for request in self.read("/api/sms/requests")], ["Hello"])

    def test_off_means_not_there(self):
        gateway = self.twillow(facades={"client": "facades", "twillow": False})
        for path in ("/api/sms/health", "/taskiq-status", "/api/sms/requests"):
            self.assertEqual(self.api.get(path).status, 404)
        self.assertEqual(self.api.post("/api/sms/send", self.BODY).status, 404)
        self.assertEqual(gateway.http.get("/v1/me").status, 200)

    def test_without_a_declared_client_it_is_off_and_said_once(self):
        gateway = self.twillow(facades={"client": "nobody"})
        self.assertEqual(self.api.post("/api/sms/send", self.BODY).status, 404)
        self.assertEqual(gateway.process.text().count("the facades are off"), 1)


class Quickstart(TwillowCase):
    """`serve --demo` with Twillow's own .env takes the place of its docker-compose."""

    def test_the_demo_serves_twillows_clients(self):
        ports = [free_port() for _ in range(4)]
        environment = {
            "PORT": str(ports[3]), "REDIS_URL": "redis://localhost:6379", "TASKIQ_BROKER_URL": "redis://localhost:6379",
            "DATABASE_URL": "sqlite:///./data/sms_gateway.db", "DEBUG": "true", "HELIOGRAPH_PLUGINS_PATH": PLUGINS,
            **{f"PROVIDER{n}_URL": f"http://localhost:{ports[n - 1]}/api/sms/provider{n}" for n in (1, 2, 3)},
        }
        process = Process(["serve", "--demo"], self.folder, environment)
        self.stack.callback(lambda: process.alive() and process.kill())
        process.wait_for_line("listening on")
        self.api = Http(ports[3])
        self.addCleanup(self.api.close)
        message_id = json.loads(shell(README_SEND, ports[3]))["message_id"]
        self.wait_for(message_id, "completed")
        limits = self.read("/api/sms/rate-limits")
        self.assertEqual((limits["provider_limit"], limits["global_limit"]), (50, 200))
        status = self.read("/taskiq-status")
        self.assertEqual((status["status"], status["redis_url"]), ("active", None))
        self.assertEqual(self.read("/api/sms/queue-status")["providers_configured"], 3)
        credit = Http(ports[3], "secret")
        self.addCleanup(credit.close)
        self.assertEqual(credit.get("/v1/me").json["credit_cents"], 100000, "the facades' client pays nothing")
        self.assertEqual(process.terminate(), 0, process.text())


if __name__ == "__main__":
    main()
