//! The one place where the rules are asked, and what becomes of a panic of theirs.

use std::sync::Arc;

use ractor::ActorProcessingErr;

use frontdesk_domain::conversation::{Command, Conversation as Rules, Decision, Snapshot};
use frontdesk_domain::refusal::Refusal;

use crate::clock;
use crate::poison::{self, Tried};

use super::Conversation;

impl Conversation {
    /// Decides, and says what the conversation is like afterwards. A panic of the rules kills us, so that nothing
    /// goes on from a state that it may have left; what panics each time is refused.
    pub(super) fn decide(
        &self,
        command: Command,
        rules: &Rules,
    ) -> Result<Result<(Decision, Arc<Snapshot>), Refusal>, ActorProcessingErr> {
        let tried = Tried::command(self.id, &command);
        if self.around.poison.is_set_aside(|| tried) {
            return Ok(Err(poison::refusal()));
        }
        let decided = self.around.poison.watch(tried, || {
            #[cfg(feature = "panics")]
            poison::planted("panic", &said(&command));
            let decision = rules.decide(command, clock::now(), clock::fresh_turn())?;
            let next = rules.after(&decision);
            Ok((decision, next))
        });
        decided.map_err(|_| "the rules panicked over a command".into())
    }
}

/// The words of a command, for panics that are planted.
#[cfg(feature = "panics")]
fn said(command: &Command) -> String {
    use frontdesk_domain::conversation::Received;
    match command {
        Command::Say(say) => say.text.clone(),
        Command::Receive(receive) => match &receive.what {
            Received::Message { text, .. } => text.clone(),
            _ => String::new(),
        },
        _ => String::new(),
    }
}
