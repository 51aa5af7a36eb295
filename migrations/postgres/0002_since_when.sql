-- Since when a webhook is sent what happens, as the transactions that were over then. It reads the log from the first
-- transaction that was not: behind that one, what others had written already stands beside what is still to come, and
-- the number alone does not tell them apart. Null for a webhook that was added before this column was, and in a log
-- that came from another server: it is then sent all that follows its place.
--
-- SQLite has no such column: it has one writer, whose positions are the order of its commits.
ALTER TABLE webhooks ADD COLUMN since pg_snapshot;
