-- Why send_at is not what the client asked for: 1 quiet hours.
ALTER TABLE messages ADD COLUMN schedule_reason INTEGER NOT NULL DEFAULT 0;
