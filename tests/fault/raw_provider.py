"""Providers on raw sockets, for what no web framework can do on purpose: reset a connection before or after reading, answer
when nobody waits any more, lie about a length.

A `Script` decides for each request what becomes of it; several providers may share one. A step is a function of
(connection, request); `Request.seen` says the how manyth request with that message id this is, at all providers of the
script. What is in a request is peeked at, so that a step may still leave it unread.
"""
import collections
import json
import select
import socket
import struct
import threading
import time

from harness import PATIENCE

BYTES_MAX = 65536
CLOSED = -1


class Request:
    def __init__(self, provider, raw, seen):
        self.provider, self.close = provider.identity, not provider.keep
        self.raw, self.at_ns = raw, time.monotonic_ns()
        head, _, body = raw.partition(b"\r\n\r\n")
        self.headers = {}
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.decode().partition(":")
            self.headers[name.lower()] = value.strip()
        self.document = json.loads(body)
        self.message_id, self.text = self.document["message_id"], self.document["text"]
        self.key = self.headers.get("idempotency-key", "")
        self.seen = seen(self.message_id)
        self.took = ""  # the provider's id, once it has (or may have) taken the message


def complete(raw):
    """Whether there is a whole request at the beginning of `raw`: its length, or 0."""
    head, separator, _ = raw.partition(b"\r\n\r\n")
    if not separator:
        return 0
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            length = len(head) + len(separator) + int(line.split(b":")[1])
            return length if len(raw) >= length else 0
    return len(head) + len(separator)


def drop(connection):
    """Ends it with a reset instead of a FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def response(status, body=b"", headers=(), length=None, close=False):
    lines = [f"HTTP/1.1 {status} Told", f"Content-Length: {len(body) if length is None else length}",
             "Content-Type: application/json", *headers, *(["Connection: close"] if close else [])]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def peer_gave_up(connection, seconds=60):
    """Waits until the other end has closed."""
    connection.settimeout(seconds * PATIENCE)
    try:
        return connection.recv(1) == b""
    except OSError:
        return True


class Script:
    """`step(connection, request)` runs in the connection's thread; True: the connection may carry another request.
    `dedupes`: the providers know a key again, and what is repeated is no second copy."""

    def __init__(self, step, dedupes=False):
        self.step, self.dedupes, self.lock = step, dedupes, threading.Lock()
        self.requests, self.counts = [], collections.Counter()

    def note(self, provider, raw):
        with self.lock:
            def seen(message_id):
                self.counts[message_id] += 1
                return self.counts[message_id]

            request = Request(provider, raw, seen)
            self.requests.append(request)
            return request

    def of(self, message_id):
        with self.lock:
            return [request for request in self.requests if request.message_id == message_id]

    def taken(self):
        """Provider -> what it took, as the mock's arrivals are."""
        found = collections.defaultdict(list)
        with self.lock:
            for request in self.requests:
                if request.took:
                    copy = request.took if self.dedupes else f"{request.took}, {request.seen}"
                    found[request.provider].append({"message_id": request.message_id, "provider_message_id": copy,
                                                    "at_ns": request.at_ns})
        return found

    def count(self, provider=None):
        with self.lock:
            return sum(1 for request in self.requests if provider in (None, request.provider))


class RawProvider:
    """`keep`: whether answers leave the connection open; a kept one may end innocently, which is a case of its own."""

    def __init__(self, identity, script, keep=False):
        self.identity, self.script, self.keep = identity, script, keep
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self.listener.getsockname()[1]
        self.closing, self.connections = False, set()
        self.lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/send"

    def _accept(self):
        while not self.closing:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                self.connections.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            while not self.closing:
                raw = self._peek(connection)
                if raw is None or not self.script.step(connection, self.script.note(self, raw)):
                    break
        except OSError:
            pass
        finally:
            with self.lock:
                self.connections.discard(connection)
            connection.close()

    def _peek(self, connection):
        """The next request, left in the socket; None: the other end closed."""
        low = 1
        while True:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, low)
            connection.setblocking(True)
            raw = connection.recv(BYTES_MAX, socket.MSG_PEEK)
            if not raw:
                return None
            length = complete(raw)
            if length:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1)
                return raw[:length]
            low = len(raw) + 1
            # A FIN behind half a request makes the socket readable without more bytes.
            if not select.select([connection], [], [], 30 * PATIENCE)[0] or connection.recv(BYTES_MAX, socket.MSG_PEEK) == raw:
                return None

    def close(self):
        self.closing = True
        self.listener.close()
        with self.lock:
            for connection in self.connections:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass


# ---- steps ----

def read(connection, request):
    """Takes the request out of the socket."""
    left = len(request.raw)
    while left:
        chunk = connection.recv(left)
        if not chunk:
            raise OSError("closed")
        left -= len(chunk)


def provider_id(request):
    return f"{request.provider}-{request.key}"


def tell(connection, request):
    """Takes the message; the request has been read."""
    request.took = provider_id(request)
    connection.sendall(response(200, json.dumps({"id": provider_id(request)}).encode(), close=request.close))
    return not request.close


def answer(connection, request):
    read(connection, request)
    return tell(connection, request)


def answering(status, body=b"{}", **options):
    def step(connection, request):
        read(connection, request)
        connection.sendall(response(status, body, close=request.close, **options))
        return not request.close
    return step


def raw_bytes(data):
    """Answers with these bytes and closes."""
    def step(connection, request):
        read(connection, request)
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        peer_gave_up(connection)
        return False
    return step


def reset_unread(connection, request):
    drop(connection)
    return False


def reset_read(connection, request):
    read(connection, request)
    drop(connection)
    return False


def close_read(connection, request):
    read(connection, request)
    return False


def too_late(connection, request):
    """Answers only when the gateway has given up."""
    read(connection, request)
    peer_gave_up(connection)
    try:
        connection.sendall(response(200, json.dumps({"id": provider_id(request)}).encode()))
    except OSError:
        pass
    return False
