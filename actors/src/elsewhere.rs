//! What stands in here for a conversation that another process has: passes on what is asked of it, and tells the
//! readers here what its owner tells.
//!
//! Begun by [`crate::somewhere`], when the database says that the conversation is another's.
//! Owns the readers here, and the questions that the owner has not answered.
//! Waits for the store, when the owner does not answer.
//! Ends when the owner does, or no longer has the conversation, or when nobody here wants to know.
//! The world sees then: readers that join again, senders that are passed on.

mod asking;
mod leaving;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ractor::{ActorProcessingErr, RpcReplyPort};
use uuid::Uuid;

use frontdesk_domain::conversation::Command;
use frontdesk_domain::ids::{ConversationId, Seq};
use frontdesk_domain::letter::{Ask, NodeId, Told};
use frontdesk_domain::people::{Audience, Author, Principal};
use frontdesk_domain::refusal::Refusal;

use crate::cluster::{Cluster, WATCH_EVERY};
use crate::directory::Directory;
use crate::fanout::Fanout;
use crate::messages::{ConversationMsg, ConversationRef, FromNode, Origin, Reader, Reply, SocketId};
use crate::ports::{Standing, Store};

/// How long nobody asks before this ends.
const IDLE_AFTER: Duration = Duration::from_secs(60);
/// How long whoever ends still passes on what was on its way.
const RETIRE_AFTER: Duration = Duration::from_secs(1);
/// How many questions may be open. One more is refused as too busy.
const OPEN_MAX: usize = 4_096;

/// What a stand-in works with.
#[derive(Clone)]
pub struct Elsewhere {
    /// Which conversation.
    pub id: ConversationId,
    /// The way to the others.
    pub cluster: Arc<Cluster>,
    /// Where conversations are found.
    pub directory: Directory,
    /// How it stands, where the owner does not say.
    pub store: Arc<dyn Store>,
}

/// What changes.
pub struct State {
    owner: NodeId,
    /// Names the owner's actor that tells us, once it has answered.
    life: Option<Uuid>,
    readers: Fanout,
    /// What the owner has not answered, in the order in which it was asked.
    open: BTreeMap<u64, Open>,
    last_ticket: u64,
    /// The newest event of which the readers here were told, as far as is known.
    known: Seq,
    /// The newest event in the store at the last look, if it was not told by then.
    missed: Option<Seq>,
    begun_at: Instant,
    asked_at: Instant,
    watched_at: Instant,
    /// We have taken it, and its last owner may still show words of the AI: nothing goes on before that is over.
    waits_for_lease: bool,
    /// What other nodes asked us, as the owner, meanwhile.
    held: Vec<FromNode>,
    /// Who has our place by now: everything is passed on.
    successor: Option<ConversationRef>,
    retiring: bool,
}

/// A question that is open.
enum Open {
    Perform {
        who: Option<Arc<Principal>>,
        command: Box<Command>,
        reply: Reply,
    },
    Join(Reader),
    Watch,
    /// Erasing is done by who has the conversation: it is asked for.
    Erase {
        by: Author,
        reply: RpcReplyPort<Result<(), Refusal>>,
    },
}

impl Elsewhere {
    /// Begins to stand in.
    pub fn begin(&self, myself: &ConversationRef, owner: NodeId) -> State {
        self.cluster.stand_in(self.id, myself.clone());
        State {
            owner,
            life: None,
            readers: Fanout::default(),
            open: BTreeMap::new(),
            last_ticket: 0,
            known: 0,
            missed: None,
            begun_at: Instant::now(),
            asked_at: Instant::now(),
            watched_at: Instant::now(),
            waits_for_lease: false,
            held: Vec::new(),
            successor: None,
            retiring: false,
        }
    }

    /// Does as it is told.
    ///
    /// # Errors
    /// None: what fails is asked again elsewhere.
    pub async fn handle(
        &self,
        myself: &ConversationRef,
        message: ConversationMsg,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        if let Some(successor) = &state.successor {
            if !is_ours_alone(&message) {
                let _ = successor.cast(message);
            }
            return Ok(());
        }
        match message {
            ConversationMsg::Perform { who, command, reply } => {
                self.ask(myself, Open::Perform { who, command, reply }, state);
            }
            ConversationMsg::Join(reader) => self.ask(myself, Open::Join(reader), state),
            ConversationMsg::Leave { id } => state.readers.leave(id),
            ConversationMsg::Typing { from, on } => {
                let ask = Ask::Typing { who: (*from.who).clone(), socket: from.id.0, on };
                self.cluster.ask(state.owner, self.id, 0, ask);
            }
            ConversationMsg::Read { from, seq } => {
                let ask = Ask::Read { who: (*from.who).clone(), socket: from.id.0, seq };
                self.cluster.ask(state.owner, self.id, 0, ask);
            }
            ConversationMsg::Erase { by, reply } => self.ask(myself, Open::Erase { by, reply }, state),
            ConversationMsg::Wake => {
                let (command, reply) = (Box::new(Command::Wake), Reply::to_nobody());
                self.ask(myself, Open::Perform { who: None, command, reply }, state);
            }
            ConversationMsg::CheckOwner => self.ask(myself, Open::Watch, state),
            ConversationMsg::CheckIdle => self.on_check_idle(myself, state),
            ConversationMsg::Retire => self.end(myself),
            ConversationMsg::FromNode(said) => self.on_from_node(myself, *said, state).await,
            // The owner's own: of a time when the conversation was ours.
            ConversationMsg::Flush
            | ConversationMsg::TurnNews { .. }
            | ConversationMsg::CheckTurn { .. }
            | ConversationMsg::Quiet { .. }
            | ConversationMsg::Escalate { .. } => {}
        }
        Ok(())
    }

    async fn on_from_node(&self, myself: &ConversationRef, said: FromNode, state: &mut State) {
        match said {
            FromNode::Answered { life, ticket, answer } => {
                self.on_answer(myself, life, ticket, *answer, state)
            }
            FromNode::Told { life, what } => self.on_told(myself, life, *what, state),
            FromNode::Standing(standing) => self.on_standing(myself, standing, state),
            FromNode::Overdue { ticket } => self.on_overdue(myself, ticket, state).await,
            FromNode::LeaseOver => {
                state.waits_for_lease = false;
                self.hand_on(myself, state);
            }
            FromNode::Asked { from, ticket, ask } => self.on_asked(myself, from, ticket, ask, state),
            FromNode::Lost => self.cluster.forget_lost(self.id),
        }
    }

    /// The owner tells something. From another one than we were told by, it may have holes: the readers join again.
    fn on_told(&self, myself: &ConversationRef, life: Uuid, what: Told, state: &mut State) {
        if state.life.is_some_and(|known| known != life) {
            return self.hand_on(myself, state);
        }
        match what {
            Told::Event(event) => {
                state.known = state.known.max(event.seq);
                state.readers.tell(&event);
            }
            Told::Notice { frame, guest, agents, except } => {
                let head = |audience| match audience {
                    Audience::Guest => guest,
                    Audience::Agents => agents,
                };
                let except = except.map(|socket| Origin::here(SocketId(socket)));
                state.readers.notice(self.id, &frame, head, except);
            }
            Told::Gone => self.hand_on(myself, state),
        }
    }

    /// How it stands in the database: what was stored and not told, since a letter was lost or the owner cannot be
    /// heard, is read from there.
    fn on_standing(&self, myself: &ConversationRef, standing: Standing, state: &mut State) {
        if standing.owner != Some(state.owner) {
            return self.hand_on(myself, state);
        }
        if standing.last_seq > state.known {
            // A letter may be on its way: the second look decides, unless none can come.
            let again = state.missed.is_some_and(|missed| missed > state.known);
            if again || !self.cluster.is_connected() {
                state.known = standing.last_seq;
                state.readers.catch_up(self.id);
            } else {
                state.missed = Some(standing.last_seq);
            }
        }
        if !state.readers.is_empty() && state.watched_at.elapsed() >= WATCH_EVERY {
            state.watched_at = Instant::now();
            self.cluster.ask(state.owner, self.id, 0, Ask::Watch);
        }
    }

    fn on_check_idle(&self, myself: &ConversationRef, state: &mut State) {
        let busy = !state.open.is_empty() || !state.readers.is_empty();
        if state.retiring || busy || state.asked_at.elapsed() < IDLE_AFTER {
            return;
        }
        state.retiring = true;
        self.directory.remove(self.id, myself.get_id());
        myself.send_after(RETIRE_AFTER, || ConversationMsg::Retire);
    }

    fn end(&self, myself: &ConversationRef) {
        self.directory.remove(self.id, myself.get_id());
        self.cluster.stand_down(self.id, myself);
        myself.stop(None);
    }
}

/// What answers us, or tells us how it stands: a successor asks for itself.
fn is_ours_alone(message: &ConversationMsg) -> bool {
    matches!(message, ConversationMsg::FromNode(said) if !matches!(**said, FromNode::Asked { .. }))
}
