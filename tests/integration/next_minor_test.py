#!/usr/bin/env python3
"""Plugins of a minor to come, built against headers in which every struct that may grow has grown, serve in today's gateway."""
import json
import os
import pathlib
import subprocess
import sys

from harness import SANITIZED, GatewayTest, cli, main

SDK = pathlib.Path(__file__).resolve().parents[2] / "sdk"
sys.path.insert(0, str(SDK / "abi"))
import headers  # noqa: E402 (it stands beside the gate, not beside the tests)

APPENDED = "  uint64_t next_minor;\n"
SOURCES = {
    "provider_example_c": ["examples/c_provider/provider.c", "examples/c_provider/json.c"],
    "distributor_first_1_0": ["abi/frozen/distributor.c"],
    "limiter_window_1_0": ["abi/frozen/limiter.c"],
}


def appended(text, struct):
    """The header with one more field at the end of this struct."""
    begin = text.index(f"struct {struct} {{\n")
    end = text.index("\n}", begin) + 1
    return text[:end] + APPENDED + text[end:]


def next_headers(folder):
    """Everything that may grow has, and the minor says so."""
    for path in [*headers.STABLE, "heliograph/abi/abi.h"]:
        text = (headers.INCLUDE / path).read_text()
        for struct in headers.parse(path).structs:
            text = appended(text, struct.name) if struct.grows else text
        text = text.replace("#define HG_ABI_MINOR 0u", "#define HG_ABI_MINOR 1u")
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)


class NextMinor(GatewayTest):
    def setUp(self):
        super().setUp()
        self.include = pathlib.Path(self.folder) / "include"
        self.plugins = pathlib.Path(self.folder) / "plugins-next"
        self.plugins.mkdir()
        next_headers(self.include)

    def build(self, name, sources):
        """Result: the library."""
        library = self.plugins / f"libhg_{name}.so"
        command = [os.environ.get("CC", "cc"), "-std=c99", "-shared", "-fPIC", "-fvisibility=hidden", f"-I{self.include}",
                   f"-Wl,--version-script={SDK / 'cmake' / 'plugin_exports.map'}", "-Wl,-z,defs", "-o", str(library), *map(str, sources)]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        self.assertEqual(run.returncode, 0, run.stderr)
        return library

    def check(self, library):
        """Faults in what the border demands, by case: what they are."""
        words = [word for group in ("binary", "entry", "config", "lifecycle", "side-effects") for word in ("--group", group)]
        run = cli(["plugin", "check", str(library), "--format", "json", *words], self.folder, seconds=300)
        self.assertIn(run.returncode, (0, 1), run.stderr)
        cases = json.loads(run.stdout)["cases"]
        self.assertIn("pass", {case["verdict"] for case in cases})
        return {f"{case['group']}/{case['case']}": case["verdict"] for case in cases if case["verdict"] not in ("pass", "skip")}

    def test_plugins_of_the_next_minor_serve(self):
        for name, sources in SOURCES.items():
            self.assertEqual(self.check(self.build(name, [SDK / source for source in sources])), {}, name)
        mock = self.mock()
        gateway = self.gateway(
            [{"id": "new", "plugin": "example_c", "receipts": False, "limit": {"limit": 1000, "window": "1s"}, "config": {"url": mock.url}}],
            plugins=str(self.plugins), distributor={"plugin": "first_1_0"}, limiter={"plugin": "window_1_0"})
        messages = [gateway.send() for _ in range(50)]
        for message in messages:
            gateway.wait_for_status(message, "SENT")
        self.assertEqual(sorted(arrival["message_id"] for arrival in mock.taken()), sorted(messages))
        gateway.stop()

    def test_one_that_reads_what_this_host_does_not_have_faults_in_the_check(self):
        text = (SDK / SOURCES["distributor_first_1_0"][0]).read_text()
        careless = text.replace("  (void)host, (void)component", "  if (host->next_minor != 0) return HG_E_INTERNAL;\n  (void)component")
        self.assertNotEqual(careless, text)
        source = pathlib.Path(self.folder) / "careless.c"
        source.write_text(careless)
        self.assertEqual(self.check(self.build("distributor_careless", [source])).get("lifecycle/create"),
                         "exit" if SANITIZED else "crash")

    def test_one_that_needs_the_next_minor_is_refused_with_a_sentence(self):
        text = (SDK / SOURCES["distributor_first_1_0"][0]).read_text()
        source = pathlib.Path(self.folder) / "needy.c"
        source.write_text(text.replace(".abi_minor_required = 0", ".abi_minor_required = 1"))
        run = cli(["plugin", "inspect", str(self.build("distributor_needy", [source]))], self.folder)
        self.assertNotEqual(run.returncode, 0, run.stdout)
        self.assertIn("needs ABI 1.1", run.stdout + run.stderr)


if __name__ == "__main__":
    main()
