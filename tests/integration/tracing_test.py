#!/usr/bin/env python3
"""Traces through the real binary: from the client's traceparent to the provider's and the callback's, told to a collector."""
import harness
from collector import Collector
from harness import GatewayTest, main, wait_until
from receiver import Receiver

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"
HEADER = f"00-{TRACE}-{PARENT}-01"
SERVER, CLIENT, INTERNAL = 2, 3, 1
MESSAGE = {"to": "+14155552671", "from": "TEST", "text": "Words that stay here"}


class TracingTest(GatewayTest):
    def setUp(self):
        super().setUp()
        self.peer = Receiver()  # of sends at /send, and of callbacks at /hooks
        self.stack.callback(self.peer.close)
        self.collector = Collector()
        self.stack.callback(self.collector.close)

    def serve(self, start=True, **tracing):
        provider = {"id": "peer", "config": {"url": self.peer.url("/send")}}
        return self.gateway([provider], start=start, tracing={"endpoint": self.collector.endpoint, "sample": 1.0, **tracing},
                            callbacks={"allow_cidrs": ["127.0.0.0/8"], "allow_http": True})

    def post(self, gateway, traceparent=None, path="/v1/messages", body=None):
        headers = {"traceparent": traceparent} if traceparent else {}
        answer = gateway.http.post(path, body or MESSAGE, headers=headers)
        self.assertIn(answer.status, (200, 202), answer)
        return answer.json

    def spans(self, *names, trace=TRACE):
        """One span of each name, once all have come."""
        def come():
            found = [span for span in self.collector.spans() if span.trace == trace]
            return found if {span.name for span in found} >= set(names) else None

        found = wait_until(come, f"spans {names}")
        return {span.name: span for span in found}

    def test_a_message_is_one_trace_from_the_client_to_its_callback(self):
        gateway = self.serve(service_name="sms", authorization="Bearer secret-of-the-collector")
        gateway.http.post("/v1/callbacks", {"url": self.peer.url("/hooks"), "events": ["message.sent"]})
        message = self.post(gateway, HEADER)["message_id"]
        spans = self.spans("accept", "attempt", "send", "callback")
        self.assertEqual(spans["accept"].parent, PARENT)
        self.assertEqual(spans["attempt"].parent, spans["accept"].id)
        self.assertEqual(spans["send"].parent, spans["attempt"].id)
        self.assertEqual(spans["callback"].parent, spans["accept"].id)
        self.assertEqual([spans[name].kind for name in ("accept", "attempt", "send", "callback")],
                         [SERVER, INTERNAL, CLIENT, CLIENT])
        self.assertEqual(self.peer.wait_for(1, "/send")[0].headers["traceparent"], f"00-{TRACE}-{spans['send'].id}-01")
        self.assertEqual(self.peer.wait_for(1, "/hooks")[0].headers["traceparent"], f"00-{TRACE}-{spans['callback'].id}-01")
        self.assertEqual(spans["accept"].attributes["heliograph.message.id"], message)
        self.assertEqual(spans["send"].attributes["heliograph.outcome"], "SENT")
        self.assertEqual(spans["send"].attributes["heliograph.provider"], "peer")
        self.assertEqual(spans["accept"].resource["service.name"], "sms")
        self.assertLessEqual(spans["attempt"].start, spans["send"].start)
        self.assertLessEqual(spans["send"].end, spans["attempt"].end)
        self.assertEqual(self.collector.got()[0].headers["authorization"], "Bearer secret-of-the-collector")

    def test_each_attempt_is_a_span(self):
        self.peer.plans["/send"] = [500, 200]
        gateway = self.serve()
        message = self.post(gateway, HEADER)["message_id"]
        gateway.wait_for_status(message, "SENT", "DELIVERED")
        wait_until(lambda: sum(span.name == "attempt" for span in self.collector.spans()) == 2, "two attempts")
        sends = sorted((span for span in self.collector.spans() if span.name == "send"), key=lambda span: span.start)
        self.assertEqual([span.attributes["heliograph.outcome"] for span in sends], ["RETRY", "SENT"])
        self.assertEqual([span.failed for span in sends], [True, False])
        self.assertEqual([span.attributes["heliograph.attempt"] for span in sends], [1, 2])

    def test_the_trace_goes_on_after_a_restart(self):
        gateway = self.serve()
        gateway.http.post("/v1/admin/providers/peer/disable")
        self.post(gateway, HEADER)
        gateway.stop()
        gateway.start()
        gateway.http.post("/v1/admin/providers/peer/enable")
        spans = self.spans("accept", "attempt", "send")
        self.assertEqual(spans["attempt"].parent, spans["accept"].id)

    def test_a_batch_has_one_accept_and_an_attempt_for_each(self):
        gateway = self.serve()
        self.post(gateway, HEADER, "/v1/messages/batch", {"messages": [MESSAGE, MESSAGE, {"to": "nobody"}]})
        wait_until(lambda: sum(span.name == "send" for span in self.collector.spans()) == 2, "two sends")
        accept = self.spans("accept")["accept"]
        self.assertEqual((accept.attributes["heliograph.batch.messages"], accept.attributes["heliograph.batch.accepted"]), (3, 2))

    def test_messages_without_a_trace_begin_one_where_they_are_drawn(self):
        gateway = self.serve()
        self.post(gateway)
        wait_until(lambda: any(span.name == "send" for span in self.collector.spans()), "a send")
        accept = next(span for span in self.collector.spans() if span.name == "accept")
        self.assertEqual(accept.parent, "")
        self.assertIn(accept.trace, self.peer.wait_for(1, "/send")[0].headers["traceparent"])

    def test_an_unsampled_trace_is_passed_on_and_not_told(self):
        gateway = self.serve()
        header = HEADER[:-1] + "0"
        self.post(gateway, header)
        self.assertEqual(self.peer.wait_for(1, "/send")[0].headers["traceparent"], header)
        self.post(gateway, HEADER)
        self.spans("send")
        self.assertEqual(len([span for span in self.collector.spans() if span.name == "send"]), 1)

    def test_what_is_not_drawn_has_no_trace(self):
        gateway = self.serve(sample=0.0)
        self.post(gateway)
        self.assertNotIn("traceparent", self.peer.wait_for(1, "/send")[0].headers)
        self.post(gateway, "00-not-a-trace")
        self.assertNotIn("traceparent", self.peer.wait_for(2, "/send")[1].headers)
        gateway.stop()
        self.assertEqual(self.collector.got(), [])

    def test_without_a_collector_the_clients_trace_still_goes_on(self):
        gateway = self.serve(endpoint="")
        self.post(gateway, HEADER)
        self.assertEqual(self.peer.wait_for(1, "/send")[0].headers["traceparent"], HEADER)

    def test_a_collector_that_hangs_or_is_away_holds_up_nothing(self):
        self.collector.plans["/v1/traces"] = ["hang"]
        gateway = self.serve()
        messages = [self.post(gateway)["message_id"] for _ in range(50)]
        for message in messages:
            gateway.wait_for_status(message, "SENT", "DELIVERED")
        gateway.stop()
        away = self.serve(start=False, endpoint=f"http://127.0.0.1:{harness.free_port()}/v1/traces").start()
        away.wait_for_status(self.post(away)["message_id"], "SENT", "DELIVERED")
        wait_until(lambda: "traces cannot be delivered" in away.process.text(), "the log to say so")
        away.stop()

    def test_spans_tell_no_number_and_no_text(self):
        gateway = self.serve()
        self.post(gateway, HEADER)
        self.spans("accept", "attempt", "send")
        told = b"".join(delivery.body for delivery in self.collector.got())
        for secret in (b"4155552671", b"Words that stay here"):
            self.assertNotIn(secret, told)


if __name__ == "__main__":
    main()
