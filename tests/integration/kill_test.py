#!/usr/bin/env python3
"""SIGKILL at random moments under load: every 202 is delivered, the ledger is exact, duplicates only where flagged.

HELIOGRAPH_KILL_ROUNDS (default 20) and HELIOGRAPH_KILL_SEED choose how often and when.
"""
import os
import random
import threading

from harness import GatewayTest, Http, cli, main, wait_until

ROUNDS = int(os.environ.get("HELIOGRAPH_KILL_ROUNDS", "20"))
SEED = int(os.environ.get("HELIOGRAPH_KILL_SEED", random.SystemRandom().randrange(1 << 32)))
CREDIT = 10_000_000


class Load:
    """Clients that send until told to stop; remembers every 202."""

    def __init__(self, port, threads):
        self.port, self.accepted, self.lock, self.stop = port, [], threading.Lock(), threading.Event()
        self.threads = [threading.Thread(target=self._run, daemon=True) for _ in range(threads)]
        for thread in self.threads:
            thread.start()

    def _run(self):
        http = Http(self.port, "test-key", timeout=5)
        pause = threading.Event()
        while not self.stop.is_set():
            try:
                answer = http.post("/v1/messages", {"to": "+14155552671", "from": "T", "text": "kill me"})
            except Exception:  # it was killed in the middle of things; nothing was promised
                http.close()
                pause.wait(0.01)
                continue
            if answer.status == 202:
                with self.lock:
                    self.accepted.append(answer.json["message_id"])

    def end(self):
        self.stop.set()
        for thread in self.threads:
            thread.join(20)


class Kill(GatewayTest):
    def test_nothing_accepted_is_lost(self):
        print(f"seed {SEED}, {ROUNDS} rounds (HELIOGRAPH_KILL_SEED, HELIOGRAPH_KILL_ROUNDS)", flush=True)
        dice = random.Random(SEED)
        mocks = [self.mock(f"provider{i}", latency=dice.choice([0, 3, 10]), temp_fail_rate=0.1, seed=i) for i in (1, 2)]
        gateway = self.gateway(
            [self.provider(mock, receipts=True) for mock in mocks],
            clients=[{"name": "test", "key": "test-key", "credit_cents": CREDIT, "scopes": ["send", "read", "admin"]}],
            in_doubt={"policy": "at_least_once", "wait": "300ms"}, retry={"max_attempts": 50},
            health={"min_attempts": 1000000}, log={"level": "warn"})
        for mock in mocks:
            mock.behave(receipts_url=gateway.receipts_url(mock.identity), receipt_delay_ms=20)
        load = Load(gateway.port, 8)
        self.addCleanup(load.end)
        for _ in range(ROUNDS):
            before = len(load.accepted)
            target = before + dice.randrange(1, 120)
            wait_until(lambda: len(load.accepted) >= target, "load to be accepted")
            gateway.kill()
            gateway.start()
        load.end()
        accepted = load.accepted
        self.assertEqual(len(accepted), len(set(accepted)))

        statuses = {}

        def delivered():
            for message_id in accepted:
                if statuses.get(message_id, {}).get("status") != "DELIVERED":
                    statuses[message_id] = gateway.message(message_id)
            return all(message["status"] == "DELIVERED" for message in statuses.values())

        try:
            wait_until(delivered, "every accepted message to be delivered", 60)
        except AssertionError:
            missing = [message for message in statuses.values() if message["status"] != "DELIVERED"]
            self.fail(f"{len(missing)} of {len(accepted)} accepted messages not delivered: {missing[:3]}")
        self.check_arrivals(mocks, statuses)
        gateway.stop()
        check = cli(["db", "check", "--config", gateway.config], self.folder)
        self.assertEqual(check.returncode, 0, check.stdout + check.stderr)
        print(f"{len(accepted)} accepted over {ROUNDS} kills", flush=True)

    def check_arrivals(self, mocks, statuses):
        taken = {}
        for mock in mocks:
            for arrival in mock.taken():
                taken[arrival["message_id"]] = taken.get(arrival["message_id"], 0) + 1
        self.assertEqual([m for m in statuses if m not in taken], [], "delivered without having been sent")
        duplicates = [m for m, times in taken.items() if times > 1 and m in statuses]
        unflagged = [m for m in duplicates if not statuses[m].get("possible_duplicate")]
        self.assertEqual(unflagged, [], "sent twice without a flag")


if __name__ == "__main__":
    main()
