-- The cycle whose idempotency key the sends of this one carry: a requeue out of doubt goes on with the key of the doubtful
-- send, so that a provider that drops repeated keys recognises it. Kept, because possible_duplicate may be set in any cycle.
ALTER TABLE messages ADD COLUMN key_cycle INTEGER NOT NULL DEFAULT 0;
UPDATE messages SET key_cycle = cycle WHERE cycle > 0 AND possible_duplicate = 0;
