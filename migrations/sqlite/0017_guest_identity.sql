-- Who guests are by the hotel's own word: what signs it, whom it named, and which of its tokens were used.

CREATE TABLE identity_keys (
    property   BLOB    NOT NULL PRIMARY KEY REFERENCES properties (id),
    id         BLOB    NOT NULL CHECK (length(id) = 16),
    -- What signs, sealed under the server's key.
    secret     BLOB    NOT NULL,
    -- The one before, sealed with its own id, and until when it is good as well.
    old_id     BLOB CHECK (old_id IS NULL OR length(old_id) = 16),
    old_secret BLOB,
    old_until  INTEGER,
    created_at INTEGER NOT NULL
) STRICT;

-- The hotel's own name of a guest.
CREATE TABLE guest_identities (
    property   BLOB    NOT NULL REFERENCES properties (id),
    subject    TEXT    NOT NULL,
    guest      BLOB    NOT NULL UNIQUE REFERENCES guests (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (property, subject)
) STRICT, WITHOUT ROWID;

-- Each token opens once. Only its digest is kept, for as long as the token would be good.
CREATE TABLE used_identity_tokens (
    digest     BLOB    NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX used_identity_tokens_by_end ON used_identity_tokens (expires_at);
