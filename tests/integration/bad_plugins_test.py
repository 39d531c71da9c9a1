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

# Faults of tests/support/plugins/bad/general.toml that a gateway meets when it loads, makes or starts a plugin, and a part of what it says.
REFUSED = {
    "create_throws": "create failed: an exception left it: thrown by create()",
    "create_throws_number": "create failed: an exception left it",
    "start_throws": "start failed: an exception left it: thrown by start()",
    "no_instance": "gave no instance",
    "refuses_defaults": "limit: must not be 5",
    "key_not_named": "token: is required",
    "schema_is_no_json": "is not JSON",
    "schema_of_a_list": "does not describe an object",
    "default_does_not_fit": "limit: must be at most 4",
    "undefined_symbol": "no_such_function_anywhere",
    "no_entry": "is no Heliograph plugin",
    "no_destroy": "lacks the required",
    "component_of_size_0": "a component's descriptor has an impossible size",
    "id_with_spaces": "Bad Id",
    "module_of_size_0": "its module descriptor has an impossible size",
    "module_of_huge_size": "its module descriptor has an impossible size",
    "other_major": "speaks ABI 2",
    "needs_newer_minor": "needs ABI 1.1",
}
# Of one name, a process loads no more files than these (docs/operating.md).
FILES_MAX = 8
# Faults that a gateway cannot see, or lives with.
LIVED_WITH = ("leaks_thread", "leaks_descriptor", "leaks_memory", "writes_to_stdout", "installs_signal_handler", "works_when_loaded",
              "blocks_signals", "changes_folder", "changes_locale", "changes_umask", "sets_environment", "drain_never_ends",
              "start_completes_twice", "extra_exports", "executable_stack")


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

    def test_a_call_that_never_returns_does_not_keep_the_gateway_from_ending(self):
        gateway, good = self.beside_a_good_one("hangs_in_send", shutdown={"drain_timeout": "500ms"})
        accepted = [gateway.send(text=f"message {i}") for i in range(MESSAGES)]
        self.logged(gateway, "provider picked", "provider=bad")
        self.assertEqual(gateway.process.terminate(), 1)
        gateway.http.close()
        self.logged(gateway, "store stopped")
        self.logged(gateway, "ended without the dispatch loop")
        self.without_the_bad_one(gateway)
        gateway.start()
        for message in accepted:
            gateway.wait_for_status(message, "SENT", "DELIVERED")
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

    def with_limiter(self, fault):
        mock = self.mock("one")
        return self.gateway([self.provider(mock, limit={"limit": 1000, "window": "1s"})], plugins=self.plugins("limiter", fault),
                            limiter={"plugin": "bad"})

    def test_limiter_that_blocks_the_loop(self):
        gateway = self.with_limiter("blocks_in_acquire")
        self.carry(gateway)
        self.logged(gateway, "misbehaves", "slow_call")
        gateway.stop()

    def test_limiter_that_never_answers(self):
        """Nothing is sent without a permit; another limiter, by a reload, ends it."""
        gateway = self.with_limiter("never_completes_pending")
        message = gateway.send()
        self.logged(gateway, "limiter answers too late")
        self.assertEqual(gateway.message(message)["status"], "QUEUED")
        gateway.write(sections={"limiter": {"plugin": "memory"}})
        answer = gateway.http.post("/v1/admin/reload")
        self.assertEqual(answer.status, 200, answer)
        gateway.wait_for_status(message, "SENT", "DELIVERED")
        gateway.stop()

    def start_anew(self, gateway):
        """With the distributor that has no fault."""
        gateway.stop()
        gateway.write(sections={"distributor": {"plugin": "weighted_round_robin"}})
        gateway.start()

    def try_next(self, gateway, folder, fault):
        """The answer to a reload that would take the distributor with that fault."""
        file = os.path.join(folder, "libhg_distributor_bad.so")
        shutil.copy(os.path.join(BAD, fault + ".so"), file + ".new")
        os.replace(file + ".new", file)
        gateway.write(sections={"distributor": {"plugin": "bad"}})
        return gateway.http.post("/v1/admin/reload")

    def test_a_reload_refuses_what_cannot_be_loaded_made_or_started(self):
        """Each says why, and the gateway goes on with what it had."""
        folder = self.plugins("distributor", "no_fault")
        gateway = self.gateway([self.provider(self.mock("good"))], plugins=folder)
        for number, (fault, says) in enumerate(REFUSED.items()):
            if number % FILES_MAX == FILES_MAX - 1:
                self.start_anew(gateway)
            with self.subTest(fault):
                answer = self.try_next(gateway, folder, fault)
                self.assertEqual(answer.status, 422, answer)
                self.assertIn(says, "".join(answer.json["errors"]))
                gateway.wait_for_status(gateway.send(), "SENT", "DELIVERED")
        gateway.stop()

    def test_what_it_cannot_see_it_lives_with(self):
        """Taken, asked (they pick nobody, so messages wait), and given up again: all is sent, and the end is as it should be."""
        folder = self.plugins("distributor", "no_fault")
        gateway = self.gateway([self.provider(self.mock("good"))], plugins=folder)
        for number, fault in enumerate(LIVED_WITH):
            if number % FILES_MAX == FILES_MAX - 1:
                self.start_anew(gateway)
            with self.subTest(fault):
                answer = self.try_next(gateway, folder, fault)
                self.assertEqual(answer.status, 200, answer)
                message = gateway.send()
                self.assertEqual(gateway.message(message)["status"], "QUEUED")
                gateway.write(sections={"distributor": {"plugin": "weighted_round_robin"}})
                answer = gateway.http.post("/v1/admin/reload")
                self.assertEqual(answer.status, 200, answer)
                gateway.wait_for_status(message, "SENT", "DELIVERED")
        gateway.stop()

    def without_the_bad_one(self, gateway):
        bad, *others = gateway.tables["providers"]
        self.assertEqual(bad["plugin"], "bad")
        gateway.write(providers=others)

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
        self.without_the_bad_one(gateway)
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
