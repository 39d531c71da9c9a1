#!/usr/bin/env python3
"""Floods and slow clients: whoever holds connections, sends byte by byte, or never reads, harms nobody else and costs a bounded amount.

HELIOGRAPH_FAULT=full adds what takes the deadlines of body and write (30 s).
"""
import os
import resource
import socket
import threading
import time
import unittest

from harness import PATIENCE, SANITIZED, GatewayTest, Http, main, wait_until

FULL = os.environ.get("HELIOGRAPH_FAULT") == "full"
HEADER_DEADLINE, BODY_DEADLINE, WRITE_DEADLINE = 10, 30, 30  # seconds, from the documentation
CONNECTIONS_MAX, OF_ONE_ADDRESS = 300, 250
MEGABYTES_MORE = 64


def connect(port, source="127.0.0.1"):
    return socket.create_connection(("127.0.0.1", port), timeout=20 * PATIENCE, source_address=(source, 0))


class Trickle:
    """Connections that send `begin` and then a byte at a time, never finishing. `closed`: when each was closed, in seconds."""

    def __init__(self, port, count, begin, byte, read=True):
        self.byte, self.read, self.closed, self.ending = byte, read, [], threading.Event()
        self.began, self.open = time.monotonic(), []
        for _ in range(count):
            connection = connect(port)
            connection.sendall(begin)
            connection.setblocking(False)
            self.open.append(connection)
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        while self.open and not self.ending.wait(0.25):
            for connection in list(self.open):
                try:
                    if self.byte:
                        connection.send(self.byte)
                    gone = self.read and connection.recv(65536) == b""
                except BlockingIOError:
                    continue
                except OSError:
                    gone = True
                if gone:
                    self.closed.append(time.monotonic() - self.began)
                    self.open.remove(connection)
                    connection.close()

    def end(self):
        self.ending.set()
        self.thread.join(10)
        for connection in self.open:
            connection.close()


class Flood(GatewayTest):
    def serve(self, **http):
        self.mock1 = self.mock()
        self.one = self.gateway([self.provider(self.mock1)], http={"max_connections": CONNECTIONS_MAX,
                                                                   "max_connections_per_address": OF_ONE_ADDRESS, **http},
                                log={"level": "warn"})

    def attack(self, *arguments, **options):
        trickle = Trickle(self.one.port, *arguments, **options)
        self.addCleanup(trickle.end)
        return trickle

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.one.process.pid}/fd"))

    def resident_mb(self):
        with open(f"/proc/{self.one.process.pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * resource.getpagesize() / 2**20

    def assert_serves(self, count=50):
        for _ in range(count):
            self.one.wait_for_status(self.one.send(), "SENT")

    def assert_cut(self, trickle, count, deadline):
        wait_until(lambda: len(trickle.closed) == count, f"{count} connections to be cut", deadline + 20)
        # The total deadline, which no byte puts off. Never before it; how long after is the machine's business.
        self.assertGreaterEqual(min(trickle.closed), deadline - 1)

    def test_headers_that_never_end(self):
        self.serve()
        before = self.descriptors()
        trickle = self.attack(200, b"POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nX-Slow: ", b"a")
        self.assert_serves()
        self.assert_cut(trickle, 200, HEADER_DEADLINE)
        wait_until(lambda: self.descriptors() <= before + 5, "its descriptors to be returned")
        self.assert_serves(5)

    def test_more_connections_than_there_may_be(self):
        self.serve()
        ours = self.one.http
        self.one.send()
        held = [connect(self.one.port) for _ in range(OF_ONE_ADDRESS - 1)]
        self.addCleanup(lambda: [connection.close() for connection in held])
        refused = 0
        for _ in range(100):  # beyond what one address may have
            with connect(self.one.port) as extra:
                extra.settimeout(20 * PATIENCE)
                try:
                    extra.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                    answer = extra.recv(1024)
                except ConnectionError:
                    answer = b""
                refused += not answer.startswith(b"HTTP/1.1 200")
        self.assertEqual(refused, 100)
        self.assertEqual(ours.get("/v1/me").status, 200, "an open connection goes on")
        with connect(self.one.port, "127.0.0.2") as neighbour:
            neighbour.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            self.assertTrue(neighbour.recv(1024).startswith(b"HTTP/1.1 200"), "another address has places of its own")
        for connection in held:
            connection.close()
        held.clear()
        wait_until(lambda: self.fresh_answer() == 200, "a new connection to be served again")

    def fresh_answer(self):
        http = Http(self.one.port)
        try:
            return http.get("/healthz").status
        except OSError:
            return 0
        finally:
            http.close()

    def test_a_flood_of_connections_that_come_and_go(self):
        self.serve()
        before, stop = self.descriptors(), threading.Event()
        churned = [0] * 4

        def churn(index):
            while not stop.is_set():
                try:
                    with connect(self.one.port, f"127.0.0.{index + 3}") as connection:
                        connection.sendall(b"GET / HT")
                    churned[index] += 1
                except OSError:
                    pass

        threads = [threading.Thread(target=churn, args=(index,), daemon=True) for index in range(4)]
        for thread in threads:
            thread.start()
        try:
            self.assert_serves(100)
            wait_until(lambda: sum(churned) > 2000, "2,000 connections", 60)
        finally:
            stop.set()
            for thread in threads:
                thread.join(10)
        wait_until(lambda: self.descriptors() <= before + 5, "descriptors to be returned")

    @unittest.skipIf(SANITIZED, "the sanitizer looks at memory through a pipe, and there is no descriptor for one")
    def test_without_a_descriptor_left_it_waits_and_goes_on(self):
        self.serve()
        self.one.send()
        have = self.descriptors()
        resource.prlimit(self.one.process.pid, resource.RLIMIT_NOFILE, (have + 8, have + 8))
        held = [connect(self.one.port) for _ in range(60)]  # the kernel takes them, the gateway cannot
        self.assertEqual(self.one.http.get("/v1/me").status, 200)
        for connection in held:
            connection.close()
        wait_until(lambda: self.fresh_answer() == 200, "a new connection to be served again")
        self.assert_serves(10)

    def test_bodies_announced_and_not_sent_cost_no_memory(self):
        self.serve()
        self.one.send()
        before = self.resident_mb()
        begin = (b"POST /v1/messages/batch HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nX-API-Key: test-key\r\n"
                 b"Content-Length: 4000000\r\n\r\n" + b"[" * 1000)
        trickle = self.attack(200, begin, b"[")
        self.assert_serves()
        self.assertLess(self.resident_mb(), before + MEGABYTES_MORE)
        if FULL:
            # Those beyond the places for large bodies are refused at once.
            wait_until(lambda: len(trickle.closed) == 200, "all to be cut", BODY_DEADLINE + 20)
            self.assertGreaterEqual(max(trickle.closed), BODY_DEADLINE - 1)

    @unittest.skipUnless(FULL, "takes the deadline of a write; HELIOGRAPH_FAULT=full")
    def test_clients_that_do_not_read(self):
        self.serve()
        self.one.send()
        before = self.resident_mb()
        pipelined = b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n" * 40
        trickle = self.attack(100, pipelined, None, read=False)
        self.assert_serves()
        self.assertLess(self.resident_mb(), before + MEGABYTES_MORE)
        wait_until(lambda: self.descriptors() < 60, "the connections to be cut", WRITE_DEADLINE + 30)
        trickle.end()

    def test_pipelined_requests_beyond_any_reason(self):
        """A thousand requests at once on one connection are answered in order, and hold up no other."""
        self.serve()
        count = 1000
        with connect(self.one.port) as greedy:
            sender = threading.Thread(target=greedy.sendall, args=(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" * count,))
            sender.start()
            self.assert_serves(10)
            answers = b""
            while answers.count(b"HTTP/1.1 200") < count:
                data = greedy.recv(65536)
                self.assertTrue(data, f"closed after {answers.count(b'HTTP/1.1 200')} answers")
                answers += data
            sender.join(10)


if __name__ == "__main__":
    main()
