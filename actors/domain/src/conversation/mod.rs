//! The rule book of a conversation.
//!
//! [`Conversation::decide`] looks at a command and says what is to happen, or why not; it changes
//! nothing. The caller stores the events, and only then [`Conversation::apply`] changes the state,
//! which cannot fail. Who answers, who may not, what is a repeat: all of it is decided here.

mod act;
mod alarm;
mod apply;
mod booked;
mod command;
mod decide;
mod decision;
mod delivery;
mod ended;
mod erase;
mod gather;
mod receipts;
mod receive;
mod say;
mod script;
mod state;
#[cfg(test)]
mod tests;
mod turn;
mod window;
mod words;

pub use alarm::Alarm;
pub use command::{Act, Booked, Command, FoundFile, Receive, Received, Say, TurnEnd, TurnNews};
pub use decision::{Ack, Decision, Effect, Enclosed, InboundRow, Notice, Page, TurnStep};
pub use ended::{EndedTurn, TurnOutcome};
pub use receipts::{CommandKey, Receipt, Receipts};
pub use script::{ScriptLine, script};
pub use state::{Conversation, REQUESTS_MAX, Snapshot, Turn};

/// The most tags that a conversation may have.
pub const TAGS_MAX: usize = 20;
/// The longest tag, in characters.
pub const TAG_MAX_CHARS: usize = 32;
/// The longest comment of a rating, in characters.
pub const COMMENT_MAX_CHARS: usize = 1000;
/// How long the guest must be quiet before the AI answers, in milliseconds: quick messages make one turn.
pub const QUIET_MILLIS: i64 = 600;
/// The longest that quick messages are gathered, in milliseconds.
pub const GATHER_MAX_MILLIS: i64 = 4_000;
/// How long a guest who says that he is writing counts as writing, in milliseconds.
pub const TYPING_MILLIS: i64 = 4_000;
/// How often a turn is started anew because the guest went on writing.
pub const RESTARTS_MAX: u8 = 2;
/// How often an open turn is taken up again after a crash before people are asked.
pub const RECOVERIES_MAX: u8 = 1;
/// The longest quick reply, in characters.
pub const SUGGESTION_MAX_CHARS: usize = 120;
/// The most files that one message carries.
pub const ATTACHMENTS_MAX: usize = 10;
/// How long after a guest's message WhatsApp takes free text for the guest, in milliseconds.
pub const WINDOW_MILLIS: i64 = 24 * 3_600_000;
/// The farthest that a snooze may reach, in milliseconds: one year.
pub const SNOOZE_MAX_MILLIS: i64 = 366 * 24 * 3_600_000;
