-- Knowledge: other wordings of a question, and what an entry said before, with who and when.

-- A JSON array of texts.
ALTER TABLE knowledge ADD COLUMN aliases TEXT NOT NULL DEFAULT '[]';

CREATE TABLE knowledge_versions (
    entry    BLOB    NOT NULL CHECK (length(entry) = 16),
    -- 1, 2, 3 …
    version  INTEGER NOT NULL CHECK (version >= 1),
    property BLOB    NOT NULL REFERENCES properties (id),
    title    TEXT    NOT NULL,
    body     TEXT    NOT NULL,
    locale   TEXT,
    tags     TEXT    NOT NULL,
    aliases  TEXT    NOT NULL,
    -- The entry was removed; the texts are its last ones.
    removed  INTEGER NOT NULL CHECK (removed IN (0, 1)),
    -- The agent; null for what the server wrote itself.
    by_id    BLOB,
    by_name  TEXT,
    at       INTEGER NOT NULL,
    PRIMARY KEY (entry, version)
) STRICT, WITHOUT ROWID;

-- What is there already is everybody's first version.
INSERT INTO knowledge_versions
     (entry, version, property, title, body, locale, tags, aliases, removed, by_id, by_name, at)
SELECT id, 1, property, title, body, locale, tags, aliases, 0, NULL, NULL, updated_at FROM knowledge;
