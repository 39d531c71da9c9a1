-- Where clients are told of their messages, and what is on its way there. Ids are made like those
-- of messages: time and counter are the row. Secrets are kept as they are: a signature needs them.

CREATE TABLE callback_endpoints (
  id INTEGER PRIMARY KEY,
  random INTEGER NOT NULL,
  client INTEGER NOT NULL REFERENCES clients (id),
  url TEXT NOT NULL,
  description TEXT NOT NULL DEFAULT '',
  events INTEGER NOT NULL,
  implicit INTEGER NOT NULL,  -- 1: made by a message's callback_url; its secret is the client's
  enabled INTEGER NOT NULL,
  removed INTEGER NOT NULL DEFAULT 0,  -- 1: erased by the retention job, deliveries first
  disabled_reason TEXT NOT NULL DEFAULT '',
  secret BLOB NOT NULL,
  previous_secret BLOB NOT NULL DEFAULT x'',
  previous_until INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX callback_endpoints_by_client ON callback_endpoints (client);
CREATE UNIQUE INDEX callback_endpoints_implicit ON callback_endpoints (client, url)
  WHERE implicit = 1 AND removed = 0;

-- What the callbacks to a client's callback_urls are signed with.
CREATE TABLE callback_secrets (
  client INTEGER PRIMARY KEY REFERENCES clients (id),
  secret BLOB NOT NULL,
  previous_secret BLOB NOT NULL DEFAULT x'',
  previous_until INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE callback_deliveries (
  id INTEGER PRIMARY KEY,
  random INTEGER NOT NULL,
  endpoint INTEGER NOT NULL,
  message INTEGER NOT NULL,
  message_random INTEGER NOT NULL,
  event INTEGER NOT NULL,
  state INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0,
  due INTEGER NOT NULL,
  attempted_at INTEGER,
  status_code INTEGER NOT NULL DEFAULT 0,
  error TEXT NOT NULL DEFAULT '',
  url TEXT NOT NULL,  -- empty: the endpoint's
  body TEXT NOT NULL
) STRICT;
CREATE INDEX callback_deliveries_due ON callback_deliveries (endpoint, due) WHERE state = 0;
CREATE INDEX callback_deliveries_failed ON callback_deliveries (endpoint) WHERE state = 2;
CREATE INDEX callback_deliveries_by_endpoint ON callback_deliveries (endpoint);
