"""Messages that come in, through the real binary and the mock provider: threads, unread counts, replies, STOP and START,
whose a message is, callbacks, replays, signatures, and that a restart keeps all of it."""
import hashlib
import hmac
import json

import harness
from harness import GatewayTest, wait_until
from receiver import Receiver, signatures

OURS, THEIRS, SECRET = "+15550002222", "+15550001111", "a secret of the provider's"
NUMBER = f'[[number]]\nnumber = "{OURS}"\nclient = "test"\n\n'
OPTED_OUT = "urn:heliograph:problem:opted-out"


class ConversationsTest(GatewayTest):
    def serve(self, extra=NUMBER, clients=None, secret=None, start=True, **sections):
        """A gateway with a provider that reports to it; clients join conversations unless they say otherwise."""
        port = harness.free_port()
        options = {"receipts": f"http://127.0.0.1:{port}/v1/providers/mock/events"}
        config = {"dedupes": True}
        if secret:
            options["receipts_secret"] = secret
            config["receipts"] = {"secret": secret}
        self.peer = self.mock("mock", **options)
        clients = clients or [{"name": "test", "key": harness.KEY, "credit_cents": 1_000_000, "conversations": True,
                               "scopes": ["send", "read", "admin"]}]
        return self.gateway([self.provider(self.peer, receipts=True, config=config)], start=start, port=port,
                            clients=clients, extra=extra, **sections)

    def write_to_us(self, text, sender=THEIRS, to=OURS, **fields):
        """Has the mock provider post a message, and waits until the gateway has taken it."""
        before = self.peer.http.get("/admin/arrivals?summary=1").json["inbound_delivered"]
        answer = self.peer.http.post("/admin/inbound", {"from": sender, "to": to, "text": text, **fields})
        self.assertEqual(answer.status, 202, answer)
        wait_until(lambda: self.peer.http.get("/admin/arrivals?summary=1").json["inbound_delivered"] > before,
                   "the inbound message to be taken")
        return answer.json["id"]

    def post_event(self, gateway, body, signature=None):
        """As a provider would, straight to the gateway."""
        headers = {"Content-Type": "application/json"}
        if signature:
            headers["X-Signature"] = signature
        return gateway.client(key=None).post("/v1/providers/mock/events", json.dumps(body), headers=headers)

    def conversations(self, gateway, query=""):
        answer = gateway.http.get(f"/v1/conversations{query}")
        self.assertEqual(answer.status, 200, answer)
        return answer.json["conversations"]

    def thread(self, gateway, conversation):
        answer = gateway.http.get(f"/v1/conversations/{conversation}/messages")
        self.assertEqual(answer.status, 200, answer)
        return answer.json["messages"]

    def reply(self, gateway, **fields):
        return gateway.http.post("/v1/messages", {"to": THEIRS, "from": OURS, "text": "Hello", **fields})

    def test_from_the_first_word_to_stop_and_start_again(self):
        gateway = self.serve()
        told = self.write_to_us("Is anybody there?")
        conversation = self.conversations(gateway)[0]
        self.assertEqual((conversation["own_address"], conversation["peer_address"]), (OURS, THEIRS))
        self.assertEqual((conversation["unread_count"], conversation["message_count"]), (1, 1))
        path = f"/v1/conversations/{conversation['id']}"

        answer = self.reply(gateway, text="Yes")
        self.assertEqual(answer.status, 202, answer)
        message = gateway.wait_for_status(answer.json["message_id"], "DELIVERED")
        self.assertEqual(message["conversation_id"], conversation["id"])
        first, second = self.thread(gateway, conversation["id"])
        self.assertEqual((first["direction"], first["text"], first["read"]), ("inbound", "Is anybody there?", False))
        self.assertEqual(first["provider_message_id"], told)
        self.assertEqual((second["direction"], second["text"], second["status"]), ("outbound", "Yes", "DELIVERED"))

        self.assertEqual(gateway.http.post(path + "/read", {"up_to": first["id"]}).json["unread_count"], 0)
        self.write_to_us("Fine.")
        self.assertEqual(gateway.http.get(path).json["unread_count"], 1)
        self.assertEqual(gateway.http.post(path + "/read").json["unread_count"], 0)
        self.assertTrue(self.thread(gateway, conversation["id"])[0]["read"])

        self.write_to_us("Stop")
        refused = self.reply(gateway, priority="urgent")
        self.assertEqual((refused.status, refused.json["type"], refused.json["pointer"]), (400, OPTED_OUT, "/to"))
        batch = gateway.http.post("/v1/messages/batch", {"messages": [
            {"to": "+15550009999", "from": OURS, "text": "a"}, {"to": THEIRS, "from": OURS, "text": "b"}]})
        self.assertEqual((batch.status, batch.json["accepted"], batch.json["refused"]), (200, 1, 1))
        self.assertEqual(batch.json["messages"][1]["problem"]["type"], OPTED_OUT)
        self.assertEqual(batch.json["messages"][1]["problem"]["pointer"], "/messages/1/to")
        elsewhere = gateway.http.post("/v1/messages", {"to": THEIRS, "from": "OTHER", "text": "another sender"})
        self.assertEqual(elsewhere.status, 202, elsewhere)
        listed = gateway.http.get("/v1/opt-outs").json["opt_outs"]
        self.assertEqual([(o["recipient"], o["sender"], o["origin"], o["keyword"]) for o in listed],
                         [(THEIRS, OURS, "keyword", "Stop")])

        self.write_to_us("START")
        self.assertEqual(self.reply(gateway).status, 202)
        self.assertEqual(gateway.http.get("/v1/opt-outs").json["opt_outs"], [])
        texts = [m["text"] for m in self.thread(gateway, conversation["id"])]
        self.assertEqual(texts, ["Is anybody there?", "Yes", "Fine.", "Stop", "START", "Hello"])

    def test_a_replay_counts_once(self):
        gateway = self.serve()
        event = {"type": "inbound", "id": "SM1", "from": THEIRS, "to": OURS, "text": "once"}
        for _ in range(3):
            answer = self.post_event(gateway, event)
            self.assertEqual((answer.status, answer.json), (200, {"receipts": 0, "inbound": 1}))
        conversation = self.conversations(gateway)[0]
        self.assertEqual((conversation["message_count"], conversation["unread_count"]), (1, 1))
        self.assertEqual(len(self.thread(gateway, conversation["id"])), 1)

    def test_a_wrong_signature_stores_nothing(self):
        gateway = self.serve(secret=SECRET)
        event = {"type": "inbound", "id": "SM1", "from": THEIRS, "to": OURS, "text": "stop"}
        right = hmac.new(SECRET.encode(), json.dumps(event).encode(), hashlib.sha256).hexdigest()
        for wrong in (None, "0" * 64, right[:-1] + ("0" if right[-1] != "0" else "1")):
            self.assertEqual(self.post_event(gateway, event, wrong).status, 401, wrong)
        self.assertEqual(self.conversations(gateway), [])
        self.assertEqual(self.reply(gateway).status, 202)
        self.assertEqual(self.post_event(gateway, event, right).status, 200)
        self.assertEqual(self.reply(gateway).status, 400)

    def test_a_restart_keeps_all_of_it(self):
        gateway = self.serve()
        self.write_to_us("hello")
        self.write_to_us("stop", sender="+15550003333")
        before = self.conversations(gateway)
        gateway.kill()
        gateway.start()
        self.assertEqual(self.conversations(gateway), before)
        self.assertEqual(gateway.http.post("/v1/messages", {"to": "+15550003333", "from": OURS, "text": "x"}).status, 400)
        self.write_to_us("again")
        conversation = self.conversations(gateway)[0]
        self.assertEqual([m["text"] for m in self.thread(gateway, conversation["id"])], ["hello", "again"])
        gateway.stop()

    def test_whose_it_is(self):
        gateway = self.serve(
            extra=NUMBER + '[[number]]\nnumber = "12345"\nclient = "shop"\n[inbound]\ndefault_client = "desk"\n',
            clients=[{"name": "test", "key": harness.KEY, "scopes": ["send", "read", "admin"], "billing": False},
                     {"name": "shop", "key": "shop-key", "billing": False, "conversations": True},
                     {"name": "desk", "key": "desk-key", "billing": False}])
        shop, desk = gateway.client("shop-key"), gateway.client("desk-key")
        self.write_to_us("to the shop", to="12345")
        self.write_to_us("to nobody", to="+15559990000")
        self.write_to_us("to us", to=OURS.removeprefix("+"))
        for http, text in ((gateway.http, "to us"), (shop, "to the shop"), (desk, "to nobody")):
            found = http.get("/v1/conversations").json["conversations"]
            self.assertEqual(len(found), 1)
            messages = http.get(f"/v1/conversations/{found[0]['id']}/messages").json["messages"]
            self.assertEqual([m["text"] for m in messages], [text])
        # Another client's is not there.
        mine = self.conversations(gateway)[0]["id"]
        for method, path, body in (("GET", "", None), ("GET", "/messages", None), ("POST", "/read", {}),
                                   ("PATCH", "", {"status": "closed"})):
            self.assertEqual(shop.request(method, f"/v1/conversations/{mine}{path}", body).status, 404)
        # Who talked to them last from a number that is nobody's.
        sent = shop.post("/v1/messages", {"to": THEIRS, "from": "+15558880000", "text": "hi"})
        self.assertEqual(sent.status, 202)
        self.write_to_us("an answer", to="+15558880000")
        self.assertEqual(len(shop.get("/v1/conversations").json["conversations"]), 2)
        # This client wants no outgoing messages in threads.
        plain = gateway.http.post("/v1/messages", {"to": THEIRS, "from": OURS, "text": "x"}).json["message_id"]
        self.assertNotIn("conversation_id", gateway.message(plain))

    def test_nobodys_message_is_parked_and_said_so(self):
        gateway = self.serve(extra="")
        self.write_to_us("hello?")
        gateway.process.wait_for_line("inbound message parked")
        self.assertEqual(self.conversations(gateway), [])

    def test_the_client_is_called_back(self):
        receiver = Receiver()
        self.stack.callback(receiver.close)
        gateway = self.serve(callbacks={"allow_cidrs": ["127.0.0.0/8"], "allow_http": True})
        endpoint = gateway.http.post("/v1/callbacks", {"url": receiver.url("/hooks"), "events": ["message.received"]})
        self.assertEqual(endpoint.status, 201, endpoint)
        self.write_to_us("STOP", media=["https://example.com/cat.png"])
        told = receiver.wait_for(1)[0]
        self.assertIn(signatures(endpoint.json["secret"], told), told.headers["webhook-signature"].split())
        self.assertEqual(told.event, "message.received")
        data = told.json["data"]
        conversation = self.conversations(gateway)[0]
        self.assertEqual(data["conversation_id"], conversation["id"])
        self.assertEqual((data["from"], data["to"], data["text"], data["opt_out"]), (THEIRS, OURS, "STOP", "stop"))
        self.assertEqual((data["channel"], data["media"]), ("mms", ["https://example.com/cat.png"]))
        self.assertEqual(self.thread(gateway, conversation["id"])[0]["media"], ["https://example.com/cat.png"])

    def test_opt_outs_by_hand(self):
        gateway = self.serve()
        made = gateway.http.post("/v1/opt-outs", {"recipient": "+1 (555) 000-1111", "sender": OURS})
        self.assertEqual((made.status, made.json["recipient"], made.json["origin"]), (201, THEIRS, "api"))
        self.assertEqual(gateway.http.post("/v1/opt-outs", {"recipient": THEIRS, "sender": OURS}).status, 204)
        self.assertEqual(self.reply(gateway).status, 400)
        self.assertEqual(gateway.http.post("/v1/opt-outs", {"recipient": "ada@example.com"}).status, 201)
        page = gateway.http.get("/v1/opt-outs?limit=1").json
        self.assertEqual([o["recipient"] for o in page["opt_outs"]], ["ada@example.com"])
        rest = gateway.http.get(f"/v1/opt-outs?limit=1&cursor={page['next_cursor']}").json
        self.assertEqual(([o["recipient"] for o in rest["opt_outs"]], rest["next_cursor"]), ([THEIRS], None))
        found = gateway.http.get("/v1/opt-outs?recipient=%2B15550001111").json["opt_outs"]
        self.assertEqual(len(found), 1)
        target = "/v1/opt-outs?recipient=%2B15550001111"
        self.assertEqual(gateway.http.request("DELETE", target).status, 404, "there is none from every sender")
        self.assertEqual(gateway.http.request("DELETE", target + "&sender=%2B15550002222").status, 204)
        self.assertEqual(self.reply(gateway).status, 202)
        for body, pointer in (({}, "/recipient"), ({"recipient": "nobody"}, "/recipient"),
                              ({"recipient": THEIRS, "sender": "?"}, "/sender"),
                              ({"recipient": THEIRS, "why": "x"}, "/why")):
            answer = gateway.http.post("/v1/opt-outs", body)
            self.assertEqual((answer.status, answer.json["pointer"]), (400, pointer), answer)

    def test_words_are_configurable_and_may_be_switched_off(self):
        gateway = self.serve(opt_out={"stop": ["ARRET"], "start": []})
        self.write_to_us("stop")
        self.assertEqual(self.reply(gateway).status, 202)
        self.write_to_us("arret")
        self.assertEqual(self.reply(gateway).status, 400)

    def test_switched_off_words_are_words(self):
        gateway = self.serve(opt_out={"enabled": False})
        self.write_to_us("stop")
        self.assertEqual(self.reply(gateway).status, 202)

    def test_lists_filters_and_changes(self):
        gateway = self.serve()
        for i in range(3):
            self.write_to_us(f"hello {i}", sender=f"+1555000000{i}")
        self.write_to_us("picture", media=["https://example.com/1"])
        page = gateway.http.get("/v1/conversations?limit=2").json
        self.assertEqual([c["peer_address"] for c in page["conversations"]], [THEIRS, "+15550000002"])
        rest = gateway.http.get(f"/v1/conversations?limit=2&cursor={page['next_cursor']}").json
        self.assertEqual([c["peer_address"] for c in rest["conversations"]], ["+15550000001", "+15550000000"])
        self.assertIsNone(rest["next_cursor"])
        self.assertEqual(len(self.conversations(gateway, "?channel=mms")), 1)
        self.assertEqual(len(self.conversations(gateway, "?participant=%2B15550000001")), 1)
        path = f"/v1/conversations/{rest['conversations'][0]['id']}"
        changed = gateway.http.request("PATCH", path, {"status": "archived", "title": "Ada", "metadata": {"k": "v"}})
        self.assertEqual((changed.status, changed.json["status"], changed.json["title"], changed.json["metadata"]),
                         (200, "archived", "Ada", {"k": "v"}))
        self.assertEqual(len(self.conversations(gateway, "?status=archived")), 1)
        self.assertNotIn("metadata", gateway.http.request("PATCH", path, {"metadata": {}}).json)
        for query in ("?status=open", "?channel=fax", "?limit=0", "?nothing=1", f"?cursor={page['next_cursor']}&status=active"):
            self.assertEqual(gateway.http.get(f"/v1/conversations{query}").status, 400, query)
        for body, pointer in (({"status": "open"}, "/status"), ({"title": "x" * 201}, "/title"),
                              ({"metadata": {"k": 1}}, "/metadata/k"), ({"unread_count": 0}, "/unread_count")):
            answer = gateway.http.request("PATCH", path, body)
            self.assertEqual((answer.status, answer.json["pointer"]), (400, pointer), answer)
        self.assertEqual(gateway.http.post(path + "/read", {"up_to": "x"}).status, 400)
        for missing in ("/v1/conversations/nothing", f"/v1/conversations/{'0' * 8}-0000-7000-8000-{'0' * 12}"):
            self.assertEqual(gateway.http.get(missing).status, 404)


if __name__ == "__main__":
    harness.main()
