#!/usr/bin/env python3
"""The packages in a fresh Debian 12: install, send a message, upgrade, remove, purge.

    tests/packaging/deb_test.py build/deb/packages

The fresh system is made by debootstrap in a temporary folder, with this machine's mirror. Needs root; exit code 77 without.
"""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

SKIPPED = 77
PACKAGES = os.path.abspath(sys.argv.pop()) if len(sys.argv) > 1 else ""
CONFIGURATION = """[http]
listen = "127.0.0.1:18480"
[store]
path = "/var/lib/heliograph/heliograph.db"
[[provider]]
id = "mock"
plugin = "http"
channels = ["sms"]
[provider.config]
url = "http://127.0.0.1:18471/api/sms/mock"
[[client]]
name = "shop"
key = "a-key-of-the-package-test"
credit_cents = 1000
"""
# As the service runs: the account of the package, its configuration.
SEND = """set -e
# exec: so that $! is the program, and the trap ends it instead of a shell around it.
as() { exec setpriv --reuid=heliograph --regid=heliograph --clear-groups "$@"; }
as heliograph mock-provider --port 18471 --id mock >/dev/null & mock=$!
as heliograph serve --config /etc/heliograph/heliograph.toml >/tmp/out 2>&1 & gateway=$!
trap 'kill $mock $gateway 2>/dev/null || true; wait' EXIT
for i in $(seq 100); do grep -q "listening on" /tmp/out && break; sleep 0.1; done
HELIOGRAPH_API_KEY=a-key-of-the-package-test heliograph send --url http://127.0.0.1:18480 --to +14155552671 --from TEST --text Hello \\
  --wait 20 --json || { cat /tmp/out; exit 1; }
"""


def mirror():
    """Where this machine gets Debian from."""
    texts = []
    for name in ["/etc/apt/sources.list", *sorted(glob.glob("/etc/apt/sources.list.d/*"))]:
        if os.path.isfile(name):
            with open(name, encoding="utf-8", errors="replace") as file:
                texts.append(file.read())
    found = re.search(r"^(?:deb(?: \[[^\]]*\])? |URIs: *)(\S+/debian)/?(?:\s|$)", "\n".join(texts), re.M)
    return found[1] if found else "http://deb.debian.org/debian"


class Lintian(unittest.TestCase):
    def test_has_nothing_to_complain_of(self):
        """What it overlooks is in packaging/debian/lintian-overrides, with the reason."""
        done = subprocess.run(["lintian", "--allow-root", "--fail-on", "error,warning", "--tag-display-limit", "0",
                               *glob.glob(os.path.join(PACKAGES, "*.deb"))], capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)


class FreshDebian(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = tempfile.mkdtemp(prefix="heliograph-debian-")
        os.chmod(cls.root, 0o755)  # it is "/" to the service's account
        cls.addClassCleanup(shutil.rmtree, cls.root, True)
        made = subprocess.run(["debootstrap", "--variant=minbase", "bookworm", cls.root, mirror()], check=False, capture_output=True, text=True)
        if made.returncode != 0:  # no mirror within reach says nothing about the packages
            raise unittest.SkipTest(f"no fresh Debian: {made.stdout[-300:]}{made.stderr[-300:]}")
        # Proxies and their like; the sources are the mirror's alone.
        shutil.copytree("/etc/apt/apt.conf.d", cls.root + "/etc/apt/apt.conf.d", dirs_exist_ok=True)
        shutil.copy("/etc/resolv.conf", cls.root + "/etc/resolv.conf")
        with open(cls.root + "/usr/sbin/policy-rc.d", "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\nexit 101\n")
        os.chmod(cls.root + "/usr/sbin/policy-rc.d", 0o755)
        os.mkdir(cls.root + "/packages")
        for package in glob.glob(os.path.join(PACKAGES, "*.deb")):
            shutil.copy(package, cls.root + "/packages")
        subprocess.run(["mount", "-t", "proc", "proc", cls.root + "/proc"], check=True)
        cls.addClassCleanup(subprocess.run, ["umount", cls.root + "/proc"], check=False)
        cls.inside("apt-get update -qq")

    @classmethod
    def inside(cls, script, code=0):
        done = subprocess.run(["chroot", cls.root, "bash", "-c", script], capture_output=True, text=True, check=False,
                              env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive",
                                   **{name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}})
        if done.returncode != code:
            raise AssertionError(f"{script}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def exists(self, name):
        return os.path.exists(self.root + name)

    def test_a_life_of_the_package(self):
        self.inside("apt-get install -y -qq --no-install-recommends /packages/heliograph_*.deb")
        self.inside("heliograph config check --config /etc/heliograph/heliograph.toml")
        self.inside("grep -qx 'path = \"/var/lib/heliograph/heliograph.db\"' /etc/heliograph/heliograph.toml")
        self.assertEqual(self.inside("stat -c '%U %a' /var/lib/heliograph").strip(), "heliograph 750")
        self.assertEqual(self.inside("stat -c '%U:%G %a' /etc/heliograph/heliograph.toml").strip(), "root:heliograph 640")
        for name in ("/lib/systemd/system/heliograph.service", "/usr/share/man/man1/heliograph.1.gz",
                     "/usr/share/man/man5/heliograph.toml.5.gz", "/usr/share/bash-completion/completions/heliograph",
                     "/usr/share/zsh/vendor-completions/_heliograph", "/usr/share/fish/vendor_completions.d/heliograph.fish",
                     "/usr/share/doc/heliograph/operating.md", "/usr/share/doc/heliograph/changelog.gz",
                     "/usr/share/doc/heliograph/changelog.Debian.gz", "/usr/share/doc/heliograph/copyright"):
            self.assertTrue(self.exists(name), name)

        with open(self.root + "/etc/heliograph/heliograph.toml", "w", encoding="utf-8") as file:
            file.write(CONFIGURATION)
        self.assertIn('"SENT"', self.inside(SEND))

        # The configuration is the operator's, the data stay.
        self.inside("dpkg --force-confdef --force-confold -i /packages/heliograph_*.deb")
        self.assertIn("a-key-of-the-package-test", self.inside("cat /etc/heliograph/heliograph.toml"))
        self.inside("heliograph db check --config /etc/heliograph/heliograph.toml")
        self.inside("dpkg --remove heliograph")
        self.assertFalse(self.exists("/usr/bin/heliograph"))
        self.assertTrue(self.exists("/var/lib/heliograph/heliograph.db"))
        # As `systemctl enable` leaves it.
        wants = "/etc/systemd/system/multi-user.target.wants"
        os.makedirs(self.root + wants, exist_ok=True)
        os.symlink("/lib/systemd/system/heliograph.service", f"{self.root}{wants}/heliograph.service")
        self.inside("dpkg --purge heliograph")
        self.assertFalse(os.path.lexists(f"{self.root}{wants}/heliograph.service"))
        self.assertFalse(self.exists("/var/lib/heliograph"))
        self.assertFalse(self.exists("/etc/heliograph"))

    def test_the_sdk_has_what_plugins_need(self):
        self.inside("dpkg -i /packages/heliograph-sdk_*.deb")
        for name in ("/usr/include/heliograph/sdk.hpp", "/usr/include/heliograph/abi/base.h"):
            self.assertTrue(self.exists(name), name)
        self.assertTrue(glob.glob(self.root + "/usr/lib/cmake/HeliographSdk/*.cmake"))


if __name__ == "__main__":
    if os.geteuid() != 0 or not shutil.which("debootstrap"):
        print("skipped: needs root and debootstrap")
        sys.exit(SKIPPED)
    if not glob.glob(os.path.join(PACKAGES, "heliograph_*.deb")):
        sys.exit(f"no package in '{PACKAGES}': make deb")
    unittest.main(verbosity=2)
