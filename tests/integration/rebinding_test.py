#!/usr/bin/env python3
"""Callback URLs whose names lead elsewhere at the second look: no packet ever goes to a private address.

Runs in a network namespace of its own, where a DNS server answers as the test wants and every SYN is counted on the wire.
"""
import contextlib
import http.server
import json
import os
import shutil
import socket
import socketserver
import struct
import subprocess
import sys
import tempfile
import threading

from harness import GatewayTest, main, wait_until

INSIDE = "HELIOGRAPH_TEST_NAMESPACE"
SKIPPED = 77
PUBLIC, PRIVATE, PORT = "93.184.216.34", "10.0.0.5", 8000
PRIVATE_V6 = ["fd00::5", "::ffff:10.0.0.5", "64:ff9b::a00:5", "2002:a00:5::1"]
A, AAAA = 1, 28
SYN, ACK = 0x02, 0x10


def enter_namespace():
    """Runs this program again inside one; returns only there."""
    if os.environ.get(INSIDE):
        return
    if os.geteuid() != 0 or not shutil.which("unshare"):
        print("skipped: needs root and unshare(1) for a network namespace")
        sys.exit(SKIPPED)
    environment = {**os.environ, INSIDE: "1"}
    sys.exit(subprocess.run(["unshare", "--net", "--mount", sys.executable, os.path.abspath(__file__), *sys.argv[1:]],
                            env=environment, check=False).returncode)


def furnish_namespace():
    for command in ("ip link set lo up", f"ip address add {PUBLIC}/32 dev lo", f"ip address add {PRIVATE}/32 dev lo",
                    *(f"ip address add {address}/128 dev lo nodad" for address in PRIVATE_V6[:1])):
        subprocess.run(command.split(), check=True)
    with tempfile.NamedTemporaryFile("w", prefix="resolv-", delete=False) as file:
        file.write("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
    os.chmod(file.name, 0o644)
    subprocess.run(["mount", "--bind", file.name, "/etc/resolv.conf"], check=True)
    os.unlink(file.name)


class Dns(socketserver.ThreadingUDPServer):
    """Answers each name with the next entry of its plan, the last one for ever: a list of addresses. TTL 0."""
    allow_reuse_address, daemon_threads = True, True

    def __init__(self):
        self.lock, self.plans, self.asked = threading.Lock(), {}, 0
        super().__init__(("127.0.0.1", 53), DnsAnswer)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def plan(self, name, *answers):
        with self.lock:
            self.plans[name] = [list(answers), None]

    def addresses(self, name, kind):
        """A and AAAA of one look-up get the same entry."""
        with self.lock:
            self.asked += 1
            if name not in self.plans:
                return []
            plan = self.plans[name]
            if kind == A or plan[1] is None:
                plan[1] = plan[0].pop(0) if len(plan[0]) > 1 else plan[0][0]
            return plan[1]


class DnsAnswer(socketserver.BaseRequestHandler):
    def handle(self):
        question, peer = self.request
        labels, at = [], 12
        while question[at]:
            labels.append(question[at + 1:at + 1 + question[at]].decode())
            at += question[at] + 1
        kind = struct.unpack("!H", question[at + 1:at + 3])[0]
        family = {A: socket.AF_INET, AAAA: socket.AF_INET6}.get(kind)
        records = b""
        count = 0
        for address in self.server.addresses(".".join(labels), kind) if family else []:
            if (":" in address) == (kind == AAAA):
                packed = socket.inet_pton(family, address)
                records += struct.pack("!HHHIH", 0xC00C, kind, 1, 0, len(packed)) + packed
                count += 1
        header = question[:2] + struct.pack("!HHHHH", 0x8180, 1, count, 0, 0)
        peer.sendto(header + question[12:at + 5] + records, self.client_address)


class Syns:
    """Counts the SYNs (without ACK) to each address, as they pass the wire."""

    def __init__(self):
        self.lock, self.counts = threading.Lock(), {}
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0003))
        self.socket.bind(("lo", 0))
        threading.Thread(target=self.watch, daemon=True).start()

    def watch(self):
        while True:
            packet, address = self.socket.recvfrom(65535)
            if address[2] != socket.PACKET_OUTGOING:
                continue
            version = packet[0] >> 4
            start = (packet[0] & 15) * 4 if version == 4 else 40
            protocol = packet[9] if version == 4 else packet[6]
            if protocol != socket.IPPROTO_TCP or packet[start + 13] & (SYN | ACK) != SYN:
                continue
            to = socket.inet_ntop(socket.AF_INET, packet[16:20]) if version == 4 else socket.inet_ntop(socket.AF_INET6, packet[24:40])
            with self.lock:
                self.counts[to] = self.counts.get(to, 0) + 1

    def of(self, address):
        with self.lock:
            return self.counts.get(address, 0)

    def to_private(self):
        with self.lock:
            return {address: count for address, count in self.counts.items() if address not in (PUBLIC, "127.0.0.1")}


class Endpoint:
    """An HTTP server on one address that takes callbacks, or sends them on with 302."""

    def __init__(self, address, redirect=None):
        endpoint, self.bodies = self, []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                endpoint.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(302 if redirect else 200)
                if redirect:
                    self.send_header("Location", redirect)
                self.send_header("Content-Length", "0")
                # A connection that is kept would spare the next look-up.
                self.send_header("Connection", "close")
                self.end_headers()

            def log_message(self, *arguments):
                pass

        class Server(http.server.ThreadingHTTPServer):
            address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
            daemon_threads = True

        self.server = Server((address, PORT if redirect is None else PORT + 1), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Rebinding(GatewayTest):
    @classmethod
    def setUpClass(cls):
        cls.shared = contextlib.ExitStack()
        cls.dns, cls.syns = Dns(), Syns()
        cls.shared.callback(cls.dns.server_close)
        cls.shared.callback(cls.dns.shutdown)
        cls.public, cls.private = Endpoint(PUBLIC), Endpoint(PRIVATE)
        cls.redirecting = Endpoint(PUBLIC, redirect=f"http://{PRIVATE}:{PORT}/hook")
        cls.private_v6 = Endpoint(PRIVATE_V6[0])
        for endpoint in (cls.public, cls.private, cls.redirecting, cls.private_v6):
            cls.shared.callback(endpoint.close)

    @classmethod
    def tearDownClass(cls):
        cls.shared.close()

    def setUp(self):
        super().setUp()
        self.one = self.gateway([self.provider(self.mock())], callbacks={"allow_http": True, "retry_delays": ["1s"]})
        for endpoint in (self.public, self.private, self.redirecting, self.private_v6):
            endpoint.bodies.clear()

    def register(self, name, port=PORT):
        answer = self.one.http.post("/v1/callbacks", {"url": f"http://{name}:{port}/hook", "events": ["message.sent"]})
        self.assertEqual(answer.status, 201, answer)
        return answer.json["id"]

    def deliveries(self, callback):
        return self.one.http.get(f"/v1/callbacks/{callback}/deliveries?limit=100").json["deliveries"]

    def assert_nothing_private(self):
        """What is counted lags behind the wire: a SYN of our own, sent last, shows that all before it were."""
        before = self.syns.of(PUBLIC)
        with socket.create_connection((PUBLIC, PORT), timeout=20):
            wait_until(lambda: self.syns.of(PUBLIC) > before, "the marker SYN to be counted")
        self.assertEqual(self.syns.to_private(), {}, "SYNs to private addresses")
        self.assertEqual(self.private.bodies + self.private_v6.bodies, [])

    def test_a_public_address_is_delivered_to(self):
        """That the namespace works, and that SYNs are counted."""
        self.dns.plan("public.test", [PUBLIC])
        before = self.syns.of(PUBLIC)
        self.register("public.test")
        self.one.send()
        wait_until(lambda: self.public.bodies, "the callback")
        wait_until(lambda: self.syns.of(PUBLIC) > before, "its SYN to be counted")
        self.assert_nothing_private()

    def test_a_name_that_turns_private_after_it_was_registered(self):
        self.dns.plan("turns.test", [PUBLIC])
        callback = self.register("turns.test")
        self.one.send()
        wait_until(lambda: self.public.bodies, "the first callback")
        self.dns.plan("turns.test", [PRIVATE])
        self.one.send()
        wait_until(lambda: any(delivery.get("error") for delivery in self.deliveries(callback)), "the refusal")
        self.assertIn("private", json.dumps(self.deliveries(callback)))
        self.assert_nothing_private()

    def test_a_name_that_alternates_with_every_question(self):
        """The address that was checked is the one that is connected to, however often the name is asked."""
        self.dns.plan("flips.test", *[[PUBLIC], [PRIVATE]] * 100)
        callback = self.register("flips.test")
        asked = self.dns.asked
        for _ in range(40):
            self.one.send()
        wait_until(lambda: len(self.deliveries(callback)) >= 40 and all(d["attempts"] for d in self.deliveries(callback)), "40 attempts")
        wait_until(lambda: len(self.public.bodies) >= 5, "some of them to be delivered", 40)
        self.assertGreater(self.dns.asked - asked, 20)
        self.assert_nothing_private()

    def test_a_private_address_beside_a_public_one(self):
        self.dns.plan("both.test", [PUBLIC, PRIVATE])
        callback = self.register("both.test")
        self.one.send()
        wait_until(lambda: any(delivery.get("error") for delivery in self.deliveries(callback)), "the refusal")
        self.assertEqual(self.public.bodies, [])
        self.assert_nothing_private()

    def test_private_addresses_of_ipv6_and_those_that_embed_one(self):
        callbacks = []
        for i, address in enumerate(PRIVATE_V6):
            self.dns.plan(f"six{i}.test", [address])
            callbacks.append(self.register(f"six{i}.test"))
        self.one.send()
        for callback in callbacks:
            wait_until(lambda found=callback: any(d.get("error") for d in self.deliveries(found)), "the refusal")
        self.assert_nothing_private()

    def test_redirects_are_not_followed(self):
        self.dns.plan("redirects.test", [PUBLIC])
        self.register("redirects.test", PORT + 1)
        self.one.send()
        wait_until(lambda: len(self.redirecting.bodies) >= 2, "the redirect to count as a failure that is tried again")
        self.assert_nothing_private()


if __name__ == "__main__":
    enter_namespace()
    furnish_namespace()
    main()
