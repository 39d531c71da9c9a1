"""Compares what happened as four parties know it, and says where they contradict each other or the gateway's promises.

Clients (what they were told), providers (what arrived), receivers of callbacks, and the database. Fill a Histories while a test
runs, then ask for its violations(); each one has a kind:

  LOST       accepted, told or sent, and not there (any more), or not finished although it should be
  DUPLICATE  sent twice beyond the policy, or one idempotency key that stands for two messages
  STATE      a status, transition, attempt or callback that cannot be
  LEDGER     granted = available + held + captured does not hold, or a sum differs from its rows
  LIMIT      more in a window at the provider than its limit allows
  PERSONAL   a number, text or key in something that was written down
"""
import collections
import contextlib
import json
import re
import sqlite3
import threading
import urllib.parse

LOST, DUPLICATE, STATE, LEDGER, LIMIT, PERSONAL = "LOST", "DUPLICATE", "STATE", "LEDGER", "LIMIT", "PERSONAL"

STATUSES = ["SCHEDULED", "QUEUED", "SENDING", "SENT", "DELIVERED", "FAILED_TEMP", "FAILED_PERM", "EXPIRED", "CANCELLED", "UNKNOWN"]
LIVE = {"SCHEDULED", "QUEUED", "SENDING", "FAILED_TEMP"}
TERMINAL = {"DELIVERED", "FAILED_PERM", "EXPIRED", "CANCELLED"}
# docs/api.md, "The life of a message"; within a cycle. Written down a second time on purpose: the checker must not learn from
# what it checks.
FOLLOWERS = {
    "SCHEDULED": {"QUEUED", "SENDING", "CANCELLED", "EXPIRED"},
    "QUEUED": {"SENDING", "CANCELLED", "EXPIRED", "UNKNOWN", "SENT", "DELIVERED"},
    "SENDING": {"SENT", "FAILED_TEMP", "FAILED_PERM", "UNKNOWN", "QUEUED", "EXPIRED"},
    "FAILED_TEMP": {"SENDING", "FAILED_PERM", "EXPIRED", "CANCELLED", "UNKNOWN", "SENT", "DELIVERED"},
    "SENT": {"DELIVERED", "FAILED_PERM"},
    "UNKNOWN": {"SENT", "DELIVERED", "FAILED_PERM"},
}
REQUEUED = {"FAILED_PERM", "EXPIRED", "UNKNOWN"}  # QUEUED may follow, in the next cycle
SENT_OUTCOMES = {0, 3}  # SENT, UNKNOWN as the attempts table has them
HELD, CAPTURED, RELEASED = 1, 2, 3

TOLD_OF = {"SENT", "UNKNOWN"} | TERMINAL
EVENTS = {**{status: ("message." + status.lower(),) for status in TOLD_OF}, "FAILED_PERM": ("message.failed",)}

Violation = collections.namedtuple("Violation", "kind text")
Told = collections.namedtuple("Told", "id status key replayed at")


class Histories:
    """Thread-safe where clients write: tell() and send_secret()."""

    def __init__(self):
        self.lock = threading.Lock()
        self.told = []         # Told, in the order of their arrival
        self.refused = []      # (status, body) of every other answer
        self.arrivals = {}     # provider -> what its mock remembers
        self.callbacks = []    # (webhook id, document)
        self.hears_all = False  # whether somebody was called of every message
        self.database = None   # Database
        self.events = {}       # message id -> what the API says about it
        self.written = {}      # name -> text: logs, metrics, traces
        self.secrets = set()   # what must not stand in any of them
        self.policy = {}       # message id -> in_doubt policy, where it is not the gateway's default
        self.problems = []     # what `heliograph db check` said

    # What clients were told.
    def tell(self, answer, key=None, at=None):
        """An answer to POST /v1/messages, single or batch. Returns the ids it promises."""
        if answer.status not in (200, 202):
            with self.lock:
                self.refused.append((answer.status, answer.body))
            return []
        replayed = answer.headers.get("idempotent-replayed") == "true"
        batch = answer.json.get("messages")
        told = [Told(item["message_id"], item.get("status", ""), (key, number) if batch and key else key, replayed, at)
                for number, item in enumerate(batch or [answer.json]) if "message_id" in item]
        with self.lock:
            self.told += told
        return [item.id for item in told]

    def keep_secret(self, *texts):
        with self.lock:
            self.secrets.update(text for text in texts if text)

    # What the others know.
    def saw(self, mock):
        """A Mock of the harness, at the end: every arrival it remembers."""
        self.arrivals[mock.identity] = mock.arrivals()

    def saw_script(self, script):
        """A Script of raw_provider: what the providers that share it took."""
        for provider, arrivals in script.taken().items():
            self.arrivals[provider] = arrivals

    def called(self, deliveries):
        """Deliveries of a Receiver that every message of the run is told to; with this, one that nobody is told of is a loss."""
        self.hears_all = True
        self.callbacks += [(delivery.id, delivery.json) for delivery in deliveries]

    def asked(self, gateway, ids):
        """What the running gateway says about these messages: their events, every page of them."""
        for message_id in ids:
            events, cursor = [], None
            while True:
                query = f"?cursor={urllib.parse.quote(cursor)}" if cursor else ""
                page = gateway.http.get(f"/v1/messages/{message_id}/events{query}").json
                if "events" not in page:
                    break
                events += page["events"]
                cursor = page.get("next_cursor")
                if not cursor:
                    break
            self.events[message_id] = [event["status"] for event in events]

    def read(self, path, check=None):
        """The database of a gateway that has ended; `check`: the CompletedProcess of `heliograph db check`."""
        self.database = read_database(path)
        if check is not None and check.returncode != 0:
            self.problems += (check.stdout + check.stderr).strip().splitlines() or [f"exit code {check.returncode}"]

    def wrote(self, name, text):
        self.written[name] = text

    def violations(self, **expectations):
        """All of them. `finished`: every accepted message must be beyond the gateway's hands. `at_most_once`: not even a flagged
        duplicate. `limits`: {provider: (limit, window in seconds)} or (rate, window, burst) for a token bucket."""
        return Checker(self, **expectations).run()


class Database:
    """Messages by id, and what belongs to them; times and names as stored."""

    def __init__(self):
        self.messages, self.attempts, self.balances, self.keys = {}, collections.defaultdict(list), {}, []
        self.untold = set()  # messages of which a callback is still under way


def message_id(row, random):
    """The id that a row has in the API: a UUID of version 7 whose time and 16 bits of counter are the row (core/model/ids.h)."""
    time, counter = row >> 16, row & 0xFFFF
    high = time << 16 | 7 << 12 | counter >> 4
    low = 0b10 << 62 | (counter & 0xF) << 58 | random & (1 << 58) - 1
    text = f"{high << 64 | low:032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def opened(path):
    """Read-only; a log that is left behind is read too, because the file is not opened as immutable."""
    return contextlib.closing(sqlite3.connect(f"file:{urllib.parse.quote(path)}?mode=ro", uri=True, timeout=30))


def live_messages(path):
    """Up to three rows that the database of a gateway holds as not finished. One statement, so one moment: unlike a question for
    each status, it misses none that goes from one status to another meanwhile."""
    live = sorted(STATUSES.index(status) for status in LIVE)
    with opened(path) as connection:
        marks = ",".join("?" * len(live))
        return [message_id(*row) for row in connection.execute(
            f"SELECT id, random FROM messages WHERE status IN ({marks}) LIMIT 3", live)]


def read_database(path):
    database = Database()
    with opened(path) as connection:
        connection.row_factory = sqlite3.Row
        rows = {}
        for row in connection.execute("SELECT * FROM messages"):
            message = dict(row)
            message["status"] = STATUSES[row["status"]] if 0 <= row["status"] < len(STATUSES) else f"status {row['status']}"
            rows[row["id"]] = message_id(row["id"], row["random"])
            database.messages[rows[row["id"]]] = message
        for row in connection.execute("SELECT * FROM attempts ORDER BY message, number"):
            database.attempts[rows.get(row["message"], f"row {row['message']}")].append(dict(row))
        for row in connection.execute("SELECT c.name, b.* FROM balances b JOIN clients c ON c.id = b.client"):
            database.balances[row["client"]] = dict(row)
        for client, balance in database.balances.items():
            one = lambda sql: connection.execute(sql, (client,)).fetchone()[0]  # noqa: E731
            balance["grants"] = one("SELECT ifnull(sum(cents), 0) FROM grants WHERE client = ?")
            balance["resolutions"] = one("SELECT ifnull(sum(cents), 0) FROM resolutions WHERE hold_state = 2 AND client = ?")
        database.untold = {message_id(row["message"], row["message_random"])
                           for row in connection.execute("SELECT * FROM callback_deliveries WHERE state = 0")}
        database.keys = [message_id(row["message"], row["random"]) for row in connection.execute("SELECT * FROM idempotency")]
    return database


class Checker:
    def __init__(self, histories, finished=False, at_most_once=False, limits=None, slack_ns=0):
        self.histories, self.finished, self.at_most_once = histories, finished, at_most_once
        self.limits, self.slack_ns, self.found = limits or {}, slack_ns, []

    def add(self, kind, text):
        self.found.append(Violation(kind, text))

    def run(self):
        if self.histories.database is None:
            raise ValueError("read() the database first: without it nothing can be compared")
        self.promises()
        self.keys()
        self.sends()
        self.states()
        self.transitions()
        self.callbacks()
        self.ledger()
        self.rates()
        self.personal()
        return self.found

    @property
    def messages(self):
        return self.histories.database.messages

    def promises(self):
        for told in {told.id: told for told in self.histories.told}.values():
            message = self.messages.get(told.id)
            if message is None:
                self.add(LOST, f"{told.id} was answered {told.status or 'accepted'} and is not in the database")
            elif self.finished and message["status"] in LIVE:
                self.add(LOST, f"{told.id} was accepted and is still {message['status']}")
        for found in self.histories.database.keys:
            if found not in self.messages:
                self.add(LOST, f"an idempotency key stands for {found}, which is not in the database")

    def keys(self):
        by_key = collections.defaultdict(set)
        for told in self.histories.told:
            if told.key is not None:
                by_key[told.key].add(told.id)
        for key, ids in by_key.items():
            if len(ids) > 1:
                self.add(DUPLICATE, f"key {key} was answered with {len(ids)} messages: {', '.join(sorted(ids))}")
        first = {}
        for told in self.histories.told:
            if told.id in first and first[told.id] != told.key:
                self.add(DUPLICATE, f"{told.id} was the answer to {first[told.id]} and to {told.key}")
            elif told.id in first and told.key is None:
                self.add(DUPLICATE, f"{told.id} was the answer to two requests")
            first.setdefault(told.id, told.key)

    def taken(self):
        """Message id -> what providers took of it: one that knows the idempotency key gives the same id again."""
        taken = collections.defaultdict(set)
        for provider, arrivals in self.histories.arrivals.items():
            for arrival in arrivals:
                if arrival["provider_message_id"] and arrival["message_id"]:
                    taken[arrival["message_id"]].add((provider, arrival["provider_message_id"]))
        return taken

    def sends(self):
        taken = self.taken()
        for found, copies in taken.items():
            message = self.messages.get(found)
            if message is None:
                self.add(LOST, f"{found} was sent and is not in the database")
                continue
            allowed = 1 + message["cycle"]
            flagged = message["possible_duplicate"] and not self.at_most_once
            if self.histories.policy.get(found) == "at_most_once":
                flagged = False
            if len(copies) > allowed and not flagged:
                self.add(DUPLICATE, f"{found} was taken {len(copies)} times by providers, unflagged")
            if len(copies) > message["attempt_number"]:
                self.add(STATE, f"{found} was taken {len(copies)} times in {message['attempt_number']} attempts")
        if not self.histories.arrivals:
            return
        for found, message in self.messages.items():
            if message["status"] in ("SENT", "DELIVERED") and found not in taken:
                self.add(LOST, f"{found} is {message['status']} and no provider has it")

    def states(self):
        for found, message in self.messages.items():
            status = message["status"]
            if status not in STATUSES:
                self.add(STATE, f"{found} has {status}")
                continue
            if bool(message["live"]) != (status in LIVE):
                self.add(STATE, f"{found} is {status} with live = {message['live']}")
            if (message["sending_provider"] is not None) != (status == "SENDING"):
                self.add(STATE, f"{found} is {status} with sending_provider = {message['sending_provider']}")
            attempts = self.histories.database.attempts.get(found, [])
            running = 1 if status == "SENDING" else 0
            if len(attempts) != message["attempt_number"] - running:
                self.add(STATE, f"{found} is {status} after {message['attempt_number']} attempts, {len(attempts)} are recorded")
            if status in ("SENT", "DELIVERED") and not any(row["outcome"] in SENT_OUTCOMES for row in attempts):
                self.add(STATE, f"{found} is {status} and no attempt says that it was sent")
        for found in self.histories.database.attempts:
            if found not in self.messages:
                self.add(STATE, f"attempts of {found}, which is not in the database")

    def transitions(self):
        for found, statuses in self.histories.events.items():
            if statuses and statuses[0] not in ("SCHEDULED", "QUEUED"):
                self.add(STATE, f"{found} began as {statuses[0]}")
            for before, after in zip(statuses, statuses[1:]):
                again = after == "QUEUED" and before in REQUEUED
                if not again and after not in FOLLOWERS.get(before, ()):
                    self.add(STATE, f"{found} went from {before} to {after}")
            message = self.messages.get(found)
            if message is None or not statuses:
                continue
            # The database was read later, so it may be further on; from an end there is no further.
            if statuses[-1] in TERMINAL and message["status"] != statuses[-1] and message["cycle"] == 0:
                self.add(STATE, f"{found} was {statuses[-1]} and is {message['status']}")

    def callbacks(self):
        seen, repeats = collections.defaultdict(set), {}
        for webhook, document in self.histories.callbacks:
            data, event = document["data"], document["type"]
            if not event.startswith("message.") or "message_id" not in data or event == "message.received":
                continue
            found, status = data["message_id"], data.get("status")
            message = self.messages.get(found)
            if message is None:
                self.add(LOST, f"a callback told of {found}, which is not in the database")
                continue
            if repeats.setdefault(webhook, (found, status)) != (found, status):
                self.add(STATE, f"callback {webhook} told of {repeats[webhook]} and of {(found, status)}")
            if event not in EVENTS.get(status, ()):
                self.add(STATE, f"callback {webhook} of {found} is called {event} and says {status}")
            seen[(found, status)].add(webhook)
            if message["cycle"] == 0 and not told_before(status, message["status"]):
                self.add(STATE, f"a callback told that {found} is {status}, it is {message['status']}")
        for (found, status), webhooks in seen.items():
            if len(webhooks) > 1 + self.messages[found]["cycle"]:
                self.add(DUPLICATE, f"{len(webhooks)} callbacks told that {found} is {status}")
        self.silences(seen)

    def silences(self, seen):
        """Every end is told, unless that is still under way."""
        if not self.histories.hears_all:
            return
        for found, message in self.messages.items():
            status = message["status"]
            if status in TOLD_OF and (found, status) not in seen and found not in self.histories.database.untold:
                self.add(LOST, f"{found} is {status} and no callback told so")

    def ledger(self):
        for problem in self.histories.problems:
            self.add(LEDGER, f"db check: {problem}")
        held, captured = collections.Counter(), collections.Counter()
        for found, message in self.messages.items():
            held[message["client"]] += message["cost_cents"] if message["hold_state"] == HELD else 0
            captured[message["client"]] += message["cost_cents"] if message["hold_state"] == CAPTURED else 0
            if message["status"] in TERMINAL and message["hold_state"] == HELD:
                self.add(LEDGER, f"{found} is {message['status']} and still holds {message['cost_cents']} cents")
        for client, balance in self.histories.database.balances.items():
            name = balance["name"]
            if balance["granted"] != balance["available"] + balance["held"] + balance["captured"]:
                self.add(LEDGER, f"client {name}: granted is not available + held + captured: {balance}")
            for what, kept, added in (("granted", balance["granted"], balance["grants"]),
                                      ("held", balance["held"], held[client]),
                                      ("captured", balance["captured"], balance["resolutions"])):
                if kept != added:
                    self.add(LEDGER, f"client {name}: {what} is {kept} cents, its rows add up to {added}")
            if captured[client] > balance["captured"]:
                self.add(LEDGER, f"client {name}: messages say {captured[client]} cents are captured, the balance {balance['captured']}")

    def rates(self):
        for provider, limit in self.limits.items():
            times = sorted(arrival["at_ns"] for arrival in self.histories.arrivals.get(provider, []))
            excess = bucket_excess(times, *limit) if len(limit) == 3 else window_excess(times, *limit, slack_ns=self.slack_ns)
            if excess:
                self.add(LIMIT, f"{provider}: {excess}")

    def personal(self):
        for name, text in self.histories.written.items():
            for secret in self.histories.secrets:
                if secret in text:
                    line = next((line for line in text.splitlines() if secret in line), "")
                    self.add(PERSONAL, f"{name} holds {secret!r}: {line[:160]}")
            for number in NUMBER.findall(text):
                self.add(PERSONAL, f"{name} holds a whole number {number}")


def told_before(told, now):
    """Whether a message that a callback called `told` may be `now` without having been queued again."""
    return told == now or told not in TERMINAL and any(told_before(after, now) for after in FOLLOWERS[told])


# A whole international number; masked ones (+1555***4567) are no match.
NUMBER = re.compile(r"(?<![\w.:+-])\+[1-9]\d{9,14}(?!\d)")


def window_excess(times, limit, seconds, slack_ns=0):
    """The worst sliding window that holds more than its limit, as a sentence; '' when there is none."""
    width, first, worst = int(seconds * 1e9) - slack_ns, 0, (0, 0)
    for last, time in enumerate(times):
        while times[first] <= time - width:
            first += 1
        worst = max(worst, (last - first + 1, time))
    return f"{worst[0]} in {seconds} s up to {worst[1]}, the limit is {limit}" if worst[0] > limit else ""


def bucket_excess(times, limit, seconds, burst):
    """A token bucket admits at most rate * T + burst in any T: its level, replayed, must not fall below nothing."""
    level, before = float(burst), None
    for time in times:
        if before is not None:
            level = min(float(burst), level + (time - before) * limit / (seconds * 1e9))
        level, before = level - 1, time
        if level < -1e-6:
            return f"more than {limit} in {seconds} s and {burst} at once, at {time}"
    return ""


def report(violations, shown=10):
    """For a failing test: how many of which kind, and the first ones."""
    counts = collections.Counter(violation.kind for violation in violations)
    head = ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))
    return "\n".join([f"violations: {head}"] + [f"  {violation.kind}: {violation.text}" for violation in violations[:shown]])


def check(test, histories, **expectations):
    """Fails the test with what was found."""
    found = histories.violations(**expectations)
    if found:
        test.fail(report(found))


def as_json(histories):
    """Everything but the database, for a failing run to be looked at later."""
    return json.dumps({"told": histories.told, "refused": len(histories.refused), "arrivals": histories.arrivals,
                       "callbacks": histories.callbacks, "events": histories.events}, indent=1)
