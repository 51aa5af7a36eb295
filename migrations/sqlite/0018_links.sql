-- Guests of the chat page who have shown, by a code that was sent there, that they also write over WhatsApp.

-- The newest code of each: what is known of it is a digest.
CREATE TABLE link_codes (
    guest      BLOB    NOT NULL PRIMARY KEY REFERENCES guests (id) ON DELETE CASCADE,
    -- Whom it was sent to; null: nobody has the number that was given, and no code opens anything.
    whatsapp   BLOB    REFERENCES guests (id) ON DELETE CASCADE,
    digest     BLOB    NOT NULL CHECK (length(digest) = 32),
    tries      INTEGER NOT NULL DEFAULT 0,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX link_codes_by_end ON link_codes (expires_at);

CREATE TABLE guest_links (
    guest     BLOB    NOT NULL PRIMARY KEY REFERENCES guests (id) ON DELETE CASCADE,
    whatsapp  BLOB    NOT NULL REFERENCES guests (id) ON DELETE CASCADE,
    linked_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX guest_links_by_whatsapp ON guest_links (whatsapp);
