#!/usr/bin/env python3
"""Request smuggling against the real binary: a pipelined canary that must never run, and bad requests that must change nothing."""
import socket

from harness import KEY, PATIENCE, GatewayTest, main

CANARY_TO = "+14155550999"


def canary():
    body = '{"to":"%s","from":"CANARY","text":"smuggled"}' % CANARY_TO
    return (f"POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {KEY}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}")


HEAD = f"POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {KEY}\r\nContent-Type: application/json\r\n"

# name: (everything before the canary, expected status)
CORPUS = {
    "unknown transfer encoding": (HEAD + "Transfer-Encoding: gzip\r\n\r\n", 400),
    "look-alike transfer encoding": (HEAD + "Transfer-Encoding: xchunked\r\n\r\n", 400),
    "chunked then identity": (HEAD + "Transfer-Encoding: chunked, identity\r\n\r\n", 400),
    "two transfer encodings": (HEAD + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "chunked and length": (HEAD + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400),
    "gzip and length": (HEAD + "Transfer-Encoding: gzip\r\nContent-Length: 0\r\n\r\n", 400),
    "two equal lengths": (HEAD + "Content-Length: 0\r\nContent-Length: 0\r\n\r\n", 400),
    "two lengths": (HEAD + "Content-Length: 0\r\nContent-Length: 6\r\n\r\n", 400),
    "list of lengths": (HEAD + "Content-Length: 0, 0\r\n\r\n", 400),
    "signed length": (HEAD + "Content-Length: +0\r\n\r\n", 400),
    "hexadecimal length": (HEAD + "Content-Length: 0x0\r\n\r\n", 400),
    "negative length": (HEAD + "Content-Length: -1\r\n\r\n", 400),
    "blank before colon": (HEAD + "Content-Length : 0\r\n\r\n", 400),
    "folded header": (HEAD + "X-Fold: a\r\n Content-Length: 0\r\n\r\n", 400),
    "two hosts": ("POST /v1/messages HTTP/1.1\r\nHost: a\r\nHost: b\r\nContent-Length: 0\r\n\r\n", 400),
    "no host": (f"POST /v1/messages HTTP/1.1\r\nX-API-Key: {KEY}\r\nContent-Length: 0\r\n\r\n", 400),
    "chunked in HTTP/1.0": ("POST /v1/messages HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "body on GET": ("GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody", 400),
    "bad chunk size": (HEAD + "Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n", 400),
    "NUL in header": (HEAD + "X-Nul: a\0b\r\nContent-Length: 0\r\n\r\n", 400),
    "huge header": (HEAD + "X-Big: " + "a" * 9000 + "\r\nContent-Length: 0\r\n\r\n", 431),
    "long target": ("GET /" + "a" * 3000 + " HTTP/1.1\r\nHost: a\r\n\r\n", 414),
    "body too large": (HEAD + "Content-Length: 10000000\r\n\r\n", 413),
}


class Framing(GatewayTest):
    def exchange(self, port, data):
        with socket.create_connection(("127.0.0.1", port), timeout=10 * PATIENCE) as connection:
            connection.sendall(data.encode("latin-1"))
            received = b""
            while True:
                try:
                    chunk = connection.recv(65536)
                except ConnectionResetError:
                    break
                if not chunk:
                    break
                received += chunk
            return received

    def test_corpus(self):
        mock = self.mock("provider1")
        gateway = self.gateway([self.provider(mock)])
        for name, (attack, expected) in CORPUS.items():
            with self.subTest(name):
                received = self.exchange(gateway.port, attack + canary())
                self.assertTrue(received.startswith(f"HTTP/1.1 {expected} ".encode()), received[:200])
                self.assertEqual(received.count(b"HTTP/1.1 "), 1, "one answer, then closed")
        # The canary itself is a good request: sent alone it is accepted, so its absence above means something.
        listed = gateway.http.get("/v1/messages?to=%2B14155550999").json["messages"]
        self.assertEqual(listed, [])
        honest = self.exchange(gateway.port, canary().replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n", 1))
        self.assertTrue(honest.startswith(b"HTTP/1.1 202 "), honest[:200])


if __name__ == "__main__":
    main()
