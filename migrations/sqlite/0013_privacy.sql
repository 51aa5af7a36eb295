-- Guests' data as a whole.

-- When the guest agreed to the property's text, if there is one.
ALTER TABLE guests ADD COLUMN consented_at INTEGER;

-- What a guest said of itself, as reservations are compared with it.
ALTER TABLE guests ADD COLUMN claimed_email TEXT GENERATED ALWAYS AS (lower(profile ->> '$.email')) VIRTUAL;
ALTER TABLE guests ADD COLUMN claimed_phone TEXT GENERATED ALWAYS AS
    (replace(replace(replace(replace(replace(replace(profile ->> '$.phone', ' ', ''), '-', ''), '+', ''), '(', ''),
                     ')', ''), '/', '')) VIRTUAL;
ALTER TABLE guests ADD COLUMN claimed_room TEXT GENERATED ALWAYS AS (lower(profile ->> '$.room')) VIRTUAL;
CREATE INDEX guests_by_email ON guests (property, claimed_email) WHERE claimed_email IS NOT NULL;
CREATE INDEX guests_by_phone ON guests (property, claimed_phone) WHERE claimed_phone IS NOT NULL;
CREATE INDEX guests_by_room ON guests (property, claimed_room) WHERE claimed_room IS NOT NULL;

-- Guests who are to be erased, or were. Kept: after a restore of an older backup it says who must go again.
CREATE TABLE erasures (
    guest    BLOB    NOT NULL PRIMARY KEY CHECK (length(guest) = 16),
    property BLOB    NOT NULL CHECK (length(property) = 16),
    -- Who said so; null: its time was over.
    agent    BLOB,
    asked_at INTEGER NOT NULL,
    done_at  INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE privacy_settings (
    property BLOB NOT NULL PRIMARY KEY REFERENCES properties (id),
    -- As the domain's types serialise to.
    settings TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The hotel's system that tells of reservations, and what signs.
CREATE TABLE reservation_sources (
    property   BLOB    NOT NULL PRIMARY KEY REFERENCES properties (id),
    -- In the path, so that the property is known before anything is read.
    id         BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    -- Sealed under the server's key.
    secret     BLOB    NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The newest version of each reservation that the hotel's system has told of.
CREATE TABLE reservations (
    property   BLOB    NOT NULL REFERENCES properties (id),
    reference  TEXT    NOT NULL,
    version    INTEGER NOT NULL,
    -- Whose it is, once that is known.
    guest      BLOB,
    -- 1: by the number that WhatsApp vouches for, or named by the hotel; 0: what the guest said of itself fits.
    sure       INTEGER NOT NULL DEFAULT 0 CHECK (sure IN (0, 1)),
    status     TEXT    NOT NULL CHECK (status IN ('booked', 'in_house', 'departed', 'cancelled')),
    name       TEXT,
    -- Lower case.
    email      TEXT,
    -- Digits only.
    phone      TEXT,
    room       TEXT,
    -- As YYYY-MM-DD.
    arrival    TEXT,
    departure  TEXT,
    locale     TEXT,
    -- What of this version the guest's card has not been told.
    untold     INTEGER NOT NULL CHECK (untold IN (0, 1)),
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (property, reference)
) STRICT, WITHOUT ROWID;

CREATE INDEX reservations_by_guest ON reservations (guest) WHERE guest IS NOT NULL;
-- Those that lack a guest, and those that a card is to be told of.
CREATE INDEX reservations_without_guest ON reservations (status) WHERE guest IS NULL;
CREATE INDEX reservations_untold ON reservations (guest) WHERE untold AND guest IS NOT NULL;
-- To throw away those of stays that are long over.
CREATE INDEX reservations_by_age ON reservations (updated_at);

-- What is written some time after its conversation was erased is not written.
CREATE TRIGGER turn_records_of_the_erased BEFORE INSERT ON turn_records
    WHEN EXISTS (SELECT 1 FROM conversations JOIN erasures ON erasures.guest = conversations.guest
                  WHERE conversations.id = NEW.conversation)
BEGIN
    SELECT RAISE(IGNORE);
END;

CREATE TRIGGER translations_of_the_erased BEFORE INSERT ON translations
    WHEN EXISTS (SELECT 1 FROM conversations JOIN erasures ON erasures.guest = conversations.guest
                  WHERE conversations.id = NEW.conversation)
BEGIN
    SELECT RAISE(IGNORE);
END;
