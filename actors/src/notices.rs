//! What the channels themselves tell staff: notes in a conversation, stored by its actor.

use frontdesk_domain::conversation::{Command, Receive};
use frontdesk_domain::ids::ConversationId;
use frontdesk_domain::refusal::{Code, Refusal};

use crate::directory::Directory;
use crate::messages::{ConversationMsg, Reply};
use crate::trace::Trace;

/// Returns when the note is on disk, or was before.
///
/// # Errors
/// What the conversation answered; `unavailable` if it did not.
pub(crate) async fn store(
    directory: &Directory,
    to: ConversationId,
    note: Receive,
    trace: Trace,
) -> Result<(), Refusal> {
    let (port, answer) = ractor::concurrency::oneshot();
    let command = Box::new(Command::Receive(Box::new(note)));
    let reply = Reply::to_caller(port.into()).below(trace);
    // Whoever does not take it drops the reply, which answers by itself.
    let _ = directory.find_or_open(to)?.cast(ConversationMsg::Perform { who: None, command, reply });
    match answer.await.unwrap_or_else(|_| Err(Refusal::unavailable())) {
        Ok(_) => Ok(()),
        // Something else of the same id is there: it was here before, under other circumstances.
        Err(refusal) if refusal.code == Code::Conflict => Ok(()),
        Err(refusal) => Err(refusal),
    }
}

/// Whether the same may be taken later. `internal` is not: that is what was set aside.
pub(crate) fn is_passing(refusal: &Refusal) -> bool {
    matches!(refusal.code, Code::Unavailable | Code::Overloaded)
}
