#!/usr/bin/env python3
"""Routing rules: who carries a message, and what an operator is told of it."""
from harness import KEY, GatewayTest, cli, main, toml_section, wait_until

BANGLADESH, AMERICA = "+8801712345678", "+14155552671"
CLIENTS = [{"name": "test", "key": KEY, "credit_cents": 1_000_000, "scopes": ["send", "read", "admin"]},
           {"name": "shop", "key": "shop-key", "credit_cents": 1_000}]


def rules(*routes):
    return "".join(toml_section("[[route]]", route) for route in routes)


class Routing(GatewayTest):
    def world(self, *routes, **options):
        self.mocks = [self.mock(f"provider{i}") for i in (1, 2)]
        return self.gateway([self.provider(mock) for mock in self.mocks], clients=CLIENTS,
                            extra=rules(*routes), **options)

    def arrived(self, total):
        wait_until(lambda: sum(mock.count() for mock in self.mocks) == total, f"{total} messages to arrive")
        return [mock.count() for mock in self.mocks]

    def test_a_prefix_a_tag_and_a_client_choose_the_provider(self):
        gateway = self.world(
            {"name": "otp", "tags": ["otp"], "provider": [{"id": "provider2"}]},
            {"name": "bangladesh", "countries": ["BD"], "provider": [{"id": "provider1"}]},
            {"name": "shop", "clients": ["shop"], "provider": [{"id": "provider2"}]})
        for _ in range(6):
            gateway.send(to=BANGLADESH)
        self.assertEqual(self.arrived(6), [6, 0])
        for _ in range(5):
            gateway.send(to=BANGLADESH, metadata={"tag": "otp"})
        self.assertEqual(self.arrived(11), [6, 5])
        shop = gateway.client("shop-key")
        for _ in range(4):
            self.assertEqual(shop.post("/v1/messages", {"to": AMERICA, "from": "S", "text": "x"}).status, 202)
        self.assertEqual(self.arrived(15), [6, 9])
        shop.close()
        for _ in range(4):
            gateway.send(to=AMERICA)
        self.assertEqual(self.arrived(19), [8, 11], "no rule fits: both")

    def test_a_rule_has_weights_of_its_own(self):
        gateway = self.world({"name": "all", "provider": [{"id": "provider1", "weight": 3}, {"id": "provider2"}]})
        for _ in range(40):
            gateway.send()
        first, second = self.arrived(40)
        self.assertAlmostEqual(first, 30, delta=2, msg=(first, second))

    def test_an_operator_asks_where_a_message_goes(self):
        gateway = self.world(
            {"name": "bangladesh", "countries": ["BD"], "provider": [{"id": "provider1", "weight": 5}]},
            {"name": "shop", "clients": ["shop"], "provider": [{"id": "provider2", "cost_micros": 90}]})
        listed = gateway.http.get("/v1/admin/routes").json["routes"]
        self.assertEqual([route["name"] for route in listed], ["bangladesh", "shop"])
        self.assertEqual(listed[0], {"name": "bangladesh", "match": {"countries": ["BD"]},
                                     "providers": [{"id": "provider1", "weight": 5, "cost_micros": 0}]})

        def ask(**question):
            return gateway.http.post("/v1/admin/routes/test", question)

        verdict = ask(to="+1 415 555 2671", client="shop", **{"from": "X"}).json
        self.assertEqual(verdict["to"], AMERICA)
        self.assertEqual(verdict["route"], "shop")
        self.assertEqual(verdict["providers"], [{"id": "provider2", "weight": 1, "cost_micros": 90}])
        self.assertEqual(verdict["passed_over"], [{"route": "bangladesh", "because_of": "to"}])
        verdict = ask(to=AMERICA).json
        self.assertIsNone(verdict["route"])
        self.assertEqual([provider["id"] for provider in verdict["providers"]], ["provider1", "provider2"])
        self.assertEqual(ask(to="nobody").status, 400)
        self.assertEqual(ask().status, 400)
        self.assertEqual(ask(to=AMERICA, client="nobody").status, 404)
        self.assertEqual(ask(to=AMERICA, channel="pigeon").status, 400)
        shop = gateway.client("shop-key")
        self.assertEqual(shop.get("/v1/admin/routes").status, 403)
        shop.close()

    def test_waiting_messages_survive_the_end_of_their_rule(self):
        gateway = self.world({"name": "old", "provider": [{"id": "provider1"}]})
        self.assertEqual(gateway.http.post("/v1/admin/providers/provider1/disable").status, 200)
        ids = [gateway.send(to=BANGLADESH) for _ in range(5)]
        gateway.stop()
        with open(gateway.config, encoding="utf-8") as file:
            text = file.read()
        new = rules({"name": "new", "prefixes": ["+880"], "provider": [{"id": "provider2"}]})
        with open(gateway.config, "w", encoding="utf-8") as file:
            file.write(text[:text.index("[[route]]")] + new)
        gateway.start()
        for message_id in ids:
            gateway.wait_for_status(message_id, "SENT")
        self.assertEqual([mock.count() for mock in self.mocks], [0, 5])

    def test_config_check_notes_a_rule_that_is_never_reached(self):
        gateway = self.world({"name": "all", "provider": [{"id": "provider1"}]},
                             {"name": "late", "tags": ["x"], "provider": [{"id": "provider2"}]}, start=False)
        checked = cli(["config", "check", "--config", gateway.config], self.folder)
        self.assertEqual(checked.returncode, 0, checked.stderr)
        self.assertIn("note: [[route]] 'late' is never reached", checked.stdout)


if __name__ == "__main__":
    main()
