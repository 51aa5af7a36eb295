-- Ids are UUIDs as 16 bytes, times are milliseconds since 1970, JSON is what the domain's types serialise
-- to. Every table is STRICT: SQLite would otherwise store a text where a number is meant.

-- The server's own few facts: `epoch` names the log and changes when a backup was restored.
CREATE TABLE meta (
    key   TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE properties (
    id   BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL
) STRICT;

CREATE TABLE agents (
    id            BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    property      BLOB    NOT NULL REFERENCES properties (id),
    -- Lower case, so that it is compared without regard to case. Unique on the server: a login names no hotel.
    email         TEXT    NOT NULL UNIQUE,
    name          TEXT    NOT NULL,
    role          TEXT    NOT NULL CHECK (role IN ('viewer', 'agent', 'supervisor', 'admin')),
    disabled      INTEGER NOT NULL CHECK (disabled IN (0, 1)),
    password_hash TEXT    NOT NULL,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL
) STRICT;

CREATE INDEX agents_by_name ON agents (property, name COLLATE NOCASE, id);

-- Only the digest of a token is kept: who reads this table cannot log in with it.
CREATE TABLE sessions (
    digest     BLOB    NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
    agent      BLOB    NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_by_agent ON sessions (agent);
-- To sweep out those that have expired.
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE guests (
    id         BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    property   BLOB    NOT NULL REFERENCES properties (id),
    profile    TEXT    NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

-- A conversation as it stands after its last event. It could be had by replaying the events; stored, it is
-- opened and listed by reading one row. With a rowid, because the row is too large for the pages of an
-- index: an update would write overflow pages as well.
CREATE TABLE conversations (
    id            BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    property      BLOB    NOT NULL REFERENCES properties (id),
    guest         BLOB    NOT NULL REFERENCES guests (id),
    channel       TEXT    NOT NULL CHECK (channel IN ('web', 'whatsapp')),
    -- All of it, as JSON. The columns below say again what lists filter and sort by; they are written by the
    -- same statement and never without it.
    snapshot      TEXT    NOT NULL,
    last_seq      INTEGER NOT NULL,
    status        TEXT    NOT NULL CHECK (status IN ('open', 'waiting', 'snoozed', 'closed')),
    assigned      BLOB,
    waiting_since INTEGER,
    -- When a snoozed one comes back; null for all others.
    snoozed_until INTEGER,
    updated_at    INTEGER NOT NULL,
    -- What a search looks at, in lower case: LIKE knows the case of ASCII only, and guests write in any script.
    search        TEXT    NOT NULL,
    -- The list's order as two numbers that both rise, so that "after this row" is one comparison of rows,
    -- which an index answers: those waiting longest first, then those changed last.
    waits         INTEGER NOT NULL GENERATED ALWAYS AS (coalesce(waiting_since, 9223372036854775807)) VIRTUAL,
    age           INTEGER NOT NULL GENERATED ALWAYS AS (-updated_at) VIRTUAL
) STRICT;

-- A guest has one thread on each channel.
CREATE UNIQUE INDEX conversations_by_guest ON conversations (guest, channel);
-- The inbox. Empty conversations are never listed, and closed ones only by themselves; each row is thus in
-- one of the two large indexes, and a message moves one entry.
CREATE INDEX conversations_live ON conversations (property, waits, age, id) WHERE last_seq > 0 AND status <> 'closed';
CREATE INDEX conversations_closed ON conversations (property, waits, age, id) WHERE last_seq > 0 AND status = 'closed';
CREATE INDEX conversations_mine ON conversations (property, assigned, waits, age, id)
    WHERE last_seq > 0 AND status <> 'closed' AND assigned IS NOT NULL;
CREATE INDEX conversations_snoozed ON conversations (snoozed_until) WHERE snoozed_until IS NOT NULL;

CREATE TABLE guest_sessions (
    digest       BLOB    NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
    guest        BLOB    NOT NULL REFERENCES guests (id) ON DELETE CASCADE,
    -- A session is of one channel, and so of one conversation.
    conversation BLOB    NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    created_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The log. What a guest was told is in here and nowhere else; rows are added and never changed.
CREATE TABLE events (
    conversation  BLOB    NOT NULL REFERENCES conversations (id),
    seq           INTEGER NOT NULL CHECK (seq > 0),
    at            INTEGER NOT NULL,
    author_kind   TEXT    NOT NULL CHECK (author_kind IN ('guest', 'agent', 'ai', 'system')),
    -- Null for the AI and the rules themselves.
    author_id     BLOB,
    author_name   TEXT,
    -- The author's own id for the command that made it, and a digest of that command (an unsigned number,
    -- kept in the signed one with the same bits).
    client_id     TEXT,
    fingerprint   INTEGER,
    -- The event before this one that the guest may see.
    guest_prev    INTEGER NOT NULL,
    guest_visible INTEGER NOT NULL CHECK (guest_visible IN (0, 1)),
    -- Kind and fields, as JSON.
    body          TEXT    NOT NULL,
    PRIMARY KEY (conversation, seq)
) STRICT, WITHOUT ROWID;

-- The last line of defence against storing a command twice. The rules find a repeat long before.
CREATE UNIQUE INDEX events_once ON events (conversation, author_kind, author_id, client_id) WHERE client_id IS NOT NULL;

-- The AI's turns that are open: found again after a crash.
CREATE TABLE turns (
    conversation BLOB    NOT NULL PRIMARY KEY REFERENCES conversations (id),
    turn         BLOB    NOT NULL CHECK (length(turn) = 16),
    opened_at    INTEGER NOT NULL,
    restarts     INTEGER NOT NULL,
    recoveries   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE knowledge (
    id         BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    property   BLOB    NOT NULL REFERENCES properties (id),
    title      TEXT    NOT NULL,
    body       TEXT    NOT NULL,
    locale     TEXT,
    -- A JSON array of texts.
    tags       TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    -- Title, body and tags in lower case, as for conversations.
    search     TEXT    NOT NULL
) STRICT;

CREATE INDEX knowledge_by_title ON knowledge (property, title COLLATE NOCASE, id);
