#!/usr/bin/env python3
"""Money: hold at accept, capture on delivery, release on failure, 402 when it is short."""
from harness import KEY, GatewayTest, cli, main


class Credit(GatewayTest):
    def start(self, credit=12, **options):
        self.mock1 = self.mock("provider1")
        client = {"name": "test", "key": KEY, "credit_cents": credit, "scopes": ["send", "read", "admin"]}
        return self.gateway([self.provider(self.mock1, receipts=options.pop("receipts", False))], clients=[client], **options)

    def credit(self, gateway):
        return gateway.http.get("/v1/me").json["credit_cents"]

    def balance(self, gateway):
        client, = [c for c in gateway.http.get("/v1/admin/clients").json["clients"] if c["name"] == "test"]
        client = client["credit"]
        return {k: client[k] for k in ("granted_cents", "available_cents", "held_cents", "captured_cents")}

    def test_hold_capture_and_402(self):
        gateway = self.start(credit=12)
        gateway.http.post("/v1/admin/providers/provider1/disable")
        first, second = gateway.send(), gateway.send()
        self.assertEqual(self.balance(gateway), {"granted_cents": 12, "available_cents": 2, "held_cents": 10,
                                                 "captured_cents": 0})
        refused = gateway.http.post("/v1/messages", {"to": "+14155552671", "from": "T", "text": "x"})
        self.assertEqual(refused.status, 402)
        self.assertEqual((refused.json["error"], refused.json["required_cents"]), ("insufficient credits", 5))
        gateway.http.post("/v1/admin/providers/provider1/enable")
        for message_id in (first, second):
            gateway.wait_for_status(message_id, "SENT")  # receipts = false: SENT is final and captures
        self.assertEqual(self.balance(gateway), {"granted_cents": 12, "available_cents": 2, "held_cents": 0,
                                                 "captured_cents": 10})

    def test_capture_waits_for_delivery(self):
        gateway = self.start(receipts=True)
        gateway.wait_for_status(gateway.send(), "SENT")
        self.assertEqual(self.balance(gateway)["held_cents"], 5)
        arrival, = self.mock1.arrivals()
        receipt = {"provider_message_id": arrival["provider_message_id"], "status": "DELIVERED"}
        for _ in range(3):
            self.assertEqual(gateway.http.post("/v1/providers/provider1/events", receipt).status, 200)
        gateway.wait_for_status(arrival["message_id"], "DELIVERED")
        self.assertEqual(self.balance(gateway), {"granted_cents": 12, "available_cents": 7, "held_cents": 0,
                                                 "captured_cents": 5})
        # A contradiction comes too late for status and money alike.
        gateway.http.post("/v1/providers/provider1/events", {**receipt, "status": "FAILED_PERM"})
        self.assertEqual(gateway.message(arrival["message_id"])["status"], "DELIVERED")
        self.assertEqual(self.credit(gateway), 7)

    def test_capture_on_sent(self):
        gateway = self.start(receipts=True, billing={"capture_on": "sent"})
        gateway.wait_for_status(gateway.send(), "SENT")
        self.assertEqual(self.balance(gateway)["captured_cents"], 5)

    def test_release_on_rejection(self):
        gateway = self.start()
        self.mock1.behave(success_rate=0, perm_fail_rate=1)
        gateway.wait_for_status(gateway.send(), "FAILED_PERM")
        self.assertEqual(self.credit(gateway), 12)

    def test_top_up_and_check(self):
        gateway = self.start()
        answer = gateway.http.post("/v1/admin/clients/test/credit", {"cents": 100, "note": "invoice 7"})
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(self.credit(gateway), 112)
        gateway.wait_for_status(gateway.send(), "SENT")
        gateway.stop()
        check = cli(["db", "check", "--config", gateway.config], self.folder)
        self.assertEqual(check.returncode, 0, check.stdout + check.stderr)

    def test_declared_credit_is_granted_once(self):
        gateway = self.start()
        gateway.wait_for_status(gateway.send(), "SENT")
        gateway.stop()
        gateway.start()
        self.assertEqual(self.credit(gateway), 7)


if __name__ == "__main__":
    main()
