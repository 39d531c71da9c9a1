#!/usr/bin/env python3
"""Plugins with a fault in the running gateway, beside a provider that has none: the gateway stands, each message goes through, the
misbehaviour is in the log; and when a plugin takes the process with it, nothing accepted is lost.

HELIOGRAPH_BAD_PLUGINS: the folder of the plugins that tests/support/plugins/bad describes.
"""
import http.server
import http.client
import os
import shutil
import threading

from harness import BINARY, PLUGINS, GatewayTest, main, wait_until

BAD = os.environ.get("HELIOGRAPH_BAD_PLUGINS") or os.path.join(os.path.dirname(os.path.dirname(BINARY)), "bad-plugins")
MESSAGES = 20


class TakesAll(http.server.BaseHTTPRequestHandler):
    """The bad provider's peer: accepts whatever is posted."""
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class BadPlugins(GatewayTest):
    def peer(self):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), TakesAll)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return f"http://127.0.0.1:{server.server_port}/"

    def plugins(self, kind, fault):
        folder = os.path.join(self.folder, "plugins")
        shutil.copytree(PLUGINS, folder)
        os.chmod(folder, 0o755)
        shutil.copy(os.path.join(BAD, fault + ".so"), os.path.join(folder, f"libhg_{kind}_bad.so"))
        return folder

    def beside_a_good_one(self, fault, **options):
        """A gateway with a bad provider and a good one; the good one's mock."""
        good = self.mock("good")
        gateway = self.gateway(
            [{"id": "bad", "plugin": "bad", "timeout": "300ms", "config": {"url": self.peer()}}, self.provider(good)],
            plugins=self.plugins("provider", fault), in_doubt={"policy": "at_least_once", "wait": "100ms"}, **options)
        return gateway, good

    def logged(self, gateway, *texts):
        wait_until(lambda: any(all(text in line for text in texts) for line in gateway.process.output),
                   f"a line with {texts}; log:\n{gateway.process.text()}")

    def carry(self, gateway):
        for message in [gateway.send(text=f"message {i}") for i in range(MESSAGES)]:
            gateway.wait_for_status(message, "SENT", "DELIVERED")

    def provider_with(self, fault, *kinds):
        gateway, good = self.beside_a_good_one(fault)
        self.carry(gateway)
        self.assertGreater(good.count(), 0)
        for kind in kinds:
            self.logged(gateway, "misbehaves", kind)
        gateway.stop()

    def test_double_completion(self):
        self.provider_with("double_completion", "double_completion")

    def test_foreign_op(self):
        self.provider_with("foreign_op", "completion")

    def test_completions_of_what_was_not_taken(self):
        self.provider_with("takes_more_than_it_says")

    def test_blocks_the_loop(self):
        self.provider_with("blocks_in_send", "slow_call")

    def test_never_completes_and_is_quarantined(self):
        gateway, good = self.beside_a_good_one("never_completes")
        self.carry(gateway)
        self.assertGreater(good.count(), 0)
        self.logged(gateway, "misbehaves", "missing_completion")
        gateway.stop()

    def distributor_with(self, fault, kind):
        mocks = [self.mock("one"), self.mock("two")]
        gateway = self.gateway([self.provider(mock) for mock in mocks], plugins=self.plugins("distributor", fault),
                               distributor={"plugin": "bad"})
        for _ in range(6):
            self.carry(gateway)
        self.assertEqual(sum(mock.count() for mock in mocks), 6 * MESSAGES)
        self.logged(gateway, "misbehaves", kind)
        gateway.stop()

    def test_index_behind_the_last(self):
        self.distributor_with("index_n", "bad_index")

    def test_errors_of_pick(self):
        self.distributor_with("errs_in_pick", "bad_status")

    def end_with_the_process(self, fault):
        """The process dies in the plugin's send(); started again without that plugin, it delivers all that it accepted."""
        gateway, good = self.beside_a_good_one(fault)
        # One at least: the process may end before it has told anybody of the next.
        accepted = [gateway.send(text="first", provider=good.identity)]
        try:
            for i in range(MESSAGES):
                accepted.append(gateway.send(text=f"message {i}"))
        except (OSError, http.client.HTTPException):
            pass  # this one was not accepted
        gateway.process.wait()
        gateway.http.close()
        with open(gateway.config, encoding="utf-8") as file:
            text = file.read()
        self.assertIn('plugin = "bad"', text)
        head, rest = text.split("[[provider]]", 1)
        with open(gateway.config, "w", encoding="utf-8") as file:
            file.write(head + "[[provider]]" + rest.split("[[provider]]", 1)[1])
        gateway.start()
        for message in accepted:
            gateway.wait_for_status(message, "SENT", "DELIVERED")
        self.assertGreaterEqual(good.count(), 1)
        gateway.stop()

    def test_exit_loses_nothing(self):
        self.end_with_the_process("exits_in_send")

    def test_exception_loses_nothing(self):
        self.end_with_the_process("throws_in_send")

    def test_segmentation_fault_loses_nothing(self):
        self.end_with_the_process("crashes_in_send")


if __name__ == "__main__":
    main()
