#!/usr/bin/env python3
"""What stands in packaging/, docker-compose.yml and Dockerfile: every file, key, command and target that it names exists."""
import os
import re
import shutil
import subprocess
import sys
import unittest

import yaml

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tools"))
import generate_man_page  # pylint: disable=wrong-import-position

PROGRAM = os.environ["HELIOGRAPH_BIN"]
PLUGINS = os.environ["HELIOGRAPH_PLUGINS"]


def path(*names):
    return os.path.join(ROOT, *names)


def read(*names):
    with open(path(*names), encoding="utf-8") as file:
        return file.read()


def run(*command, **environment):
    own = {name: value for name, value in os.environ.items() if not name.startswith("HELIOGRAPH_")}
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**own, **environment})


class Configurations(unittest.TestCase):
    def test_of_the_images_are_valid(self):
        for name in ("heliograph.toml", "compose.toml"):
            done = run(PROGRAM, "config", "check", "--config", path("packaging", "docker", name), HELIOGRAPH_API_KEY="secret",
                       HELIOGRAPH_PLUGINS_PATH=PLUGINS)
            self.assertEqual(done.returncode, 0, name + done.stderr)

    def test_an_invalid_one_would_be_noticed(self):
        done = run(PROGRAM, "config", "check", "--config", path("packaging", "docker", "compose.toml"), HELIOGRAPH_PLUGINS_PATH=PLUGINS)
        self.assertEqual(done.returncode, 78, "the key of its client comes from the environment")


class Compose(unittest.TestCase):
    def setUp(self):
        self.compose = yaml.safe_load(read("docker-compose.yml"))
        self.services = self.compose["services"]

    def test_has_the_promised_services(self):
        self.assertLessEqual({"gateway", "redis", "provider1", "provider2", "provider3", "prometheus", "grafana"}, set(self.services))

    def test_mounts_what_is_there(self):
        for name, service in self.services.items():
            for volume in service.get("volumes", []):
                source = volume.split(":")[0]
                if source.startswith("."):
                    self.assertTrue(os.path.exists(path(source)), f"{name}: {source}")
                else:
                    self.assertIn(source, self.compose["volumes"], name)

    def test_depends_on_what_is_there(self):
        for name, service in self.services.items():
            for needed in service.get("depends_on", []):
                self.assertIn(needed, self.services, name)

    def test_its_mock_providers_are_those_of_the_configuration(self):
        configuration = read("packaging", "docker", "compose.toml")
        for name in ("provider1", "provider2", "provider3"):
            command = self.services[name]["command"]
            text = run(PROGRAM, command[0], "--help").stdout
            for option in (word for word in command if word.startswith("--")):
                self.assertIn(option, text)
            port = command[command.index("--port") + 1]
            self.assertIn(f"http://127.0.0.1:{port}/api/{{channel}}/{name}", configuration)

    def test_prometheus_asks_the_listener_for_it(self):
        target = yaml.safe_load(read("packaging", "docker", "prometheus.yml"))["scrape_configs"][0]["static_configs"][0]["targets"][0]
        service, port = target.split(":")
        self.assertIn(service, self.services)
        self.assertRegex(read("packaging", "docker", "compose.toml"), rf'listen = "0.0.0.0:{port}"\nroles = \["metrics"\]')


class Dockerfile(unittest.TestCase):
    def test_copies_what_is_there(self):
        for sources in re.findall(r"^COPY (?!--from)(.+) \S+$", read("Dockerfile"), re.M):
            for source in sources.split():
                self.assertTrue(os.path.exists(path(source)), source)

    def test_runs_unprivileged_and_tells_its_health(self):
        text = read("Dockerfile")
        self.assertIn("\nUSER heliograph\n", text)
        self.assertIn("/readyz", re.search(r"^HEALTHCHECK.*$", text, re.M)[0])

    def test_options_of_its_scripts_exist(self):
        for option in re.findall(r"install-deps\.sh (--\w+)", read("Dockerfile") + read("Makefile")):
            self.assertIn(f"    {option})", read("packaging", "install-deps.sh"))


class Service(unittest.TestCase):
    UNIT = ("packaging", "systemd", "heliograph.service")

    def test_its_commands_are_ours(self):
        for command in re.findall(r"^Exec\w+=/usr/bin/heliograph (\w+(?: \w+)?)", read(*self.UNIT), re.M):
            self.assertEqual(run(PROGRAM, *command.split(), "--help").returncode, 0, command)

    def test_a_wrong_configuration_is_not_restarted(self):
        """systemd.service(5): RestartPreventExitStatus= is about the main process, so no other may be what tells it."""
        text = read(*self.UNIT)
        self.assertRegex(text, r"(?m)^RestartPreventExitStatus=78$")
        self.assertNotRegex(text, r"(?m)^ExecStartPre=")

    def test_systemd_takes_it(self):
        if not shutil.which("systemd-analyze"):
            self.skipTest("systemd-analyze is not installed")
        # Where the program is not installed, its paths are the one thing that is missing.
        found = [line for line in run("systemd-analyze", "verify", path(*self.UNIT)).stderr.splitlines()
                 if "heliograph.service" in line and "is not executable" not in line and "man" not in line]
        self.assertEqual(found, [])


class ManPages(unittest.TestCase):
    def test_names_every_command(self):
        text = read("packaging", "heliograph.1").replace("\\-", "-")
        listed = re.search(r"^Subcommands:\n(.*?)\n\n", run(PROGRAM, "--help").stdout, re.M | re.S)[1]
        for command in re.findall(r"^  ([a-z-]+)", listed, re.M):
            self.assertIn(command, text)

    def test_of_the_configuration_is_that_of_its_document(self):
        self.assertEqual(read("packaging", "heliograph.toml.5"), generate_man_page.page(), "run tools/generate_man_page.py")

    def test_of_the_configuration_has_every_key_of_the_document(self):
        guide = read("docs", "configuration.md")
        keys = re.findall(r"^\| `([a-z_0-9.]+)` \| .*\| .*\|", guide[guide.index("## Keys"):guide.index("## Limits")], re.M)
        self.assertGreater(len(keys), 120)
        entries = re.findall(r"^\.TP\n\\fB([a-z_0-9.]+)\\fR\n\(", read("packaging", "heliograph.toml.5"), re.M)
        self.assertEqual(entries[:len(keys)], keys)  # those of a plugin follow

    def test_are_understood(self):
        if not shutil.which("groff"):
            self.skipTest("groff is not installed")
        for name in ("heliograph.1", "heliograph.toml.5"):
            done = run("groff", "-man", "-Tutf8", "-ww", path("packaging", name))
            self.assertEqual((done.returncode, done.stderr), (0, ""), name)
            self.assertGreater(len(done.stdout), 1000)


class DebianChangelog(unittest.TestCase):
    def test_is_of_the_version_of_the_tree(self):
        version = re.search(r"project\(heliograph VERSION (\S+)", read("CMakeLists.txt"))[1]
        release = re.search(r"set\(CPACK_DEBIAN_PACKAGE_RELEASE (\d+)\)", read("cmake", "Packaging.cmake"))[1]
        self.assertTrue(read("packaging", "debian", "changelog").startswith(f"heliograph ({version}-{release}) "))


if __name__ == "__main__":
    unittest.main()
