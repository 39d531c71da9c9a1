#!/usr/bin/env python3
"""`heliograph plugin new`: every project it writes builds against the installed SDK, passes its own tests and
`plugin check`, and a provider of each language carries a message."""
import os
import shutil
import subprocess
import unittest

from harness import BINARY, PATIENCE, PLUGINS, GatewayTest, cli, main

BUILD = os.environ.get("HELIOGRAPH_BUILD") or os.path.dirname(os.path.dirname(BINARY))


class Scaffold(GatewayTest):
    def new(self, kind, name, lang):
        run = cli(["plugin", "new", kind, name, "--lang", lang, "--output", self.folder], self.folder)
        self.assertEqual(run.returncode, 0, run.stderr)
        return os.path.join(self.folder, name)

    def run_in(self, folder, *command, **environment):
        run = subprocess.run(command, cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True,
                             timeout=300 * PATIENCE, check=False)
        self.assertEqual(run.returncode, 0, f"{' '.join(command)}\n{run.stdout}\n{run.stderr}")
        return run.stdout

    def sdk(self):
        prefix = os.path.join(self.folder, "sdk")
        if not os.path.exists(prefix):
            self.run_in(self.folder, "cmake", "--install", BUILD, "--component", "sdk", "--prefix", prefix)
        return prefix

    def build(self, project, lang):
        """What the project's README says, and the folder of its library."""
        if lang == "rust":
            self.run_in(project, "cargo", "test", "--offline", "--quiet", HOME=os.environ.get("HOME", self.folder))
            self.run_in(project, "cargo", "build", "--release", "--offline", "--quiet")
            return os.path.join(project, "target", "release")
        self.run_in(project, "cmake", "-S", ".", "-B", "build", f"-DCMAKE_PREFIX_PATH={self.sdk()}")
        self.run_in(project, "cmake", "--build", "build")
        self.run_in(project, "ctest", "--test-dir", "build", "--output-on-failure")
        return os.path.join(project, "build", "plugins")

    def proven(self, kind, lang):
        name = f"my_{lang}_{kind}"
        folder = self.build(self.new(kind, name, lang), lang)
        library = os.path.join(folder, f"libhg_{kind}_{name}.so")
        inspected = cli(["plugin", "inspect", library], self.folder)
        self.assertEqual(inspected.returncode, 0, inspected.stderr)
        self.assertIn(name, inspected.stdout)
        checked = cli(["plugin", "check", library], self.folder, seconds=200)
        bad = [line for line in checked.stdout.splitlines() if line.startswith("not ok")]
        self.assertEqual(checked.returncode, 0, f"{bad}\n{checked.stdout}\n{checked.stderr}")
        return name, library

    def serves(self, lang):
        name, library = self.proven("provider", lang)
        plugins = os.path.join(self.folder, "plugins")
        shutil.copytree(PLUGINS, plugins)
        os.chmod(plugins, 0o755)
        shutil.copy(library, plugins)
        mock = self.mock("provider1")
        gateway = self.gateway([{**self.provider(mock), "plugin": name}], plugins=plugins)
        gateway.wait_for_status(gateway.send(text="through " + name), "SENT", "DELIVERED")
        self.assertEqual(mock.count(), 1)
        gateway.stop()

    def test_names_are_judged(self):
        for name in ("", "1st", "Acme", "a-b", "../a", "a" * 41):
            run = cli(["plugin", "new", "provider", name, "--lang", "cpp"], self.folder)
            self.assertEqual(run.returncode, 2, name)
            self.assertIn("name", run.stderr)
        for arguments in (["gateway", "a", "--lang", "cpp"], ["provider", "a", "--lang", "perl"], ["provider", "a"]):
            self.assertEqual(cli(["plugin", "new", *arguments], self.folder).returncode, 2, arguments)
        self.assertEqual(os.listdir(self.folder), [])

    def test_nothing_is_overwritten(self):
        os.mkdir(os.path.join(self.folder, "acme"))
        run = cli(["plugin", "new", "provider", "acme", "--lang", "cpp"], self.folder)
        self.assertEqual(run.returncode, 1)
        self.assertIn("exists", run.stderr)
        self.assertEqual(os.listdir(os.path.join(self.folder, "acme")), [])

    def test_a_project_is_complete(self):
        project = self.new("provider", "acme", "cpp")
        for file in ("README.md", "heliograph.toml", ".gitignore", ".github/workflows/ci.yml"):
            with open(os.path.join(project, file), encoding="utf-8") as text:
                self.assertNotRegex(text.read(), "@(NAME|KIND)@")

    def test_provider_in_cpp(self):
        self.serves("cpp")

    def test_distributor_in_cpp(self):
        self.proven("distributor", "cpp")

    def test_limiter_in_cpp(self):
        self.proven("limiter", "cpp")

    def test_provider_in_c(self):
        self.serves("c")

    def test_distributor_in_c(self):
        self.proven("distributor", "c")

    def test_limiter_in_c(self):
        self.proven("limiter", "c")

    @unittest.skipUnless(shutil.which("cargo"), "needs cargo")
    def test_provider_in_rust(self):
        self.serves("rust")

    @unittest.skipUnless(shutil.which("cargo"), "needs cargo")
    def test_distributor_in_rust(self):
        self.proven("distributor", "rust")

    @unittest.skipUnless(shutil.which("cargo"), "needs cargo")
    def test_limiter_in_rust(self):
        self.proven("limiter", "rust")


if __name__ == "__main__":
    main()
