-- What goes out over WhatsApp, written in the same commit as its message. A row is done once its fate is
-- known; it is kept, since statuses and replies name it by its id.
CREATE TABLE deliveries (
    conversation BLOB    NOT NULL REFERENCES conversations (id) DEFERRABLE INITIALLY DEFERRED,
    seq          INTEGER NOT NULL,
    -- A long message goes in parts.
    part         INTEGER NOT NULL,
    -- What it carries, as JSON.
    payload      TEXT    NOT NULL,
    -- The message that is answered.
    quotes       INTEGER,
    -- Waiting: to be handed to WhatsApp. Sending: handed over, and no answer is written down. Done: taken, or
    -- given up.
    step         TEXT    NOT NULL DEFAULT 'waiting' CHECK (step IN ('waiting', 'sending', 'done')),
    tries        INTEGER NOT NULL DEFAULT 0,
    -- Not to be tried before.
    due_at       INTEGER NOT NULL DEFAULT 0,
    -- When the last try began.
    begun_at     INTEGER,
    -- WhatsApp's id for it.
    wamid        TEXT,
    -- How far it got: 1 sent, 2 failed, 3 delivered, 4 read. Only moves up.
    state        INTEGER NOT NULL DEFAULT 0 CHECK (state BETWEEN 0 AND 4),
    -- The highest state of the whole message of which its conversation was told.
    told         INTEGER NOT NULL DEFAULT 0,
    -- Why it failed, in words for staff.
    error        TEXT,
    created_at   INTEGER NOT NULL,
    PRIMARY KEY (conversation, seq, part)
) STRICT;

-- What is to be sent, in the order of each conversation.
CREATE INDEX deliveries_open ON deliveries (conversation, seq, part) WHERE step <> 'done';
CREATE INDEX deliveries_by_wamid ON deliveries (wamid) WHERE wamid IS NOT NULL;
-- What staff were not told.
CREATE INDEX deliveries_news ON deliveries (conversation, seq) WHERE state > told;

-- Reports about ids that nobody knows yet: the answer that names the id may still be under way.
CREATE TABLE early_reports (
    wamid      TEXT    NOT NULL PRIMARY KEY,
    state      INTEGER NOT NULL,
    error      TEXT,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX early_reports_by_age ON early_reports (created_at);
