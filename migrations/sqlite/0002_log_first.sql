-- The log comes first, and what is made of it follows.
--
-- A commit used to write a row of `events`, two entries of its indexes, the conversation's row and an entry of
-- the inbox's index. All but the first lie in other pages for each conversation, and pages are what a commit
-- costs. Now a commit adds rows to the end of `events`, whose pages all conversations share, and nothing else.
-- `places` and the rows of `conversations` are made of the log a little later, for many events at once; what is
-- not in there yet is in the server's memory, and is made again from the log after a crash.

CREATE TABLE log (
    -- The order of all events of the server. Named, because VACUUM renumbers a nameless one.
    position      INTEGER PRIMARY KEY,
    -- No reference: the one writer knows which conversations there are, and where each stands.
    conversation  BLOB    NOT NULL,
    seq           INTEGER NOT NULL,
    at            INTEGER NOT NULL,
    author_kind   TEXT    NOT NULL,
    -- Null for the AI and the rules themselves.
    author_id     BLOB,
    author_name   TEXT,
    -- The author's own id for the command that made it, and a digest of that command (an unsigned number,
    -- kept in the signed one with the same bits).
    client_id     TEXT,
    fingerprint   INTEGER,
    -- The event before this one that the guest may see.
    guest_prev    INTEGER NOT NULL,
    guest_visible INTEGER NOT NULL,
    -- Kind and fields, as JSON.
    body          TEXT    NOT NULL
) STRICT;

INSERT INTO log
SELECT rowid, conversation, seq, at, author_kind, author_id, author_name, client_id, fingerprint, guest_prev,
       guest_visible, body
  FROM events
 ORDER BY rowid;

-- Where the events of a conversation are: those up to the position in `meta` under `folded`.
CREATE TABLE places (
    conversation BLOB    NOT NULL,
    seq          INTEGER NOT NULL,
    position     INTEGER NOT NULL,
    PRIMARY KEY (conversation, seq)
) STRICT, WITHOUT ROWID;

INSERT INTO places SELECT conversation, seq, position FROM log ORDER BY conversation, seq;

-- With it goes the index `events_once`. A command cannot be stored twice without it: a conversation's state
-- knows every id up to its last event, and a commit is refused unless it begins at the log's own last event.
DROP TABLE events;
ALTER TABLE log RENAME TO events;

INSERT INTO meta (key, value) SELECT 'folded', coalesce(max(position), 0) FROM events;
