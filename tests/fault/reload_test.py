#!/usr/bin/env python3
"""Reloads under load: providers come, go and change, plugin files are replaced, strategies, routes and limits are exchanged, and
every accepted message is finished once, none of them in doubt."""
import os
import shutil
import time

import histories
from fault import FULL, FaultTest, figures
from harness import BINARY, PLUGINS, main, wait_until

ROUNDS = 150 if FULL else 14
LIMIT = 60


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
        self.assertEqual(answer.status, 200, answer)
        self.generation += 1
        self.assertEqual(answer.json["generation"], self.generation, answer.json)
        return answer.json

    def replace_file(self):
        """Another build of the plugin, as its digest tells: an ELF file may have a tail."""
        path, self.files = os.path.join(self.plugins, "libhg_provider_http.so"), self.files + 1
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
