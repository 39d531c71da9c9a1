#!/usr/bin/env python3
"""What waits survives: a restart with queued, scheduled, retrying and doubtful messages; a graceful end under load."""
import datetime
import threading

from harness import PATIENCE, GatewayTest, Http, cli, main, wait_until


def in_seconds(seconds):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)).isoformat(
        timespec="milliseconds")


class Restart(GatewayTest):
    def test_queued_scheduled_and_retrying(self):
        mock = self.mock("provider1", success_rate=0)
        gateway = self.gateway([self.provider(mock)], health={"min_attempts": 100000},
                               retry={"min_delay": "500ms", "max_delay": "500ms", "max_attempts": 50})
        retrying = gateway.send()
        gateway.wait_for_status(retrying, "FAILED_TEMP")
        gateway.http.post("/v1/admin/providers/provider1/disable")
        queued = [gateway.send() for _ in range(30)]
        scheduled = gateway.send(send_at=in_seconds(3 * PATIENCE))
        gateway.kill()
        mock.behave(success_rate=1)
        gateway.start()
        self.assertEqual(gateway.message(scheduled)["status"], "SCHEDULED")
        gateway.http.post("/v1/admin/providers/provider1/enable")
        for message_id in [retrying, *queued, scheduled]:
            gateway.wait_for_status(message_id, "SENT")
        taken = [arrival["message_id"] for arrival in mock.taken()]
        self.assertEqual(sorted(taken), sorted([retrying, *queued, scheduled]), "each exactly once")

    def test_killed_while_sending_is_in_doubt(self):
        mock = self.mock("provider1", latency=60000)
        gateway = self.gateway([self.provider(mock, timeout="100s")],
                               in_doubt={"policy": "at_most_once"})
        message_id = gateway.send()
        wait_until(lambda: mock.count() == 1, "the send to be in flight")
        gateway.kill()
        gateway.start()
        gateway.wait_for_status(message_id, "UNKNOWN")
        self.assertEqual(mock.count(), 1)

    def test_killed_while_sending_at_least_once(self):
        mock = self.mock("provider1", latency=60000)
        gateway = self.gateway([self.provider(mock, timeout="100s")],
                               in_doubt={"policy": "at_least_once", "wait": "100ms"})
        message_id = gateway.send()
        wait_until(lambda: mock.count() == 1, "the send to be in flight")
        gateway.kill()
        mock.behave(latency_ms=0)
        gateway.start()
        message = gateway.wait_for_status(message_id, "SENT")
        interrupted = gateway.attempts(message_id)[0]
        self.assertEqual(interrupted["outcome"], "UNKNOWN")
        self.assertGreater(interrupted["started_at"], "2020", "as recorded before the crash")
        self.assertTrue(message["possible_duplicate"])
        self.assertEqual(message["attempts"], 2)

    def test_drain_under_load(self):
        """SIGTERM while clients send: exit 0, and every accepted message was sent once or is sent after the next start."""
        mock = self.mock("provider1", latency=20)
        gateway = self.gateway([self.provider(mock)])
        accepted, lock, stop = [], threading.Lock(), threading.Event()

        def load():
            http = Http(gateway.port, "test-key")
            while not stop.is_set():
                try:
                    answer = http.post("/v1/messages", {"to": "+14155552671", "from": "T", "text": "x"})
                except Exception:  # the gateway ends in the middle of things
                    return
                if answer.status == 202:
                    with lock:
                        accepted.append(answer.json["message_id"])

        for _ in range(3):
            stop.clear()
            threads = [threading.Thread(target=load) for _ in range(8)]
            for thread in threads:
                thread.start()
            already = len(accepted)
            wait_until(lambda: len(accepted) > already + 100, "load")
            gateway.stop()
            stop.set()
            for thread in threads:
                thread.join()
            gateway.start()
        wait_until(lambda: mock.count() >= len(accepted), "everything accepted to be sent", 30)
        arrived = [arrival["message_id"] for arrival in mock.arrivals()]
        self.assertEqual(len(arrived), len(set(arrived)), "a drain leaves nothing in doubt")
        self.assertEqual(set(accepted) - set(arrived), set())

    def test_second_process_is_refused(self):
        mock = self.mock("provider1")
        gateway = self.gateway([self.provider(mock)])
        second = cli(["serve", "--config", gateway.config], self.folder, env={"HELIOGRAPH_HTTP_LISTEN": "127.0.0.1:0"})
        self.assertEqual(second.returncode, 75, second.stderr)
        self.assertIn("heliograph.db", second.stderr)


if __name__ == "__main__":
    main()
