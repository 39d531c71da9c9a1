-- What a message carries besides its text (subject, HTML, media, attachments), as JSON. Kept apart:
-- most messages have none, and no query of the queue wants to walk over it.
CREATE TABLE contents (
  message INTEGER PRIMARY KEY,
  json TEXT NOT NULL
) STRICT;

-- 1: there is a row in contents.
ALTER TABLE messages ADD COLUMN rich INTEGER NOT NULL DEFAULT 0;
