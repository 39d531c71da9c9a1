"""A receiver of callbacks on loopback that answers as the test wants and remembers what came."""
import base64
import hashlib
import hmac
import http.server
import json
import sys
import threading
import traceback

from harness import wait_until


class Delivery:
    def __init__(self, path, headers, body):
        self.path, self.headers, self.body = path, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def id(self):
        return self.headers["webhook-id"]

    @property
    def event(self):
        return self.json["type"]


def signatures(secret, delivery):
    """What the header has to hold for this secret (Standard Webhooks 1.0)."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = f"{delivery.id}.{delivery.headers['webhook-timestamp']}.".encode() + delivery.body
    return "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


class Receiver:
    """`plans`: by path, what to answer in turn, the last for ever: a status, (status, headers), or "hang"."""

    def __init__(self):
        self.lock, self.deliveries, self.plans = threading.Lock(), [], {}
        self.faults = []  # what the receiver itself did wrong
        self.let_go = threading.Event()  # ends what hangs
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                length = int(self.headers["Content-Length"])
                body = self.rfile.read(length)
                if len(body) < length:  # a gateway that was killed meanwhile has delivered nothing
                    self.close_connection = True
                    return
                headers = {name.lower(): value for name, value in self.headers.items()}
                plan = receiver.take(Delivery(self.path, headers, body))
                if plan == "hang":
                    receiver.let_go.wait()
                    self.close_connection = True
                    return
                status, extra = plan if isinstance(plan, tuple) else (plan, {})
                self.send_response(status)
                for name, value in {"Content-Length": "0", **extra}.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *arguments):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads, request_queue_size = True, 128

            def handle_error(self, request, client_address):
                # A gateway that was killed resets its connections; whatever else is raised here is told by close().
                if not isinstance(sys.exc_info()[1], ConnectionError):
                    with receiver.lock:
                        receiver.faults.append(traceback.format_exc())

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def take(self, delivery):
        with self.lock:
            self.deliveries.append(delivery)
            plan = self.plans.get(delivery.path.split("?")[0], [200])
            return plan.pop(0) if len(plan) > 1 else plan[0]

    def url(self, path="/"):
        return f"http://127.0.0.1:{self.port}{path}"

    def got(self, path=None):
        with self.lock:
            return [delivery for delivery in self.deliveries if path in (None, delivery.path)]

    def wait_for(self, count, path=None, seconds=20.0):
        return wait_until(lambda: len(self.got(path)) >= count and self.got(path), f"{count} callbacks at {path}", seconds)

    def close(self):
        self.let_go.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(5)
        with self.lock:
            assert not self.faults, "the receiver failed:\n" + "\n".join(self.faults)
