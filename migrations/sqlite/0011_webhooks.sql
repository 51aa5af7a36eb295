-- Outgoing webhooks: where, what, and what became of each.

CREATE TABLE webhooks (
    id         BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    property   BLOB    NOT NULL REFERENCES properties (id),
    url        TEXT    NOT NULL,
    -- The kinds of event that are wanted, as a JSON array.
    events     TEXT    NOT NULL,
    -- What signs, sealed under the server's key.
    secret     BLOB    NOT NULL,
    -- The one before, and until when it signs as well.
    old_secret BLOB,
    old_until  INTEGER,
    enabled    INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    -- Why it was turned off by itself.
    fault      TEXT,
    -- Up to where in the log its deliveries are written down.
    position   INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

CREATE INDEX webhooks_by_property ON webhooks (property, id);

-- One event for one webhook. What is sent is made of the log when it is sent: nothing that a guest said is in here.
CREATE TABLE webhook_deliveries (
    id           BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    webhook      BLOB    NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    -- The event; null for a ping.
    conversation BLOB,
    seq          INTEGER,
    kind         TEXT    NOT NULL,
    step         TEXT    NOT NULL DEFAULT 'waiting' CHECK (step IN ('waiting', 'delivered', 'failed')),
    tries        INTEGER NOT NULL DEFAULT 0,
    -- Not to be tried before.
    due_at       INTEGER NOT NULL,
    -- The last answer's status, or why there was none.
    status       INTEGER,
    error        TEXT,
    created_at   INTEGER NOT NULL,
    -- When it was last tried.
    tried_at     INTEGER
) STRICT;

-- What is to be sent, in the order of each conversation.
CREATE INDEX webhook_deliveries_open ON webhook_deliveries (webhook, conversation, seq) WHERE step = 'waiting';
CREATE INDEX webhook_deliveries_by_webhook ON webhook_deliveries (webhook, id);
-- To throw old ones away.
CREATE INDEX webhook_deliveries_done ON webhook_deliveries (created_at) WHERE step <> 'waiting';
