-- The parts of messages whose provider gives each an id of its own and sends receipts for these. A message has rows
-- here from its send result until it is settled, a later send has taken its place, or its body is erased. state: 0 awaited, 1 delivered,
-- 2 failed.
CREATE TABLE message_parts (
  provider INTEGER NOT NULL,
  provider_part_id TEXT NOT NULL,
  message INTEGER NOT NULL,
  state INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (provider, provider_part_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX message_parts_by_message ON message_parts (message);
