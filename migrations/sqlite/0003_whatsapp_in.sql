-- The names by which WhatsApp knows a guest. Each is one guest's; a guest may have several and lack any.
CREATE TABLE guest_aliases (
    property   BLOB    NOT NULL REFERENCES properties (id),
    kind       TEXT    NOT NULL CHECK (kind IN ('bsuid', 'wa_id', 'phone')),
    value      TEXT    NOT NULL,
    guest      BLOB    NOT NULL REFERENCES guests (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (property, kind, value)
) STRICT, WITHOUT ROWID;

CREATE INDEX guest_aliases_by_guest ON guest_aliases (guest);

-- What came in over WhatsApp: one event for each id, for ever, whichever conversation it is in.
CREATE TABLE whatsapp_messages (
    wamid        TEXT    NOT NULL PRIMARY KEY,
    conversation BLOB    NOT NULL REFERENCES conversations (id) DEFERRABLE INITIALLY DEFERRED,
    seq          INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- To mark the newest one as read.
CREATE INDEX whatsapp_messages_by_place ON whatsapp_messages (conversation, seq);

-- Files. The bytes are in the data folder, under the id.
CREATE TABLE attachments (
    id           BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    property     BLOB    NOT NULL REFERENCES properties (id),
    owner_kind   TEXT    NOT NULL CHECK (owner_kind IN ('guest', 'agent')),
    -- Null for an agent without an account: who used the hotel's own phone.
    owner        BLOB,
    name         TEXT    NOT NULL,
    media_type   TEXT    NOT NULL,
    size         INTEGER NOT NULL,
    -- Pending: still with WhatsApp. Lost: it will not come.
    state        TEXT    NOT NULL CHECK (state IN ('pending', 'ready', 'lost')),
    -- The message that names it; null until one does.
    conversation BLOB REFERENCES conversations (id) DEFERRABLE INITIALLY DEFERRED,
    seq          INTEGER,
    -- WhatsApp's id for it, while it is pending.
    media        TEXT,
    tries        INTEGER NOT NULL DEFAULT 0,
    next_try_at  INTEGER,
    created_at   INTEGER NOT NULL
) STRICT;

-- Those that are to be fetched, and those that no message ever named.
CREATE INDEX attachments_pending ON attachments (next_try_at) WHERE state = 'pending';
CREATE INDEX attachments_unused ON attachments (created_at) WHERE conversation IS NULL;
