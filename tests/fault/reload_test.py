#!/usr/bin/env python3
"""Reloads under load: providers come, go and change, plugin files are replaced, strategies, routes and limits are exchanged, and
every accepted message is finished once, none of them in doubt."""
import os
import shutil
import time

import histories
from fault import FULL, FaultTest, figures
from harness import BINARY, PLUGINS, main, wait_until
from redis_test import most_in_any_window

ROUNDS = 150 if FULL else 14


class Reload(FaultTest):
    def start(self, **options):
        self.plugins = os.path.join(self.folder, "plugins")
        shutil.copytree(PLUGINS, self.plugins)
        os.chmod(self.plugins, 0o755)
        self.generation, self.files = 1, 0
        gateway = self.world(start=False, log={"level": "info"}, in_doubt={"wait": "1s"}, **options)
        self.tables = [dict(table) for table in gateway.tables["providers"]]
        gateway.write(plugins=self.plugins)
        return gateway.start()

    def reload(self, **written):
        """What a reload of this configuration said; it must be in force."""
        self.gw.write(providers=self.tables, **written)
        answer = self.gw.http.post("/v1/admin/reload")
        self.assertEqual(answer.status, 200, answer.body)
        self.generation += 1
        self.assertEqual(answer.json["generation"], self.generation, answer.json)
        return answer.json

    def replace_file(self, name="libhg_provider_http.so"):
        """Another build of the plugin, as its digest tells: an ELF file may have a tail."""
        path, self.files = os.path.join(self.plugins, name), self.files + 1
        with open(path, "rb") as file:
            content = file.read()
        with open(path + ".new", "wb") as file:
            file.write(content + b"%d" % self.files)
        os.chmod(path + ".new", 0o755)
        os.replace(path + ".new", path)

    # ---- what may change; each returns what is written, and what becomes of instances ----

    def weight(self):
        self.tables[0]["weight"] = self.tables[0].get("weight", 1) + 1
        return {}, set()

    def window(self):
        self.tables[0]["max_in_flight"] = 5 if self.tables[0].get("max_in_flight") != 5 else 50
        return {}, set()

    def table(self):
        config = self.tables[1]["config"]
        config["headers"] = {"X-Generation": str(self.generation)}
        return {}, {("provider2", "replaced")}

    def added(self):
        if len(self.tables) > 2:
            return self.removed()
        self.tables.append({**self.tables[0], "id": "provider3", "config": {"url": self.third.url}})
        return {}, {("provider3", "added")}

    def removed(self):
        self.tables.pop()
        return {}, {("provider3", "removed")}

    def file(self):
        if self.files == 6:  # eight stay resident at most
            return self.weight()
        self.replace_file()
        return {}, {(table["id"], "replaced") for table in self.tables}

    def distributor(self):
        sections = self.gw.tables["sections"]
        other = "least_failure" if sections.get("distributor", {}).get("plugin") != "least_failure" else "weighted_round_robin"
        return {"sections": {"distributor": {"plugin": other}}}, {("distributor", "replaced")}

    def limits(self):
        limit = 400 + self.generation
        return {"sections": {"limits.dispatch": {"limit": limit}}}, None

    def retry(self):
        return {"sections": {"retry": {"max_attempts": 50 + self.generation}}}, set()

    def test_under_load(self):
        self.third = None
        gateway, slowest = self.start(), 0.0
        self.third = self.mock("provider3", seed=3)
        self.third.behave(receipts_url=gateway.receipts_url("provider3"), receipt_delay_ms=20)
        self.mocks.append(self.third)
        load = self.load()
        kinds = [self.weight, self.window, self.table, self.added, self.file, self.distributor, self.limits, self.retry]
        for number in range(ROUNDS):
            load.wait_for(self.dice.randrange(5, 80))
            written, becomes = kinds[number % len(kinds)]()
            started = time.monotonic()
            said = self.reload(**written)
            slowest = max(slowest, time.monotonic() - started)
            if becomes is not None:
                self.assertEqual({(each["name"], each["change"]) for each in said["instances"]}, becomes, (number, said))
        load.wait_for(50)
        load.end()
        names = {instance["name"] for instance in gateway.http.get("/v1/admin/plugins").json["plugins"]}
        self.assertIn("provider2", names)
        self.judge(at_most_once=True)
        doubtful = [message for message, row in self.history.database.messages.items() if row["possible_duplicate"]]
        self.assertEqual(doubtful[:5], [], f"{histories.DUPLICATE}: flagged after reloads alone")
        figures(reloads=ROUNDS, accepted=load.accepted, slowest=f"{slowest:.2f} s")

    def test_limits_hold_across_reloads(self):
        limit, window_ms, backlog = 40, 500, 600 if FULL else 260
        contract = {"limit": {"limit": limit, "window": f"{window_ms}ms"}}
        gateway = self.start(providers=1, latency=(0,), perm_fail_rate=0, limiter={"guard": "60ms"})
        self.tables[0].update(contract)
        self.assertEqual([each["change"] for each in self.reload()["instances"]], ["added"])
        first, told = self.mocks[0], []
        message = {"to": "+14155552671", "from": "TEST", "text": "private words"}
        answer = gateway.http.post("/v1/messages/batch", {"messages": [message] * backlog})
        self.assertEqual(len(self.history.tell(answer)), backlog, answer)

        def rules():  # another limit beside it: the counts go on under other rules
            other = {**self.tables[0], "id": "provider2", "weight": 0, "limit": {"limit": 5 + self.generation}}
            self.tables[1:] = [other]

        def table():  # the provider is replaced, its limit is not
            self.tables[0]["config"]["headers"] = {"X-Generation": str(self.generation)}

        kinds = [rules, lambda: self.replace_file("libhg_limiter_memory.so"), table]
        while first.count() < backlog:
            before = first.count()
            wait_until(lambda least=min(backlog, before + 25): first.count() >= least, "sends between reloads", 30)
            kinds[len(told) % 3]() if len(told) < 15 else table()
            told.append(self.reload()["instances"])
        becomes = {(each["kind"], each["change"]) for instances in told for each in instances}
        self.assertLessEqual({("limiter", "changed"), ("limiter", "replaced"), ("provider", "replaced")}, becomes)
        times = sorted(arrival["at_ns"] for arrival in first.arrivals())
        most = most_in_any_window(times, window_ms * 1_000_000)
        self.assertLessEqual(most, limit, "LIMIT: more in a window across a reload than its limit")
        self.judge(at_most_once=True)
        figures(limit=limit, most_in_any_window=most, reloads=len(told))

    def test_messages_may_be_pinned_to_what_a_reload_added(self):
        gateway = self.start(perm_fail_rate=0)
        third = self.mock("provider3", seed=3)
        message = {"to": "+14155552671", "from": "TEST", "text": "private words", "provider": "provider3"}
        self.assertEqual(gateway.http.post("/v1/messages", message).status, 400)
        self.mocks.append(third)
        third.behave(receipts_url=gateway.receipts_url("provider3"), receipt_delay_ms=20)
        self.tables.append({**self.tables[0], "id": "provider3", "config": {"url": third.url}})
        self.reload()
        pinned = self.ask(provider="provider3")
        gateway.wait_for_status(pinned, "DELIVERED")  # its receipts have a route too
        # And what waits for one that is gone waits on.
        third.behave(temp_fail_rate=1)
        waiting = self.ask(provider="provider3", validity="1h")
        wait_until(lambda: gateway.attempts(waiting), "an attempt")
        provider = self.tables.pop()
        self.reload()
        self.assertEqual(gateway.http.post("/v1/messages", message).status, 400)
        third.behave(temp_fail_rate=0)
        self.tables.append(provider)
        self.reload()
        gateway.wait_for_status(waiting, "DELIVERED")
        self.judge(at_most_once=True)

    def test_what_fails_changes_nothing(self):
        gateway = self.start()
        load = self.load(threads=2)
        self.tables.append({"id": "ghost", "plugin": "no_such", "config": {}})
        gateway.write(providers=self.tables)
        answer = gateway.http.post("/v1/admin/reload")
        self.assertEqual(answer.status, 422, answer)
        self.assertIn("no_such", " ".join(answer.json["errors"]))
        self.tables.pop()
        bad = os.environ.get("HELIOGRAPH_BAD_PLUGINS") or os.path.join(os.path.dirname(os.path.dirname(BINARY)), "bad-plugins")
        shutil.copy(os.path.join(bad, "start_throws.so"), os.path.join(self.plugins, "libhg_provider_bad.so"))
        self.tables.append({**self.tables[0], "id": "third", "plugin": "bad"})
        gateway.write(providers=self.tables)
        answer = gateway.http.post("/v1/admin/reload")
        self.assertEqual(answer.status, 422, answer)
        self.assertIn("third", " ".join(answer.json["errors"]))
        self.assertEqual(len(gateway.http.get("/v1/admin/providers").json["providers"]), 2)
        load.wait_for(50)
        self.tables.pop()
        gateway.write(providers=self.tables)
        self.assertEqual(gateway.http.post("/v1/admin/reload").json["generation"], 1)
        load.end()
        self.judge(at_most_once=True)


if __name__ == "__main__":
    main()
