#!/usr/bin/env python3
"""What a reload exchanges while messages flow, seen from where it counts: arrivals at the providers, receipts, limits in every
window across the swap. tests/fault/reload_test.py has the storm of all of them and the histories."""
import os
import shutil
import signal
import threading
import time

from harness import PLUGINS, GatewayTest, main, toml_section, wait_until
from limits_test import NS, most_in_any_window

LIMIT = 40


class Swap(GatewayTest):
    def world(self, count=1, mock=None, gateway=None, extra="", **fields):
        """`count` providers with the plugins in a folder of their own."""
        self.plugins = os.path.join(self.folder, "plugins")
        shutil.copytree(PLUGINS, self.plugins)
        os.chmod(self.plugins, 0o755)
        self.mocks = [self.mock(f"provider{i}", **(mock or {})) for i in range(1, count + 1)]
        self.tables = [self.provider(each, **fields) for each in self.mocks]
        self.gw = self.gateway(self.tables, plugins=self.plugins, extra=extra, log={"level": "info"}, **(gateway or {}))
        return self.gw

    def reload(self, status=200, **written):
        self.gw.write(providers=self.tables, **written)
        answer = self.gw.http.post("/v1/admin/reload")
        self.assertEqual(answer.status, status, answer)
        return answer.json

    def changes(self, said):
        return {(each["name"], each["change"]) for each in said["instances"]}

    def replace_file(self, name):
        """Another build of it, as its digest tells: an ELF file may have a tail."""
        path = os.path.join(self.plugins, name)
        with open(path, "rb") as file:
            content = file.read()
        with open(path + ".new", "wb") as file:
            file.write(content + b"another build")
        os.chmod(path + ".new", 0o755)
        os.replace(path + ".new", path)

    def backlog(self, count):
        message = {"to": "+14155552671", "from": "TEST", "text": "Hello"}
        answer = self.gw.http.post("/v1/messages/batch", {"messages": [message] * count})
        self.assertEqual(answer.json["accepted"], count, answer)
        return [item["message_id"] for item in answer.json["messages"]]

    def arrived(self):
        return sum(mock.count() for mock in self.mocks)

    def times(self):
        return sorted(arrival["at_ns"] for mock in self.mocks for arrival in mock.arrivals())

    def each_once(self, ids):
        for message_id in ids:
            self.assertEqual(self.gw.wait_for_status(message_id, "SENT", "DELIVERED")["attempts"], 1)
        arrivals = sorted(arrival["message_id"] for mock in self.mocks for arrival in mock.arrivals())
        self.assertEqual(arrivals, sorted(ids), "lost or doubled at the provider")

    # ---- limits ----

    def across(self, change, **options):
        """The times of arrivals of a backlog, with `change` in the midst of a window that is in use, and then again."""
        self.world(**{"limit": {"limit": LIMIT, "window": "1s"}, **options})
        ids = self.backlog(5 * LIMIT)
        for number in (1, 2):
            wait_until(lambda least=number * LIMIT + LIMIT // 2: self.arrived() >= least, "a window that is in use")
            change(number)
        wait_until(lambda: self.arrived() == len(ids), "the backlog to be sent", 60)
        self.each_once(ids)
        return self.times()

    def test_a_kept_limiter_goes_on(self):
        def change(number):
            self.tables[0]["weight"] = number + 1
            self.assertEqual(self.changes(self.reload()), set())

        self.assertLessEqual(most_in_any_window(self.across(change)), LIMIT)

    def test_counts_stay_with_their_rules_when_their_places_change(self):
        """A limit in front of another one moves it; the counts must not move to the wrong one, nor be forgotten."""
        def change(number):
            dispatch = {"limit": 10 * LIMIT, "window": "1s"} if number == 1 else {"limit": 11 * LIMIT, "window": "1s"}
            self.assertEqual(self.changes(self.reload(sections={"limits": {"dispatch": dispatch}})), {("limiter", "changed")})

        self.assertLessEqual(most_in_any_window(self.across(change)), LIMIT)

    def test_a_limit_is_raised_and_lowered(self):
        in_force = []

        def change(number):
            self.tables[0]["limit"] = {"limit": (2 * LIMIT, LIMIT // 2)[number - 1], "window": "1s"}
            self.reload()
            # The mock's clock is this machine's, as is this one: what arrives later was begun under the new limit, but for what
            # was on its way.
            in_force.append(time.time_ns() + NS // 5)

        times = self.across(change)
        self.assertLessEqual(most_in_any_window(times), 2 * LIMIT)
        self.assertLessEqual(most_in_any_window([at for at in times if at < in_force[0] - NS // 5 - NS]), LIMIT)
        lowered = [at for at in times if at > in_force[1]]
        self.assertGreater(len(lowered), LIMIT // 2)
        self.assertLessEqual(most_in_any_window(lowered), LIMIT // 2)

    def test_a_window_is_made_longer(self):
        in_force = []

        def change(number):
            self.tables[0]["limit"] = {"limit": LIMIT, "window": f"{1 + number}s"}
            self.reload()
            in_force.append(time.time_ns() + NS // 5)

        times = self.across(change)
        self.assertLessEqual(most_in_any_window(times), LIMIT)
        self.assertLessEqual(most_in_any_window([at for at in times if at > in_force[1]], 3 * NS), LIMIT)

    # ---- providers ----

    def test_what_a_removed_provider_has_in_hand_ends_and_the_rest_goes_elsewhere(self):
        gateway = self.world(2, mock={"latency": 1500}, max_in_flight=4)
        ids = self.backlog(40)
        wait_until(lambda: self.mocks[1].count() == 4, "the second to have its hands full")
        self.tables.pop()
        self.assertEqual(self.changes(self.reload()), {("provider2", "removed")})
        self.assertEqual([each["id"] for each in gateway.http.get("/v1/admin/providers").json["providers"]], ["provider1"])
        self.mocks[0].behave(latency_ms=0)
        self.each_once(ids)
        self.assertEqual(self.mocks[1].count(), 4, "it got more after it was removed")

    def test_what_hangs_in_a_removed_provider_is_unknown_and_not_dropped(self):
        gateway = self.world(2, gateway={"shutdown": {"drain_timeout": "500ms"}, "in_doubt": {"policy": "at_most_once", "wait": "100ms"}})
        self.mocks[1].behave(fault="hang")
        message_id = gateway.send(provider="provider2")
        wait_until(lambda: self.mocks[1].count() == 1, "the message to be in its hands")
        self.tables.pop()
        self.reload()
        gateway.wait_for_status(message_id, "UNKNOWN")
        self.assertEqual([attempt["outcome"] for attempt in gateway.attempts(message_id)], ["UNKNOWN"])
        self.assertEqual((self.mocks[0].count(), self.mocks[1].count()), (0, 1), "sent again, although at most once")

    def test_a_stop_does_not_wait_for_what_a_reload_left_before_it_drains(self):
        """A removed provider hangs until the drain time is over; what the others have in hand has that time too."""
        gateway = self.world(2, mock={"latency": 400}, max_in_flight=8,
                             gateway={"shutdown": {"drain_timeout": "3s"}, "in_doubt": {"policy": "at_most_once", "wait": "100ms"}})
        self.mocks[1].behave(fault="hang")
        hung = gateway.send(provider="provider2")
        wait_until(lambda: self.mocks[1].count() == 1, "the message to be in its hands")
        self.tables.pop()
        self.reload()
        ids = self.backlog(400)
        wait_until(lambda: self.mocks[0].count() >= 8, "hands full of messages")
        gateway.stop()
        self.mocks[0].behave(latency_ms=0)
        gateway.start()
        states = {message_id: gateway.wait_for_status(message_id, "SENT", "UNKNOWN")["status"] for message_id in ids}
        self.assertEqual([each for each, status in states.items() if status != "SENT"], [], "in doubt, although the provider answered")
        gateway.wait_for_status(hung, "UNKNOWN")
        arrivals = [arrival["message_id"] for arrival in self.mocks[0].arrivals()]
        self.assertEqual(sorted(arrivals), sorted(ids), "lost or doubled at the provider")

    def test_a_stop_amid_reloads(self):
        """Reloads wait behind one whose old instance still has messages in hand: none of them begins any more, and the end is an
        orderly one. Reading the file takes them long, so that the last of those messages ends meanwhile."""
        prices = "".join(toml_section("[[price]]", {"prefix": f"+1{number}", "cents": 5}) for number in range(100_000, 106_000))
        gateway, apart, ids = self.world(mock={"latency": 300}, max_in_flight=8, extra=prices), threading.Event(), []
        for number in range(4):
            before = self.arrived()
            ids += self.backlog(24)
            wait_until(lambda least=before + 8: self.arrived() >= least, "hands full of messages")
            self.tables[0]["config"] = {**self.tables[0]["config"], "headers": {"X-Generation": str(number)}}
            self.mocks[0].behave(latency_ms=600)
            self.reload()
            for _ in range(20):  # a signal that is pending swallows the next one
                gateway.process.process.send_signal(signal.SIGHUP)
                apart.wait(0.001)
            gateway.stop()  # exit code 0
            gateway.start()
            self.mocks[0].behave(latency_ms=300)
        self.each_once(ids)

    def test_a_receipt_finds_its_message_after_the_instance_was_replaced(self):
        gateway = self.world(receipts=True)
        self.mocks[0].behave(receipts_url=gateway.receipts_url("provider1"), receipt_delay_ms=1000)
        ids = self.backlog(30)
        for message_id in ids:
            gateway.wait_for_status(message_id, "SENT", "DELIVERED")
        self.replace_file("libhg_provider_http.so")
        self.assertEqual(self.changes(self.reload()), {("provider1", "replaced")})
        for message_id in ids:
            gateway.wait_for_status(message_id, "DELIVERED")
        instance = next(each for each in gateway.http.get("/v1/admin/plugins").json["plugins"] if each["name"] == "provider1")
        self.assertEqual(instance["generation"], 2)

    def test_a_window_holds_across_swaps(self):
        """max_in_flight of a kept instance: what it has in hand already counts."""
        self.world(mock={"latency": 300}, max_in_flight=3)
        ids = self.backlog(30)
        for number in range(4):
            wait_until(lambda least=3 * (number + 1): self.arrived() >= least, "more to be in hand")
            self.tables[0]["weight"] = number + 2
            self.assertEqual(self.changes(self.reload()), set())
        self.each_once(ids)
        # Four in hand at once would be four arrivals within one latency.
        self.assertLessEqual(most_in_any_window(self.times(), 290 * NS // 1000), 3)

    def test_messages_in_memory_are_counted_once(self):
        gateway = self.world(mock={"latency": 200}, max_in_flight=2)
        ids = self.backlog(40)
        for number in range(3):
            wait_until(lambda least=2 * (number + 1): self.arrived() >= least, "some to be sent")
            self.tables[0]["priority"] = number + 1
            self.reload()
        self.mocks[0].behave(latency_ms=0)
        self.each_once(ids)

        def in_memory():
            text = gateway.client(None).get("/metrics").body.decode()
            return [line.split()[1] for line in text.splitlines() if line.startswith("heliograph_pipeline_messages")]

        wait_until(lambda: in_memory() == ["0"], "no message to be counted any more")

    # ---- strategies and routes ----

    def test_routes_come_and_go_under_load(self):
        gateway, stop, failed = self.world(2), threading.Event(), []

        def load():
            http = gateway.client()
            while not stop.is_set():
                answer = http.post("/v1/messages", {"to": "+14155552671", "from": "TEST", "text": "Hello"})
                if answer.status != 202:
                    failed.append(answer)
            http.close()

        threads = [threading.Thread(target=load) for _ in range(3)]
        for thread in threads:
            thread.start()
        try:
            for name in ("provider2", "provider1", "provider2"):
                self.reload(extra=toml_section("[[route]]", {"name": "otp", "tags": ["otp"], "provider": [{"id": name}]}))
                for message_id in [gateway.send(metadata={"tag": "otp"}) for _ in range(10)]:
                    self.assertEqual(gateway.wait_for_status(message_id, "SENT")["provider"], name)
            self.reload(extra="")
            tagged = [gateway.send(metadata={"tag": "otp"}) for _ in range(20)]
            used = {gateway.wait_for_status(message_id, "SENT")["provider"] for message_id in tagged}
            self.assertEqual(used, {"provider1", "provider2"}, "the rule is gone")
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        self.assertEqual(failed, [])

    def test_a_weight_counts_at_once(self):
        self.world(2)
        self.each_once(first := self.backlog(100))
        self.assertAlmostEqual(self.mocks[0].count(), 50, delta=5)
        self.tables[0]["weight"] = 0
        self.reload()
        before = self.mocks[0].count()
        self.each_once(first + self.backlog(50))
        self.assertEqual(self.mocks[0].count(), before)

    # ---- what fails ----

    def test_a_table_that_the_plugin_refuses_changes_nothing(self):
        gateway = self.world(2)
        ids = self.backlog(50)
        good = self.tables[1]
        for bad in ({**good, "config": {"url": "no address"}}, {**good, "config": {}}, {**good, "config": {**good["config"], "nmae": 1}}):
            self.tables[1], self.tables[0]["weight"] = bad, 9
            refusal = self.reload(422)
            self.assertEqual(refusal["generation"], 1)
            self.assertRegex(" ".join(refusal["errors"]), "provider2|provider 'provider2'|url|nmae")
            self.assertEqual(gateway.provider_status("provider1")["weight"], 1)
        self.each_once(ids + self.backlog(20))
        self.assertEqual({each["generation"] for each in gateway.http.get("/v1/admin/plugins").json["plugins"]}, {1})


if __name__ == "__main__":
    main()
