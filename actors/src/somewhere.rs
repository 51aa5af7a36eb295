//! A conversation where there are several processes: it is opened here if nobody has it, and stood in for if another
//! process does.
//!
//! Started by the directory's opener under the conversations' supervisor.
//! Owns what [`Conversation`] or [`Elsewhere`] own.
//! Waits for the database to say whose the conversation is.
//! Killed by what kills a conversation.
//! The world sees then: what it sees of a conversation.

use std::sync::Arc;

use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef};

use frontdesk_domain::ids::ConversationId;

use crate::cluster::Cluster;
use crate::conversation::{self, Conversation, Surroundings};
use crate::elsewhere::{self, Elsewhere};
use crate::messages::{ConversationMsg, ConversationRef};
use crate::ports::Claim;

/// The actor.
pub struct Somewhere {
    here: Conversation,
    elsewhere: Elsewhere,
    cluster: Arc<Cluster>,
}

/// What changes.
pub enum State {
    /// We have it.
    Here(Box<conversation::State>),
    /// Another process has it.
    Elsewhere(Box<elsewhere::State>),
}

impl Actor for Somewhere {
    type Msg = ConversationMsg;
    type State = State;
    type Arguments = ();

    async fn pre_start(&self, myself: ConversationRef, (): ()) -> Result<State, ActorProcessingErr> {
        match self.cluster.owners().claim(self.here.id).await {
            Ok(Claim::Theirs(owner)) => {
                return Ok(State::Elsewhere(Box::new(self.elsewhere.begin(&myself, owner))));
            }
            Ok(Claim::Ours { .. } | Claim::Nobodys) => self.cluster.forget_lost(self.here.id),
            // Loading it will say so as well. If not, storing something will.
            Err(error) => {
                tracing::warn!(conversation = %self.here.id, %error, "it is not known whose a conversation is")
            }
        }
        Ok(State::Here(Box::new(self.here.pre_start(myself, ()).await?)))
    }

    async fn handle(
        &self,
        myself: ConversationRef,
        message: ConversationMsg,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        match state {
            State::Here(state) => self.here.handle(myself, message, state).await,
            State::Elsewhere(state) => self.elsewhere.handle(&myself, message, state).await,
        }
    }

    async fn post_stop(&self, myself: ConversationRef, state: &mut State) -> Result<(), ActorProcessingErr> {
        match state {
            State::Here(state) => {
                self.here.post_stop(myself.clone(), state).await?;
                // Whoever wants it next need not find out first that we are gone.
                self.here.let_go(&myself).await;
                Ok(())
            }
            State::Elsewhere(_) => {
                self.cluster.stand_down(self.here.id, &myself);
                Ok(())
            }
        }
    }
}

/// Opens a conversation under its supervisor, without waiting for it.
pub fn open(
    id: ConversationId,
    around: Arc<Surroundings>,
    cluster: Arc<Cluster>,
    supervisor: ActorCell,
) -> Option<ConversationRef> {
    let elsewhere = Elsewhere {
        id,
        cluster: Arc::clone(&cluster),
        directory: around.directory.clone(),
        store: Arc::clone(&around.store),
    };
    let actor = Somewhere { here: Conversation { id, around }, elsewhere, cluster };
    let (actor, _): (ActorRef<ConversationMsg>, _) =
        ractor::ActorRuntime::spawn_linked_instant(None, actor, (), supervisor).ok()?;
    Some(actor)
}
