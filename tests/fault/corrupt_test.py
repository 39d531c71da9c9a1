#!/usr/bin/env python3
"""A database that is not what was written: refused with a sentence and exit code 1, left as it is; met while running it ends the
process with 70, without an acknowledgement and without a wrong answer."""
import contextlib
import hashlib
import os
import shutil
import sqlite3

from fault import FaultTest
from harness import cli, main

PAGE = 4096
MESSAGE = {"to": "+14155552671", "from": "TEST", "text": "private words"}


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def overwrite(path, offset, content):
    with open(path, "r+b") as file:
        file.seek(offset)
        file.write(content)


class Corrupt(FaultTest):
    def filled(self, end="stop"):
        gateway = self.world()
        load = self.load()
        load.wait_for(150)
        load.end()
        self.settle()
        getattr(gateway, end)()
        return gateway

    def roots(self, *names):
        with contextlib.closing(sqlite3.connect(f"file:{self.gw.database}?mode=ro", uri=True)) as connection:
            rows = dict(connection.execute("SELECT name, rootpage FROM sqlite_schema"))
            self.keyed = connection.execute("SELECT count(*) FROM idempotency").fetchone()[0]
        return [rows[name] for name in names]

    def refused(self, sentence, unchanged=True):
        """`serve` and `db check` end with 1 and say why; not a byte of the file is changed."""
        before = digest(self.gw.database) if os.path.exists(self.gw.database) else None
        for command in (["serve"], ["db", "check"]):
            run = cli([*command, "--config", self.gw.config], self.folder)
            self.assertEqual(run.returncode, 1, run.stdout + run.stderr)
            self.assertIn(sentence, run.stderr)
            self.assertIn(self.gw.database.rsplit("/", 1)[1], run.stderr)
        if before is None:
            self.assertFalse(os.path.exists(self.gw.database), "a new database took its place")
        elif unchanged:
            self.assertEqual(digest(self.gw.database), before, "it was changed")

    def test_files_that_cannot_be_used(self):
        gateway = self.filled()
        whole = gateway.database + ".whole"
        shutil.copy(gateway.database, whole)

        def restore():
            for suffix in ("", "-wal", "-shm"):
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(gateway.database + suffix)
            shutil.copy(whole, gateway.database)

        with self.subTest("text"):
            overwrite(gateway.database, 0, b"this is somebody's diary " * 400)
            self.refused("not a SQLite database")
        restore()
        with self.subTest("somebody else's"):
            os.unlink(gateway.database)
            with contextlib.closing(sqlite3.connect(gateway.database)) as other:
                other.execute("CREATE TABLE diary (day)")
                other.commit()
            self.refused("not one of Heliograph", unchanged=False)
        restore()
        with self.subTest("newer"):
            with contextlib.closing(sqlite3.connect(gateway.database)) as newer:
                newer.execute("PRAGMA user_version = 9999")
            self.refused("version 9999", unchanged=False)
        restore()
        with self.subTest("cut in the middle"):
            os.truncate(gateway.database, os.path.getsize(gateway.database) // PAGE // 2 * PAGE)
            self.refused("damaged", unchanged=False)
        restore()
        gateway.start().stop()  # the copy was good

    def test_the_file_is_empty_or_gone(self):
        gateway = self.filled(end="kill")
        os.rename(gateway.database, gateway.database + ".away")
        self.refused("missing")
        with open(gateway.database, "wb"):
            pass
        self.refused("empty")
        os.rename(gateway.database + ".away", gateway.database)
        gateway.start()
        self.judge()

    def test_flipped_bytes(self):
        gateway = self.filled()
        page, = self.roots("messages")
        overwrite(gateway.database, (page - 1) * PAGE, b"\xa5" * 512)
        for suffix in ("-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(gateway.database + suffix)
        run = cli(["db", "check", "--config", gateway.config], self.folder)
        self.assertEqual(run.returncode, 1, run.stdout + run.stderr)
        self.assertRegex(run.stdout + run.stderr, "damaged|malformed|[Tt]ree")
        self.refused_to_serve()

    def refused_to_serve(self):
        run = cli(["serve", "--config", self.gw.config], self.folder)
        self.assertEqual(run.returncode, 1, run.stdout + run.stderr)
        self.assertRegex(run.stderr, "damaged.*restore a backup")

    def test_half_a_log(self):
        gateway = self.filled(end="kill")
        log = gateway.database + "-wal"
        self.assertGreater(os.path.getsize(log), 10 * PAGE)
        os.truncate(log, os.path.getsize(log) // 2)
        gateway.start()  # every whole transaction of it counts, as after a loss of power
        self.assertEqual(gateway.http.get("/readyz").status, 200)
        gateway.stop()
        check = cli(["db", "check", "--config", gateway.config], self.folder)
        self.assertEqual(check.returncode, 0, check.stdout + check.stderr)

    def fatal(self, table, act):
        """Starts with a damaged table that a start does not read, and meets it."""
        gateway = self.filled()
        page, = self.roots(table)
        gateway.start()
        overwrite(gateway.database, (page - 1) * PAGE, b"\xa5" * PAGE)
        answers = []
        with contextlib.suppress(Exception):
            answers.append(act(gateway))
        self.assertEqual(gateway.process.wait(), 70, gateway.process.text())
        self.assertRegex(gateway.process.text(), "malformed|damaged")
        return answers

    def test_an_accept_meets_it(self):
        answers = self.fatal("idempotency", lambda gateway: gateway.client().post("/v1/messages", MESSAGE, headers={"Idempotency-Key": "one more"}))
        self.assertEqual([answer.status for answer in answers if answer.status != 503], [], "acknowledged")

    def test_a_read_meets_it(self):
        found = []

        def look(gateway):
            found.append(self.history.told[0].id)
            return gateway.client().get(f"/v1/messages/{found[0]}/attempts")

        answers = self.fatal("attempts", look)
        self.assertEqual(answers, [], "damage was answered as if nothing were there")


if __name__ == "__main__":
    main()
