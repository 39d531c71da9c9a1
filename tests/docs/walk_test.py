#!/usr/bin/env python3
"""docs/getting-started.md as a newcomer walks it: each shell block is run as it stands, each shown answer is compared.

In a network namespace of its own, because the commands name the demo's fixed ports. `...` in a shown answer stands for anything.
"""
import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import markdown

INSIDE = "HELIOGRAPH_TEST_NAMESPACE"
SKIPPED = 77
DEADLINE = 60
PROGRAM = os.environ["HELIOGRAPH_BIN"]
START = "make run\n"


def enter_namespace():
    if os.environ.get(INSIDE):
        return
    command = ["unshare", "--net"]
    if not shutil.which("unshare") or subprocess.run([*command, "true"], check=False, capture_output=True).returncode != 0:
        print("skipped: needs the right to make a network namespace (unshare --net)")
        sys.exit(SKIPPED)
    environment = {**os.environ, INSIDE: "1"}
    sys.exit(subprocess.run([*command, sys.executable, os.path.abspath(sys.argv[0]), *sys.argv[1:]], env=environment,
                            check=False).returncode)


def matches(shown, found):
    pattern = ".*".join(re.escape(part) for part in shown.strip().split("..."))
    return re.search(pattern, found, re.S) is not None


def steps(name):
    """(shell block, the answer shown right behind it or None), in their order."""
    found = markdown.blocks(markdown.read(name))
    for i, (language, content) in enumerate(found):
        if language == "sh":
            follows = found[i + 1] if i + 1 < len(found) else ("sh", "")
            yield content, follows[1] if follows[0] in ("", "json") else None


class Walk(unittest.TestCase):
    """A folder, the program in the PATH, and a demo to talk to."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="heliograph-walk-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        # Every HELIOGRAPH_ variable is a key of the configuration to the program.
        own = {name: value for name, value in os.environ.items() if not name.startswith("HELIOGRAPH_")}
        self.environment = {**own, "PATH": f"{os.path.dirname(PROGRAM)}:{os.environ['PATH']}"}

    def run_block(self, block):
        done = subprocess.run(["bash", "-eu", "-c", block], cwd=self.folder, env=self.environment, capture_output=True, text=True,
                              timeout=DEADLINE, check=False)
        self.assertEqual(done.returncode, 0, f"{block}\n{done.stdout}{done.stderr}")
        return done.stdout

    def run_until(self, block, shown):
        """Answers tell of what goes on; they are asked again until they are as shown."""
        deadline = time.monotonic() + DEADLINE
        output = self.run_block(block)
        asks_only = " -d " not in block and " -X " not in block
        while shown and not matches(shown, output) and asks_only and time.monotonic() < deadline:
            output = self.run_block(block)
        if shown:
            self.assertTrue(matches(shown, output), f"{block}\nshows:\n{output}\nand not:\n{shown}")
        return output

    @contextlib.contextmanager
    def demo(self, *options):
        """What `make run` ends with."""
        with subprocess.Popen([PROGRAM, "serve", "--demo", *options], cwd=self.folder, env=self.environment, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True) as process:
            try:
                for line in process.stdout:
                    if line.startswith("Ctrl-C"):
                        break
                yield
            finally:
                process.send_signal(signal.SIGINT)
                self.assertEqual(process.wait(DEADLINE), 0)


class GettingStarted(Walk):
    def test_each_step_does_what_it_says(self):
        start, *rest = steps("docs/getting-started.md")
        self.assertEqual(start[0], START)
        with self.demo():
            outputs = [self.run_until(*step) for step in rest]
        everything = "".join(outputs)
        self.assertIn("Idempotent-Replayed: true", everything)
        replayed = re.findall(r'"message_id":"([^"]+)"', next(text for text in outputs if "Idempotent-Replayed" in text))
        self.assertEqual(len(set(replayed)), 1)
        self.assertIn('"RETRY":', everything)

    def test_an_answer_that_differs_is_noticed(self):
        self.assertTrue(matches('{"id":"...","status":"QUEUED"}', '{"id":"7","status":"QUEUED"}'))
        self.assertFalse(matches('{"id":"...","status":"QUEUED"}', '{"id":"7","status":"SENT"}'))


def main():
    enter_namespace()
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    unittest.main()


if __name__ == "__main__":
    main()
