-- The trace a message belongs to and the span below which its sends stand: 16 bytes, 8 bytes, 1 byte with the flag "sampled".
-- NULL for most: a client sends a trace along, or tracing is on and the message was drawn.
ALTER TABLE messages ADD COLUMN trace BLOB;
