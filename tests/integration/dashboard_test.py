#!/usr/bin/env python3
"""The dashboard in a real browser: alive without a reload, usable by keyboard, in both colour schemes, with nothing to complain about.

HELIOGRAPH_PICTURES=docs/images writes the pictures of docs/dashboard.md anew.
"""
import json
import os
import queue
import random
import shutil
import subprocess
import threading

from harness import KEY, PATIENCE, GatewayTest, main, wait_until
from receiver import Receiver

FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "browser")
DEADLINE_SECONDS = 40 * PATIENCE
NUMBER, MASKED = "+14155552671", "+1415***2671"
LIMITED = {"limit": 50, "window": "1s"}


class Browser:
    """tests/browser/dashboard.mjs, step by step."""

    def __init__(self, base, pictures, key=KEY):
        self.process = subprocess.Popen(["node", os.path.join(FOLDER, "dashboard.mjs"), base, key, str(DEADLINE_SECONDS), pictures],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.lines = queue.Queue()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line)
        self.lines.put(None)

    def __call__(self, step, **given):
        self.process.stdin.write(json.dumps({"step": step, **given}) + "\n")
        self.process.stdin.flush()
        line = self.lines.get(timeout=2 * DEADLINE_SECONDS)
        if line is None or not line.startswith("{"):
            rest = [line] + [more for more in iter(lambda: self.lines.get(timeout=5), None)] if line else []
            raise AssertionError(f"the browser ended at {step} {given}: {''.join(rest)}")
        answer = json.loads(line)
        if "error" in answer:
            raise AssertionError(f"{step} {given}: {answer['error']}")
        return answer["value"]

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


class DashboardTest(GatewayTest):
    def setUp(self):
        super().setUp()
        for there in (shutil.which("node"), os.path.exists(os.path.join(FOLDER, "node_modules", "axe-core")),
                      os.path.exists(os.environ.get("HELIOGRAPH_CHROMIUM", "/usr/bin/chromium"))):
            self.assertTrue(there, "node, chromium or tests/browser/node_modules is missing: run packaging/install-deps.sh")
        self.mock1 = self.mock()
        self.receiver = Receiver()
        self.addCleanup(self.receiver.close)
        self.one = self.gateway([self.provider(self.mock1)], callbacks={"allow_http": True, "allow_cidrs": ["127.0.0.0/8"]})
        self.base = f"http://127.0.0.1:{self.one.port}"

    def open(self, view="", **context):
        browser = Browser(self.base, os.environ.get("HELIOGRAPH_PICTURES") or self.folder)
        self.stack.callback(browser.close)
        self.assertEqual(browser("open", **context)["title"], "Sign in – Heliograph")
        self.assertEqual(browser("signIn")["fault"], "")
        browser("waitFor", selector="#state[data-state=live]")
        if view:
            browser("click", selector=f"nav a[href='#{view}']")
        return browser

    def assert_nothing_to_complain_about(self, browser):
        seen = browser("faults")
        self.assertEqual(seen["console"], [])
        self.assertEqual(seen["failures"], [])
        self.assertEqual(seen["policy"], [], "the page broke its own Content-Security-Policy")
        for request in seen["requests"]:
            self.assertTrue(request["url"].startswith((self.base + "/", "data:")), f"the page asked another host: {request}")
            self.assertNotIn(KEY, request["url"])
            if "/v1/" in request["url"]:
                self.assertEqual(request["key"], KEY, request)

    def dead_letter(self):
        self.mock1.behave(success_rate=0, perm_fail_rate=1)
        message = self.one.send()
        self.one.wait_for_status(message, "FAILED_PERM")
        self.mock1.behave(success_rate=1, perm_fail_rate=0)
        return message


class Live(DashboardTest):
    def test_the_first_message_appears_without_a_reload(self):
        browser = self.open()
        browser("waitFor", selector="#newest-none", text="The first one appears here by itself")
        self.one.send()
        row = browser("waitFor", selector="#newest li", text=MASKED)
        self.assertIn("test", row)
        browser("waitFor", selector="#newest li .pill", text="SENT")
        browser("waitFor", selector="#tiles div:has(dt:text-is('Until sent')) dd", text="ms")
        pages = [request for request in browser("faults")["requests"] if request["url"] == self.base + "/"]
        self.assertEqual(len(pages), 1, "the page was loaded again")
        stored = browser("stored")
        self.assertEqual((stored["session"], stored["local"], stored["url"]), ({"heliograph.key": KEY}, {}, self.base + "/"))
        self.assert_nothing_to_complain_about(browser)

    def test_times_and_failures_are_those_of_every_message(self):
        """A message that has been delivered was sent before; one that fails late is shown, whatever came after it."""
        self.one.stop()
        self.one = self.gateway([self.provider(self.mock1, name="provider1", receipts=True)], port=self.one.port)
        self.mock1.behave(receipts_url=self.one.receipts_url("provider1"), receipt_delay_ms=0)
        for _ in range(3):
            self.one.wait_for_status(self.one.send(), "DELIVERED")
        dead = self.dead_letter()
        browser = self.open()
        for name in ("Until sent", "Until delivered"):
            browser("waitFor", selector=f"#tiles div:has(dt:text-is('{name}')) dd", text="ms")
        browser("waitFor", selector="#failures li", text="FAILED_PERM")
        browser("click", selector="#failures li button")
        browser("waitFor", selector="#story-body:has(dl)", text=dead)
        self.assert_nothing_to_complain_about(browser)

    def test_a_rate_is_of_snapshots_that_follow_each_other(self):
        """After a tab was hidden, or after a restart, what lies between is no figure of the last second."""
        browser = self.open()
        self.assertEqual(browser("rates"), {"next": 10, "hidden": None, "restarted": None, "first": None, "lines": [3, 2]})

    def test_it_comes_back_by_itself_when_the_gateway_does(self):
        browser = self.open()
        self.one.stop()
        browser("waitFor", selector="#state[data-state=lost]")
        self.one.start()
        browser("waitFor", selector="#state[data-state=live]")
        self.one.send()
        browser("waitFor", selector="#newest li", text=MASKED)

    def test_a_key_that_does_not_work_is_told_so(self):
        self.one.stop()
        one = self.gateway([self.provider(self.mock1)], port=self.one.port, clients=[
            {"name": "test", "key": KEY, "scopes": ["admin"]}, {"name": "shop", "key": "shop-key", "scopes": ["send", "read"]}])
        browser = Browser(f"http://127.0.0.1:{one.port}", self.folder)
        self.stack.callback(browser.close)
        browser("open")
        self.assertEqual(browser("signIn", **{"with": "wrong"})["fault"], "The API key is not valid.")
        self.assertEqual(browser("stored")["session"], {})
        browser("open")
        self.assertEqual(browser("signIn", **{"with": "shop-key"})["fault"], "This key has no scope admin.")
        self.assertEqual(browser("stored")["session"], {})
        browser("open")
        browser("signIn")
        browser("waitFor", selector="#state[data-state=live]")
        # Revoked while it is watched: the feed ends, and the page asks for another.
        self.assertEqual(one.client(KEY).post("/v1/admin/keys/revoke", {"api_key": KEY}).status, 204)
        browser("waitFor", selector="#sign-in")
        self.assertEqual(browser("stored")["session"], {})


class Acting(DashboardTest):
    def test_a_dead_letter_is_requeued_by_a_click(self):
        message = self.dead_letter()
        browser = self.open("dead-letters")
        self.assertIn("rejected", browser("waitFor", selector="#dead tbody tr"))
        browser("click", selector=f"[aria-label='Requeue message {message}']")
        browser("waitFor", selector="#said", text="requeued")
        self.one.wait_for_status(message, "SENT")
        browser("click", selector="#dead-refresh")
        browser("waitFor", selector="#dead", text="None.")
        self.assert_nothing_to_complain_about(browser)

    def test_all_dead_letters_that_are_shown_are_requeued_at_once(self):
        messages = [self.dead_letter() for _ in range(3)]
        browser = self.open("dead-letters")
        browser("waitFor", selector="#dead tbody tr:nth-child(3)")
        browser("accept")
        browser("click", selector="#dead-all")
        browser("waitFor", selector="#said", text="3 of 3 requeued.")
        for message in messages:
            self.one.wait_for_status(message, "SENT")
        # What cannot be requeued any more is told, and stays.
        message = self.dead_letter()
        browser("click", selector="#dead-refresh")
        browser("waitFor", selector=f"[aria-label='Requeue message {message}']")
        self.one.http.post(f"/v1/dead-letters/{message}/requeue", {})
        self.one.wait_for_status(message, "SENT")
        browser("click", selector=f"[aria-label='Requeue message {message}']")
        browser("waitFor", selector="#said", text="Not requeued")

    def test_a_provider_is_disabled_drained_and_enabled(self):
        browser = self.open()
        browser("waitFor", selector="#providers .pill", text="healthy")
        browser("click", selector="[aria-label='Disable mock']")
        browser("waitFor", selector="#providers .pill", text="disabled")
        browser("waitFor", selector="#said", text="mock is disabled")
        self.assertFalse(self.one.provider_status("mock")["enabled"])
        waiting = self.one.send()
        browser("waitFor", selector="#newest li .pill", text="QUEUED")
        browser("click", selector="[aria-label='Enable mock']")
        browser("waitFor", selector="#providers .pill", text="healthy")
        self.one.wait_for_status(waiting, "SENT")
        browser("accept")
        browser("click", selector="[aria-label='Drain mock']")
        browser("waitFor", selector="#providers .pill", text="disabled")
        self.assert_nothing_to_complain_about(browser)

    def test_everything_can_be_done_with_the_keyboard(self):
        message = self.dead_letter()
        browser = self.open()
        self.assertIsNotNone(browser("tabTo", name="Disable mock"))
        browser("press", keys=["Enter"])
        browser("waitFor", selector="#providers .pill", text="disabled")
        self.assertFalse(self.one.provider_status("mock")["enabled"])
        self.assertIsNotNone(browser("tabTo", name="Enable mock"))
        browser("press", keys=["Space"])
        wait_until(lambda: self.one.provider_status("mock")["enabled"], "the provider to be enabled")
        self.assertIsNotNone(browser("tabTo", name="Dead letters"))
        browser("press", keys=["Enter"])
        browser("waitFor", selector="#dead tbody tr")
        self.assertIsNotNone(browser("tabTo", name=f"Story of message {message}"))
        browser("press", keys=["Enter"])
        browser("waitFor", selector="#story[open] dl")
        browser("press", keys=["Escape"])
        self.assertEqual(browser("count", selector="#story[open]"), 0)
        self.assertEqual(browser("focused"), f"Story of message {message}", "the focus is not where it was")
        self.assertIsNotNone(browser("tabTo", name=f"Requeue message {message}"))
        browser("press", keys=["Enter"])
        self.one.wait_for_status(message, "SENT")
        self.assert_nothing_to_complain_about(browser)


class Searching(DashboardTest):
    def test_a_message_is_found_and_tells_its_whole_story(self):
        message = self.one.send(to="+442079460958", text="Meet me", client_reference="order-7",
                                callback_url=self.receiver.url("/hook?token=secret-token"))
        self.one.send()
        self.one.wait_for_status(message, "SENT")
        self.receiver.wait_for(1, "/hook?token=secret-token")
        browser = self.open("messages")
        browser("waitFor", selector="#found tbody tr")
        for typed in ("+442079460958", "order-7"):
            browser("fill", selector="#query", value=typed)
            browser("press", keys=["Enter"])
            browser("waitFor", selector="#said", text="Messages found: 1 shown.")
            row = browser("waitFor", selector="#found tbody tr")
            self.assertIn("SENT", row)
            self.assertNotIn("442079460958", row)
            self.assertNotIn("Meet me", row)
            browser("choose", selector="#status", value="FAILED_PERM")
            browser("press", keys=["Enter"])
            browser("click", selector="#search button")
            browser("waitFor", selector="#found", text="None.")
            browser("choose", selector="#status", value="")
        browser("fill", selector="#query", value=message)
        browser("press", keys=["Enter"])
        story = browser("waitFor", selector="#story-body:has(dl)")
        for expected in (message, "order-7", "Attempts (1)", "attempt 1 at mock", "Callbacks (1)", "message.sent", "http://127.0.0.1"):
            self.assertIn(expected, story)
        for hidden in ("442079460958", "Meet me", "secret-token"):
            self.assertNotIn(hidden, story)
        browser("click", selector="#story-body button:text('Show number and text')")
        browser("waitFor", selector="#story-body", text="Meet me")
        self.assertIn("+442079460958", browser("text", selector="#story-body"))
        self.one.process.wait_for_line("personal data shown to an operator")
        self.assert_nothing_to_complain_about(browser)

    def test_a_slow_answer_does_not_overwrite_a_later_one(self):
        ids = [self.one.send(client_reference=f"order-{i}") for i in range(2)]
        for message in ids:
            self.one.wait_for_status(message, "SENT")
        browser = self.open("messages")
        browser("waitFor", selector="#said", text="Messages found: 2 shown.")
        browser("hold", part="client_reference=order-0")
        browser("fill", selector="#query", value="order-0")
        browser("press", keys=["Enter"])
        wait_until(lambda: browser("held") == 1, "the first search")
        browser("fill", selector="#query", value="order-1")
        browser("press", keys=["Enter"])
        browser("waitFor", selector="#said", text="Messages found: 1 shown.")
        story = f"#found button[aria-label='Story of message {ids[1]}']"
        self.assertEqual(browser("count", selector=story), 1)
        browser("letGo")
        self.assertEqual(browser("count", selector=story), 1, "the first search's answer is shown")
        # Stories likewise, and nothing comes after the next one has signed in.
        browser("hold", part=f"v1/admin/messages/{ids[0]}")
        for message in ids:
            browser("fill", selector="#query", value=message)
            browser("press", keys=["Enter"])
            if message == ids[0]:
                wait_until(lambda: browser("held") == 1, "the first story")
                browser("press", keys=["Escape"])
        browser("waitFor", selector="#story-body", text=ids[1])
        browser("letGo")
        self.assertIn(ids[1], browser("text", selector="#story-body"))
        browser("press", keys=["Escape"])
        browser("hold", part="client_reference=order-0")
        browser("fill", selector="#query", value="order-0")
        browser("press", keys=["Enter"])
        wait_until(lambda: browser("held") == 1, "the last search")
        browser("click", selector="#sign-out")
        browser("letGo")
        self.assertEqual(browser("count", selector="#found tr"), 0)
        self.assert_nothing_to_complain_about(browser)

    def test_the_plugins_are_listed(self):
        browser = self.open("plugins")
        row = browser("waitFor", selector="#plugin-list tbody tr", text="mock")
        for expected in ("provider", "http 1.", "running", "none", "libhg_provider_http.so"):
            self.assertIn(expected, row)
        self.assert_nothing_to_complain_about(browser)


class Looks(DashboardTest):
    """With a gateway that has something of everything to show."""

    VIEWS = {"overview": "#newest li", "messages": "#found tbody tr", "dead-letters": "#dead tbody tr", "plugins": "#plugin-list tbody tr"}

    def setUp(self):
        super().setUp()
        self.one.stop()
        bad = self.mock("second")
        bad.behave(success_rate=0, temp_fail_rate=1)
        mocks = [self.mock1, bad, self.mock("third")]
        providers = [self.provider(mock, name=f"provider{i}", limit=LIMITED, receipts=i == 3) for i, mock in enumerate(mocks, 1)]
        mocks[2].behave(latency_ms=20, receipts_url=self.one.receipts_url("provider3"), receipt_delay_ms=800)
        self.one = self.gateway(providers, port=self.one.port, limits={"total": {"limit": 100, "window": "1s"}, "dispatch": {
            "limit": 200, "window": "1s"}}, health={"min_attempts": 5}, retry={"max_attempts": 3, "min_delay": "50ms"})
        for _ in range(5):
            self.dead_letter_at("provider1")
        for _ in range(60):
            self.one.send()

    def dead_letter_at(self, provider):
        self.mock1.behave(success_rate=0, perm_fail_rate=1)
        self.one.wait_for_status(self.one.send(provider=provider), "FAILED_PERM")
        self.mock1.behave(success_rate=1, perm_fail_rate=0)

    def test_no_view_breaks_a_rule_of_accessibility(self):
        for scheme in ("light", "dark"):
            browser = self.open(scheme=scheme, motion="reduce")
            for view, filled in self.VIEWS.items():
                browser("click", selector=f"nav a[href='#{view}']")
                browser("waitFor", selector=filled)
                self.assertEqual(browser("scan", name=f"{view}, {scheme}"), [])
            browser("click", selector="nav a[href='#dead-letters']")
            browser("click", selector="#dead tbody tr button")
            browser("waitFor", selector="#story[open] dl")
            self.assertEqual(browser("scan", name=f"story, {scheme}"), [])
            self.assert_nothing_to_complain_about(browser)

    def test_the_scheme_is_the_systems_until_somebody_chooses(self):
        light, dark = self.open(scheme="light"), self.open(scheme="dark")
        self.assertNotEqual(light("colours"), dark("colours"))
        self.assertEqual(dark("colours")["ground"], "rgb(16, 20, 27)")
        dark("click", selector="#theme")
        self.assertEqual(dark("colours"), light("colours"))

    def test_it_fits_a_narrow_window(self):
        browser = self.open(width=360, height=740)
        for view, filled in self.VIEWS.items():
            browser("click", selector=f"nav a[href='#{view}']")
            browser("waitFor", selector=filled)
            width = browser("width")
            self.assertLessEqual(width["page"], width["window"], f"{view} scrolls sideways")

    def test_pictures(self):
        for scheme in ("light", "dark"):
            browser = self.open(scheme=scheme)
            for _ in range(45 if "HELIOGRAPH_PICTURES" in os.environ else 3):
                for _ in range(random.randrange(10, 40)):
                    self.one.send()
                before = browser("attribute", selector="#throughput svg .line-0", name="d")
                wait_until(lambda: browser("attribute", selector="#throughput svg .line-0", name="d") != before, "the chart to move")
            browser("waitFor", selector="#failures li")
            browser("picture", name=f"dashboard-{scheme}")
            browser("click", selector="nav a[href='#dead-letters']")
            browser("click", selector="#dead tbody tr button")
            browser("waitFor", selector="#story[open] table")
            browser("picture", name=f"dashboard-story-{scheme}")


if __name__ == "__main__":
    main()
