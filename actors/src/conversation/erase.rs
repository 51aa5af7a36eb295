//! Erasure: the last event, and then the words of all those before it.

use ractor::{ActorProcessingErr, RpcReplyPort};

use frontdesk_domain::conversation::Command;
use frontdesk_domain::people::Author;
use frontdesk_domain::refusal::Refusal;

use crate::messages::ConversationRef;

use super::{Asked, Conversation, State};

impl Conversation {
    /// The event goes through the five steps like any other. Then the store forgets, while this actor adds
    /// nothing: so no commit of ours can bring words back. Whoever asks again after a crash between the two
    /// finds the event in its place.
    pub(super) async fn on_erase(
        &self,
        myself: &ConversationRef,
        by: Author,
        reply: RpcReplyPort<Result<(), Refusal>>,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        // What came before is said before.
        self.on_flush(myself, state).await?;
        self.on_perform(myself, Asked::own(Command::Erase { by }), state).await?;
        let _ = reply.send(self.redact(state).await);
        Ok(())
    }

    async fn redact(&self, state: &mut State) -> Result<(), Refusal> {
        let rules = state.rules.as_ref().map_err(Clone::clone)?;
        let snapshot = rules.snapshot();
        if snapshot.last_seq == 0 {
            return Ok(());
        }
        if !rules.is_erased() {
            return Err(Refusal::unavailable());
        }
        // Read marks that were not saved would be a commit behind its back.
        self.save_marks(state).await;
        let through = state.rules.as_ref().map_err(Clone::clone)?.snapshot().erased;
        self.around.store.redact(self.id, through).await.map_err(|error| {
            tracing::error!(conversation = %self.id, %error, "a conversation was not erased");
            Refusal::unavailable()
        })
    }
}
