#!/usr/bin/env python3
"""What systemd is told: ready, alive, reloading, stopping; and that a gateway whose loop hangs is not called alive."""
import os
import signal
import socket

from harness import GatewayTest, main, wait_until


class ServiceTest(GatewayTest):
    def setUp(self):
        super().setUp()
        self.address = os.path.join(self.folder, "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.address)
        self.socket.setblocking(False)
        self.addCleanup(self.socket.close)
        self.heard = []

    def states(self):
        while True:
            try:
                self.heard += self.socket.recv(4096).decode().split("\n")
            except BlockingIOError:
                return self.heard

    def wait_for(self, state, count=1):
        wait_until(lambda: self.states().count(state) >= count, f"{count} times {state}")

    def serve(self, **environment):
        gateway = self.gateway([self.provider(self.mock())], start=False, env={"NOTIFY_SOCKET": self.address, **environment})
        return gateway.start()

    def test_ready_reloading_and_stopping(self):
        gateway = self.serve()
        self.wait_for("READY=1")
        gateway.process.process.send_signal(signal.SIGHUP)
        self.wait_for("RELOADING=1")
        self.wait_for("READY=1", 2)
        gateway.stop()
        self.wait_for("STOPPING=1")
        self.assertNotIn("WATCHDOG=1", self.states())

    def test_the_watchdog_is_fed_while_it_works(self):
        gateway = self.serve(WATCHDOG_USEC="400000")
        self.wait_for("WATCHDOG=1", 3)
        gateway.stop()
        self.wait_for("STOPPING=1")
        self.assertEqual(self.states()[-1], "STOPPING=1")

    def test_a_gateway_whose_loop_hangs_is_not_called_alive(self):
        gateway = self.gateway_with_bad_plugin("hangs_in_send", timeout="300ms",
                                               env={"NOTIFY_SOCKET": self.address, "WATCHDOG_USEC": "400000"})
        self.wait_for("WATCHDOG=1")
        gateway.send()
        wait_until(lambda: gateway.client(None).get("/metrics").body.count(b"heliograph_scrape_complete 0"), "the loop to hang")
        # An answer takes the loop; without one no round can end well any more.
        fed = self.states().count("WATCHDOG=1")
        wait_until(lambda: gateway.client(None).get("/metrics").body.count(b"heliograph_scrape_complete 0"), "another look")
        self.assertEqual(self.states().count("WATCHDOG=1"), fed)
        gateway.kill()

    def test_without_a_service_manager_nobody_is_told(self):
        gateway = self.gateway([self.provider(self.mock())])
        gateway.stop()
        self.assertEqual(self.states(), [])


if __name__ == "__main__":
    main()
