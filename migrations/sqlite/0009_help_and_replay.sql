-- Help for agents: what they read in, and messages in other languages. And what the AI was told, turn by turn.

CREATE TABLE preferences (
    agent            BLOB NOT NULL PRIMARY KEY REFERENCES agents (id) ON DELETE CASCADE,
    -- Guests' messages are shown in this one as well; null: as they are.
    reading_language TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE translations (
    conversation BLOB    NOT NULL CHECK (length(conversation) = 16),
    seq          INTEGER NOT NULL,
    -- The language of this text; the message itself has another.
    language     TEXT    NOT NULL,
    text         TEXT    NOT NULL,
    -- The agent who wrote it, before it was translated for the guest; null: a model made it of the message.
    by_agent     BLOB,
    at           INTEGER NOT NULL,
    PRIMARY KEY (conversation, seq, language)
) STRICT, WITHOUT ROWID;

-- One row for each time that a turn was tried, written some time after it: a crash may lose the last ones. With a
-- rowid, so that new rows share the last pages.
CREATE TABLE turn_records (
    id           INTEGER PRIMARY KEY,
    conversation BLOB    NOT NULL CHECK (length(conversation) = 16),
    turn         BLOB    NOT NULL,
    -- When it ended.
    at           INTEGER NOT NULL,
    -- Prompt, sources, calls, words and times, as JSON.
    record       TEXT    NOT NULL
) STRICT;

CREATE INDEX turn_records_by_conversation ON turn_records (conversation, id);
