"""Starts the real binary with real mock providers on free ports and talks to it as a client would.

Everything waits for an event (a line on standard output, an answer, a state) with a deadline; nothing sleeps for luck.
"""
import contextlib
import ctypes
import http.client
import json
import os
import queue
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

import contract

BINARY = os.environ.get("HELIOGRAPH_BIN") or os.path.join(
    os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "build", "release", "bin", "heliograph")
PLUGINS = os.environ.get("HELIOGRAPH_PLUGINS") or os.path.join(os.path.dirname(os.path.dirname(BINARY)), "plugins")
KEY = "test-key"
# Sanitizer builds are several times slower; a deadline is a bound on hanging, never an expectation of speed.
PATIENCE = float(os.environ.get("HELIOGRAPH_TEST_PATIENCE", "1"))
# Built with sanitizers: a crash is an exit then, and checks need descriptors of their own.
SANITIZED = bool(os.environ.get("HELIOGRAPH_TEST_SANITIZED"))
POLL_SECONDS = 0.02
# Every answer of a gateway is compared with it. Measurements may take an Http with check=None instead.
CONTRACT = contract.Contract()


def free_port():
    """Below those that the kernel gives to outgoing connections, which could take it before its process is there."""
    while True:
        port = random.SystemRandom().randrange(10_240, 32_000)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def wait_until(condition, what, seconds=20.0):
    """The first true value of condition(); fails the test after the deadline, saying what it waited for."""
    deadline = time.monotonic() + seconds * PATIENCE
    pause = threading.Event()
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds * PATIENCE:.0f} s for {what}")
        pause.wait(POLL_SECONDS)


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.body[:300]!r}>"


class Http:
    """One keep-alive connection; reconnects once when the peer has closed it meanwhile.

    `check` is called with method, target and answer; None for peers that are no gateway.
    """

    def __init__(self, port, key=None, timeout=20.0, check=CONTRACT.check):
        self.port, self.key, self.timeout, self.connection = port, key, timeout * PATIENCE, None
        self.check = check

    def request(self, method, path, body=None, headers=None):
        headers = dict(headers or {})
        if self.key and "X-API-Key" not in headers:
            headers["X-API-Key"] = self.key
        if body is not None and not isinstance(body, (str, bytes)):
            body = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        for last_try in (False, True):
            if self.connection is None:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.timeout)
            fresh = self.connection.sock is None
            try:
                self.connection.request(method, path, body=body, headers=headers)
                response = self.connection.getresponse()
                answer = Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
            except (http.client.RemoteDisconnected, ConnectionError, BrokenPipeError):
                self.close()
                # Only a connection that was reused may have been closed innocently.
                if fresh or last_try:
                    raise
                continue
            if self.check:
                self.check(method, path, answer)
            return answer

    def get(self, path, **kwargs):
        return self.request("GET", path, **kwargs)

    def post(self, path, body=None, **kwargs):
        return self.request("POST", path, body if body is not None else {}, **kwargs)

    def put(self, path, body, **kwargs):
        return self.request("PUT", path, body, **kwargs)

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None


def child_environment(env=None):
    """Ours without HELIOGRAPH_ variables, which are settings to the binary; it knows its mutant (tests/mutants) by another name."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("HELIOGRAPH_")}
    if "HELIOGRAPH_MUTANT" in os.environ:
        environment["HG_MUTANT"] = os.environ["HELIOGRAPH_MUTANT"]
    return {**environment, **(env or {})}


LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1


def die_with_us():
    """In a child before it runs: a test that is killed leaves no process behind. Such a child must not be started by a thread that ends
    before it (prctl(2): the parent is the thread)."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Process:
    """A child whose output is read by a thread, line by line. `wrapper`: a command to run it under."""

    def __init__(self, arguments, cwd, env=None, wrapper=()):
        self.process = subprocess.Popen([*wrapper, BINARY, *arguments], cwd=cwd, env=child_environment(env), stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True, errors="replace", preexec_fn=die_with_us)
        self.lines, self.output = queue.Queue(), []
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.output.append(line)
            self.lines.put(line)
        self.lines.put(None)

    def wait_for_line(self, text, seconds=30.0):
        deadline = time.monotonic() + seconds * PATIENCE
        while True:
            try:
                line = self.lines.get(timeout=max(0.01, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no line with {text!r} in time; output:\n{self.text()}") from None
            if line is None:
                raise AssertionError(f"ended with {self.process.wait()} before {text!r}; output:\n{self.text()}")
            if text in line:
                return line.strip()

    def text(self):
        return "".join(self.output[-80:])

    @property
    def pid(self):
        return self.process.pid

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.reader.join(5)

    def terminate(self, seconds=40.0):
        """SIGTERM and the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.wait(seconds)

    def wait(self, seconds=40.0):
        try:
            code = self.process.wait(seconds * PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"did not end in {seconds * PATIENCE:.0f} s; output:\n{self.text()}") from None
        self.reader.join(5)
        return code

    def alive(self):
        return self.process.poll() is None


class Mock(Process):
    def __init__(self, folder, identity="mock", **options):
        arguments = ["mock-provider", "--port", "0", "--id", identity]
        for name, value in options.items():
            flag = "--" + name.replace("_", "-")
            arguments += [flag] if value is True else [flag, str(value)]
        super().__init__(arguments, folder)
        self.port = int(self.wait_for_line("mock provider").rsplit(":", 1)[1])
        self.http = Http(self.port, check=None)
        self.identity = identity

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/api/sms/{self.identity}"

    def behave(self, **document):
        answer = self.http.put("/admin/behaviour", document)
        assert answer.status == 200, answer

    def arrivals(self):
        return self.http.get("/admin/arrivals").json["arrivals"]

    def count(self):
        return self.http.get("/admin/arrivals?summary=1").json["total"]

    def taken(self):
        """Messages it took: those that were given an id."""
        return [arrival for arrival in self.arrivals() if arrival["provider_message_id"]]


def toml_value(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml_value(item)}" for key, item in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(toml_value(item) for item in value) + "]"
    return json.dumps(value)


def toml_section(header, values):
    return f"{header}\n" + "".join(f"{key} = {toml_value(value)}\n" for key, value in values.items()) + "\n"


class Gateway:
    """A configuration, a data folder, and the process that runs on them, which may be ended and started again."""

    def __init__(self, folder, providers, clients=None, port=None, env=None, plugins=None, extra="", **sections):
        self.folder, self.port, self.env, self.process = folder, port or free_port(), env, None
        self.config = os.path.join(folder, "heliograph.toml")
        self.tables = {"providers": providers, "clients": clients, "plugins": plugins, "extra": extra, "sections": sections}
        self.write()
        self.http = Http(self.port, KEY)

    def write(self, **changed):
        """The configuration anew: `changed` of what the constructor was given (`sections`: whole ones)."""
        sections = {**self.tables["sections"], **changed.pop("sections", {})}
        self.tables = {**self.tables, **changed, "sections": sections}
        text = ""
        defaults = {
            "http": {"listen": f"127.0.0.1:{self.port}"},
            "store": {"path": "data/heliograph.db"},
            "plugins": {"path": [self.tables["plugins"] or PLUGINS]},
            "retry": {"min_delay": "50ms", "max_delay": "200ms", "jitter": "none"},
            "log": {"level": "debug"},
        }
        for name in {**defaults, **sections}:
            text += toml_section(f"[{name}]", {**defaults.get(name, {}), **sections.get(name, {})})
        for provider in self.tables["providers"]:
            provider = dict(provider)
            config = provider.pop("config", {})
            text += toml_section("[[provider]]", {"plugin": "http", **provider})
            text += toml_section("[provider.config]", config)
        for client in self.tables["clients"] or [{"name": "test", "key": KEY, "credit_cents": 1_000_000,
                                   "scopes": ["send", "read", "admin"]}]:
            text += toml_section("[[client]]", client)
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(text + self.tables["extra"])

    @property
    def database(self):
        return os.path.join(self.folder, "data", "heliograph.db")

    def start(self):
        self.process = Process(["serve", "--config", self.config], self.folder, self.env)
        self.process.wait_for_line("listening on")
        return self

    def stop(self):
        code = self.process.terminate()
        self.http.close()
        assert code == 0, f"exit code {code}; output:\n{self.process.text()}"

    def kill(self):
        self.process.kill()
        self.http.close()

    def client(self, key=KEY):
        return Http(self.port, key)

    def receipts_url(self, provider):
        return f"http://127.0.0.1:{self.port}/v1/providers/{provider}/events"

    def send(self, **fields):
        answer = self.http.post("/v1/messages", {"to": "+14155552671", "from": "TEST", "text": "Hello", **fields})
        assert answer.status == 202, answer
        return answer.json["message_id"]

    def message(self, message_id):
        answer = self.http.get(f"/v1/messages/{message_id}")
        assert answer.status == 200, answer
        return answer.json

    def attempts(self, message_id):
        return self.http.get(f"/v1/messages/{message_id}/attempts").json["attempts"]

    def wait_for_status(self, message_id, *statuses, seconds=20.0):
        def reached():
            message = self.message(message_id)
            return message if message["status"] in statuses else None

        try:
            return wait_until(reached, f"{' or '.join(statuses)}", seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}; it is {self.message(message_id)}; log:\n{self.process.text()}") from None

    def provider_status(self, name):
        return self.http.get(f"/v1/admin/providers/{name}").json


def cli(arguments, cwd, env=None, seconds=60):
    """Runs a command of the binary to its end."""
    return subprocess.run([BINARY, *arguments], cwd=cwd, env=child_environment(env), capture_output=True, text=True,
                          timeout=seconds * PATIENCE, check=False)


class GatewayTest(unittest.TestCase):
    """A folder of its own for each test; every process started is ended, by its id."""

    maxDiff = None

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="heliograph-test-")
        self.stack = contextlib.ExitStack()
        CONTRACT.violations.clear()
        self.addCleanup(lambda: self.assertEqual(CONTRACT.violations, [], "answers against docs/openapi/openapi.json"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.addCleanup(self.stack.close)

    def mock(self, identity="mock", **options):
        mock = Mock(self.folder, identity, **options)
        self.stack.callback(lambda: mock.alive() and mock.kill())
        self.stack.callback(mock.http.close)
        return mock

    def gateway(self, providers, start=True, **options):
        gateway = Gateway(self.folder, providers, **options)

        def end():
            gateway.http.close()
            if gateway.process and gateway.process.alive():
                gateway.process.kill()

        self.stack.callback(end)
        return gateway.start() if start else gateway

    def gateway_with_bad_plugin(self, fault, env=None, **fields):
        """One whose only provider, "bad", is the plugin of that name in tests/support/plugins/bad."""
        folder = os.path.join(self.folder, "plugins")
        shutil.copytree(PLUGINS, folder)
        os.chmod(folder, 0o755)
        bad = os.environ.get("HELIOGRAPH_BAD_PLUGINS") or os.path.join(os.path.dirname(os.path.dirname(BINARY)), "bad-plugins")
        shutil.copy(os.path.join(bad, fault + ".so"), os.path.join(folder, "libhg_provider_bad.so"))
        return self.gateway([{"id": "bad", "plugin": "bad", "config": {"url": self.mock().url}, **fields}], plugins=folder, env=env)

    def provider(self, mock, name=None, receipts=False, config=None, **fields):
        """The [[provider]] table for a mock."""
        return {"id": name or mock.identity, "receipts": receipts, **fields,
                "config": {"url": mock.url, **(config or {})}}


def main():
    unittest.main(verbosity=2, warnings="ignore")
