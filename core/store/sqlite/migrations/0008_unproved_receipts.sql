-- A receipt that nobody has proved to be the provider's speaks of one client's messages alone. NULL: it was.
ALTER TABLE parked_receipts ADD COLUMN only_of INTEGER;
