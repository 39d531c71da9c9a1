#!/usr/bin/env python3
"""What stands in packaging/, docker-compose.yml and Dockerfile: every file, key, command and target that it names exists."""
import os
import re
import shutil
import subprocess
import sys
import tempfile
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
            needs = service.get("depends_on", {})
            for needed in needs:
                self.assertIn(needed, self.services, name)
                if isinstance(needs, dict) and needs[needed]["condition"] == "service_healthy":
                    self.assertIn("test", self.services[needed].get("healthcheck", {}), f"{name}: {needed} never tells that it is healthy")
            network = service.get("network_mode", "service:gateway")
            self.assertIn(network.removeprefix("service:"), self.services, name)

    def test_publishes_ports_once_and_to_this_machine_alone(self):
        published = [port for service in self.services.values() for port in service.get("ports", [])]
        for port in published:
            self.assertRegex(port, r"^127\.0\.0\.1:\d+:\d+$")
        self.assertEqual(len({port.split(":")[1] for port in published}), len(published))
        exposed = re.search(r"^EXPOSE (.*)$", read("Dockerfile"), re.M)[1].split()
        configuration = read("packaging", "docker", "compose.toml")
        listened = re.findall(r'^listen = "0\.0\.0\.0:(\d+)"', configuration, re.M)
        self.assertEqual(sorted(exposed), sorted(listened))
        for port in self.services["gateway"]["ports"]:
            self.assertIn(port.rpartition(":")[2], listened)
        for name, port in (("prometheus", "9090"), ("grafana", "3000")):
            self.assertEqual([each.rpartition(":")[2] for each in self.services[name]["ports"]], [port])

    def test_has_only_keys_of_the_specification(self):
        known = {"build", "image", "environment", "volumes", "ports", "depends_on", "read_only", "tmpfs", "cap_drop", "security_opt",
                 "stop_grace_period", "restart", "command", "network_mode", "healthcheck"}
        self.assertLessEqual(set(self.compose), {"services", "volumes"})
        for name, service in self.services.items():
            self.assertLessEqual(set(service), known, name)
            self.assertTrue({"image", "build"} & set(service), name)
            # A foreign image of yesterday is that of today.
            self.assertRegex(service["image"], r"^heliograph$|:\D*\d", name)

    def test_a_stop_is_given_the_time_that_the_unit_gives(self):
        seconds = re.search(r"^TimeoutStopSec=(\d+s)$", read("packaging", "systemd", "heliograph.service"), re.M)[1]
        self.assertEqual(self.services["gateway"]["stop_grace_period"], seconds)

    def test_prometheus_takes_its_configuration(self):
        if not shutil.which("promtool"):
            self.skipTest("promtool is not installed")
        with tempfile.TemporaryDirectory() as folder:
            for volume in self.services["prometheus"]["volumes"]:
                source, target, _ = volume.split(":")
                self.assertEqual(os.path.dirname(target), "/etc/prometheus")
                shutil.copy(path(source), os.path.join(folder, os.path.basename(target)))
            done = run("promtool", "check", "config", os.path.join(folder, "prometheus.yml"))
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertRegex(done.stdout, r"\d\d+ rules found")

    def test_grafana_finds_its_source_and_its_dashboard(self):
        mounts = dict(reversed(volume.split(":")[:2]) for volume in self.services["grafana"]["volumes"])
        provisioning = mounts["/etc/grafana/provisioning"]
        source = yaml.safe_load(read(provisioning, "datasources", "prometheus.yml"))["datasources"][0]
        service, port = re.fullmatch(r"http://(\w+):(\d+)", source["url"]).groups()
        self.assertIn(service, self.services)
        self.assertEqual(port, self.services[service]["ports"][0].rpartition(":")[2])
        folder = yaml.safe_load(read(provisioning, "dashboards", "heliograph.yml"))["providers"][0]["options"]["path"]
        self.assertTrue(os.path.exists(path(mounts[folder], "heliograph.json")))

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
    def instructions(self):
        """(instruction, arguments), continued lines joined."""
        text = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", read("Dockerfile"), flags=re.M))
        return [(line.partition(" ")[0], line.partition(" ")[2].strip()) for line in text.splitlines() if line]

    def test_is_written_as_it_should_be(self):
        """What a linter of these files asks for, as far as it concerns this one."""
        stages, users, last = set(), [], {}
        for name, arguments in self.instructions():
            self.assertIn(name, {"FROM", "WORKDIR", "COPY", "RUN", "USER", "VOLUME", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT", "CMD"})
            if name == "FROM":
                image, _, stage = arguments.partition(" AS ")
                self.assertRegex(image, r"^debian:12(-slim)?$", "a tag that says which")
                stages.add(stage)
                users, last = [], {}
            if name == "WORKDIR":
                self.assertTrue(arguments.startswith("/"), arguments)
            if "apt-get install" in arguments:
                self.assertRegex(arguments, r"apt-get update .*&& *apt-get install -y --no-install-recommends .*rm -rf /var/lib/apt/lists/\*")
            for stage in re.findall(r"from=(\w+)", arguments):
                self.assertIn(stage, stages)
            if name == "USER":
                users.append(arguments)
            if name in ("ENTRYPOINT", "CMD", "HEALTHCHECK", "USER"):
                self.assertNotIn(name, last, "only the last one would count")
                last[name] = arguments
        self.assertEqual(users, ["heliograph"])
        for name in ("ENTRYPOINT", "CMD"):  # a shell around it would keep signals to itself
            self.assertIsInstance(yaml.safe_load(last[name]), list)
        program, *first = yaml.safe_load(last["ENTRYPOINT"]) + yaml.safe_load(last["CMD"])
        self.assertEqual(program, "/usr/bin/heliograph")
        self.assertEqual(run(PROGRAM, first[0], "--help").returncode, 0)
        self.assertIn(first[1], run(PROGRAM, first[0], "--help").stdout)
        self.assertIn(f"COPY packaging/docker/heliograph.toml {first[2]}\n", read("Dockerfile"))

    def test_ignores_nothing_that_it_copies(self):
        ignored = [line.rstrip("/") for line in read(".dockerignore").splitlines() if line and not line.startswith("#")]
        for kept in ("CMakeLists.txt", "CMakePresets.json", "Makefile", "CHANGELOG.md", "core", "sdk", "plugins", "packaging", "cmake", "config",
                     "docs", "third_party", "tools"):
            self.assertNotIn(kept, ignored)
        self.assertIn("build", ignored)

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
