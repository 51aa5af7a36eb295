-- What an open turn is to answer: what the guest said after `after_seq`, up to and with `through_seq`.
ALTER TABLE turns ADD COLUMN after_seq INTEGER NOT NULL DEFAULT 0;
ALTER TABLE turns ADD COLUMN through_seq INTEGER NOT NULL DEFAULT 0;

-- Every turn that is over, for good. Added in the commit that ends it, never changed. With a rowid, so that new
-- rows share the last pages.
CREATE TABLE ended_turns (
    turn          BLOB    NOT NULL CHECK (length(turn) = 16),
    conversation  BLOB    NOT NULL,
    -- How often people had given the conversation back to the AI by then.
    episode       INTEGER NOT NULL,
    after_seq     INTEGER NOT NULL,
    through_seq   INTEGER NOT NULL,
    outcome       TEXT    NOT NULL CHECK (outcome IN ('answered', 'clarified', 'handed_over', 'request_created',
                                                      'declined', 'smalltalk', 'superseded', 'failed_to_human')),
    -- A short code.
    reason        TEXT,
    -- 1: its messages went on to the next turn, which settles them; 0: they are settled by this one.
    carried       INTEGER NOT NULL CHECK (carried IN (0, 1)),
    -- The event that holds what the guest was shown, whole or partial.
    answer_seq    INTEGER,
    opened_at     INTEGER NOT NULL,
    asked_at      INTEGER,
    first_word_at INTEGER,
    ended_at      INTEGER NOT NULL,
    restarts      INTEGER NOT NULL,
    recoveries    INTEGER NOT NULL
) STRICT;

CREATE INDEX ended_turns_by_conversation ON ended_turns (conversation, through_seq);

-- Every call of a model, with what it cost: the pool's books. A turn may have made none, or several. Cancelled
-- calls are in here too, by the pool's estimate.
CREATE TABLE model_calls (
    turn              BLOB    NOT NULL CHECK (length(turn) = 16),
    conversation      BLOB    NOT NULL,
    property          BLOB    NOT NULL,
    -- When it ended.
    at                INTEGER NOT NULL,
    -- 'said', 'handed_over', 'cancelled', or the class of its failure.
    outcome           TEXT    NOT NULL,
    prompt_tokens     INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    -- 1: by the pool's estimate, for the server named none.
    estimated         INTEGER NOT NULL CHECK (estimated IN (0, 1)),
    -- In millionths of the currency of OPENAI_PRICE_*.
    cost_micros       INTEGER NOT NULL,
    -- How long it waited in the pool, to the first word, and as a whole.
    queued_ms         INTEGER NOT NULL,
    first_word_ms     INTEGER,
    whole_ms          INTEGER NOT NULL
) STRICT;

CREATE INDEX model_calls_by_turn ON model_calls (turn);
-- The day's and the month's sums after a restart.
CREATE INDEX model_calls_by_time ON model_calls (at);
