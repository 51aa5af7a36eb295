-- Guests of the chat page who have shown, by a code that was sent there, that they also write over WhatsApp.

-- The newest code of each: what is known of it is a digest.
CREATE TABLE link_codes (
    guest      UUID    PRIMARY KEY REFERENCES guests (id) ON DELETE CASCADE,
    -- Whom it was sent to; null: nobody has the number that was given, and no code opens anything.
    whatsapp   UUID    REFERENCES guests (id) ON DELETE CASCADE,
    digest     BYTEA   NOT NULL CHECK (length(digest) = 32),
    tries      INTEGER NOT NULL DEFAULT 0,
    expires_at BIGINT  NOT NULL
);

CREATE INDEX link_codes_by_end ON link_codes (expires_at);

CREATE TABLE guest_links (
    guest     UUID   PRIMARY KEY REFERENCES guests (id) ON DELETE CASCADE,
    whatsapp  UUID   NOT NULL REFERENCES guests (id) ON DELETE CASCADE,
    linked_at BIGINT NOT NULL
);

CREATE INDEX guest_links_by_whatsapp ON guest_links (whatsapp);
