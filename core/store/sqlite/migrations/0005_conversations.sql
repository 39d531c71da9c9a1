-- Threads, what came in, and who does not want to hear of a client any more. Messages that went
-- out, messages that came in and conversations take their ids from one generator: time and counter
-- of the UUID are the row, and the rows of a thread are in order whichever way its messages went.

ALTER TABLE clients ADD COLUMN conversations INTEGER NOT NULL DEFAULT 0;

CREATE TABLE conversations (
  id INTEGER PRIMARY KEY,
  random INTEGER NOT NULL,
  client INTEGER NOT NULL REFERENCES clients (id),
  channel INTEGER NOT NULL,
  low TEXT NOT NULL,   -- the pair of addresses, in order; e-mail in lower case
  high TEXT NOT NULL,
  sender TEXT NOT NULL,     -- of the message that started it
  recipient TEXT NOT NULL,
  started INTEGER NOT NULL,  -- its direction
  type INTEGER NOT NULL DEFAULT 0,
  status INTEGER NOT NULL DEFAULT 0,
  title TEXT NOT NULL DEFAULT '',
  metadata TEXT NOT NULL DEFAULT '',
  message_count INTEGER NOT NULL DEFAULT 0,
  unread_count INTEGER NOT NULL DEFAULT 0,
  read_row INTEGER NOT NULL DEFAULT 0,  -- inbound messages up to here are read
  activity INTEGER NOT NULL,            -- the row of the last message; of itself when there is none
  updated_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX conversations_by_pair ON conversations (low, high, channel, client);
CREATE INDEX conversations_by_client ON conversations (client, activity);
CREATE INDEX conversations_by_activity ON conversations (activity);

-- NULL, and in no index, unless the message has joined a thread.
ALTER TABLE messages ADD COLUMN conversation INTEGER;
CREATE INDEX messages_by_conversation ON messages (conversation) WHERE conversation IS NOT NULL;

CREATE TABLE inbound_messages (
  id INTEGER PRIMARY KEY,
  random INTEGER NOT NULL,
  client INTEGER,        -- NULL: parked, nobody's
  conversation INTEGER,
  channel INTEGER NOT NULL,
  provider TEXT NOT NULL,
  event TEXT,            -- what tells a replay: the dedup key, else the provider's id; NULL: nothing
  provider_message_id TEXT NOT NULL,
  sender TEXT NOT NULL,
  recipient TEXT NOT NULL,
  body TEXT NOT NULL,
  content TEXT NOT NULL,  -- JSON like contents.json; empty: the text is all there is
  sent_at INTEGER,        -- the provider's time
  erased INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX inbound_messages_by_event ON inbound_messages (provider, event)
  WHERE event IS NOT NULL;
CREATE INDEX inbound_messages_by_conversation ON inbound_messages (conversation)
  WHERE conversation IS NOT NULL;
CREATE INDEX inbound_messages_to_erase ON inbound_messages (id) WHERE erased = 0;

-- Kept until they are taken back: no retention ends a wish not to be written to.
CREATE TABLE opt_outs (
  id INTEGER PRIMARY KEY,
  client INTEGER NOT NULL REFERENCES clients (id),
  recipient TEXT NOT NULL,  -- theirs
  sender TEXT NOT NULL,     -- ours; empty: whichever
  origin INTEGER NOT NULL,
  keyword TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX opt_outs_by_pair ON opt_outs (client, recipient, sender);
CREATE INDEX opt_outs_by_client ON opt_outs (client);
