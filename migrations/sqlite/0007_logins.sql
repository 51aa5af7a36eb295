-- Logins: where from, how lately used, second factors, known devices.

-- A password that was made up for the first admin is to be replaced by one of the admin's own.
ALTER TABLE agents ADD COLUMN must_change INTEGER NOT NULL DEFAULT 0 CHECK (must_change IN (0, 1));

ALTER TABLE sessions ADD COLUMN seen_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN address TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN browser TEXT NOT NULL DEFAULT '';
UPDATE sessions SET seen_at = created_at;

CREATE TABLE second_factors (
    agent     BLOB    NOT NULL PRIMARY KEY REFERENCES agents (id) ON DELETE CASCADE,
    -- The seed, sealed under the server's key.
    seed      BLOB    NOT NULL,
    -- Not asked for until its owner has shown that it works.
    confirmed INTEGER NOT NULL CHECK (confirmed IN (0, 1)),
    -- The time step of the last code that was used: no code opens twice.
    last_step INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- One use each. Only digests: the codes have 80 random bits.
CREATE TABLE recovery_codes (
    agent  BLOB NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    PRIMARY KEY (agent, digest)
) STRICT, WITHOUT ROWID;

-- Browsers from which an agent has logged in before: others' wrong guesses do not slow them down.
CREATE TABLE devices (
    digest     BLOB    NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
    agent      BLOB    NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX devices_by_agent ON devices (agent, expires_at);
