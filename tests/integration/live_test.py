#!/usr/bin/env python3
"""GET /v1/admin/live of the real gateway: events as the contract has them, for so many readers and no more, and no reader in the way."""
import http.client
import json
import socket
import time

import harness
from harness import KEY, PATIENCE, GatewayTest, main, wait_until

STREAMS_MAX = 8
LOOKED_AT = 10_000  # rows that a list looks at
BATCH = 100


class Feed:
    """One reader of the feed."""

    def __init__(self, port, key=KEY):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20 * PATIENCE)
        self.connection.request("GET", "/v1/admin/live", headers={"X-API-Key": key})
        self.response = self.connection.getresponse()

    def event(self):
        """The next snapshot; None at the end."""
        lines = [self.response.readline() for _ in range(3)]
        if lines[0] == b"":
            return None
        assert (lines[0], lines[2]) == (b"event: snapshot\n", b"\n") and lines[1].startswith(b"data: "), lines
        return json.loads(lines[1][6:])

    def close(self):
        self.response.close()
        self.connection.close()


class LiveTest(GatewayTest):
    def setUp(self):
        super().setUp()
        self.mock1 = self.mock()
        self.one = self.gateway([self.provider(self.mock1, limit={"limit": 50, "window": "1s"})], clients=[
            {"name": "test", "key": KEY, "credit_cents": 1_000_000, "scopes": ["send", "read", "admin"]},
            {"name": "watcher", "key": "watcher-key", "scopes": ["admin"]}])

    def feed(self, key=KEY):
        feed = Feed(self.one.port, key)
        self.stack.callback(feed.close)
        return feed

    def test_events_are_what_the_contract_says(self):
        contract = harness.CONTRACT
        # The contract's own way: closed objects, references resolved.
        validator = contract._validator(contract.document["components"]["schemas"]["Snapshot"])
        feed = self.feed()
        self.assertEqual((feed.response.status, feed.response.getheader("Content-Type")), (200, "text/event-stream"))
        message = self.one.send()
        self.mock1.behave(success_rate=0, perm_fail_rate=1)
        failed = self.one.send()
        self.one.wait_for_status(failed, "FAILED_PERM")

        def complete():
            event = feed.event()
            self.assertEqual([error.message for error in validator.iter_errors(event)], [])
            shown = {one["id"]: one["status"] for one in event["newest"]}
            return event if shown.get(message) == "SENT" and event["failures"] and event["latency"]["sent"] else None

        event = wait_until(complete, "an event that shows it all")
        self.assertEqual(event["failures"][0]["id"], failed)
        self.assertEqual(event["providers"][0]["outcomes"]["REJECTED"], 1)
        self.assertEqual(event["limits"]["providers"][0]["limit"]["limit"], 50)

    def test_failures_and_times_are_seen_behind_ten_thousand_newer_messages(self):
        """The night in which it matters: much has failed or waits, and messages keep coming in."""
        self.one.wait_for_status(self.one.send(), "SENT")
        self.mock1.behave(success_rate=0, perm_fail_rate=1)
        failed = self.one.send()
        self.one.wait_for_status(failed, "FAILED_PERM")
        self.assertEqual(self.one.http.post(f"/v1/admin/providers/{self.mock1.identity}/disable").status, 200)
        batch = {"messages": [{"to": "+14155552671", "from": "TEST", "text": "x"}] * BATCH}
        for _ in range(LOOKED_AT // BATCH + 1):
            self.assertEqual(self.one.http.post("/v1/messages/batch", batch).status, 200)
        event = self.feed().event()
        self.assertGreater(event["queue"]["waiting"], LOOKED_AT)
        self.assertEqual([one["id"] for one in event["failures"]], [failed])
        self.assertEqual(event["latency"]["sent"]["messages"], 1)
        self.assertFalse(event["failures_complete"], "of an earlier run nothing was found, for not all was looked at")

    def test_an_event_comes_every_second(self):
        feed = self.feed()
        times = [feed.event()["at"] for _ in range(3)]
        self.assertEqual(len(set(times)), 3, times)

    def test_so_many_may_watch_and_no_more(self):
        feeds = [self.feed() for _ in range(STREAMS_MAX)]
        for feed in feeds:
            self.assertIsNotNone(feed.event())
        refused = self.one.http.get("/v1/admin/live")
        self.assertEqual((refused.status, refused.headers["retry-after"]), (503, "5"))
        feeds[0].close()

        def admitted():
            feed = self.feed()
            return feed if feed.response.status == 200 else None

        self.assertIsNotNone(wait_until(admitted, "the place of one who went").event())

    def test_a_key_without_the_scope_is_refused_and_a_revoked_one_sees_no_more(self):
        self.assertEqual(self.one.client("nobody").get("/v1/admin/live").status, 401)
        feed = self.feed("watcher-key")
        self.assertIsNotNone(feed.event())
        self.assertEqual(self.one.http.post("/v1/admin/keys/revoke", {"api_key": "watcher-key"}).status, 204)
        wait_until(lambda: feed.event() is None, "the feed to end")

    def test_the_gateway_stops_while_it_is_watched_and_ends_every_feed(self):
        feeds = [self.feed() for _ in range(3)]
        for feed in feeds:
            self.assertIsNotNone(feed.event())
        begun = time.monotonic()
        self.one.stop()
        # shutdown.drain_timeout is 30 s: nobody has waited for it.
        self.assertLess(time.monotonic() - begun, 15 * PATIENCE)
        for feed in feeds:
            wait_until(lambda one=feed: one.event() is None, "the feed to end")

    def test_who_does_not_read_is_in_nobodys_way(self):
        lazy = []
        for _ in range(STREAMS_MAX - 1):
            one = socket.create_connection(("127.0.0.1", self.one.port))
            self.stack.callback(one.close)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            one.sendall(f"GET /v1/admin/live HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {KEY}\r\n\r\n".encode())
            lazy.append(one)
        feed = self.feed()
        ids = [self.one.send() for _ in range(20)]
        for message in ids:
            self.one.wait_for_status(message, "SENT")
        self.assertIsNotNone(feed.event())
        self.assertIsNotNone(feed.event())


if __name__ == "__main__":
    main()
