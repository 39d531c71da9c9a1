#!/usr/bin/env python3
"""docs/cli.md: each command line of its examples is run against a gateway like the demo, in order, and its output has the shape that is shown.

Shape: the same lines, where ids, numbers and times may differ, and blanks may be more or fewer. An id that an example shows stands for
the one that the program gave.
"""
import datetime
import os
import re
import subprocess

from harness import BINARY, PATIENCE, GatewayTest, child_environment, main

PAGE = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "docs", "cli.md")
UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z"


def examples():
    """Pairs of a command line and what it prints."""
    with open(PAGE, encoding="utf-8") as file:
        text = file.read()
    for block in re.findall(r"```console\n(.*?)```", text, re.S):
        for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
            command, _, output = part.partition("\n")
            yield command, output


def shape(text):
    text = re.sub(UUID, "ID", text)
    text = re.sub(TIME, "TIME", text)
    text = re.sub(r"http://[\w.:-]+", "URL", text)
    text = re.sub(r"provider\d(-\w+)?", "PROVIDER", text)
    text = re.sub(r"(?<![\w+])-(?= |$)|\d+(\.\d+)?", "N", text, flags=re.M)
    return [re.sub(r"[ ]+", " ", line).strip() for line in text.splitlines()]


class Examples(GatewayTest):
    def setUp(self):
        super().setUp()
        self.given = {}
        # The demo's mocks have fixed ports, which another test may hold: one mock of our own stands for them.
        self.good = self.mock("provider1")
        self.demo = self.gateway([self.provider(self.good, name="provider1")],
                                 clients=[{"name": "demo", "key": "secret", "credit_cents": 1000, "scopes": ["send", "read", "admin"]}],
                                 log={"level": "info"})
        self.demo.http.key = "secret"

    def run_example(self, command):
        tomorrow = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        command = re.sub(TIME, tomorrow, command)
        for shown, real in self.given.items():
            command = command.replace(shown, real)
        environment = child_environment({"HELIOGRAPH_API_KEY": "secret", "HELIOGRAPH_URL": f"http://127.0.0.1:{self.demo.port}",
                                         "HELIOGRAPH_CONFIG": self.demo.config,
                                         "PATH": os.path.dirname(BINARY) + os.pathsep + os.environ["PATH"]})
        return subprocess.run(["/bin/sh", "-c", command], cwd=self.folder, env=environment, capture_output=True, text=True,
                              timeout=60 * PATIENCE, check=False)

    def test_each_is_as_shown(self):
        self.assertEqual(os.path.basename(BINARY), "heliograph")
        found = list(examples())
        self.assertGreater(len(found), 8)
        for command, shown in found:
            with self.subTest(command):
                run = self.run_example(command)
                self.assertEqual((run.returncode, run.stderr), (0, ""), run.stdout)
                self.assertEqual(shape(run.stdout), shape(shown), run.stdout)
                for example, real in zip(re.findall(UUID, shown), re.findall(UUID, run.stdout)):
                    self.given.setdefault(example, real)
                if "send --to" in command and "--send-at" not in command:
                    for message in re.findall(UUID, run.stdout):
                        self.demo.wait_for_status(message, "SENT")


if __name__ == "__main__":
    main()
