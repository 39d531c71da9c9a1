#!/usr/bin/env python3
"""The command line when something fails on the way: half done work is told, a refusal that passes is waited for, and output that did not
arrive is an error."""
import contextlib
import http.client
import http.server
import json
import os
import re
import subprocess
import threading

from harness import BINARY, KEY, PATIENCE, GatewayTest, Http, child_environment, main, wait_until
from top_test import Tty

TO = "+14155552671"
PROBLEM = {"type": "about:blank", "title": "Service Unavailable", "status": 503, "detail": "The store is full."}


class Between:
    """Stands where a gateway is expected: `answer(method, path)` gives (status, document), None to pass the request on to `port`, or "hang up"."""

    def __init__(self, answer, port=None):
        between = self
        self.answer, self.port, self.asked, self.lock = answer, port, [], threading.Lock()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                with between.lock:
                    between.asked.append(f"{self.command} {self.path}")
                    said = between.answer(self.command, self.path)
                if said == "hang up":
                    self.close_connection = True
                    return
                status, document = said or between.pass_on(self.command, self.path, body, self.headers)
                content = json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def pass_on(self, method, path, body, headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20 * PATIENCE)
        kept = {name: value for name, value in headers.items() if name.lower() in ("x-api-key", "content-type", "accept")}
        connection.request(method, path, body or None, kept)
        response = connection.getresponse()
        document = json.loads(response.read())
        connection.close()
        return response.status, document

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(5)


class Faults(GatewayTest):
    def between(self, answer, port=None):
        made = Between(answer, port)
        self.addCleanup(made.close)
        return made

    def environment(self, url):
        return child_environment({"HELIOGRAPH_URL": url, "HELIOGRAPH_API_KEY": KEY})

    def run_cli(self, url, *arguments, **options):
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL, **options}
        return subprocess.run([BINARY, *arguments], cwd=self.folder, env=self.environment(url), timeout=60 * PATIENCE, check=False, **options)


class HalfDone(Faults):
    """A requeue of many that an error ends."""

    def pages(self, last):
        pages = iter([(200, {"requeued": 3, "failed": [{"id": "id-1", "error": "No credit."}], "next_cursor": "next"}), last])
        return self.between(lambda method, path: next(pages))

    def test_all(self):
        run = self.run_cli(self.pages((503, PROBLEM)).url, "messages", "requeue", "--all")
        self.assertEqual(run.returncode, 1)
        self.assertEqual(run.stdout, b"3 requeued, 1 not, the rest was not tried\nid-1 No credit.\n")
        self.assertEqual(run.stderr, b"heliograph: The store is full. (503)\n")

    def test_as_json(self):
        run = self.run_cli(self.pages((503, PROBLEM)).url, "messages", "requeue", "--all", "--json")
        self.assertEqual(run.returncode, 1)
        self.assertEqual(json.loads(run.stdout), {"requeued": 3, "failed": [{"id": "id-1", "error": "No credit."}], "complete": False})
        self.assertEqual(run.stderr, b"heliograph: The store is full. (503)\n")

    def test_the_last_request_may_have_been_carried_out(self):
        run = self.run_cli(self.pages("hang up").url, "messages", "requeue", "--all")
        self.assertEqual((run.returncode, run.stdout.splitlines()[0]), (1, b"3 requeued, 1 not, the rest was not tried"))
        self.assertIn(b"The last request may have been carried out", run.stderr)

    def test_named_ones(self):
        answers = iter([(200, {"id": "a"}), (404, {"detail": "No such message."}), (401, {"detail": "This key is no longer good."})])
        run = self.run_cli(self.between(lambda method, path: next(answers)).url, "messages", "requeue", "a", "b", "c", "d")
        self.assertEqual((run.returncode, run.stdout), (1, b"1 requeued, 1 not, the rest was not tried\nb No such message. (404)\n"))
        self.assertEqual(run.stderr, b"heliograph: This key is no longer good. (401)\n")

    def test_an_answer_that_is_none(self):
        run = self.run_cli(self.pages((200, {"other": "API"})).url, "messages", "requeue", "--all")
        self.assertEqual((run.returncode, run.stdout.splitlines()[0]), (1, b"3 requeued, 1 not, the rest was not tried"))
        self.assertIn(b"not one of this version's API", run.stderr)

    def test_nothing_done_is_nothing_told(self):
        refusing = self.between(lambda method, path: (503, PROBLEM))
        run = self.run_cli(refusing.url, "messages", "requeue", "--all")
        self.assertEqual((run.returncode, run.stdout, run.stderr), (1, b"", b"heliograph: The store is full. (503)\n"))
        run = self.run_cli(refusing.url, "messages", "requeue", "a", "")
        self.assertEqual((run.returncode, run.stdout, len(refusing.asked)), (2, b"", 1), run.stderr)


class Top(Faults):
    """Between it and a gateway, somebody refuses once in a while."""

    def setUp(self):
        super().setUp()
        self.one = self.gateway([self.provider(self.mock("good"))])
        self.refuse = None
        self.way = self.between(lambda method, path: self.refuse, self.one.port)

    def test_on_a_terminal(self):
        tty = Tty(["top", "--interval", "200"], self.folder, {"HELIOGRAPH_URL": self.way.url, "HELIOGRAPH_API_KEY": KEY})
        self.stack.callback(tty.close)
        for status in (429, 503):
            tty.wait_for("good +healthy.*q quits")
            self.refuse = (status, {"detail": "Later, please."})
            tty.wait_for(rf"Later, please\. \({status}\)")
            self.refuse, tty.output = None, ""
        tty.wait_for("q quits")
        self.refuse = (401, {"detail": "This key was revoked."})
        self.assertEqual(tty.wait(), 1)  # which does not pass

    def test_in_a_pipe(self):
        self.refuse = (503, PROBLEM)
        with subprocess.Popen([BINARY, "top", "--interval", "100"], cwd=self.folder, env=self.environment(self.way.url),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
            self.stack.callback(running.kill)
            for status in (503, 429):
                self.refuse = (status, {"detail": "Later, please."})
                self.assertEqual(running.stderr.readline(), f"heliograph: Later, please. ({status})\n")
                self.refuse = None
                self.assertTrue(any(line.startswith("good ") for line in running.stdout), "it ended")
            running.stdout.close()
            self.assertEqual(running.wait(20 * PATIENCE), 0)


class Output(Faults):
    """Standard output that cannot be written: exit code 1, one line on standard error."""

    def assert_told(self, run, why):
        self.assertEqual((run.returncode, run.stderr.decode()), (1, f"heliograph: standard output: {why}\n"), run.args)

    def closed_pipe(self):
        read, write = os.pipe()
        os.close(read)
        self.addCleanup(os.close, write)
        return write

    def test_a_full_disk_and_a_reader_that_has_gone(self):
        one = self.gateway([self.provider(self.mock("good"))])
        url = f"http://127.0.0.1:{one.port}"
        with open("/dev/full", "wb") as full:
            for arguments in (("version",), ("--help",), ("serve", "--help"), ("config", "check", "--config", one.config),
                              ("client", "list", "--config", one.config, "--json"), ("messages",), ("top", "--once", "--interval", "100"),
                              ("top", "--interval", "100"), ("send", "--to", TO, "--from", "TEST", "--text", "x")):
                self.assert_told(self.run_cli(url, *arguments, stdout=full), "No space left on device")
                if "--interval" not in arguments:  # which ends with its reader
                    self.assert_told(self.run_cli(url, *arguments, stdout=self.closed_pipe()), "Broken pipe")

    def test_more_than_a_buffer_holds(self):
        rows = [{"id": f"{i:036}", "status": "SENT", "to": TO, "created_at": "2026-11-22T14:35:02.319Z"} for i in range(100)]
        url = self.between(lambda method, path: (200, {"messages": rows, "next_cursor": None})).url
        for arguments in (("messages",), ("messages", "--json")):
            with open("/dev/full", "wb") as full:
                self.assert_told(self.run_cli(url, *arguments, stdout=full), "No space left on device")
            self.assert_told(self.run_cli(url, *arguments, stdout=self.closed_pipe()), "Broken pipe")

    def test_a_file_without_room_keeps_what_had_room(self):
        rows = [{"id": f"{i:036}", "status": "SENT", "to": TO, "created_at": "2026-11-22T14:35:02.319Z"} for i in range(100)]
        url = self.between(lambda method, path: (200, {"messages": rows, "next_cursor": None})).url
        limited = subprocess.run(["sh", "-c", f"ulimit -f 2; trap '' XFSZ; {BINARY} messages > list"], cwd=self.folder,
                                 env=self.environment(url), capture_output=True, text=True, check=False)
        self.assertEqual((limited.returncode, limited.stderr), (1, "heliograph: standard output: File too large\n"))

    def test_a_gateway_does_not_care(self):
        one = self.gateway([self.provider(self.mock("good"))])
        one.stop()
        with open("/dev/full", "wb") as full, subprocess.Popen([BINARY, "serve", "--config", one.config], cwd=self.folder, stdout=full,
                                                               stderr=subprocess.DEVNULL, env=child_environment()) as running:
            self.stack.callback(running.kill)
            wait_until(lambda: self.is_ready(one.port), "the gateway")
            running.terminate()
            self.assertEqual(running.wait(40 * PATIENCE), 0)

    @staticmethod
    def is_ready(port):
        with contextlib.suppress(OSError):
            return Http(port).get("/readyz").status == 200


class Utf8(Faults):
    """Arguments that are no text are a fault of the command line, named, and nobody is asked."""

    def test_every_argument(self):
        asked = self.between(lambda method, path: (500, {}))
        for option, arguments in (("--to", ("send", "--to", b"\xff", "--text", "x")), ("--send-at", ("send", "--to", TO, "--text", "x", "--send-at", b"\xff")),
                                  ("--metadata", ("send", "--to", TO, "--text", "x", "--metadata", "a=b", "--metadata", b"a=\xff")),
                                  ("--reference", ("messages", "--reference", b"\xc3")), ("--cursor", ("messages", "--cursor", b"\xc3(")),
                                  ("id", ("messages", "show", b"\xed\xa0\x80")), ("id", ("messages", "cancel", b"\xff")),
                                  ("id", ("messages", "requeue", "a", b"\xff")), ("--provider", ("messages", "requeue", "--all", "--provider", b"\xff")),
                                  ("--validity", ("messages", "requeue", "a", "--validity", b"\xff")), ("--url", ("top", "--url", b"http://\xff"))):
            run = self.run_cli(asked.url, *arguments)
            self.assertEqual((run.returncode, run.stdout), (2, b""), (arguments, run.stderr))
            self.assertRegex(run.stderr.decode(), rf"(?m)^{re.escape(option)}: not UTF-8$", arguments)
        self.assertEqual(asked.asked, [])

    def test_the_name_of_a_file_may_be_anything(self):
        name = os.path.join(self.folder.encode(), b"key-\xff")
        with open(name, "w", encoding="utf-8") as file:
            file.write(KEY + "\n")
        empty = self.between(lambda method, path: (200, {"messages": [], "next_cursor": None}))
        run = self.run_cli(empty.url, "messages", "--key-file", name)
        self.assertEqual((run.returncode, run.stdout), (0, b"No messages.\n"), run.stderr)


if __name__ == "__main__":
    main()
