#!/usr/bin/env python3
"""`heliograph top`: on a terminal (a pty), in a pipe, once, and as JSON."""
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

from harness import BINARY, KEY, PATIENCE, GatewayTest, child_environment, main

CLIENTS = [{"name": "test", "key": KEY, "credit_cents": 1_000_000, "scopes": ["send", "read", "admin"]},
           {"name": "operator", "key": "operator-key", "scopes": ["admin"]}, {"name": "shop", "key": "shop-key", "scopes": ["send", "read"]}]


class Tty:
    """The program on a terminal of its own; what it writes is kept, the screens it showed are told apart."""

    def __init__(self, arguments, cwd, environment, rows=24, columns=100):
        self.leader, follower = pty.openpty()
        self.resize(rows, columns)
        self.before = termios.tcgetattr(follower)
        self.process = subprocess.Popen([BINARY, *arguments], cwd=cwd, env=child_environment(environment), stdin=follower,
                                        stdout=follower, stderr=follower, start_new_session=True)
        self.follower, self.output = follower, ""

    def resize(self, rows, columns):
        fcntl.ioctl(self.leader, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self, seconds):
        ready, _, _ = select.select([self.leader], [], [], seconds)
        if ready:
            self.output += os.read(self.leader, 65536).decode(errors="replace")

    def wait_for(self, pattern, seconds=20):
        deadline = time.monotonic() + seconds * PATIENCE
        while not (found := re.search(pattern, self.output, re.S)):
            if time.monotonic() > deadline:
                raise AssertionError(f"no {pattern!r} in {self.output[-3000:]!r}")
            self.read(0.2)
        return found

    def screen(self):
        """The lines of the last screen that is there as a whole."""
        whole = re.findall(r"\x1b\[H(.*?)\x1b\[J", self.output, re.S)[-1]
        return [re.sub(r"\x1b\[[0-9?]*[A-Za-z]", "", line).rstrip("\r") for line in whole.split("\n")]

    def key(self, key):
        os.write(self.leader, key)

    def wait(self):
        code = self.process.wait(20 * PATIENCE)
        self.read(0.2)
        return code

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.leader)
        os.close(self.follower)


class Top(GatewayTest):
    def setUp(self):
        super().setUp()
        self.good = self.mock("good")
        self.one = self.gateway([self.provider(self.good)], clients=CLIENTS)
        self.url = f"http://127.0.0.1:{self.one.port}"

    def environment(self, key=KEY):
        return {"HELIOGRAPH_URL": self.url, "HELIOGRAPH_API_KEY": key}

    def run_top(self, *arguments, key=KEY):
        return subprocess.run([BINARY, "top", *arguments], cwd=self.folder, env=child_environment(self.environment(key)),
                              capture_output=True, text=True, timeout=60 * PATIENCE, check=False)

    def terminal(self, *arguments, **options):
        tty = Tty(["top", "--interval", "200", *arguments], self.folder, self.environment(), **options)
        self.stack.callback(tty.close)
        return tty

    def a_dead_letter(self):
        self.good.behave(success_rate=0, perm_fail_rate=1)
        message = self.one.send()
        self.one.wait_for_status(message, "FAILED_PERM")
        self.good.behave(success_rate=1, perm_fail_rate=0)
        return message

    def test_once(self):
        dead = self.a_dead_letter()
        self.one.wait_for_status(self.one.send(), "SENT")
        run = self.run_top("--once", "--interval", "100")
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        self.assertNotIn("\x1b", run.stdout)
        for pattern in (r"sends/s \d", r"accepted to sent, last 1: median \d+ ms", r"urgent +0 +0", r"good +healthy", rf"{dead} +FAILED_PERM +rejected"):
            self.assertRegex(run.stdout, pattern)

    def test_json(self):
        dead = self.a_dead_letter()
        run = self.run_top("--json", "--interval", "100")
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        document = json.loads(run.stdout)
        self.assertEqual(set(document), {"at", "url", "accepting", "waiting", "sending", "later", "sends_per_second", "lanes", "providers",
                                         "limits", "latency", "dead_letters"})
        self.assertEqual([letter["id"] for letter in document["dead_letters"]], [dead])
        provider = document["providers"][0]
        self.assertEqual((provider["id"], provider["sends"], provider["in_flight"]), ("good", 1, 0))

    def test_the_rate_is_of_what_was_sent(self):
        with subprocess.Popen([BINARY, "top", "--json", "--interval", "2000"], cwd=self.folder, env=child_environment(self.environment()),
                              stdout=subprocess.PIPE, text=True) as running:
            self.one.process.wait_for_line("route=/v1/dead-letters")  # its first look is over
            for _ in range(10):
                self.one.wait_for_status(self.one.send(), "SENT")
            document = json.loads(running.communicate(timeout=30 * PATIENCE)[0])
        self.assertGreater(document["sends_per_second"], 0)
        self.assertLess(document["sends_per_second"], 10)
        self.assertEqual(document["providers"][0]["sends"], 10)

    def test_a_key_that_may_not_read_messages(self):
        run = self.run_top("--once", "--interval", "100", key="operator-key")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertIn("a key with the scope read", run.stdout)

    def test_a_key_that_is_no_operators(self):
        run = self.run_top("--once", key="shop-key")
        self.assertEqual((run.returncode, run.stdout), (1, ""))
        self.assertIn("(403)", run.stderr)

    def test_in_a_pipe_block_follows_block_until_nobody_reads(self):
        with subprocess.Popen([BINARY, "top", "--interval", "100"], cwd=self.folder, env=child_environment(self.environment()),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
            heads = 0
            while heads < 3:
                line = running.stdout.readline()
                self.assertNotIn("\x1b", line)
                heads += line.startswith("http://")
            running.stdout.close()
            self.assertEqual(running.wait(20 * PATIENCE), 0)
            self.assertEqual(running.stderr.read(), "")

    def test_live_until_q(self):
        tty = self.terminal()
        tty.wait_for(r"\x1b\[\?1049h.*good +healthy.*q quits")
        message = self.a_dead_letter()
        tty.wait_for(message)
        tty.key(b"q")
        self.assertEqual(tty.wait(), 0)
        self.assertTrue(tty.output.endswith("\x1b[?25h\x1b[?1049l"), tty.output[-100:])
        self.assertEqual(termios.tcgetattr(tty.follower), tty.before)  # keys echo again

    def test_control_c_and_signals_give_the_terminal_back(self):
        for end in (lambda tty: tty.key(b"\x03"), lambda tty: tty.process.send_signal(signal.SIGTERM),
                    lambda tty: tty.process.send_signal(signal.SIGINT)):
            tty = self.terminal()
            tty.wait_for("q quits")
            end(tty)
            self.assertEqual(tty.wait(), 0)
            self.assertEqual(termios.tcgetattr(tty.follower), tty.before)
            self.assertIn("\x1b[?1049l", tty.output)

    def test_it_fits_the_terminal_and_follows_its_size(self):
        for _ in range(12):
            self.a_dead_letter()
        tty = self.terminal(rows=24, columns=100)
        tty.wait_for("q quits")
        self.assertLessEqual(len(tty.screen()), 24)
        tty.resize(10, 40)
        tty.process.send_signal(signal.SIGWINCH)
        tty.output = ""
        tty.wait_for(r"\x1b\[H.*q quits.*\x1b\[J")
        lines = tty.screen()
        self.assertLessEqual(len(lines), 10)
        self.assertLessEqual(max(map(len, lines)), 40)
        self.assertEqual(lines[-1], "q quits")

    def test_a_gateway_that_goes_and_comes_back(self):
        tty = self.terminal()
        tty.wait_for("q quits")
        self.one.stop()
        tty.wait_for("no answer from http://127.0.0.1")
        self.one.start()
        tty.output = ""
        tty.wait_for("q quits")
        tty.key(b"q")
        self.assertEqual(tty.wait(), 0)


if __name__ == "__main__":
    main()
