#!/usr/bin/env python3
"""The configuration taken anew while the gateway serves: the whole of it or nothing, by the route and by SIGHUP."""
import collections
import signal
import threading
import uuid

from harness import KEY, GatewayTest, cli, main, wait_until

AMERICA = "+14155552671"
PRICE = '[[price]]\nprefix = "+1"\ncents = {}\n'
RELOADS = 12


class Reload(GatewayTest):
    def start(self, **options):
        self.mock1 = self.mock("provider1")
        gateway = self.gateway([self.provider(self.mock1)], start=False, log={"level": "info"}, **options)
        with open(gateway.config, encoding="utf-8") as file:
            self.base = file.read()
        return gateway.start()

    def write(self, gateway, extra="", change=("", "")):
        with open(gateway.config, "w", encoding="utf-8") as file:
            file.write(self.base.replace(*change) + extra)

    def reload(self, gateway, status=200):
        answer = gateway.http.post("/v1/admin/reload")
        self.assertEqual(answer.status, status, answer)
        return answer.json

    def price(self, gateway):
        return gateway.http.get(f"/v1/me/prices?to={AMERICA.replace('+', '%2B')}").json["price_per_part_cents"]

    def test_what_may_change_is_in_force_at_once(self):
        gateway = self.start()
        self.assertEqual(self.reload(gateway), {"generation": 1, "changed": [], "instances": [], "restart_required": []})
        self.write(gateway, PRICE.format(3))
        self.assertEqual(self.reload(gateway), {"generation": 2, "changed": ["price"], "instances": [], "restart_required": []})
        self.assertEqual(self.price(gateway), 3)
        self.assertEqual(gateway.message(gateway.send())["cost_cents"], 3)
        self.write(gateway, "# moved\n" + PRICE.format(3), ('level = "info"', 'level = "debug"'))
        self.assertEqual(self.reload(gateway)["changed"], ["log.level"])
        self.assertEqual(self.reload(gateway)["generation"], 3, "the same again is no generation")
        gateway.stop()

    def test_the_level_of_the_log_changes(self):
        gateway = self.start()
        self.write(gateway, change=('level = "info"', 'level = "error"'))
        self.reload(gateway)
        self.write(gateway, PRICE.format(3), change=('level = "info"', 'level = "error"'))
        self.reload(gateway)
        self.write(gateway, PRICE.format(4), change=('level = "info"', 'level = "warn"'))
        self.reload(gateway)
        line = gateway.process.wait_for_line("generation=4")
        self.assertIn("log.level, price", line)
        self.assertNotIn("generation=3", gateway.process.text(), "told at warn, when only errors were wanted")
        gateway.stop()

    def test_a_wrong_configuration_changes_nothing_and_says_why(self):
        gateway = self.start()
        self.write(gateway, PRICE.format(3) + "[queue]\nwindow = 0\nwindwo = 1\n")
        refusal = self.reload(gateway, 422)
        self.assertEqual(refusal["generation"], 1)
        self.assertEqual(len(refusal["errors"]), 2, refusal)
        said = cli(["config", "check", "--config", gateway.config], self.folder)
        for error in refusal["errors"]:
            self.assertRegex(error, r"heliograph\.toml:\d+: \[queue\] (window|windwo): ")
            self.assertIn(error, said.stderr)
        self.assertEqual(self.price(gateway), 5)
        gateway.process.process.send_signal(signal.SIGHUP)
        gateway.process.wait_for_line("reload refused")
        self.write(gateway)
        self.assertEqual(self.reload(gateway)["generation"], 1)
        gateway.stop()

    def test_what_needs_a_restart_refuses_the_whole(self):
        gateway = self.start()
        self.write(gateway, PRICE.format(3) + "[queue]\nwindow = 77\n", ('id = "provider1"', 'id = "provider1"\nweight = 7'))
        refusal = self.reload(gateway, 409)
        self.assertEqual((refusal["generation"], refusal["restart_required"], refusal["unchanged"]),
                         (1, ["queue"], ["price", "provider.provider1"]))
        self.assertEqual(self.price(gateway), 5)
        self.assertEqual(gateway.provider_status("provider1")["weight"], 1)
        gateway.stop()
        gateway.start()
        self.assertEqual((self.price(gateway), gateway.provider_status("provider1")["weight"]), (3, 7))
        gateway.stop()

    def test_hangup_is_a_reload(self):
        gateway = self.start()
        self.write(gateway, PRICE.format(4))
        gateway.process.process.send_signal(signal.SIGHUP)
        gateway.process.wait_for_line("configuration reloaded")
        self.assertEqual((self.price(gateway), self.reload(gateway)["generation"]), (4, 2))
        gateway.stop()

    def test_numbers_and_quiet_hours(self):
        gateway = self.start()
        self.write(gateway, '[[number]]\nnumber = "+15550001111"\nclient = "test"\n',
                   ('name = "test"', 'name = "test"\nquiet_hours = { from = "00:00", to = "23:59", channels = ["sms"], timezone = "UTC" }'))
        self.assertEqual(self.reload(gateway)["changed"], ["number", "client.test.quiet_hours"])
        gateway.stop()

    def test_only_for_admins(self):
        gateway = self.start(clients=[{"name": "test", "key": KEY, "scopes": ["send", "read"]}])
        self.assertEqual(gateway.http.post("/v1/admin/reload").status, 403)
        gateway.stop()

    def test_under_load_nothing_is_lost_or_doubled(self):
        gateway = self.start()
        accepted, failures, done = [], [], threading.Event()

        def load():
            http = gateway.client()
            try:
                while not done.is_set():
                    reference = uuid.uuid4().hex
                    answer = http.post("/v1/messages", {"to": AMERICA, "from": "TEST", "text": reference})
                    (accepted if answer.status == 202 else failures).append((reference, answer.json))
            except Exception as error:  # told by the assertion below
                failures.append(error)
            finally:
                http.close()

        threads = [threading.Thread(target=load) for _ in range(3)]
        for thread in threads:
            thread.start()
        try:
            for round_ in range(RELOADS):
                before = len(accepted)
                self.write(gateway, PRICE.format(3 + round_ % 2))
                if round_ % 3 == 2:
                    gateway.process.process.send_signal(signal.SIGHUP)
                    wait_until(lambda want=3 + round_ % 2: self.price(gateway) == want, "the price after SIGHUP")
                else:
                    self.assertEqual(self.reload(gateway)["generation"], round_ + 2)
                    self.assertEqual(gateway.message(gateway.send(text=f"round {round_}"))["cost_cents"], 3 + round_ % 2)
                wait_until(lambda least=before + 20: len(accepted) >= least or failures, "messages between reloads")
        finally:
            done.set()
            for thread in threads:
                thread.join()
        self.assertEqual(failures, [])
        for reference, answer in accepted:
            message = gateway.wait_for_status(answer["message_id"], "SENT")
            self.assertIn(message["cost_cents"], (3, 4, 5), reference)
        sent = collections.Counter(arrival["message_id"] for arrival in self.mock1.taken())
        wrong = {answer["message_id"]: sent[answer["message_id"]] for _, answer in accepted if sent[answer["message_id"]] != 1}
        self.assertEqual(wrong, {}, "lost or doubled at the provider")
        self.assertEqual(self.reload(gateway)["generation"], RELOADS + 1)
        gateway.stop()
        check = cli(["db", "check", "--config", gateway.config], self.folder)
        self.assertEqual(check.returncode, 0, check.stdout + check.stderr)


if __name__ == "__main__":
    main()
