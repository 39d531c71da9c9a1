#!/usr/bin/env python3
"""Prices by destination, in cost, ledger and /v1/me/prices; quiet hours by the clock at the recipient's place."""
import datetime
import zoneinfo

from harness import KEY, GatewayTest, cli, main

BANGLADESH, GERMANY, AMERICA = "+8801921317475", "+4915112345678", "+14155552671"
RULES = """
[[price]]
prefix = "+880"
cents = 3
[[price]]
prefix = "+8801"
cents = 4
[[price]]
prefix = "+49"
client = "test"
cents = 11
[[price]]
prefix = "+4915"
cents = 1
[[price]]
prefix = "+1"
channel = "mms"
cents = 20
"""


class Prices(GatewayTest):
    def start(self, **client):
        mock = self.mock("provider1")
        client = {"name": "test", "key": KEY, "credit_cents": 100, "scopes": ["send", "read", "admin"], **client}
        return self.gateway([self.provider(mock, channels=["sms", "mms"])], clients=[client], extra=RULES)

    def price(self, gateway, to, channel=None):
        answer = gateway.http.get(f"/v1/me/prices?to={to.replace('+', '%2B')}" + (f"&channel={channel}" if channel else ""))
        self.assertEqual(answer.status, 200, answer)
        return answer.json["price_per_part_cents"], answer.json["rule"]

    def test_the_destination_decides(self):
        gateway = self.start(price_per_part_cents=7)
        self.assertEqual(self.price(gateway, BANGLADESH), (4, {"source": "price", "prefix": "+8801"}))
        self.assertEqual(self.price(gateway, "+8802123456"), (3, {"source": "price", "prefix": "+880"}))
        self.assertEqual(self.price(gateway, GERMANY), (11, {"source": "client_price", "prefix": "+49"}))
        self.assertEqual(self.price(gateway, AMERICA), (7, {"source": "client"}))
        self.assertEqual(self.price(gateway, AMERICA, "mms"), (20, {"source": "price", "prefix": "+1"}))
        sent = [(gateway.send(to=BANGLADESH, text="x" * 161), 8), (gateway.send(to=GERMANY), 11), (gateway.send(), 7)]
        for message, cost in sent:
            self.assertEqual(gateway.wait_for_status(message, "SENT")["cost_cents"], cost)
        items = gateway.http.post("/v1/messages/batch", {"messages": [
            {"to": BANGLADESH, "from": "T", "text": "x"}]}).json["messages"]
        self.assertEqual(gateway.wait_for_status(items[0]["message_id"], "SENT")["cost_cents"], 4)
        ledger = gateway.http.get("/v1/me/ledger").json
        self.assertEqual((ledger["credit_cents"], ledger["captured_cents"]), (70, 30))
        self.assertEqual([e["cents"] for e in ledger["entries"] if e["type"] == "hold"], [4, 7, 11, 8])
        gateway.stop()
        check = cli(["db", "check", "--config", gateway.config], self.folder)
        self.assertEqual(check.returncode, 0, check.stdout + check.stderr)

    def test_the_gateways_price_and_no_price(self):
        gateway = self.start()
        self.assertEqual(self.price(gateway, AMERICA), (5, {"source": "gateway"}))
        for query in ("", "?to=abc", "?to=%2B14155552671&channel=fax", "?to=%2B14155552671&from=T"):
            self.assertEqual(gateway.http.get("/v1/me/prices" + query).status, 400, query)

    def test_who_is_not_billed_pays_nothing(self):
        gateway = self.start(billing=False)
        self.assertEqual(self.price(gateway, BANGLADESH), (0, {"source": "not_billed"}))
        self.assertEqual(gateway.message(gateway.send(to=BANGLADESH))["cost_cents"], 0)


def clock(zone):
    return datetime.datetime.now(zoneinfo.ZoneInfo(zone))


class QuietHours(GatewayTest):
    """The hours are four before and after the present in Dhaka, so that it is night there, and not in Bogota, 11 hours away."""

    def start(self):
        self.mock1 = self.mock("provider1")
        here = clock("Asia/Dhaka")
        times = [(here + datetime.timedelta(hours=hours)).strftime("%H:%M") for hours in (-4, 4)]
        client = {"name": "test", "key": KEY, "credit_cents": 1000, "scopes": ["send", "read", "admin"],
                  "quiet_hours": {"from": times[0], "to": times[1]}}
        self.end = (here + datetime.timedelta(hours=4)).replace(second=0, microsecond=0)
        return self.gateway([self.provider(self.mock1, channels=["sms"])], clients=[client])

    def assert_held(self, document):
        self.assertEqual((document["status"], document["schedule_reason"]), ("SCHEDULED", "quiet_hours"))
        self.assertEqual(datetime.datetime.fromisoformat(document["send_at"]), self.end)

    def test_nobody_is_woken(self):
        gateway = self.start()
        answer = gateway.http.post("/v1/messages", {"to": BANGLADESH, "from": "T", "text": "x", "validity": "1h"})
        self.assertEqual(answer.status, 202)
        self.assert_held(answer.json)
        message = gateway.message(answer.json["message_id"])
        self.assert_held(message)
        expires = datetime.datetime.fromisoformat(message["expires_at"])
        self.assertAlmostEqual((expires - self.end).total_seconds(), 3600, delta=2)
        # Within the hours of another time zone, at a later time that is in them, and in a batch.
        later = (clock("UTC") + datetime.timedelta(hours=1)).isoformat()
        self.assert_held(gateway.message(gateway.send(to=BANGLADESH, send_at=later)))
        self.assert_held(gateway.message(gateway.send(to="+573001234567", timezone="Asia/Dhaka")))
        items = gateway.http.post("/v1/messages/batch", {"messages": [
            {"to": BANGLADESH, "from": "T", "text": "x"}]}).json["messages"]
        self.assert_held(gateway.message(items[0]["message_id"]))
        self.assertEqual(self.mock1.count(), 0)
        held = gateway.http.get("/v1/messages?status=SCHEDULED").json["messages"]
        self.assertEqual([m["schedule_reason"] for m in held], ["quiet_hours"] * 4)

    def test_a_day_elsewhere_and_what_is_exempt(self):
        gateway = self.start()
        for fields in ({"to": "+573001234567"}, {"to": BANGLADESH, "timezone": "America/Bogota"},
                       {"to": BANGLADESH, "priority": "urgent"}, {"to": BANGLADESH, "otp": True}):
            message = gateway.wait_for_status(gateway.send(**fields), "SENT")
            self.assertNotIn("schedule_reason", message)
            self.assertNotIn("send_at", message)
        wrong = gateway.http.post("/v1/messages", {"to": BANGLADESH, "from": "T", "text": "x", "timezone": "Dhaka"})
        self.assertEqual((wrong.status, wrong.json["pointer"]), (400, "/timezone"))

    def test_a_held_message_can_be_cancelled_and_is_told_again(self):
        gateway = self.start()
        body = {"to": BANGLADESH, "from": "T", "text": "x"}
        first = gateway.http.post("/v1/messages", body, headers={"Idempotency-Key": "k"})
        again = gateway.http.post("/v1/messages", body, headers={"Idempotency-Key": "k"})
        self.assertEqual((again.json["message_id"], again.json["status"]), (first.json["message_id"], "SCHEDULED"))
        cancelled = gateway.http.post(f"/v1/messages/{first.json['message_id']}/cancel")
        self.assertEqual(cancelled.status, 200, cancelled)
        self.assertEqual(gateway.http.get("/v1/me").json["credit_cents"], 1000)


if __name__ == "__main__":
    main()
