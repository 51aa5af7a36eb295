-- Who did what, invitations, tokens of integrations.

-- Append-only. Each row's hash is over all of it and the hash before: whoever changes, removes or slips in a
-- row leaves a chain that does not fit.
CREATE TABLE audit (
    seq      INTEGER NOT NULL PRIMARY KEY,
    at       INTEGER NOT NULL,
    -- NULL: it concerns the server as a whole. No reference: the log outlives what it speaks of.
    property BLOB CHECK (property IS NULL OR length(property) = 16),
    actor    TEXT    NOT NULL,
    actor_id BLOB CHECK (actor_id IS NULL OR length(actor_id) = 16),
    name     TEXT    NOT NULL,
    address  TEXT    NOT NULL,
    action   TEXT    NOT NULL,
    target   TEXT    NOT NULL,
    detail   TEXT    NOT NULL,
    hash     BLOB    NOT NULL CHECK (length(hash) = 32)
) STRICT;

CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;

CREATE TRIGGER audit_is_not_shortened BEFORE DELETE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;

-- One use: the row goes with it. Only the digest of the link's token is kept.
CREATE TABLE invitations (
    id         BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    property   BLOB    NOT NULL REFERENCES properties (id),
    digest     BLOB    NOT NULL UNIQUE CHECK (length(digest) = 32),
    email      TEXT    NOT NULL,
    role       TEXT    NOT NULL CHECK (role IN ('viewer', 'agent', 'supervisor', 'admin')),
    -- By whom, as a name to be read: the account may go.
    made_by    TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE TABLE api_tokens (
    id         BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    property   BLOB    NOT NULL REFERENCES properties (id),
    digest     BLOB    NOT NULL UNIQUE CHECK (length(digest) = 32),
    name       TEXT    NOT NULL,
    -- Names of scopes, separated by spaces.
    scopes     TEXT    NOT NULL,
    made_by    TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at    INTEGER
) STRICT;
