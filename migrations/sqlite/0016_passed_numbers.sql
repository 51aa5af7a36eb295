-- WhatsApp numbers that passed from one guest to another, until staff are told of it in both conversations.
CREATE TABLE passed_numbers (
    kind      TEXT    NOT NULL,
    value     TEXT    NOT NULL,
    -- By WhatsApp's clock.
    passed_at INTEGER NOT NULL,
    -- The conversation of the guest who had it, and of the one who has it.
    former    BLOB    NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    present   BLOB    NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    PRIMARY KEY (former, present, kind, value, passed_at)
) STRICT, WITHOUT ROWID;

-- The digest that a webhook told of a file, until the file is here.
ALTER TABLE attachments ADD COLUMN sha256 BLOB;
