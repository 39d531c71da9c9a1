#!/usr/bin/env python3
"""GET /metrics of the real binary: the figures are those of what was done, promtool finds nothing to complain of, docs/metrics.md
names each metric, and the alert rules and the dashboard use only names that exist."""
import http.client
import json
import os
import re
import subprocess
import threading
import time

import harness
from harness import GatewayTest, main, wait_until
from receiver import Receiver

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
OPERATING_PAGE = os.path.join(ROOT, "docs", "operating.md")
METRICS_PAGE = os.path.join(ROOT, "docs", "metrics.md")
PROMETHEUS = os.path.join(ROOT, "packaging", "prometheus")
DASHBOARD = os.path.join(ROOT, "packaging", "grafana", "heliograph.json")
SAMPLE = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"')
PARTS = ("_bucket", "_sum", "_count")
NUMBER = "+14155550199"


class Page:
    """A scrape: values by name and labels."""

    def __init__(self, text):
        self.text, self.types, self.samples = text, {}, []
        for line in text.splitlines():
            if line.startswith("# TYPE "):
                _, _, name, kind = line.split(" ", 3)
                self.types[name] = kind
            elif not line.startswith("#"):
                name, labels, value = SAMPLE.match(line).groups()
                self.samples.append((name, dict(LABEL.findall(labels or "")), float(value)))

    def value(self, name, **labels):
        """The one sample of the name that has these labels."""
        found = [value for known, has, value in self.samples if known == name and labels.items() <= has.items()]
        assert len(found) == 1, f"{name} {labels}: {found}\n{self.text}"
        return found[0]

    def sum(self, name, **labels):
        return sum(value for known, has, value in self.samples if known == name and labels.items() <= has.items())

    def family(self, name):
        """The name under which a sample is declared."""
        for part in PARTS:
            if name.endswith(part) and self.types.get(name[:-len(part)]) == "histogram":
                return name[:-len(part)]
        return name


def promtool(*arguments, text=None):
    run = subprocess.run(["promtool", *arguments], input=text, capture_output=True, text=True, timeout=60, check=False)
    return run.returncode, run.stdout + run.stderr


class Scraping(GatewayTest):
    def scrape(self, gateway, client=None):
        answer = (client or gateway.client(None)).get("/metrics")
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(answer.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8")
        page = Page(answer.body.decode())
        self.assertEqual(page.value("heliograph_scrape_complete"), 1, page.text)
        return page

    def reached(self, gateway, check, what):
        """A scrape for which `check` holds: figures are told after the answer to the client."""
        def look():
            page = self.scrape(gateway)
            return page if check(page) else None
        return wait_until(look, what)

    def busy(self):
        """A gateway in which everything has happened: sent, delivered, refused, failed, retried, limited, called back."""
        port = harness.free_port()
        receiver = Receiver()
        self.stack.callback(receiver.close)
        good = self.mock("good", receipts=f"http://127.0.0.1:{port}/v1/providers/good/events")
        self.bad = self.mock("bad", success_rate=0)
        clients = [{"name": "test", "key": harness.KEY, "credit_cents": 1_000_000, "scopes": ["send", "read", "admin"]},
                   {"name": "poor", "key": "poor-key", "scopes": ["send"]}]
        gateway = self.gateway(
            [self.provider(good, receipts=True, limit={"limit": 1000, "window": "1s"}), self.provider(self.bad, weight=0)],
            port=port, clients=clients, retry={"max_attempts": 3, "min_delay": "10ms", "max_delay": "20ms", "jitter": "none"},
            health={"min_attempts": 100_000}, callbacks={"allow_cidrs": ["127.0.0.0/8"], "allow_http": True})
        answer = gateway.http.post("/v1/callbacks", {"url": receiver.url("/hook")})
        self.assertEqual(answer.status, 201, answer)
        return gateway


class MetricsTest(Scraping):
    def test_figures_are_those_of_what_was_done(self):
        gateway = self.busy()
        for _ in range(5):
            gateway.wait_for_status(gateway.send(to=NUMBER), "DELIVERED")
        gateway.wait_for_status(gateway.send(priority="urgent"), "DELIVERED")
        for _ in range(2):
            gateway.wait_for_status(gateway.send(provider="bad"), "FAILED_PERM")
        self.refusals(gateway)
        batch = gateway.http.post("/v1/messages/batch", {"messages": [{"to": NUMBER, "from": "A", "text": "x"}, {"to": "?"}]})
        self.assertEqual(batch.status, 200, batch)
        page = self.reached(gateway, lambda page: page.value("heliograph_message_status_total", status="DELIVERED") == 8
                            and page.sum("heliograph_callback_attempts_total", result="delivered") >= 16
                            and page.value("heliograph_callbacks_pending") == 0, "all to be counted, and kept as delivered")

        normal = {"channel": "sms", "lane": "normal"}
        self.assertEqual(page.value("heliograph_messages_accepted_total", **normal), 9)
        self.assertEqual(page.value("heliograph_messages_accepted_total", channel="sms", lane="urgent"), 1)
        self.assertEqual(page.value("heliograph_messages_replayed_total"), 1)
        for reason, count in {"invalid": 2, "no_credit": 1, "idempotency_mismatch": 1, "queue_full": 0}.items():
            self.assertEqual(page.value("heliograph_messages_refused_total", reason=reason), count, reason)
        self.assertEqual(page.value("heliograph_attempts_total", provider="good", outcome="sent"), 8)
        self.assertEqual(page.value("heliograph_attempts_total", provider="bad", outcome="retry"), 6)
        self.assertEqual(page.value("heliograph_attempts_total", provider="bad", outcome="sent"), 0)
        self.assertEqual(page.value("heliograph_retries_total", provider="bad"), 4)
        self.assertEqual(page.value("heliograph_dead_letters_total", status="FAILED_PERM"), 2)
        self.assertEqual(page.value("heliograph_message_status_total", status="FAILED_TEMP"), 4)
        self.assertEqual(page.value("heliograph_accept_to_send_seconds_count", lane="urgent"), 1)
        self.assertEqual(page.value("heliograph_accept_to_send_seconds_count", lane="normal"), 9)
        self.assertEqual(page.value("heliograph_send_to_receipt_seconds_count", provider="good"), 8)
        self.assertLess(page.value("heliograph_accept_to_send_seconds_sum", lane="urgent"), 60)
        self.assertEqual(page.value("heliograph_limiter_permits_total", provider="good", result="granted"), 8)
        self.assertEqual(page.value("heliograph_limiter_wait_seconds_count", provider="good"), 8)
        self.assertEqual(page.value("heliograph_limit_quota", limit="provider good"), 1000)
        self.assertGreaterEqual(page.sum("heliograph_receipts_total"), 8)
        self.states(page)
        self.plumbing(page)

    def refusals(self, gateway):
        self.assertEqual(gateway.http.post("/v1/messages", {"to": "nobody", "from": "A", "text": "x"}).status, 400)
        poor = gateway.client("poor-key").post("/v1/messages", {"to": NUMBER, "from": "A", "text": "x"})
        self.assertEqual(poor.status, 402, poor)
        self.assertEqual(gateway.client("wrong").get("/v1/me").status, 401)
        body, key = {"to": NUMBER, "from": "A", "text": "once"}, {"Idempotency-Key": "one"}
        for status in (202, 202):
            self.assertEqual(gateway.http.post("/v1/messages", body, headers=key).status, status)
        self.assertEqual(gateway.http.post("/v1/messages", {**body, "text": "other"}, headers=key).status, 422)

    def states(self, page):
        for name in ("heliograph_queue_waiting_messages", "heliograph_queue_sending_messages", "heliograph_callbacks_in_flight",
                     "heliograph_attempts_in_flight", "heliograph_pipeline_messages"):
            self.assertEqual(page.value(name), 0, name)
        for provider in ("good", "bad"):
            self.assertEqual(page.value("heliograph_provider_healthy", provider=provider), 1)
            self.assertEqual(page.value("heliograph_provider_circuit", provider=provider, state="closed"), 1)
            self.assertEqual(page.sum("heliograph_provider_circuit", provider=provider), 1)
        self.assertEqual(page.value("heliograph_store_accepting"), 1)
        self.assertEqual(page.value("heliograph_ready"), 1)
        self.assertEqual(page.value("heliograph_callbacks_pending"), 0)

    def plumbing(self, page):
        self.assertEqual(page.value("heliograph_http_responses_total", code="401"), 1)
        self.assertEqual(page.value("heliograph_http_responses_total", code="402"), 1)
        self.assertGreaterEqual(page.value("heliograph_store_commit_seconds_count"), 20)
        self.assertEqual(page.value("heliograph_store_commit_seconds_count"), page.value("heliograph_store_batch_operations_count"))
        self.assertGreaterEqual(page.value("heliograph_plugin_calls_total", instance_name="good"), 8)
        self.assertEqual(page.value("heliograph_plugin_up", instance_name="good"), 1)
        self.assertEqual(page.sum("heliograph_plugin_misbehaviour_total"), 0)
        self.assertGreater(page.value("process_resident_memory_bytes"), 1e6)
        self.assertGreater(page.value("process_cpu_seconds_total"), 0)

    def test_states_are_those_of_the_moment(self):
        mock = self.mock("provider1")
        gateway = self.gateway([self.provider(mock, enabled=False)])
        for text in ("one", "two"):
            gateway.send(text=text)
        gateway.send(send_at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 86400)))
        page = self.reached(gateway, lambda page: page.value("heliograph_queue_waiting_messages") == 3, "three to wait")
        self.assertEqual(page.value("heliograph_queue_messages", lane="normal", state="due"), 2)
        self.assertEqual(page.value("heliograph_queue_messages", lane="normal", state="later"), 1)
        self.assertEqual(page.value("heliograph_provider_enabled", provider="provider1"), 0)
        self.assertEqual(page.value("heliograph_provider_healthy", provider="provider1"), 0)
        age = page.value("heliograph_queue_oldest_age_seconds", lane="normal")
        self.reached(gateway, lambda page: page.value("heliograph_queue_oldest_age_seconds", lane="normal") > age, "the oldest to age")
        self.assertEqual(page.value("heliograph_queue_oldest_age_seconds", lane="bulk"), 0)

    def test_a_provider_that_fails_is_seen(self):
        gateway = self.gateway([self.provider(self.mock("bad", success_rate=0))], health={"min_attempts": 3})
        gateway.send()
        page = self.reached(gateway, lambda page: page.value("heliograph_provider_healthy", provider="bad") == 0, "the circuit to open")
        self.assertEqual(page.value("heliograph_provider_circuit", provider="bad", state="closed"), 0)

    def test_callbacks_that_wait_are_counted(self):
        mock = self.mock()
        gateway = self.gateway([self.provider(mock)], callbacks={"allow_cidrs": ["127.0.0.0/8"], "allow_http": True})
        nobody = f"http://127.0.0.1:{harness.free_port()}/"
        self.assertEqual(gateway.http.post("/v1/callbacks", {"url": nobody}).status, 201)
        gateway.send()
        page = self.reached(gateway, lambda page: page.sum("heliograph_callback_attempts_total", result="failed") > 0, "a failure")
        self.assertEqual(page.value("heliograph_callbacks_pending"), 1)
        self.assertGreater(page.value("heliograph_callbacks_oldest_age_seconds"), 0)

    def test_what_plugins_count_themselves(self):
        mock = self.mock()
        gateway = self.gateway([self.provider(mock, receipts=True), self.provider(mock, name="other")],
                               distributor={"plugin": "least_failure"})
        page = self.scrape(gateway)
        own = [name for name in page.types if name.startswith("heliograph_plugin_least_failure_")]
        self.assertTrue(own, page.text)
        for name in own:
            self.assertEqual(page.types[name] == "counter", name.endswith("_total"), name)
        self.assertEqual(promtool("check", "metrics", text=page.text), (0, ""))

    def test_promtool_finds_nothing_to_complain_of(self):
        page = self.scrape(self.busy())
        self.assertEqual(promtool("check", "metrics", text=page.text), (0, ""))

    def test_nothing_personal_and_no_ids(self):
        gateway = self.busy()
        message = gateway.send(to=NUMBER, client_reference="my-reference")
        gateway.wait_for_status(message, "DELIVERED")
        text = self.scrape(gateway).text
        for secret in (NUMBER[1:], message, "my-reference", harness.KEY):
            self.assertNotIn(secret, text)

    def test_many_who_look_do_not_stop_the_sending(self):
        gateway = self.busy()
        stop = threading.Event()

        def look():
            client = harness.Http(gateway.port, check=None)
            while not stop.is_set():
                client.get("/metrics")
        lookers = [threading.Thread(target=look, daemon=True) for _ in range(4)]
        for looker in lookers:
            looker.start()
        try:
            for message in [gateway.send() for _ in range(50)]:
                gateway.wait_for_status(message, "DELIVERED")
        finally:
            stop.set()
            for looker in lookers:
                looker.join(20)


class BadPlugins(Scraping):
    """Plugins with a fault: counted, and no way to keep the page from being made."""

    def serve(self, fault):
        return self.gateway_with_bad_plugin(fault, timeout="300ms")

    def test_misbehaviour_is_counted_by_its_kind(self):
        gateway = self.serve("double_completion")
        gateway.send()
        self.reached(gateway, lambda page: page.value("heliograph_plugin_misbehaviour_total", instance_name="bad", plugin="bad",
                                                      fault="double_completion") > 0, "the fault")

    def test_calls_over_their_budget_are_counted(self):
        gateway = self.serve("blocks_in_send")
        gateway.send()
        self.reached(gateway, lambda page: page.value("heliograph_plugin_overruns_total", instance_name="bad") > 0, "an overrun")

    def test_a_loop_that_hangs_costs_its_own_figures_alone(self):
        gateway = self.serve("hangs_in_send")
        gateway.send()

        def look():
            answer = gateway.client(None).get("/metrics")
            self.assertEqual(answer.status, 200, answer)
            page = Page(answer.body.decode())
            return page if page.value("heliograph_scrape_complete") == 0 else None
        page = wait_until(look, "the loop to hang")
        self.assertEqual([name for name, _, _ in page.samples if name == "heliograph_provider_healthy"], [])
        self.assertEqual(page.value("heliograph_messages_accepted_total", channel="sms", lane="normal"), 1)
        self.assertEqual(page.sum("heliograph_queue_messages", state="due"), 1)
        self.assertEqual(promtool("check", "metrics", text=page.text), (0, ""))
        # Whoever watches the feed is not kept waiting for the loop either.
        feed = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=20 * harness.PATIENCE)
        self.addCleanup(feed.close)
        feed.request("GET", "/v1/admin/live", headers={"X-API-Key": harness.KEY})
        self.assertEqual(feed.getresponse().read(), b"")
        gateway.kill()


class DoorTest(GatewayTest):
    """Who may look."""

    def statuses(self, port, **headers):
        plain = harness.Http(port)
        keyed = harness.Http(port, harness.KEY)
        return plain.get("/metrics", headers=headers).status, keyed.get("/metrics", headers=headers).status

    def test_programs_on_this_machine_need_no_key_and_what_a_proxy_passes_on_does(self):
        gateway = self.gateway([self.provider(self.mock())])
        self.assertEqual(self.statuses(gateway.port), (200, 200))
        self.assertEqual(self.statuses(gateway.port, **{"X-Forwarded-For": "192.0.2.7"}), (401, 200))
        self.assertEqual(self.statuses(gateway.port, Host="gateway.example"), (401, 200))

    def test_the_scope_admin_is_needed(self):
        gateway = self.gateway([self.provider(self.mock())],
                               clients=[{"name": "test", "key": harness.KEY, "scopes": ["send", "read"]}])
        self.assertEqual(self.statuses(gateway.port, **{"X-Forwarded-For": "192.0.2.7"}), (401, 403))

    def test_a_listener_of_its_own_needs_no_key(self):
        port = harness.free_port()
        extra = f'[[http.listener]]\nlisten = "127.0.0.1:{port}"\nroles = ["metrics"]\n'
        gateway = self.gateway([self.provider(self.mock())], extra=extra)
        self.assertEqual(self.statuses(port, **{"X-Forwarded-For": "192.0.2.7"}), (200, 200))
        self.assertEqual(harness.Http(port, harness.KEY).get("/v1/me").status, 404)
        self.assertEqual(harness.Http(port).get("/healthz").status, 200)
        self.assertEqual(self.statuses(gateway.port), (404, 404))


class Papers(Scraping):
    """The page about the metrics, the alert rules and the dashboard, against a real scrape."""

    def setUp(self):
        super().setUp()
        gateway = self.busy()
        gateway.wait_for_status(gateway.send(), "DELIVERED")
        self.page = self.reached(gateway, lambda page: page.sum("heliograph_send_to_receipt_seconds_count") > 0, "a receipt")

    def test_each_metric_is_described_as_it_is(self):
        described = {}
        with open(METRICS_PAGE, encoding="utf-8") as file:
            for name, kind, labels in re.findall(r"^\| `([a-z_]+)` \| (\w+) \|([^|]*)\|", file.read(), re.M):
                self.assertNotIn(name, described, "described twice")
                described[name] = (kind, set(re.findall(r"`([a-z_]+)`", labels)))
        real = {name: (kind, set()) for name, kind in self.page.types.items() if not name.startswith("heliograph_plugin_http_")}
        for sample, labels, _ in self.page.samples:
            if self.page.family(sample) in real:
                real[self.page.family(sample)][1].update(labels.keys() - {"le"})
        self.assertEqual(described, real)

    def names_exist(self, expressions, where):
        """Each name in these expressions is that of a series, and each label that is asked for has the value."""
        known = {(name, label, value) for name, labels, _ in self.page.samples for label, value in labels.items()}
        names = {name for name, _, _ in self.page.samples}
        used = set()
        for expression in expressions:
            for name, labels in re.findall(r"\b((?:heliograph|process)_\w+)(?:\{([^}]*)\})?", expression):
                self.assertIn(name, names, f"{where}: {expression}")
                used.add(self.page.family(name))
                for label, comparison, value in re.findall(r'(\w+)(=~|!=|=)"([^"]*)"', labels or ""):
                    if label in ("instance", "job"):
                        continue
                    for one in value.split("|") if comparison == "=~" else [value]:
                        self.assertTrue((name, label, one) in known, f"{where}: {label}={one} in {expression}")
        return used

    def test_the_alert_rules_are_right_and_use_what_exists(self):
        rules = os.path.join(PROMETHEUS, "heliograph.rules.yml")
        for arguments in (("check", "rules", rules), ("check", "config", os.path.join(PROMETHEUS, "prometheus.yml")),
                          ("test", "rules", os.path.join(PROMETHEUS, "heliograph.test.yml"))):
            code, output = promtool(*arguments)
            self.assertEqual(code, 0, output)
        with open(rules, encoding="utf-8") as file:
            text = file.read()
        alerts, expressions = re.findall(r"- alert: (\w+)", text), re.findall(r"expr: (.+)", text)
        self.assertEqual(len(alerts), len(expressions))
        self.assertGreater(len(self.names_exist(expressions, "heliograph.rules.yml")), 15)
        with open(OPERATING_PAGE, encoding="utf-8") as file:
            told = re.findall(r"^\| `(Heliograph\w+)` \|", file.read(), re.M)
        self.assertEqual(sorted(told), sorted(alerts), "docs/operating.md says what to do about each alert")

    def test_the_dashboard_uses_what_exists(self):
        with open(DASHBOARD, encoding="utf-8") as file:
            dashboard = json.load(file)
        self.assertEqual(len({panel["id"] for panel in dashboard["panels"]}), len(dashboard["panels"]))
        expressions = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", ())]
        expressions += [entry["expr"] for entry in dashboard["annotations"]["list"]]
        expressions.append(dashboard["templating"]["list"][1]["definition"])
        used = self.names_exist(expressions, "heliograph.json")
        rare = {"heliograph_provider_enabled", "heliograph_provider_paused_seconds", "heliograph_queue_hints_dropped_total",
                "heliograph_plugin_info", "heliograph_plugin_up", "heliograph_scrape_complete", "heliograph_scrape_seconds",
                "process_threads", "process_virtual_memory_bytes", "heliograph_plugin_http_receipts_refused_total"}
        self.assertEqual(set(self.page.types) - used, rare, "everything else is shown")
        self.syntax_is_right([expression.replace("$__rate_interval", "5m").replace("$instance", ".*") for expression in expressions[:-1]])

    def syntax_is_right(self, expressions):
        """promtool reads expressions in rules alone."""
        path = os.path.join(self.folder, "rules.yml")
        rules = [{"record": f"r{number}", "expr": expression} for number, expression in enumerate(expressions)]
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"groups": [{"name": "g", "rules": rules}]}, file)
        code, output = promtool("check", "rules", path)
        self.assertEqual(code, 0, output)


if __name__ == "__main__":
    main()
