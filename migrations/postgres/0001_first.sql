-- Times are milliseconds since 1970, JSON is what the domain's types serialise to. JSON is TEXT: it comes back
-- byte for byte, and JSONB refuses the letter U+0000, which guests may send (in JSON it is an escape). What
-- statements look for therefore has columns of its own.
--
-- Order without regard to case is by lower(x COLLATE "C"), which knows the case of ASCII only: the same on every
-- server, whatever its locale, and as on SQLite.

-- The server's own few facts: `epoch` names the log and changes when a backup was restored.
CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE properties (
    id   UUID PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL
);

-- Staff ---------------------------------------------------------------------------------------------------

CREATE TABLE agents (
    id            UUID    PRIMARY KEY,
    property      UUID    NOT NULL REFERENCES properties (id),
    -- Lower case, so that it is compared without regard to case. Unique on the server: a login names no hotel.
    email         TEXT    NOT NULL UNIQUE,
    name          TEXT    NOT NULL,
    role          TEXT    NOT NULL CHECK (role IN ('viewer', 'agent', 'supervisor', 'admin')),
    disabled      BOOLEAN NOT NULL,
    password_hash TEXT    NOT NULL,
    -- A password that was made up for the first admin is to be replaced by one of the admin's own.
    must_change   BOOLEAN NOT NULL DEFAULT FALSE,
    created_at    BIGINT  NOT NULL,
    updated_at    BIGINT  NOT NULL
);

CREATE INDEX agents_by_name ON agents (property, (lower(name COLLATE "C")), id);

-- Only the digest of a token is kept: who reads this table cannot log in with it.
CREATE TABLE sessions (
    digest     BYTEA  PRIMARY KEY CHECK (length(digest) = 32),
    agent      UUID   NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL,
    address    TEXT   NOT NULL,
    browser    TEXT   NOT NULL
);

CREATE INDEX sessions_by_agent ON sessions (agent);
-- To sweep out those that have expired.
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE second_factors (
    agent     UUID    PRIMARY KEY REFERENCES agents (id) ON DELETE CASCADE,
    -- The seed, sealed under the server's key.
    seed      BYTEA   NOT NULL,
    -- Not asked for until its owner has shown that it works.
    confirmed BOOLEAN NOT NULL,
    -- The time step of the last code that was used: no code opens twice.
    last_step BIGINT  NOT NULL
);

-- One use each. Only digests: the codes have 80 random bits.
CREATE TABLE recovery_codes (
    agent  UUID  NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
    digest BYTEA NOT NULL CHECK (length(digest) = 32),
    PRIMARY KEY (agent, digest)
);

-- Browsers from which an agent has logged in before: others' wrong guesses do not slow them down.
CREATE TABLE devices (
    digest     BYTEA  PRIMARY KEY CHECK (length(digest) = 32),
    agent      UUID   NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
    expires_at BIGINT NOT NULL
);

CREATE INDEX devices_by_agent ON devices (agent, expires_at);

-- Who somebody is at the provider of single sign-on: by the provider's own name of the person, which never
-- changes hands; an e-mail address does.
CREATE TABLE identities (
    issuer     TEXT   NOT NULL,
    subject    TEXT   NOT NULL,
    agent      UUID   NOT NULL UNIQUE REFERENCES agents (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (issuer, subject)
);

CREATE TABLE preferences (
    agent            UUID PRIMARY KEY REFERENCES agents (id) ON DELETE CASCADE,
    -- Guests' messages are shown in this one as well; null: as they are.
    reading_language TEXT
);

-- One use: the row goes with it. Only the digest of the link's token is kept.
CREATE TABLE invitations (
    id         UUID   PRIMARY KEY,
    property   UUID   NOT NULL REFERENCES properties (id),
    digest     BYTEA  NOT NULL UNIQUE CHECK (length(digest) = 32),
    email      TEXT   NOT NULL,
    role       TEXT   NOT NULL CHECK (role IN ('viewer', 'agent', 'supervisor', 'admin')),
    -- By whom, as a name to be read: the account may go.
    made_by    TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE INDEX invitations_by_property ON invitations (property, created_at);

CREATE TABLE api_tokens (
    id         UUID   PRIMARY KEY,
    property   UUID   NOT NULL REFERENCES properties (id),
    digest     BYTEA  NOT NULL UNIQUE CHECK (length(digest) = 32),
    name       TEXT   NOT NULL,
    -- Names of scopes, separated by spaces.
    scopes     TEXT   NOT NULL,
    made_by    TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at    BIGINT
);

CREATE INDEX api_tokens_by_property ON api_tokens (property, created_at);

-- Who did what. Append-only. Each row's hash is over all of it and the hash before: whoever changes, removes or
-- slips in a row leaves a chain that does not fit. Whoever adds one holds the lock that makes them one chain.
CREATE TABLE audit (
    seq      BIGINT PRIMARY KEY,
    at       BIGINT NOT NULL,
    -- NULL: it concerns the server as a whole. No reference: the log outlives what it speaks of.
    property UUID,
    actor    TEXT   NOT NULL,
    actor_id UUID,
    name     TEXT   NOT NULL,
    address  TEXT   NOT NULL,
    action   TEXT   NOT NULL,
    target   TEXT   NOT NULL,
    detail   TEXT   NOT NULL,
    hash     BYTEA  NOT NULL CHECK (length(hash) = 32)
);

CREATE INDEX audit_by_property ON audit (property, seq);

CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only';
END
$$;

CREATE TRIGGER audit_is_not_changed BEFORE UPDATE OR DELETE ON audit
    FOR EACH ROW EXECUTE FUNCTION audit_is_append_only();
CREATE TRIGGER audit_is_not_emptied BEFORE TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();

-- Guests and conversations --------------------------------------------------------------------------------

CREATE TABLE guests (
    id            UUID   PRIMARY KEY,
    property      UUID   NOT NULL REFERENCES properties (id),
    -- JSON.
    profile       TEXT   NOT NULL,
    created_at    BIGINT NOT NULL,
    -- When the guest agreed to the property's text, if there is one.
    consented_at  BIGINT,
    -- What a guest said of itself, as reservations are compared with it. Written with the profile; in lower case.
    claimed_name  TEXT,
    claimed_email TEXT,
    claimed_phone TEXT,
    claimed_room  TEXT
);

CREATE INDEX guests_by_email ON guests (property, claimed_email) WHERE claimed_email IS NOT NULL;
CREATE INDEX guests_by_phone ON guests (property, claimed_phone) WHERE claimed_phone IS NOT NULL;
CREATE INDEX guests_by_room ON guests (property, claimed_room) WHERE claimed_room IS NOT NULL;
-- Those whose time is over.
CREATE INDEX guests_by_age ON guests (property, created_at);

-- A conversation as it stands after its last event; written in the transaction of that event.
CREATE TABLE conversations (
    id            UUID   PRIMARY KEY,
    property      UUID   NOT NULL REFERENCES properties (id),
    guest         UUID   NOT NULL REFERENCES guests (id),
    channel       TEXT   NOT NULL CHECK (channel IN ('web', 'whatsapp')),
    -- All of it, as JSON. The columns below say again what lists filter and sort by; they are written by the
    -- same statement and never without it.
    snapshot      TEXT   NOT NULL,
    last_seq      BIGINT NOT NULL,
    status        TEXT   NOT NULL CHECK (status IN ('open', 'waiting', 'snoozed', 'closed')),
    assigned      UUID,
    waiting_since BIGINT,
    -- When a snoozed one comes back; null for all others.
    snoozed_until BIGINT,
    updated_at    BIGINT NOT NULL,
    tags          TEXT[] NOT NULL DEFAULT '{}',
    -- What a search looks at, in lower case.
    search        TEXT   NOT NULL,
    -- The list's order as two numbers that both rise, so that "after this row" is one comparison of rows,
    -- which an index answers: those waiting longest first, then those changed last.
    waits         BIGINT NOT NULL GENERATED ALWAYS AS (coalesce(waiting_since, 9223372036854775807)) STORED,
    age           BIGINT NOT NULL GENERATED ALWAYS AS (-updated_at) STORED
);

-- A guest has one thread on each channel.
CREATE UNIQUE INDEX conversations_by_guest ON conversations (guest, channel);
-- The inbox. Empty conversations are never listed, and closed ones only by themselves.
CREATE INDEX conversations_live ON conversations (property, waits, age, id) WHERE last_seq > 0 AND status <> 'closed';
CREATE INDEX conversations_closed ON conversations (property, waits, age, id) WHERE last_seq > 0 AND status = 'closed';
CREATE INDEX conversations_mine ON conversations (property, assigned, waits, age, id)
    WHERE last_seq > 0 AND status <> 'closed' AND assigned IS NOT NULL;
CREATE INDEX conversations_snoozed ON conversations (snoozed_until) WHERE snoozed_until IS NOT NULL;

CREATE TABLE guest_sessions (
    digest       BYTEA  PRIMARY KEY CHECK (length(digest) = 32),
    guest        UUID   NOT NULL REFERENCES guests (id) ON DELETE CASCADE,
    -- A session is of one channel, and so of one conversation.
    conversation UUID   NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    created_at   BIGINT NOT NULL
);

CREATE INDEX guest_sessions_by_guest ON guest_sessions (guest);
CREATE INDEX guest_sessions_by_conversation ON guest_sessions (conversation);

-- The log. Rows are added; only erasure writes them anew, without their words.
CREATE TABLE events (
    -- No reference: the update of the conversation that goes with each commit tells that it is there.
    conversation  UUID    NOT NULL,
    seq           BIGINT  NOT NULL CHECK (seq > 0),
    -- The order in which readers of the whole log go: by transaction, and within it by position. Transactions
    -- below pg_snapshot_xmin(pg_current_snapshot()) are over, so nothing comes up behind such a reader; by
    -- position alone, what is committed late would. Set to 0 where the log came from another server.
    xact          BIGINT  NOT NULL DEFAULT (pg_current_xact_id()::text::bigint),
    position      BIGINT  NOT NULL GENERATED ALWAYS AS IDENTITY,
    at            BIGINT  NOT NULL,
    author_kind   TEXT    NOT NULL CHECK (author_kind IN ('guest', 'agent', 'ai', 'system')),
    -- Null for the AI and the rules themselves.
    author_id     UUID,
    author_name   TEXT,
    -- The author's own id for the command that made it, and a digest of that command (an unsigned number,
    -- kept in the signed one with the same bits).
    client_id     TEXT,
    fingerprint   BIGINT,
    -- The event before this one that the guest may see.
    guest_prev    BIGINT  NOT NULL,
    guest_visible BOOLEAN NOT NULL,
    kind          TEXT    NOT NULL,
    -- Kind and fields, as JSON.
    body          TEXT    NOT NULL,
    PRIMARY KEY (conversation, seq)
);

CREATE INDEX events_in_order ON events (xact, position);
-- Receipts, and the last line of defence against storing a command twice.
CREATE UNIQUE INDEX events_once ON events
    (conversation, client_id, author_kind, coalesce(author_id, '00000000-0000-0000-0000-000000000000'))
    WHERE client_id IS NOT NULL AND fingerprint IS NOT NULL;

-- The AI's turns that are open: found again after a crash.
CREATE TABLE turns (
    conversation UUID   PRIMARY KEY REFERENCES conversations (id),
    turn         UUID   NOT NULL,
    opened_at    BIGINT NOT NULL,
    restarts     BIGINT NOT NULL,
    recoveries   BIGINT NOT NULL,
    -- What it is to answer: what the guest said after `after_seq`, up to and with `through_seq`.
    after_seq    BIGINT NOT NULL,
    through_seq  BIGINT NOT NULL
);

-- Every turn that is over, for good. Added in the commit that ends it, never changed.
CREATE TABLE ended_turns (
    id            BIGINT  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    turn          UUID    NOT NULL,
    conversation  UUID    NOT NULL,
    -- How often people had given the conversation back to the AI by then.
    episode       BIGINT  NOT NULL,
    after_seq     BIGINT  NOT NULL,
    through_seq   BIGINT  NOT NULL,
    outcome       TEXT    NOT NULL CHECK (outcome IN ('answered', 'clarified', 'handed_over', 'request_created',
                                                      'declined', 'smalltalk', 'superseded', 'failed_to_human')),
    -- A short code.
    reason        TEXT,
    -- Its messages went on to the next turn, which settles them; else they are settled by this one.
    carried       BOOLEAN NOT NULL,
    -- The event that holds what the guest was shown, whole or partial.
    answer_seq    BIGINT,
    opened_at     BIGINT  NOT NULL,
    asked_at      BIGINT,
    first_word_at BIGINT,
    ended_at      BIGINT  NOT NULL,
    restarts      BIGINT  NOT NULL,
    recoveries    BIGINT  NOT NULL
);

CREATE INDEX ended_turns_by_conversation ON ended_turns (conversation, through_seq);
-- The newest questions, for rehearsals.
CREATE INDEX ended_turns_by_end ON ended_turns (ended_at);

-- Every call of a model, with what it cost: the pool's books. A turn may have made none, or several. Cancelled
-- calls are in here too, by the pool's estimate.
CREATE TABLE model_calls (
    id                BIGINT  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    turn              UUID    NOT NULL,
    conversation      UUID    NOT NULL,
    property          UUID    NOT NULL,
    -- When it ended.
    at                BIGINT  NOT NULL,
    -- 'said', 'handed_over', 'cancelled', or the class of its failure.
    outcome           TEXT    NOT NULL,
    prompt_tokens     BIGINT  NOT NULL,
    completion_tokens BIGINT  NOT NULL,
    -- By the pool's estimate, for the server named none.
    estimated         BOOLEAN NOT NULL,
    -- In millionths of the currency of OPENAI_PRICE_*.
    cost_micros       BIGINT  NOT NULL,
    -- How long it waited in the pool, to the first word, and as a whole.
    queued_ms         BIGINT  NOT NULL,
    first_word_ms     BIGINT,
    whole_ms          BIGINT  NOT NULL
);

CREATE INDEX model_calls_by_turn ON model_calls (turn);
CREATE INDEX model_calls_by_conversation ON model_calls (conversation, at);
-- The day's and the month's sums after a restart.
CREATE INDEX model_calls_by_time ON model_calls (at);

CREATE TABLE translations (
    conversation UUID   NOT NULL,
    seq          BIGINT NOT NULL,
    -- The language of this text; the message itself has another.
    language     TEXT   NOT NULL,
    text         TEXT   NOT NULL,
    -- The agent who wrote it, before it was translated for the guest; null: a model made it of the message.
    by_agent     UUID,
    at           BIGINT NOT NULL,
    PRIMARY KEY (conversation, seq, language)
);

-- What the AI was told. One row for each time that a turn was tried, written some time after it: a crash may lose
-- the last ones.
CREATE TABLE turn_records (
    id           BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    conversation UUID   NOT NULL,
    turn         UUID   NOT NULL,
    -- When it ended.
    at           BIGINT NOT NULL,
    -- Prompt, sources, calls, words and times, as JSON.
    record       TEXT   NOT NULL
);

CREATE INDEX turn_records_by_conversation ON turn_records (conversation, id);

-- WhatsApp and files --------------------------------------------------------------------------------------

-- The names by which WhatsApp knows a guest, and since when: a guest is answered at the newest. Each name is one
-- guest's; a guest may have several and lack any.
CREATE TABLE guest_aliases (
    property   UUID   NOT NULL REFERENCES properties (id),
    kind       TEXT   NOT NULL CHECK (kind IN ('bsuid', 'parent_bsuid', 'wa_id', 'phone')),
    value      TEXT   NOT NULL,
    guest      UUID   NOT NULL REFERENCES guests (id) ON DELETE CASCADE,
    -- Of a number: the user id beside which WhatsApp showed it. Beside another one it is another person's.
    user_id    TEXT,
    created_at BIGINT NOT NULL,
    -- When it became the guest's newest of its kind, by WhatsApp's clock.
    seen_at    BIGINT NOT NULL,
    PRIMARY KEY (property, kind, value)
);

CREATE INDEX guest_aliases_by_guest ON guest_aliases (guest, kind, seen_at);

-- WhatsApp numbers that passed from one guest to another, until staff are told of it in both conversations.
CREATE TABLE passed_numbers (
    kind      TEXT   NOT NULL,
    value     TEXT   NOT NULL,
    -- By WhatsApp's clock.
    passed_at BIGINT NOT NULL,
    -- The conversation of the guest who had it, and of the one who has it.
    former    UUID   NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    present   UUID   NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    PRIMARY KEY (former, present, kind, value, passed_at)
);

CREATE INDEX passed_numbers_by_present ON passed_numbers (present);

-- What came in over WhatsApp: one event for each id, for ever, whichever conversation it is in.
CREATE TABLE whatsapp_messages (
    wamid        TEXT   PRIMARY KEY,
    conversation UUID   NOT NULL REFERENCES conversations (id),
    seq          BIGINT NOT NULL
);

-- To mark the newest one as read.
CREATE INDEX whatsapp_messages_by_place ON whatsapp_messages (conversation, seq);

-- Files. The bytes are in the data folder, under the id.
CREATE TABLE attachments (
    id           UUID   PRIMARY KEY,
    property     UUID   NOT NULL REFERENCES properties (id),
    owner_kind   TEXT   NOT NULL CHECK (owner_kind IN ('guest', 'agent')),
    -- Null for an agent without an account: who used the hotel's own phone.
    owner        UUID,
    name         TEXT   NOT NULL,
    media_type   TEXT   NOT NULL,
    size         BIGINT NOT NULL,
    -- Pending: still with WhatsApp. Lost: it will not come.
    state        TEXT   NOT NULL CHECK (state IN ('pending', 'ready', 'lost')),
    -- The message that names it; null until one does.
    conversation UUID   REFERENCES conversations (id),
    seq          BIGINT,
    -- WhatsApp's id for it, while it is pending.
    media        TEXT,
    tries        BIGINT NOT NULL DEFAULT 0,
    next_try_at  BIGINT,
    created_at   BIGINT NOT NULL,
    -- The digest that a webhook told of a file, until the file is here.
    sha256       BYTEA
);

-- Those that are to be fetched, those that no message ever named, those of a guest, and those whose time is over.
CREATE INDEX attachments_pending ON attachments (next_try_at) WHERE state = 'pending';
CREATE INDEX attachments_unused ON attachments (created_at) WHERE conversation IS NULL;
CREATE INDEX attachments_by_conversation ON attachments (conversation) WHERE conversation IS NOT NULL;
CREATE INDEX attachments_by_owner ON attachments (owner) WHERE owner IS NOT NULL;
CREATE INDEX attachments_by_age ON attachments (property, created_at) WHERE state = 'ready';

-- What goes out over WhatsApp, written in the same commit as its message. A row is done once its fate is
-- known; it is kept for a while, since statuses and replies name it by its id.
CREATE TABLE deliveries (
    conversation UUID   NOT NULL REFERENCES conversations (id),
    seq          BIGINT NOT NULL,
    -- A long message goes in parts.
    part         BIGINT NOT NULL,
    -- What it carries, as JSON.
    payload      TEXT   NOT NULL,
    -- The message that is answered.
    quotes       BIGINT,
    -- Waiting: to be handed to WhatsApp. Sending: handed over, and no answer is written down. Done: taken, or
    -- given up.
    step         TEXT   NOT NULL DEFAULT 'waiting' CHECK (step IN ('waiting', 'sending', 'done')),
    tries        BIGINT NOT NULL DEFAULT 0,
    -- Not to be tried before.
    due_at       BIGINT NOT NULL DEFAULT 0,
    -- When the last try began.
    begun_at     BIGINT,
    -- WhatsApp's id for it.
    wamid        TEXT,
    -- How far it got: 1 sent, 2 failed, 3 delivered, 4 read. Only moves up.
    state        BIGINT NOT NULL DEFAULT 0 CHECK (state BETWEEN 0 AND 4),
    -- The highest state of the whole message of which its conversation was told.
    told         BIGINT NOT NULL DEFAULT 0,
    -- Why it failed, in words for staff.
    error        TEXT,
    created_at   BIGINT NOT NULL,
    PRIMARY KEY (conversation, seq, part)
);

-- What is to be sent, in the order of each conversation.
CREATE INDEX deliveries_open ON deliveries (conversation, seq, part) WHERE step <> 'done';
CREATE INDEX deliveries_by_wamid ON deliveries (wamid) WHERE wamid IS NOT NULL;
-- What staff were not told.
CREATE INDEX deliveries_news ON deliveries (conversation, seq) WHERE state > told;
-- To throw old ones away.
CREATE INDEX deliveries_by_age ON deliveries (created_at);

-- Reports about ids that nobody knows yet: the answer that names the id may still be under way.
CREATE TABLE early_reports (
    wamid      TEXT   PRIMARY KEY,
    state      BIGINT NOT NULL,
    error      TEXT,
    created_at BIGINT NOT NULL
);

CREATE INDEX early_reports_by_age ON early_reports (created_at);

-- Knowledge -----------------------------------------------------------------------------------------------

CREATE TABLE knowledge (
    id         UUID   PRIMARY KEY,
    property   UUID   NOT NULL REFERENCES properties (id),
    title      TEXT   NOT NULL,
    body       TEXT   NOT NULL,
    locale     TEXT,
    -- JSON arrays of texts.
    tags       TEXT   NOT NULL,
    -- Other wordings of the question.
    aliases    TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    -- Title, body and tags in lower case, as for conversations.
    search     TEXT   NOT NULL
);

CREATE INDEX knowledge_by_title ON knowledge (property, (lower(title COLLATE "C")), id);

-- What an entry said before, with who and when.
CREATE TABLE knowledge_versions (
    entry    UUID    NOT NULL,
    -- 1, 2, 3 …
    version  BIGINT  NOT NULL CHECK (version >= 1),
    property UUID    NOT NULL REFERENCES properties (id),
    title    TEXT    NOT NULL,
    body     TEXT    NOT NULL,
    locale   TEXT,
    tags     TEXT    NOT NULL,
    aliases  TEXT    NOT NULL,
    -- The entry was removed; the texts are its last ones.
    removed  BOOLEAN NOT NULL,
    -- The agent; null for what the server wrote itself.
    by_id    UUID,
    by_name  TEXT,
    at       BIGINT  NOT NULL,
    PRIMARY KEY (entry, version)
);

-- The hotel's systems -------------------------------------------------------------------------------------

-- Outgoing webhooks: where, what, and what became of each.
CREATE TABLE webhooks (
    id         UUID    PRIMARY KEY,
    property   UUID    NOT NULL REFERENCES properties (id),
    url        TEXT    NOT NULL,
    -- The kinds of event that are wanted, as a JSON array.
    events     TEXT    NOT NULL,
    -- What signs, sealed under the server's key.
    secret     BYTEA   NOT NULL,
    -- The one before, and until when it signs as well.
    old_secret BYTEA,
    old_until  BIGINT,
    enabled    BOOLEAN NOT NULL,
    -- Why it was turned off by itself.
    fault      TEXT,
    -- Up to where in the log its deliveries are written down, see events.
    xact       BIGINT  NOT NULL,
    position   BIGINT  NOT NULL,
    created_at BIGINT  NOT NULL,
    updated_at BIGINT  NOT NULL
);

CREATE INDEX webhooks_by_property ON webhooks (property, id);

-- One event for one webhook. What is sent is made of the log when it is sent: nothing that a guest said is in here.
CREATE TABLE webhook_deliveries (
    id           UUID   PRIMARY KEY,
    webhook      UUID   NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    -- The event; null for a ping.
    conversation UUID,
    seq          BIGINT,
    kind         TEXT   NOT NULL,
    step         TEXT   NOT NULL DEFAULT 'waiting' CHECK (step IN ('waiting', 'delivered', 'failed')),
    tries        BIGINT NOT NULL DEFAULT 0,
    -- Not to be tried before.
    due_at       BIGINT NOT NULL,
    -- The last answer's status, or why there was none.
    status       BIGINT,
    error        TEXT,
    created_at   BIGINT NOT NULL,
    -- When it was last tried.
    tried_at     BIGINT
);

-- What is to be sent, in the order of each conversation.
CREATE INDEX webhook_deliveries_open ON webhook_deliveries (webhook, conversation, seq) WHERE step = 'waiting';
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (due_at) WHERE step = 'waiting';
CREATE INDEX webhook_deliveries_by_webhook ON webhook_deliveries (webhook, id);
-- To throw old ones away.
CREATE INDEX webhook_deliveries_done ON webhook_deliveries (created_at) WHERE step <> 'waiting';

-- The hotel's system that tells of reservations, and what signs.
CREATE TABLE reservation_sources (
    property   UUID   PRIMARY KEY REFERENCES properties (id),
    -- In the path, so that the property is known before anything is read.
    id         UUID   NOT NULL UNIQUE,
    -- Sealed under the server's key.
    secret     BYTEA  NOT NULL,
    created_at BIGINT NOT NULL
);

-- The newest version of each reservation that the hotel's system has told of.
CREATE TABLE reservations (
    property   UUID    NOT NULL REFERENCES properties (id),
    reference  TEXT    NOT NULL,
    version    BIGINT  NOT NULL,
    -- Whose it is, once that is known.
    guest      UUID,
    -- By the number that WhatsApp vouches for, or named by the hotel; else what the guest said of itself fits.
    sure       BOOLEAN NOT NULL DEFAULT FALSE,
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
    untold     BOOLEAN NOT NULL,
    updated_at BIGINT  NOT NULL,
    PRIMARY KEY (property, reference)
);

CREATE INDEX reservations_by_guest ON reservations (guest) WHERE guest IS NOT NULL;
-- Those that lack a guest, and those that a card is to be told of.
CREATE INDEX reservations_without_guest ON reservations (status) WHERE guest IS NULL;
CREATE INDEX reservations_untold ON reservations (guest) WHERE untold AND guest IS NOT NULL;
-- To throw away those of stays that are long over.
CREATE INDEX reservations_by_age ON reservations (updated_at);

-- Who guests are by the hotel's own word: what signs it, whom it named, and which of its tokens were used.
CREATE TABLE identity_keys (
    property   UUID   PRIMARY KEY REFERENCES properties (id),
    id         UUID   NOT NULL,
    -- What signs, sealed under the server's key.
    secret     BYTEA  NOT NULL,
    -- The one before, sealed with its own id, and until when it is good as well.
    old_id     UUID,
    old_secret BYTEA,
    old_until  BIGINT,
    created_at BIGINT NOT NULL
);

-- The hotel's own name of a guest.
CREATE TABLE guest_identities (
    property   UUID   NOT NULL REFERENCES properties (id),
    subject    TEXT   NOT NULL,
    guest      UUID   NOT NULL UNIQUE REFERENCES guests (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (property, subject)
);

-- Each token opens once. Only its digest is kept, for as long as the token would be good.
CREATE TABLE used_identity_tokens (
    digest     BYTEA  PRIMARY KEY CHECK (length(digest) = 32),
    expires_at BIGINT NOT NULL
);

CREATE INDEX used_identity_tokens_by_end ON used_identity_tokens (expires_at);

-- Privacy -------------------------------------------------------------------------------------------------

-- Guests who are to be erased, or were. Kept: after a restore of an older backup it says who must go again.
CREATE TABLE erasures (
    guest    UUID   PRIMARY KEY,
    property UUID   NOT NULL,
    -- Who said so; null: its time was over.
    agent    UUID,
    asked_at BIGINT NOT NULL,
    done_at  BIGINT
);

CREATE INDEX erasures_open ON erasures (asked_at) WHERE done_at IS NULL;

CREATE TABLE privacy_settings (
    property UUID PRIMARY KEY REFERENCES properties (id),
    -- As the domain's types serialise to.
    settings TEXT NOT NULL
);

-- What is written some time after its conversation was erased is not written.
CREATE FUNCTION of_the_erased() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM conversations JOIN erasures ON erasures.guest = conversations.guest
                WHERE conversations.id = NEW.conversation) THEN
        RETURN NULL;
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER turn_records_of_the_erased BEFORE INSERT ON turn_records
    FOR EACH ROW EXECUTE FUNCTION of_the_erased();
CREATE TRIGGER translations_of_the_erased BEFORE INSERT ON translations
    FOR EACH ROW EXECUTE FUNCTION of_the_erased();
