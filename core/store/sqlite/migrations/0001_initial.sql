-- Times are milliseconds since 1970 (UTC). Enumerations are the numbers of core/model, amounts are
-- cents. The writer is the only one that writes; every index here is paid for by every message.

CREATE TABLE meta (
  name TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A name keeps its number for ever: attempts and exclusions refer to it.
CREATE TABLE providers (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  enabled INTEGER NOT NULL DEFAULT 1,
  health TEXT NOT NULL DEFAULT ''
) STRICT;

-- Dispatch classes: messages that the same set of providers may carry.
CREATE TABLE classes (
  id INTEGER PRIMARY KEY,
  channel INTEGER NOT NULL,
  pinned INTEGER REFERENCES providers (id)
) STRICT;
CREATE UNIQUE INDEX classes_by_meaning ON classes (channel, ifnull(pinned, 0));

CREATE TABLE clients (
  id INTEGER PRIMARY KEY,
  public_id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL UNIQUE,
  billing INTEGER NOT NULL,
  price_per_part_cents INTEGER,
  rate REAL,
  burst REAL,
  in_doubt INTEGER NOT NULL,
  default_region TEXT NOT NULL,
  callback_url TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE balances (
  client INTEGER PRIMARY KEY REFERENCES clients (id),
  granted INTEGER NOT NULL DEFAULT 0,
  available INTEGER NOT NULL DEFAULT 0 CHECK (available >= 0),
  held INTEGER NOT NULL DEFAULT 0 CHECK (held >= 0),
  captured INTEGER NOT NULL DEFAULT 0 CHECK (captured >= 0),
  CHECK (granted = available + held + captured)
) STRICT;

-- Immutable.
CREATE TABLE grants (
  id INTEGER PRIMARY KEY,
  client INTEGER NOT NULL REFERENCES clients (id),
  cents INTEGER NOT NULL,
  note TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;

-- Immutable: how each hold ended. The key is what makes a second refund impossible.
CREATE TABLE resolutions (
  message INTEGER NOT NULL,
  cycle INTEGER NOT NULL,
  client INTEGER NOT NULL,
  hold_state INTEGER NOT NULL,  -- 2 captured, 3 released
  cents INTEGER NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (message, cycle)
) STRICT, WITHOUT ROWID;

CREATE TABLE api_keys (
  sha256 BLOB PRIMARY KEY,
  client INTEGER NOT NULL REFERENCES clients (id),
  scopes INTEGER NOT NULL,
  declared INTEGER NOT NULL,  -- 1: by the configuration file, which may replace it
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  revoked_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX api_keys_by_client ON api_keys (client);

CREATE TABLE messages (
  id INTEGER PRIMARY KEY,  -- time and counter of the message's UUID; grows in the order of acceptance
  random INTEGER NOT NULL,  -- the rest of it
  client INTEGER NOT NULL REFERENCES clients (id),
  channel INTEGER NOT NULL,
  lane INTEGER NOT NULL,
  class INTEGER NOT NULL,
  status INTEGER NOT NULL,
  -- 1: waiting or being sent. Kept apart from the status so that beginning an attempt changes no
  -- index.
  live INTEGER NOT NULL DEFAULT 1,
  reason INTEGER NOT NULL DEFAULT 0,
  cycle INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0,        -- counted sends of this cycle
  attempt_number INTEGER NOT NULL DEFAULT 0,  -- sends begun over all cycles
  round INTEGER NOT NULL DEFAULT 0,
  due INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  started_at INTEGER,        -- of the running attempt
  sending_provider INTEGER,  -- of the running attempt
  provider INTEGER,          -- of the last finished attempt
  pinned INTEGER,
  receipt_provider INTEGER,  -- NULL once no receipt can change anything
  in_doubt INTEGER NOT NULL,
  doubtful INTEGER NOT NULL DEFAULT 0,
  possible_duplicate INTEGER NOT NULL DEFAULT 0,
  erased INTEGER NOT NULL DEFAULT 0,
  parts INTEGER NOT NULL,
  cost_cents INTEGER NOT NULL,
  hold_state INTEGER NOT NULL,
  held_since INTEGER,
  send_at INTEGER,
  idempotency_key BLOB,
  provider_message_id TEXT NOT NULL DEFAULT '',
  excluded TEXT NOT NULL DEFAULT '',  -- provider numbers, separated by commas
  last_error TEXT NOT NULL DEFAULT '',
  recipient TEXT NOT NULL,
  recipient_given TEXT NOT NULL,
  sender TEXT NOT NULL,
  body TEXT NOT NULL,
  client_reference TEXT NOT NULL,
  callback_url TEXT NOT NULL,
  metadata TEXT NOT NULL
) STRICT;
-- The order of dispatch; SQLite appends the row id to each index, so equal due times keep the order
-- of acceptance. `live` is a column of it too, or SQLite would look it up in the table.
CREATE INDEX messages_live ON messages (live, lane, client, class, due) WHERE live = 1;
CREATE INDEX messages_by_client ON messages (client);
CREATE INDEX messages_by_receipt ON messages (receipt_provider, provider_message_id)
  WHERE receipt_provider IS NOT NULL;

-- Written with the outcome. NOT_TRIED leaves none.
CREATE TABLE attempts (
  message INTEGER NOT NULL,
  number INTEGER NOT NULL,
  cycle INTEGER NOT NULL,
  provider INTEGER NOT NULL,
  outcome INTEGER NOT NULL,
  status_after INTEGER NOT NULL,
  status_code INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  finished_at INTEGER NOT NULL,
  provider_message_id TEXT NOT NULL,
  provider_code TEXT NOT NULL,
  detail TEXT NOT NULL,
  PRIMARY KEY (message, number)
) STRICT, WITHOUT ROWID;

-- Only what cannot be told from messages and attempts.
CREATE TABLE events (
  message INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  cycle INTEGER NOT NULL,
  status INTEGER NOT NULL,
  at INTEGER NOT NULL,
  detail TEXT NOT NULL,
  PRIMARY KEY (message, sequence)
) STRICT, WITHOUT ROWID;

CREATE TABLE idempotency (
  client INTEGER NOT NULL,
  key_hash BLOB NOT NULL,
  fingerprint BLOB NOT NULL,
  message INTEGER NOT NULL,
  random INTEGER NOT NULL,
  status INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (client, key_hash)
) STRICT, WITHOUT ROWID;

-- Receipts that came before the result of their attempt, or for nothing we know.
CREATE TABLE parked_receipts (
  id INTEGER PRIMARY KEY,
  provider INTEGER NOT NULL,
  provider_message_id TEXT NOT NULL,
  message INTEGER,
  state INTEGER NOT NULL,
  detail TEXT NOT NULL,
  received_at INTEGER NOT NULL
) STRICT;

-- Messages that a sweep has passed before they were ready for it.
CREATE TABLE revisits (
  sweep INTEGER NOT NULL,
  message INTEGER NOT NULL,
  PRIMARY KEY (sweep, message)
) STRICT, WITHOUT ROWID;
