#!/usr/bin/env python3
"""The command line: help, exit codes, clients, the database, plugins; and the errors of a wrong configuration."""
import json
import os
import re
import socket
import sqlite3
import stat

from harness import PLUGINS, GatewayTest, cli, main


class CommandLine(GatewayTest):
    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def minimal(self, extra=""):
        return self.write("heliograph.toml", f'[plugins]\npath = ["{PLUGINS}"]\n[store]\npath = "db/h.db"\n{extra}')

    def test_help_and_usage(self):
        for arguments in (["--help"], ["serve", "--help"], ["client", "--help"], ["db", "backup", "--help"],
                          ["mock-provider", "--help"], ["plugin", "inspect", "--help"], ["--version"]):
            run = cli(arguments, self.folder)
            self.assertEqual(run.returncode, 0, run.stderr)
            self.assertTrue(run.stdout.strip())
        for arguments in ([], ["fly"], ["serve", "--colour"], ["client", "add"], ["db", "backup"]):
            self.assertEqual(cli(arguments, self.folder).returncode, 2, arguments)

    def test_config_check_names_every_error_with_its_line(self):
        path = self.write("bad.toml", '[retry]\nmin_delay = "30s"\nmax_delay = "5s"\nfactr = 2.0\n'
                                      '[[provider]]\nid = "p1"\nplugin = "http"\nlimit = { limit = 0, window = "1s" }\n')
        run = cli(["config", "check", "--config", path], self.folder)
        self.assertEqual(run.returncode, 78)
        self.assertIn("max_delay", run.stderr)
        self.assertRegex(run.stderr, r"bad\.toml:4: .*factr")
        self.assertIn("factor", run.stderr, "did you mean")
        self.assertRegex(run.stderr, r"bad\.toml:8: .*limit")
        self.assertEqual(cli(["serve", "--config", path], self.folder).returncode, 78)
        self.assertEqual(cli(["config", "check", "--config", "nowhere.toml"], self.folder).returncode, 78)

    def test_config_check_validates_plugin_tables(self):
        path = self.minimal('[[provider]]\nid = "p1"\nplugin = "http"\n[provider.config]\nurll = "http://127.0.0.1:1/"\n')
        run = cli(["config", "check", "--config", path], self.folder)
        self.assertEqual(run.returncode, 78, run.stdout + run.stderr)
        self.assertIn("url", run.stderr)
        path = self.minimal('[[provider]]\nid = "p1"\nplugin = "nobody"\n')
        run = cli(["config", "check", "--config", path], self.folder)
        self.assertEqual(run.returncode, 78)
        self.assertIn("libhg_provider_nobody.so", run.stderr)
        path = self.minimal('[[provider]]\nid = "p1"\nplugin = "http"\n[provider.config]\nurl = "http://127.0.0.1:1/x"\n')
        run = cli(["config", "check", "--config", path], self.folder)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertFalse(os.path.exists(os.path.join(self.folder, "db", "h.db")), "a check creates nothing")

    def test_config_check_takes_every_shipped_plugin(self):
        """It offers to plugins what a serving gateway does."""
        for table in ('[limiter]\nplugin = "redis"\n[limiter.config]\nurl = "redis://127.0.0.1:1/0"\n',
                      '[[provider]]\nid = "mail"\nplugin = "smtp"\nchannels = ["email"]\n[provider.config]\nhost = "localhost"\n',
                      *(f'[distributor]\nplugin = "{name}"\n' for name in ("least_failure", "lowest_cost", "latency_aware"))):
            limited = '[limits]\ndispatch = { limit = 5, window = "1s" }\n'
            run = cli(["config", "check", "--config", self.minimal(limited + table)], self.folder)
            self.assertEqual(run.returncode, 0, table + run.stderr)

    def test_unknown_environment_variable_is_an_error(self):
        run = cli(["config", "check", "--config", self.minimal()], self.folder, env={"HELIOGRAPH_RETRY_FACTR": "3"})
        self.assertEqual(run.returncode, 78)
        self.assertIn("HELIOGRAPH_RETRY_FACTR", run.stderr)
        run = cli(["config", "check", "--config", self.minimal()], self.folder, env={"HELIOGRAPH_RETRY_FACTOR": "3"})
        self.assertEqual(run.returncode, 0, run.stderr)

    def test_clients_without_a_gateway(self):
        config = self.minimal()
        add = cli(["client", "add", "shop", "--credit", "500", "--config", config, "--json"], self.folder)
        self.assertEqual(add.returncode, 0, add.stderr)
        self.assertRegex(json.loads(add.stdout)["key"], r"^hg_live_[0-9a-z]+_[0-9a-zA-Z]{40,}$")
        self.assertEqual(cli(["client", "add", "shop", "--config", config], self.folder).returncode, 1)
        self.assertEqual(cli(["client", "credit", "shop", "250", "--config", config], self.folder).returncode, 0)
        self.assertEqual(cli(["client", "credit", "nobody", "250", "--config", config], self.folder).returncode, 1)
        second = cli(["client", "key", "shop", "--config", config], self.folder)
        self.assertEqual(second.returncode, 0)
        self.assertEqual(cli(["client", "key", "shop", "--config", config], self.folder).returncode, 1, "two at most")
        listed, = json.loads(cli(["client", "list", "--config", config, "--json"], self.folder).stdout)["clients"]
        self.assertEqual((listed["name"], listed["available_cents"], listed["keys"]), ("shop", 750, 2))
        database = os.path.join(self.folder, "db", "h.db")
        self.assertEqual(stat.S_IMODE(os.stat(database).st_mode), 0o600)
        with open(database, "rb") as file:
            self.assertNotIn(json.loads(add.stdout)["key"].encode(), file.read(), "only the hash is kept")

    def test_through_a_running_gateway(self):
        mock = self.mock("provider1")
        gateway = self.gateway([self.provider(mock)])
        socket_file = gateway.database + ".sock"
        self.assertEqual(stat.S_IMODE(os.stat(socket_file).st_mode), 0o600)
        add = cli(["client", "add", "late", "--credit", "100", "--config", gateway.config, "--json"], self.folder)
        self.assertEqual(add.returncode, 0, add.stderr)
        late = gateway.client(json.loads(add.stdout)["key"])
        self.assertEqual(late.get("/v1/me").json["credit_cents"], 100)
        message_id = gateway.send()
        gateway.wait_for_status(message_id, "SENT")
        target = os.path.join(self.folder, "copy.db")
        backup = cli(["db", "backup", target, "--config", gateway.config], self.folder)
        self.assertEqual(backup.returncode, 0, backup.stderr)
        with sqlite3.connect(target) as copy:
            self.assertEqual(copy.execute("PRAGMA integrity_check").fetchone(), ("ok",))
            self.assertEqual(copy.execute("SELECT count(*) FROM messages").fetchone(), (1,))
        copy.close()
        self.assertEqual(cli(["db", "backup", target, "--config", gateway.config], self.folder).returncode, 1,
                         "an existing file is never overwritten")
        self.assertEqual(cli(["db", "check", "--config", gateway.config], self.folder).returncode, 0)
        gateway.stop()
        self.assertFalse(os.path.exists(socket_file))

    def test_nonsense_on_the_admin_socket_is_answered(self):
        mock = self.mock("provider1")
        gateway = self.gateway([self.provider(mock)])
        for nonsense in (b'{"operation":5}', b"[]", b"not json", b'{"operation":"fly"}',
                         b'{"operation":"client.credit","name":7}', b'{"operation":"client.add","name":"x","scopes":5}'):
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(20)
                connection.connect(gateway.database + ".sock")
                connection.sendall(nonsense + b"\n")
                self.assertIn("error", json.loads(connection.makefile().readline()), nonsense)
        gateway.wait_for_status(gateway.send(), "SENT")

    def test_a_file_that_is_no_database(self):
        os.mkdir(os.path.join(self.folder, "db"))
        self.write("db/h.db", "this is a letter, not a database\n" * 100)
        config = self.minimal()
        for arguments in (["serve", "--config", config], ["db", "check", "--config", config]):
            run = cli(arguments, self.folder)
            self.assertEqual(run.returncode, 1, run.stdout + run.stderr)
            self.assertIn("h.db", run.stderr)
        with open(os.path.join(self.folder, "db", "h.db"), encoding="utf-8") as file:
            self.assertTrue(file.read().startswith("this is a letter"), "and it is left as it was")

    def test_a_newer_schema_is_refused(self):
        config = self.minimal()
        self.assertEqual(cli(["db", "migrate", "--config", config], self.folder).returncode, 0)
        database = sqlite3.connect(os.path.join(self.folder, "db", "h.db"))
        database.execute("PRAGMA user_version = 9999")
        database.commit()
        database.close()
        run = cli(["db", "migrate", "--config", config], self.folder)
        self.assertEqual(run.returncode, 1)
        self.assertIn("9999", run.stderr)

    def test_plugins(self):
        run = cli(["plugin", "inspect", os.path.join(PLUGINS, "libhg_provider_http.so")], self.folder)
        self.assertEqual(run.returncode, 0, run.stderr)
        for expected in ("http", "provider", "url", "GLIBC"):
            self.assertIn(expected, run.stdout)
        bad = self.write("libhg_provider_bad.so", "not an ELF file")
        run = cli(["plugin", "inspect", bad], self.folder)
        self.assertEqual(run.returncode, 1)
        self.assertIn("ELF", run.stderr)
        config = self.minimal('[[provider]]\nid = "p1"\nplugin = "http"\n[provider.config]\nurl = "http://127.0.0.1:1/x"\n')
        run = cli(["plugin", "list", "--config", config], self.folder)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertTrue(re.search(r"http\b", run.stdout) and re.search(r"weighted_round_robin", run.stdout), run.stdout)


if __name__ == "__main__":
    main()
