#!/usr/bin/env python3
"""The commands of the documents beside getting-started.md, run as they stand against a demo: each must succeed, and where an answer is
shown behind it, it must have the fields that are shown.

What stands for the reader's own is filled in: ids, keys, paths. In a network namespace of its own, as walk_test.py.
"""
import json
import os
import re
import shutil
import subprocess
import time

import markdown
import walk_test

DEADLINE = 60
# Beside the demo's own: so that the examples on prices, numbers and quiet hours have something to show.
ADDITIONS = """
[[price]]
prefix = "+880"
cents = 3
[[number]]
number = "+15550002222"
client = "demo"
"""
# They start servers, build, or are of another test (docs/cli.md: integration.cli_docs; docs/plugin-authors.md: integration.scaffold).
ELSEWHERE = ("heliograph serve", "prometheus --config.file", "make ", "cmake ", "ctest ", "cd ", "docker ", "apt ", "editor ", "systemctl ",
             "heliograph plugin", "export ")
PAGES = ("README.md", "docs/api.md", "docs/dashboard.md", "docs/operating.md", "docs/troubleshooting.md")


def fields(shown):
    """The names of fields in an answer as the documents show it, abbreviated or not."""
    return set(re.findall(r'"([a-z_]+)":', re.sub(r'"metadata": ?\{[^}]*\}', '"metadata":', shown)))


def lines_of(name):
    """(command line, the fields shown behind its block) in their order; of a block's lines the last one has them."""
    for block, shown in walk_test.steps(name):
        commands = []
        for line in markdown.commands(f"```sh\n{block}```"):
            if commands and commands[-1].count("'") % 2:  # a quoted text goes on
                commands[-1] += "\n" + line
            else:
                commands.append(line)
        for i, line in enumerate(commands):
            yield line, fields(shown or "") if i + 1 == len(commands) else set()


class Pages(walk_test.Walk):
    def setUp(self):
        super().setUp()
        self.environment.update(HELIOGRAPH_API_KEY="secret", KEY="secret", HOME=self.folder)
        with open(os.path.join(self.folder, ".curlrc"), "w", encoding="utf-8") as file:
            file.write("fail-with-body\nmax-time = 30\n")  # an answer that is no success is a command that failed
        os.mkdir(os.path.join(self.folder, "backups"))
        self.config = os.path.join(self.folder, "heliograph.toml")
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(markdown.read("config/demo.toml").replace("[limits]\n", "[limits]\nclient = { rate = 100, burst = 200 }\n", 1) + ADDITIONS)

    def api(self, path, *options):
        return json.loads(self.run_block(f"curl -sS 'localhost:8080{path}' -H 'X-API-Key: secret' " + " ".join(options)))

    def wait_for(self, path, condition):
        deadline = time.monotonic() + DEADLINE
        while not condition(found := self.api(path)):
            self.assertLess(time.monotonic(), deadline, found)
        return found

    def prepare(self):
        """A message that was delivered, a dead letter, a conversation: what the examples speak of."""
        send = "-H 'Content-Type: application/json' -d '{}'"
        # Nobody takes it for its second of life, so it expires.
        self.api("/v1/messages", send.format('{"to":"+14155552671","from":"TEST","text":"Hello","send_at":"' + self.soon() + '","validity":"1s",'
                                             '"provider":"provider3"}'), "; curl -sS -X POST localhost:8080/v1/admin/providers/provider3/disable "
                 "-H 'X-API-Key: secret' >&2")
        message = self.api("/v1/messages", send.format('{"to":"+14155552671","from":"TEST","text":"Hello","provider":"provider2","client_reference":"order-6"}'))
        self.message = message["message_id"]
        self.run_block("curl -sS localhost:8080/v1/providers/provider1/events -H 'Content-Type: application/json' -d "
                       "'{\"type\":\"inbound\",\"id\":\"in-1\",\"from\":\"+15550001111\",\"to\":\"+15550002222\",\"text\":\"Hi\"}'")
        self.wait_for("/v1/conversations", lambda found: found["conversations"])
        delivered = self.wait_for(f"/v1/messages/{self.message}", lambda found: found["status"] == "DELIVERED")
        self.provider_message = delivered["provider_message_id"]
        self.dead = self.wait_for("/v1/dead-letters", lambda found: found["dead_letters"])["dead_letters"][0]["id"]

    @staticmethod
    def soon():
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 2))

    def filled_in(self, line):
        line = re.sub(r"/etc/heliograph/heliograph\.toml|--config \.\.\.", lambda found: found[0].replace("...", self.config).replace(
            "/etc/heliograph/heliograph.toml", self.config), line)
        line = line.replace("/var/backups", os.path.join(self.folder, "backups")).replace("'X-API-Key: ...'", "'X-API-Key: secret'")
        line = line.replace("dead-letters/ID", f"dead-letters/{self.dead}").replace("m-17", self.provider_message)
        return re.sub(r"messages/(?:ID|MESSAGE_ID|019ab3c1-\.\.\.)", f"messages/{self.message}", line)

    def walk(self, line, shown):
        if " -sSN " in line:  # a stream: its beginning
            line = f"({line} --max-time 5 || true) | head -n 1"
        # To cancel is to come in time: what is sent cannot be.
        if line.endswith("/cancel -H 'X-API-Key: secret'"):
            found = self.api("/v1/messages", "-H 'Content-Type: application/json' -d '{\"to\":\"+14155552671\",\"from\":\"TEST\",\"text\":\"Hello\","
                             "\"send_at\":\"" + time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600)) + "\"}'")
            line = line.replace(self.message, found["message_id"])
        output = self.run_block(line)
        deadline = time.monotonic() + DEADLINE
        asks_only = " -d " not in line and " -X " not in line
        while shown - fields(output) and asks_only and time.monotonic() < deadline:
            output = self.run_block(line)
        self.assertEqual(shown - fields(output), set(), f"{line}\nanswers:\n{output}")

    def test_their_commands_work(self):
        walked, later = [], []
        with self.demo("--config", self.config):
            self.prepare()
            for page in PAGES:
                for line, shown in lines_of(page):
                    if line.startswith(ELSEWHERE):
                        continue
                    with self.subTest(f"{page}: {line}"):
                        line = self.filled_in(line)
                        if line.startswith("heliograph db migrate"):
                            later.append(line)  # with the gateway stopped, as operating.md says
                            continue
                        self.walk(line, shown)
                        walked.append(line)
        for line in later:
            self.run_block(line)
        self.assertGreater(len(walked), 35)
        self.assertEqual(len(later), 1)

    def test_a_backup_is_taken_and_put_back_as_operating_says(self):
        text = markdown.read("docs/operating.md")
        command = next(line for line in markdown.commands(text) if line.startswith("heliograph db backup"))
        self.assertIn("put the backup in the place of the database with its `-wal` removed", re.sub(r"\s+", " ", text))
        self.environment.pop("HELIOGRAPH_API_KEY")
        with self.demo("--config", self.config):
            send = "-H 'Content-Type: application/json' -d '{\"to\":\"+14155552671\",\"from\":\"TEST\",\"text\":\"Hello\"}'"
            kept = self.api("/v1/messages", send)["message_id"]
            self.wait_for(f"/v1/messages/{kept}", lambda found: found["status"] == "DELIVERED")
            self.run_block(command.replace("/var/backups", os.path.join(self.folder, "backups")))
            self.api("/v1/messages", send)
        backup = os.path.join(self.folder, "backups", os.listdir(os.path.join(self.folder, "backups"))[0])
        database = os.path.join(self.folder, "data", "heliograph.db")
        shutil.copyfile(backup, database)
        os.remove(database + "-wal")
        self.run_block("heliograph db check")
        with self.demo("--config", self.config):
            found = self.api("/v1/messages")["messages"]
            self.assertEqual([message["id"] for message in found], [kept])
            self.assertEqual(found[0]["status"], "DELIVERED")

    def test_the_configurations_shown_are_understood(self):
        """Complete files are: what a page shows of a provider is put beside a client."""
        for page in ("docs/configuration.md", "docs/operating.md", "docs/api.md"):
            for language, content in markdown.blocks(markdown.read(page)):
                if language != "toml":
                    continue
                with self.subTest(f"{page}: {content.splitlines()[0]}"):
                    file = os.path.join(self.folder, "shown.toml")
                    with open(file, "w", encoding="utf-8") as target:
                        target.write(content)
                    done = subprocess.run([walk_test.PROGRAM, "config", "check", "--config", file], capture_output=True, text=True, check=False,
                                          env={**self.environment, "SMTP_PASSWORD": "x", "HELIOGRAPH_PLUGINS_PATH": PLUGINS})
                    self.assertEqual(done.returncode, 0, done.stderr)


PLUGINS = os.environ["HELIOGRAPH_PLUGINS"]

if __name__ == "__main__":
    walk_test.main()
