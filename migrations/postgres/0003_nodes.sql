-- Several processes over this database.

-- Which process has the conversation; null: none. Where there are several, a commit of any other is refused.
ALTER TABLE conversations ADD COLUMN owner UUID;

-- Conversations that were taken from a process that did not answer. It finds out here, and removes the row.
CREATE TABLE taken (
    conversation UUID        NOT NULL,
    owner        UUID        NOT NULL,
    at           TIMESTAMPTZ NOT NULL DEFAULT now(),
    PRIMARY KEY (owner, conversation)
);

-- What changed in the last few seconds, for the lists at other processes.
CREATE INDEX conversations_changed ON conversations (updated_at);
