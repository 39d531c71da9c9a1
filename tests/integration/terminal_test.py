#!/usr/bin/env python3
"""`heliograph send` and `heliograph messages` against a running gateway: answers, JSON, exit codes, and what `ps` may see."""
import contextlib
import datetime
import fcntl
import json
import os
import pty
import socket
import subprocess
import threading

from harness import BINARY, KEY, PATIENCE, PLUGINS, GatewayTest, child_environment, free_port, main, wait_until

TO = "+14155552671"


def in_an_hour():
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")


class Terminal(GatewayTest):
    def serve(self, **options):
        self.provider_mock = self.mock("good")
        self.one = self.gateway([self.provider(self.provider_mock)], **options)
        self.url = f"http://127.0.0.1:{self.one.port}"
        return self.one

    def run_cli(self, *arguments, text=None, key=KEY, url=None):
        environment = {"HELIOGRAPH_URL": url or self.url, **({"HELIOGRAPH_API_KEY": key} if key else {})}
        return subprocess.run([BINARY, *arguments], cwd=self.folder, env=child_environment(environment), input=text or "",
                              capture_output=True, text=True, timeout=60 * PATIENCE, check=False)

    def document(self, *arguments, code=0, **options):
        """The one JSON document on standard output; nothing on standard error unless it failed."""
        run = self.run_cli(*arguments, "--json", **options)
        self.assertEqual(run.returncode, code, run.stderr)
        if code == 0:
            self.assertEqual(run.stderr, "")
        return json.loads(run.stdout)

    def refused(self, *arguments, code=1, **options):
        run = self.run_cli(*arguments, **options)
        self.assertEqual((run.returncode, run.stdout), (code, ""), run.stderr)
        self.assertNotIn(KEY, run.stderr)
        return run.stderr

    def test_send_and_wait(self):
        self.serve()
        run = self.run_cli("send", "--to", TO, "--from", "TEST", "--text", "Hello", "--wait", "20")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertRegex(run.stdout, r"^[0-9a-f-]{36} (SENT|DELIVERED) through good\n$")
        sent = self.document("send", "--to", TO, "--from", "TEST", "--text", "Grüße", "--reference", "r-1", "--priority", "urgent",
                             "--metadata", "order=7", "--metadata", "shop=a=b", "--validity", "10m", "--wait", "20")
        message = self.one.message(sent["message_id"])
        self.assertEqual((message["text"], message["client_reference"], message["priority"]), ("Grüße", "r-1", "urgent"))
        self.assertEqual(message["metadata"], {"order": "7", "shop": "a=b"})

    def test_the_text_from_a_file_and_from_standard_input(self):
        self.serve()
        path = os.path.join(self.folder, "text.txt")
        with open(path, "w", encoding="utf-8") as file:
            file.write("two\nlines\n")
        for arguments, text in ((["--file", path], None), (["--file", "-"], "two\nlines\n"), ([], "two\nlines\n")):
            sent = self.document("send", "--to", TO, "--from", "TEST", *arguments, text=text)
            self.assertEqual(self.one.message(sent["message_id"])["text"], "two\nlines", arguments)

    def test_the_other_channels(self):
        self.provider_mock = self.mock("good")
        self.one = self.gateway([self.provider(self.provider_mock, channels=["sms", "mms", "email"])])
        self.url = f"http://127.0.0.1:{self.one.port}"
        with open(os.path.join(self.folder, "page.html"), "w", encoding="utf-8") as file:
            file.write("<p>Hello</p>")
        mail = self.document("send", "--channel", "email", "--to", "a@example.com", "--from", "b@example.com", "--subject", "Hi",
                             "--html-file", "page.html")
        self.assertEqual(self.one.message(mail["message_id"])["html"], "<p>Hello</p>")
        picture = self.document("send", "--channel", "mms", "--to", TO, "--from", "TEST", "--media", "https://example.com/a.png")
        self.assertEqual(self.one.message(picture["message_id"])["media"], ["https://example.com/a.png"])

    def test_a_repeated_command_sends_once(self):
        self.serve()
        order = ("send", "--to", TO, "--from", "TEST", "--text", "Hello", "--idempotency-key", "run-7")
        self.assertEqual(self.document(*order)["message_id"], self.document(*order)["message_id"])
        self.assertIn("(422)", self.refused(*order[:-4], "--text", "Other", *order[-2:]))

    def test_a_message_that_fails_is_an_exit_code(self):
        self.serve()
        self.provider_mock.behave(success_rate=0, perm_fail_rate=1)
        sent = self.document("send", "--to", TO, "--from", "TEST", "--text", "Hello", "--wait", "20", code=1)
        self.assertEqual(sent["status"], "FAILED_PERM")
        self.document("send", "--to", TO, "--from", "TEST", "--text", "Hello")  # not waited for: taken is all it says

    def test_what_the_gateway_refuses_names_the_field(self):
        self.serve()
        self.assertRegex(self.refused("send", "--to", "nobody", "--from", "TEST", "--text", "x"), r"/to: .*\(400\)")
        self.assertRegex(self.refused("messages", "--status", "LOST"), r"\(400\)")
        self.assertIn("(404)", self.refused("messages", "show", "00000000-0000-7000-8000-000000000000"))
        self.assertIn("(401)", self.refused("messages", key="wrong"))

    def test_a_gateway_that_is_not_there(self):
        self.url = f"http://127.0.0.1:{free_port()}"
        self.assertIn("no answer from http://127.0.0.1", self.refused("messages"))

    def test_wrong_command_lines(self):
        self.url = "http://127.0.0.1:1"  # nobody is asked
        to = ("send", "--to", TO)
        for arguments in (("send", "--text", "x"), (*to, "--text", "x", "--wait", "0"), (*to, "--text", "x", "--wait", "soon"),
                          (*to, "--text", "x", "--channel", "fax"), (*to, "--text", "x", "--file", "y"), (*to, "--file", "missing"),
                          (*to, "--text", "x", "--metadata", "novalue"), (*to, "--text", "x", "--metadata", "a=1", "--metadata", "a=2"),
                          (*to, "--text", "x", "--priority", "now"), (*to, "--text", "x", "--idempotency-key", ""),
                          (*to, "--text", "x", "--idempotency-key", "a\tb"), (*to, "--text", "x", "--key-file", "missing"),
                          (*to, "--text", "x", "--url", "gateway:8080"), ("messages", "--limit", "0"), ("messages", "show"),
                          ("messages", "requeue"), ("messages", "requeue", "--all", "an-id"), ("messages", "requeue", "--status", "EXPIRED"),
                          ("messages", "cancel", ""), ("messages", "drop")):
            said = self.refused(*arguments, code=2)
            self.assertTrue(said.strip(), arguments)
        self.assertIn("HELIOGRAPH_API_KEY", self.refused("messages", key=None, code=2))
        said = subprocess.run([BINARY, *to, "--text", b"\xff"], cwd=self.folder, capture_output=True, check=False,
                              env=child_environment({"HELIOGRAPH_API_KEY": KEY}))
        self.assertEqual((said.returncode, b"not UTF-8" in said.stderr), (2, True), said)

    def test_a_key_from_a_file(self):
        self.serve()
        with open(os.path.join(self.folder, "key"), "w", encoding="utf-8") as file:
            file.write(KEY + "\n")
        run = self.run_cli("messages", "--key-file", "key", key="wrong")
        self.assertEqual((run.returncode, run.stdout), (0, "No messages.\n"), run.stderr)

    def test_lists(self):
        self.serve()
        ids = [self.one.send(text=f"number {i}", client_reference=f"r-{i}") for i in range(130)]
        everything = self.document("messages", "--limit", "1000")
        self.assertEqual([message["id"] for message in everything["messages"]], ids[::-1])
        self.assertIsNone(everything["next_cursor"])
        first = self.document("messages", "--limit", "120")
        rest = self.document("messages", "--limit", "120", "--cursor", first["next_cursor"])
        self.assertEqual([message["id"] for message in first["messages"] + rest["messages"]], ids[::-1])
        found = self.document("messages", "--reference", "r-7", "--to", TO)["messages"]
        self.assertEqual([message["id"] for message in found], [ids[7]])
        text = self.run_cli("messages", "--limit", "3").stdout.splitlines()
        self.assertRegex(text[0], r"^ID +STATUS +CHANNEL +TO +PROVIDER +ATTEMPTS +CREATED$")
        self.assertEqual([line.split()[0] for line in text[1:4]], ids[:-4:-1])
        self.assertIn("--cursor", text[4])

    def test_show_tells_the_whole_story(self):
        self.serve()
        message = self.one.send()
        self.one.wait_for_status(message, "SENT", "DELIVERED")
        story = self.document("messages", "show", message)
        self.assertEqual(story["message"]["id"], message)
        self.assertEqual([attempt["provider"] for attempt in story["attempts"]], ["good"])
        self.assertIn("SENT", [event["status"] for event in story["events"]])
        text = self.run_cli("messages", "show", message).stdout
        for expected in (message, "Attempts\n", "attempt 1 at good", "Events\n", "QUEUED"):
            self.assertIn(expected, text)

    def test_a_text_cannot_rule_the_terminal(self):
        self.serve()
        message = self.one.send(text="a\u001b[2Jb\u009b1mc")
        text = self.run_cli("messages", "show", message).stdout
        self.assertNotIn("\u001b", text)
        self.assertNotIn("\u009b", text)

    def test_cancel(self):
        self.serve()
        later = self.document("send", "--to", TO, "--from", "TEST", "--text", "x", "--send-at", in_an_hour())["message_id"]
        self.assertEqual(self.document("messages", "cancel", later)["status"], "CANCELLED")
        sent = self.one.send()
        self.one.wait_for_status(sent, "SENT", "DELIVERED")
        self.assertIn("(409)", self.refused("messages", "cancel", sent))

    def test_requeue(self):
        self.serve()
        self.provider_mock.behave(success_rate=0, perm_fail_rate=1)
        ids = [self.one.send() for _ in range(5)]
        for message in ids:
            self.one.wait_for_status(message, "FAILED_PERM")
        self.assertEqual(len(self.document("messages", "--dead-letters")["dead_letters"]), 5)
        self.provider_mock.behave(success_rate=1, perm_fail_rate=0)
        nobody = "00000000-0000-7000-8000-000000000000"
        some = self.document("messages", "requeue", ids[0], nobody, code=1)
        self.assertEqual((some["requeued"], [failure["id"] for failure in some["failed"]]), (1, [nobody]))
        self.assertEqual(self.document("messages", "requeue", "--all", "--reason", "undelivered"), {"requeued": 0, "failed": []})
        run = self.run_cli("messages", "requeue", "--all", "--reason", "rejected")
        self.assertEqual((run.returncode, run.stdout, run.stderr), (0, "4 requeued, 0 not\n", ""))
        for message in ids:
            self.one.wait_for_status(message, "SENT", "DELIVERED")
        self.assertEqual(self.document("messages", "--dead-letters")["dead_letters"], [])

    def run_on_terminal(self, *arguments, during=None):
        """Standard error is a terminal, standard output a pipe; what each got, and the exit code."""
        leader, follower = pty.openpty()
        environment = child_environment({"HELIOGRAPH_URL": getattr(self, "url", ""), "HELIOGRAPH_API_KEY": KEY})
        seen = ""
        with subprocess.Popen([BINARY, *arguments], cwd=self.folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=follower, text=True) as running:
            os.close(follower)
            with contextlib.suppress(OSError):  # EIO: nobody writes to it any more
                while block := os.read(leader, 4096).decode():
                    seen += block
                    if during:
                        during(seen)
            os.close(leader)
            output = running.stdout.read()
        return seen, output, running.returncode

    def test_progress_is_for_terminals_and_leaves_nothing_behind(self):
        self.serve()
        self.provider_mock.behave(success_rate=0, perm_fail_rate=1)
        self.one.wait_for_status(self.one.send(), "FAILED_PERM")
        seen, output, code = self.run_on_terminal("messages", "requeue", "--all", "--json")
        self.assertEqual((json.loads(output)["requeued"], code), (1, 0))
        self.assertIn("requeue: 1 requeued, 0 not", seen)
        self.assertTrue(seen.endswith("\r\x1b[K"), seen)

    def test_long_work_on_the_database_shows_that_it_goes_on(self):
        """A gateway that takes its time: its lock is held, and its admin socket answers when the progress has been seen."""
        os.mkdir(os.path.join(self.folder, "data"))
        path = os.path.join(self.folder, "data", "heliograph.db")
        config = os.path.join(self.folder, "h.toml")
        with open(config, "w", encoding="utf-8") as file:
            file.write(f'[store]\npath = "{path}"\n')
        with open(path + ".lock", "w", encoding="utf-8") as lock, socket.socket(socket.AF_UNIX) as listener:
            fcntl.flock(lock, fcntl.LOCK_EX)
            listener.bind(path + ".sock")
            listener.listen()
            release = threading.Event()

            def answer():
                connection, _ = listener.accept()
                with connection:
                    target = json.loads(connection.makefile().readline())["target"]
                    with open(target, "wb") as file:
                        file.write(bytes(3 << 20))
                    release.wait(30 * PATIENCE)
                    connection.sendall(json.dumps({"target": target}).encode() + b"\n")

            thread = threading.Thread(target=answer)
            thread.start()
            seen, output, code = self.run_on_terminal(
                "db", "backup", "copy.db", "--config", config, during=lambda seen: "3.0 MiB" in seen and release.set())
            release.set()
            thread.join()
        self.assertEqual(code, 0, seen)
        self.assertRegex(seen, r"db\.backup: \d+ s, 3\.0 MiB")
        self.assertTrue(seen.endswith("\r\x1b[K"), seen)
        self.assertEqual(output, f"Copied to {self.folder}/copy.db\n")

    def test_every_command_that_prints_has_json(self):
        """One document on standard output, nothing on standard error."""
        config = os.path.join(self.folder, "h.toml")
        plugin = os.path.join(PLUGINS, "libhg_provider_http.so")
        with open(config, "w", encoding="utf-8") as file:
            file.write(f'[plugins]\npath = ["{PLUGINS}"]\n[store]\npath = "db/h.db"\n')
        with_config = ("--config", config)
        members = {
            ("version",): {"version", "plugin_abi"},
            ("config", "check", *with_config): {"source", "providers", "clients", "notes"},
            ("plugin", "list", *with_config): {"plugins"},
            ("plugin", "inspect", plugin): {"file", "sha256", "name", "version", "vendor", "license", "needs", "components", "warnings"},
            ("plugin", "new", "provider", "fresh", "--lang", "c"): {"path", "kind", "name", "lang"},
            ("db", "migrate", *with_config): {"schema"},
            ("client", "add", "shop", "--credit", "10", *with_config): {"name", "id", "key"},
            ("client", "list", *with_config): {"clients"},
            ("client", "credit", "shop", "5", *with_config): {"name", "available_cents"},
            ("client", "key", "shop", *with_config): {"name", "key"},
            ("db", "check", *with_config): {"problems"},
            ("db", "backup", "copy.db", *with_config): {"target"},
        }
        for arguments, names in members.items():
            run = subprocess.run([BINARY, *arguments, "--json"], cwd=self.folder, env=child_environment(), capture_output=True, text=True,
                                 timeout=60 * PATIENCE, check=False)
            self.assertEqual((run.returncode, run.stderr), (0, ""), arguments)
            self.assertEqual(set(json.loads(run.stdout)), names, arguments)

    def test_an_error_is_no_document(self):
        config = os.path.join(self.folder, "bad.toml")
        with open(config, "w", encoding="utf-8") as file:
            file.write("[retry]\nfactr = 2.0\n")
        for arguments, code in ((("config", "check", "--config", config), 78), (("plugin", "inspect", config), 1),
                                (("client", "credit", "nobody", "5", "--demo"), 1), (("version", "--loud"), 2)):
            run = subprocess.run([BINARY, *arguments, "--json"], cwd=self.folder, env=child_environment(), capture_output=True, text=True,
                                 timeout=60 * PATIENCE, check=False)
            self.assertEqual((run.returncode, run.stdout), (code, ""), arguments)
            self.assertTrue(run.stderr.strip(), arguments)

    def test_the_key_is_in_no_command_line(self):
        """While a command waits for its answer, the list of processes has no key."""
        self.serve()
        self.provider_mock.behave(latency_ms=60_000)
        environment = child_environment({"HELIOGRAPH_URL": self.url, "HELIOGRAPH_API_KEY": KEY})
        with subprocess.Popen([BINARY, "send", "--to", TO, "--from", "TEST", "--text", "x", "--wait", "20"], cwd=self.folder,
                              env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
            wait_until(self.provider_mock.count, "the message on its way")
            with open(f"/proc/{running.pid}/cmdline", "rb") as file:
                self.assertNotIn(KEY.encode(), file.read())
            running.kill()


if __name__ == "__main__":
    main()
