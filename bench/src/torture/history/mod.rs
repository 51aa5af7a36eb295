//! What clients tried and saw, as one JSON line each.
//!
//! All times are microseconds of one monotonic clock since the run began. The file says everything that the
//! checker needs, so that a kept history can be judged again, and by others.

use serde::{Deserialize, Serialize};

pub mod event;
pub mod record;

pub use event::Seen;
pub use record::{Clerk, Recorder};

/// A line with its time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stamped {
    /// Microseconds since the run began.
    pub t: u64,
    /// What happened.
    #[serde(flatten)]
    pub line: Line,
}

/// Who reads: what it may see differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// The conversation's guest.
    Guest,
    /// Staff.
    Agents,
}

/// What an attempt asks for. Two attempts with one id are the same only if all of this is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", content = "text", rename_all = "snake_case")]
pub enum Body {
    /// A message with this text.
    Message(String),
    /// A note with this text.
    Note(String),
    /// An action, as JSON.
    Act(String),
}

impl Body {
    /// The text, of what has one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Message(text) | Self::Note(text) => Some(text),
            Self::Act(_) => None,
        }
    }
}

/// How an attempt was answered. One without an answer may have been stored or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Stored as this event.
    Ack(u64),
    /// Refused with this code: this attempt stored nothing.
    Refused(String),
    /// Of a webhook: answered 200, so all of it is stored.
    Taken,
}

/// What was done to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// `kill -9`.
    Kill,
    /// SIGTERM.
    Term,
    /// SIGSTOP.
    Stop,
    /// SIGCONT.
    Continue,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Line {
    /// The head of a history.
    Run {
        /// The word that begins every text of this run.
        run: String,
        /// Makes the schedule of faults and of what clients do; not how it all interleaves.
        seed: u64,
        /// The server's program.
        server: String,
    },
    /// A guest and its conversation.
    Guest {
        /// The conversation.
        conversation: String,
        /// The guest's id.
        guest: String,
    },
    /// The server was hurt.
    Fault {
        /// How.
        fault: Fault,
        /// The process.
        pid: i32,
    },
    /// The server ended after a SIGTERM.
    Ended {
        /// How long it took.
        after_ms: u64,
        /// Its exit code; `None` when a signal ended it, or when it had to be killed.
        code: Option<i32>,
    },
    /// The server is ready again.
    Ready {
        /// The new process.
        pid: i32,
        /// From its start.
        after_ms: u64,
    },
    /// Somebody asks for something to be stored.
    Try {
        /// Counts the attempts of a run.
        no: u64,
        /// The connection, 0 for HTTP.
        conn: u64,
        /// Where.
        conversation: String,
        /// Who: the id of the guest or agent.
        author: String,
        /// The author's own id for it.
        id: String,
        /// What.
        body: Body,
    },
    /// An attempt was answered.
    Answer {
        /// The attempt.
        no: u64,
        /// How.
        answer: Answer,
    },
    /// WhatsApp delivers a guest's message, for the first time or again. It is answered like an attempt.
    Post {
        /// Counts among the attempts.
        no: u64,
        /// The guest's number.
        phone: String,
        /// WhatsApp's id of the message.
        id: String,
        /// The words.
        text: String,
    },
    /// In the end, a conversation is that of the guest with this number.
    Phone {
        /// The number.
        phone: String,
        /// The conversation.
        conversation: String,
    },
    /// A reader asks for a conversation.
    Open {
        /// The connection.
        conn: u64,
        /// Who reads.
        audience: Audience,
        /// Which.
        conversation: String,
        /// What the reader holds.
        after: Option<u64>,
    },
    /// A reader is shown the beginning.
    Opened {
        /// The connection.
        conn: u64,
        /// Which conversation.
        conversation: String,
        /// The events.
        events: Vec<Seen>,
        /// Whether there are more.
        more: bool,
    },
    /// A reader is shown an event.
    Event {
        /// The connection.
        conn: u64,
        /// The conversation that the frame names.
        conversation: String,
        /// The event.
        event: Seen,
    },
    /// A reader is shown words of the AI.
    Draft {
        /// The connection.
        conn: u64,
        /// Where.
        conversation: String,
        /// The attempt of the AI.
        turn: String,
        /// The words.
        text: String,
    },
    /// A reader is told what became of those words.
    DraftEnd {
        /// The connection.
        conn: u64,
        /// Where.
        conversation: String,
        /// The attempt of the AI.
        turn: String,
        /// `sent`, `cut` or `dropped`.
        outcome: String,
        /// The event that they became.
        seq: Option<u64>,
    },
    /// A guest's connection got another frame that holds words of this run.
    Other {
        /// The connection.
        conn: u64,
        /// The guest's conversation.
        conversation: String,
        /// The frame.
        frame: String,
    },
    /// After the end of the load, and of a pause, this connection answered a ping: it had the time to be
    /// told everything.
    Level {
        /// The connection.
        conn: u64,
    },
    /// A connection ended.
    Closed {
        /// The connection.
        conn: u64,
        /// The close code; 1006 without one.
        code: u16,
    },
    /// A conversation as it is in the end, read over HTTP.
    Final {
        /// By whom.
        audience: Audience,
        /// Which.
        conversation: String,
        /// All of its events.
        events: Vec<Seen>,
    },
}
