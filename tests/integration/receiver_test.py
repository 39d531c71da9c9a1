#!/usr/bin/env python3
"""The tests' own receiver of callbacks: its faults are told, a gateway that is killed is none, and half a delivery is no delivery."""
import http.client
import socket
import struct
import unittest

from harness import PATIENCE, main, wait_until
from receiver import Receiver


class ReceiverTest(unittest.TestCase):
    def post(self, receiver, path="/hook"):
        connection = http.client.HTTPConnection("127.0.0.1", receiver.port, timeout=20 * PATIENCE)
        self.addCleanup(connection.close)
        connection.request("POST", path, b"{}")
        return connection.getresponse()

    def half(self, receiver, end):
        """The head and the first byte of a body of two; then the end."""
        with socket.create_connection(("127.0.0.1", receiver.port), timeout=20 * PATIENCE) as connection:
            connection.sendall(b"POST /half HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{")
            end(connection)

    def test_a_fault_of_its_own_fails_the_test(self):
        receiver = Receiver()
        receiver.plans["/hook"] = ["hung"]  # meant was "hang"
        with self.assertRaises((http.client.HTTPException, ConnectionError)):
            self.post(receiver)
        wait_until(lambda: receiver.faults, "the fault to be noted")
        with self.assertRaisesRegex(AssertionError, "the receiver failed"):
            receiver.close()

    def test_half_a_delivery_and_a_reset_are_nothing(self):
        receiver = Receiver()

        def reset(connection):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

        def give_up(connection):
            connection.shutdown(socket.SHUT_WR)
            self.assertEqual(connection.recv(100), b"", "half a delivery was answered")
        for end in (reset, give_up):
            self.half(receiver, end)
        self.assertEqual(self.post(receiver).status, 200)
        self.assertEqual([delivery.path for delivery in receiver.got()], ["/hook"])
        receiver.close()
        self.assertEqual(receiver.got("/half"), [])


if __name__ == "__main__":
    main()
