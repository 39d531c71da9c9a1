#!/usr/bin/env python3
"""Power loss at any moment: what the gateway did to its files under load is recorded, disks are made up that such a loss may have left,
and each must be sound and hold every message whose 202 a client had read, and evidence of every one that a provider had."""
import bisect
import collections
import os
import random
import shutil
import time
import unittest

import histories
import power_loss
from fault import FULL, FaultTest, cli, figures
from harness import main

IMAGES = 2000 if FULL else 60
MESSAGES = 4_000 if FULL else 300
RECORDER = os.environ.get("HELIOGRAPH_RECORDER")
# Providers note the wall clock. Beyond it the two clocks have moved against each other and arrivals prove nothing.
CLOCK_SLACK_NS = 200_000


def clock_difference():
    return min((time.time_ns() - time.monotonic_ns() for _ in range(20)))


class PowerLoss(FaultTest):
    def record(self):
        """The gateway under load, to a clean end. Returns the log, and (time, id) of 202s and of arrivals at providers."""
        log, data = os.path.join(self.folder, "record"), os.path.join(self.folder, "data")
        before = clock_difference()
        gateway = self.world(latency=(0, 1), start=False)
        gateway.env = {"LD_PRELOAD": RECORDER, "HG_RECORD_FOLDER": data, "HG_RECORD_LOG": log}
        gateway.start()
        load = self.load(threads=8)
        load.wait_for(MESSAGES, seconds=300)
        load.end()
        self.load_ended = time.monotonic_ns()
        gateway.stop()
        self.note_output()
        accepted = sorted({(told.at, told.id) for told in self.history.told})
        sent = []
        if abs(clock_difference() - before) < CLOCK_SLACK_NS:
            sent = sorted((arrival["at_ns"] - before + CLOCK_SLACK_NS, arrival["message_id"])
                          for mock in self.mocks for arrival in mock.taken())
        return power_loss.read_log(log), accepted, sent

    def test_nothing_answered_is_lost(self):
        records, accepted, sent = self.record()
        syncs = sum(1 for record in records if record.operation == power_loss.SYNC_ENDED)
        modes, worst, problems = collections.Counter(), 0, []
        for number, (until, mode, image) in enumerate(power_loss.images(records, IMAGES, self.dice)):
            found = self.look_at(image)
            modes[mode] += 1
            problems += [f"image {number} ({mode}): {kind}" for kind in found.problems]
            lost = [message for at, message in accepted[:bisect.bisect_left(accepted, (until, ""))] if message not in found.messages]
            worst = max(worst, len(lost))
            if lost:
                problems.append(f"image {number} ({mode}): {histories.LOST}: {len(lost)} answered 202, the first is {lost[0]}")
            unknown = [message for at, message in sent[:bisect.bisect_left(sent, (until, ""))]
                       if found.messages.get(message, 0) == 0]
            if unknown:
                problems.append(f"image {number} ({mode}): {histories.STATE}: {len(unknown)} were sent without an attempt on the disk, "
                                f"the first is {unknown[0]}")
        files = {record.file: record.data for record in records if record.operation in (power_loss.OPENED, power_loss.CREATED)}
        pages = [record.at for record in records if record.operation == power_loss.WRITTEN and files[record.file] == b"heliograph.db"]
        under_load = sum(1 for at in pages if min(told for told, _ in accepted) < at < self.load_ended)
        figures(images=IMAGES, accepted=len(accepted), writes_and_syncs=len(records), syncs=syncs,
                pages_written_by_checkpoints=len(pages), of_them_under_load=under_load, sends_checked=len(sent),
                bad_images=len({problem.split(":")[0] for problem in problems}), worst_loss=worst)
        self.assertEqual(problems[:10], [], f"{len(problems)} problems")
        self.assertGreater(syncs, 20, "a recorder that sees no syncs proves nothing")
        if FULL:
            self.assertGreater(under_load, 0, "no checkpoint came under load: half of what a power loss can meet was not there")
            self.assertTrue(sent, "the clocks moved against each other: what providers had was not compared; run it again")

    def look_at(self, image):
        """What the gateway's own check says about the image (it recovers the log as a start does), and the messages in it."""
        folder = os.path.join(self.folder, "image")
        shutil.rmtree(folder, ignore_errors=True)
        power_loss.write_image(image, os.path.join(folder, "data"))
        shutil.copy(self.gw.config, folder)
        check = cli(["db", "check", "--config", os.path.join(folder, "heliograph.toml")], folder)
        problems = []
        if check.returncode != 0:
            problems.append(f"db check: {(check.stdout + check.stderr).strip()[:300]}")
        try:
            database = histories.read_database(os.path.join(folder, "data", "heliograph.db"))
            messages = {message: row["attempt_number"] for message, row in database.messages.items()}
        except Exception as error:  # it is the finding
            messages = {}
            problems.append(f"cannot be read: {error}")
        return collections.namedtuple("Found", "problems messages")(problems, messages)


class Model(unittest.TestCase):
    """What a disk may hold, by hand."""

    def disk(self, *steps):
        disk = power_loss.Disk()
        for operation, offset, data in steps:
            disk.take(power_loss.Record(0, offset, 1, operation, data))
        return disk

    def test_only_what_was_synced_is_safe(self):
        steps = [(power_loss.CREATED, 0, b"f"), (power_loss.WRITTEN, 0, b"one"), (power_loss.SYNC_BEGUN, 0, b""),
                 (power_loss.WRITTEN, 3, b"two")]
        self.assertEqual(self.disk(*steps).image("drop", random), {})
        self.assertEqual(self.disk(*steps).image("keep", random), {"f": b"onetwo"})
        ended = self.disk(*steps, (power_loss.SYNC_ENDED, 1, b""))
        self.assertEqual(ended.image("drop", random), {"f": b"one"})
        self.assertEqual(ended.image("keep", random), {"f": b"onetwo"})
        failed = self.disk(*steps, (power_loss.SYNC_ENDED, 0, b""))
        self.assertEqual(failed.image("drop", random), {})

    def test_torn_writes_keep_whole_sectors(self):
        disk = self.disk((power_loss.CREATED, 0, b"f"), (power_loss.SYNC_BEGUN, 0, b""), (power_loss.SYNC_ENDED, 1, b""),
                         (power_loss.WRITTEN, 0, b"x" * 4096))
        seen = {bytes(disk.image("torn", random.Random(seed))["f"]) for seed in range(50)}
        self.assertGreater(len(seen), 10)
        for content in seen:
            for start in range(0, len(content), 512):
                self.assertIn(content[start:start + 512], (b"x" * 512, bytes(512)))

    def test_removal_is_safe_with_the_folder(self):
        steps = [(power_loss.CREATED, 0, b"f"), (power_loss.SYNC_BEGUN, 0, b""), (power_loss.SYNC_ENDED, 1, b""),
                 (power_loss.UNLINKED, 0, b"f")]
        self.assertEqual(self.disk(*steps).image("drop", random), {"f": b""})
        self.assertEqual(self.disk(*steps).image("keep", random), {})
        disk = self.disk(*steps)
        disk.take(power_loss.Record(0, 0, 2, power_loss.OPENED, b"."))
        disk.take(power_loss.Record(0, 1, 2, power_loss.SYNC_ENDED, b""))
        self.assertEqual(disk.image("drop", random), {})


if __name__ == "__main__":
    main()
