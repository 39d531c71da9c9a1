#!/usr/bin/env python3
"""Plugins of other makers in the gateway: built with g++, written in C and in Rust; and bad ones."""
import os
import shutil
import unittest

from harness import PLUGINS, GatewayTest, cli, main

GCC_PLUGINS = os.environ.get("HELIOGRAPH_GCC_PLUGINS")


class Plugins(GatewayTest):
    def carry(self, plugin, plugins=PLUGINS):
        mock = self.mock("provider1")
        gateway = self.gateway([{**self.provider(mock), "plugin": plugin}], plugins=plugins)
        message = gateway.wait_for_status(gateway.send(text="through " + plugin), "SENT", "DELIVERED")
        self.assertEqual(message["attempts"], 1)
        self.assertEqual(mock.count(), 1)
        gateway.stop()

    def test_example_in_c(self):
        self.carry("example_c")

    def test_example_in_cpp(self):
        self.carry("example_cpp")

    @unittest.skipUnless(os.path.exists(os.path.join(PLUGINS, "libhg_provider_example_rust.so")),
                         "built where cargo is present")
    def test_example_in_rust(self):
        self.carry("example_rust")

    @unittest.skipUnless(GCC_PLUGINS, "HELIOGRAPH_GCC_PLUGINS names the folder (make test sets it)")
    def test_built_with_gcc(self):
        """All of them: the provider, the distributor and the limiter, from the other compiler."""
        mock = self.mock("provider1")
        gateway = self.gateway([self.provider(mock, limit={"limit": 1000, "window": "1s"})], plugins=GCC_PLUGINS)
        for _ in range(20):
            gateway.wait_for_status(gateway.send(), "SENT")
        gateway.stop()

    @unittest.skipUnless(GCC_PLUGINS, "HELIOGRAPH_GCC_PLUGINS names the folder (make test sets it)")
    def test_c_example_built_with_gcc(self):
        self.carry("example_c", GCC_PLUGINS)

    def copy_of_plugins(self):
        folder = os.path.join(self.folder, "plugins")
        shutil.copytree(PLUGINS, folder)
        os.chmod(folder, 0o755)
        return folder

    def test_truncated_file_is_refused_with_a_sentence(self):
        plugins = self.copy_of_plugins()
        with open(os.path.join(plugins, "libhg_provider_http.so"), "r+b") as file:
            file.truncate(1000)
        mock = self.mock("provider1")
        gateway = self.gateway([self.provider(mock)], start=False, plugins=plugins)
        run = cli(["serve", "--config", gateway.config], self.folder)
        self.assertEqual(run.returncode, 78, run.stderr)
        self.assertIn("libhg_provider_http.so", run.stderr)

    def test_world_writable_folder_is_refused(self):
        plugins = self.copy_of_plugins()
        os.chmod(plugins, 0o777)
        mock = self.mock("provider1")
        gateway = self.gateway([self.provider(mock)], start=False, plugins=plugins)
        run = cli(["serve", "--config", gateway.config], self.folder)
        self.assertEqual(run.returncode, 78, run.stderr)
        self.assertIn("writable", run.stderr)

    def test_not_required_is_left_out_and_told(self):
        mock = self.mock("provider1")
        gateway = self.gateway([self.provider(mock), {"id": "extra", "plugin": "nobody", "required": False}])
        gateway.wait_for_status(gateway.send(), "SENT")
        ready = gateway.http.get("/readyz")
        self.assertEqual(ready.status, 503)
        self.assertIn("extra", ready.body.decode())

    def test_replacing_the_file_of_a_running_plugin_is_harmless(self):
        plugins = self.copy_of_plugins()
        mock = self.mock("provider1")
        gateway = self.gateway([self.provider(mock)], plugins=plugins)
        with open(os.path.join(plugins, "libhg_provider_http.so"), "r+b") as file:
            file.write(b"\0" * 4096)
            file.truncate(4096)
        for _ in range(5):
            gateway.wait_for_status(gateway.send(), "SENT")
        gateway.stop()


if __name__ == "__main__":
    main()
