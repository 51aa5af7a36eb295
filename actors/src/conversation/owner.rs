//! What a conversation does as the one that has it, among several processes.

use std::sync::Arc;

use ractor::ActorProcessingErr;
use uuid::Uuid;

use frontdesk_domain::conversation::Conversation as Rules;
use frontdesk_domain::letter::{Answer, Ask, NodeId};
use frontdesk_domain::people::Principal;
use frontdesk_domain::refusal::Refusal;

use crate::cluster::Cluster;
use crate::fanout::{Fanout, Far};
use crate::messages::{AiPoolMsg, ConversationRef, FromNode, Origin, Reply, SocketId};

use super::{Asked, Conversation, State};

impl Conversation {
    /// No readers yet.
    pub(super) fn nobody(&self) -> Fanout {
        let far = |cluster: &Arc<Cluster>| Far::new(Arc::clone(cluster), Uuid::now_v7());
        Fanout::with_far(self.around.cluster.as_ref().map(far))
    }

    /// Whether words of the AI are held back: it is not sure any more that we have the conversation, so somebody may
    /// have taken it over elsewhere. For the rest of the turn then, or there would be a hole in the words.
    pub(super) fn mute(&self, rules: &Rules, muted: &mut bool) -> bool {
        let Some(cluster) = &self.around.cluster else { return false };
        *muted = rules.turn().is_some() && (*muted || !cluster.may_show(self.id));
        *muted
    }

    pub(super) async fn on_from_node(
        &self,
        myself: &ConversationRef,
        said: FromNode,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        match said {
            FromNode::Asked { from, ticket, ask } => self.on_asked(myself, from, ticket, *ask, state).await,
            FromNode::Lost => {
                self.on_lost(myself, state);
                Ok(())
            }
            // Of a time when this stood in for a conversation that another process had.
            FromNode::Answered { .. }
            | FromNode::Told { .. }
            | FromNode::Standing(_)
            | FromNode::Overdue { .. }
            | FromNode::LeaseOver => Ok(()),
        }
    }

    async fn on_asked(
        &self,
        myself: &ConversationRef,
        from: NodeId,
        ticket: u64,
        ask: Ask,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        let Some(cluster) = &self.around.cluster else { return Ok(()) };
        let Some(life) = state.readers.far().map(|far| far.life()) else { return Ok(()) };
        let answer = |answer| cluster.answer(from, self.id, life, ticket, answer);
        match ask {
            Ask::Perform { who, command } => {
                let reply = Reply::to_node(cluster, from, self.id, life, ticket);
                let asked = Asked::new(who.map(Arc::new), command, reply);
                self.on_perform(myself, asked, state).await?;
            }
            Ask::Join(who) => {
                let joined = self.joined(&who, state);
                if let (Answer::Joined { .. }, Some(far)) = (&joined, state.readers.far()) {
                    far.watch(from);
                }
                answer(joined);
            }
            Ask::Watch => {
                state.readers.far().into_iter().for_each(|far| far.watch(from));
                answer(Answer::Watched);
            }
            Ask::Typing { who, socket, on } => {
                if admits(state, &who) {
                    let origin = Origin { node: Some(from), socket: SocketId(socket) };
                    self.on_typing(myself, &who, origin, on, state);
                }
            }
            Ask::Read { who, socket, seq } => {
                if admits(state, &who) {
                    let origin = Origin { node: Some(from), socket: SocketId(socket) };
                    self.on_read(&who, origin, seq, state).await;
                }
            }
            Ask::Release => {
                self.on_flush(myself, state).await?;
                self.save_marks(state).await;
                self.end_turn(state);
                self.let_go(myself).await;
                answer(Answer::Released);
                self.depart(myself, state);
            }
        }
        Ok(())
    }

    /// How it stands, for a reader elsewhere.
    fn joined(&self, who: &Principal, state: &State) -> Answer {
        let rules = match &state.rules {
            Ok(rules) if rules.admits(who) => rules,
            Ok(_) => return Answer::NotJoined(Refusal::not_found()),
            Err(refusal) => return Answer::NotJoined(refusal.clone()),
        };
        let audience = who.audience();
        let speaking = rules.turn().filter(|turn| !turn.shown.is_empty() && !state.muted);
        Answer::Joined {
            summary: Box::new(rules.summary().seen_by(audience)),
            head: rules.head(audience),
            draft: speaking.map(|turn| (turn.id, turn.shown.clone())),
            ai_typing: rules.turn().is_some(),
        }
    }

    /// Another process took it: whoever reads here finds it there.
    fn on_lost(&self, myself: &ConversationRef, state: &mut State) {
        tracing::info!(conversation = %self.id, "another node has taken a conversation");
        self.end_turn(state);
        self.depart(myself, state);
    }

    /// The AI need not go on.
    fn end_turn(&self, state: &State) {
        if let Some(turn) = state.rules.as_ref().ok().and_then(Rules::turn) {
            self.around.pool.cast(AiPoolMsg::Cancel(turn.id));
        }
    }

    /// Ends, and tells everybody who would go on listening. What is still on its way to us is refused, and asked
    /// again of whoever has it then.
    fn depart(&self, myself: &ConversationRef, state: &mut State) {
        // Nothing is ours to write any more.
        state.rules = Err(Refusal::unavailable());
        state.retiring = true;
        state.readers.far().into_iter().for_each(|far| far.gone(self.id));
        self.around.directory.remove(self.id, myself.get_id());
        if let Some(cluster) = &self.around.cluster {
            cluster.forget_lost(self.id);
        }
        myself.stop(None);
    }

    /// Anybody may have it from now on; unless it has been opened again here meanwhile.
    pub(crate) async fn let_go(&self, myself: &ConversationRef) {
        let Some(cluster) = &self.around.cluster else { return };
        if self.around.directory.find(self.id).is_some_and(|live| live.get_id() != myself.get_id()) {
            return;
        }
        if let Err(error) = cluster.owners().release(self.id).await {
            // Whoever wants it finds nobody here and takes it.
            tracing::debug!(conversation = %self.id, %error, "a conversation was not let go of");
        }
    }
}

fn admits(state: &State, who: &Principal) -> bool {
    state.rules.as_ref().is_ok_and(|rules| rules.admits(who))
}
