-- Messages that wait for a moment their client named. Looked through at every start, because the system's clock may have been set
-- since; of a backlog of a million without such moments nothing is read.
CREATE INDEX messages_by_send_at ON messages (send_at) WHERE live = 1 AND send_at IS NOT NULL;
