-- The names by which WhatsApp knows a guest, and since when: a guest is answered at the newest. Each name is one
-- guest's; a guest may have several and lack any.
CREATE TABLE names (
    property   BLOB    NOT NULL REFERENCES properties (id),
    kind       TEXT    NOT NULL CHECK (kind IN ('bsuid', 'parent_bsuid', 'wa_id', 'phone')),
    value      TEXT    NOT NULL,
    guest      BLOB    NOT NULL REFERENCES guests (id) ON DELETE CASCADE,
    -- Of a number: the user id beside which WhatsApp showed it. Beside another one it is another person's.
    user_id    TEXT,
    created_at INTEGER NOT NULL,
    -- When it became the guest's newest of its kind, by WhatsApp's clock.
    seen_at    INTEGER NOT NULL,
    PRIMARY KEY (property, kind, value)
) STRICT, WITHOUT ROWID;

INSERT INTO names (property, kind, value, guest, user_id, created_at, seen_at)
SELECT property, kind, value, guest, NULL, created_at, created_at FROM guest_aliases;

DROP TABLE guest_aliases;
ALTER TABLE names RENAME TO guest_aliases;

CREATE INDEX guest_aliases_by_guest ON guest_aliases (guest);
