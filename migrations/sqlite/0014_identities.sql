-- Who somebody is at the provider of single sign-on.

-- By the provider's own name of the person, which never changes hands; an e-mail address does.
CREATE TABLE identities (
    issuer     TEXT    NOT NULL,
    subject    TEXT    NOT NULL,
    agent      BLOB    NOT NULL UNIQUE REFERENCES agents (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (issuer, subject)
) STRICT, WITHOUT ROWID;
