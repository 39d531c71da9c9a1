-- What a batch was answered, item by item (core/store/sqlite/batch_answer.h). NULL: a single message.
-- The row's message is then the batch's first accepted one.
ALTER TABLE idempotency ADD COLUMN answer TEXT;

-- For a client's ledger. Grants are few; what messages did is found through the messages.
CREATE INDEX grants_by_client ON grants (client, at);
