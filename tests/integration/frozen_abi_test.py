#!/usr/bin/env python3
"""Plugins that were built against the headers of ABI 1.0, as they were on the day of its release, serve in today's gateway."""
import os

import harness
from harness import GatewayTest, cli, main

FROZEN = os.path.join(os.path.dirname(harness.PLUGINS), "plugins-frozen", "1.0")


class FrozenAbi(GatewayTest):
    def test_a_provider_a_distributor_and_a_limiter_of_1_0_serve(self):
        mock = self.mock()
        gateway = self.gateway(
            [{"id": "old", "plugin": "example_c", "receipts": False, "limit": {"limit": 1000, "window": "1s"}, "config": {"url": mock.url}}],
            plugins=FROZEN, distributor={"plugin": "first_1_0"}, limiter={"plugin": "window_1_0"})
        messages = [gateway.send() for _ in range(100)]
        for message in messages:
            gateway.wait_for_status(message, "SENT")
        self.assertEqual(sorted(arrival["message_id"] for arrival in mock.taken()), sorted(messages))
        plugins = cli(["plugin", "list", "--config", gateway.config], self.folder).stdout
        for name in ("example_c", "first_1_0", "window_1_0"):
            self.assertIn(name, plugins)
        gateway.stop()


if __name__ == "__main__":
    main()
