//! A conversation: serialises guest, agents and AI; decides, stores, applies, tells, asks.
//!
//! Started by the directory's opener under the conversations' supervisor.
//! Owns the conversation's state and its list of readers.
//! Waits for the store, and nothing else.
//! Killed by a conflict in the store (somebody else wrote) or a panic; then it is opened again from disk.
//! The world sees then: senders get `unavailable` and repeat, readers rejoin from their last `seq`.

mod perform;
mod readers;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ractor::{Actor, ActorProcessingErr, ActorRef};

use frontdesk_domain::conversation::{
    Command, Conversation as Rules, Decision, Effect, Notice, Snapshot, TurnEnd, TurnNews,
};
use frontdesk_domain::frame::ServerFrame;
use frontdesk_domain::ids::{ConversationId, TurnId};
use frontdesk_domain::people::Audience;
use frontdesk_domain::refusal::Refusal;

use crate::address::Address;
use crate::directory::Directory;
use crate::fanout::Fanout;
use crate::messages::{AiPoolMsg, ConversationMsg, ConversationRef, InboxMsg, Reply, TurnRequest};
use crate::ports::Store;

use perform::Asked;

/// How long a retiring conversation still takes what was on its way when it left the directory.
const RETIRE_AFTER: Duration = Duration::from_secs(1);
/// When a turn of which nothing was heard is given up. Longer than the pool's own deadline: this is for
/// a pool that died with it.
const TURN_LOST_AFTER: Duration = Duration::from_secs(90);

/// What all conversations of a process share.
pub struct Surroundings {
    /// The log.
    pub store: Arc<dyn Store>,
    /// Where conversations are found.
    pub directory: Directory,
    /// Who answers turns.
    pub pool: Address<AiPoolMsg>,
    /// Who tells the agents.
    pub inbox: Address<InboxMsg>,
}

/// The actor.
pub struct Conversation {
    /// Which conversation.
    pub id: ConversationId,
    /// What it works with.
    pub around: Arc<Surroundings>,
}

/// What changes.
pub struct State {
    /// The rules' state, or why there is none.
    rules: Result<Rules, Refusal>,
    readers: Fanout,
    /// Commands that share the next commit.
    waiting: VecDeque<Asked>,
    active_at: Instant,
    /// Read marks changed since the last commit.
    marks_unsaved: bool,
    retiring: bool,
}

impl Actor for Conversation {
    type Msg = ConversationMsg;
    type State = State;
    type Arguments = ();

    async fn pre_start(&self, myself: ConversationRef, (): ()) -> Result<State, ActorProcessingErr> {
        let rules = match self.around.store.load(self.id).await {
            Ok(Some(rules)) => Ok(rules),
            Ok(None) => Err(Refusal::not_found()),
            Err(error) => {
                tracing::warn!(conversation = %self.id, %error, "a conversation could not be loaded");
                Err(Refusal::unavailable())
            }
        };
        match &rules {
            Ok(rules) if rules.turn().is_some() => {
                let command = Box::new(Command::Recover);
                myself.cast(ConversationMsg::Perform { who: None, command, reply: Reply::to_nobody() })?;
            }
            Ok(_) => {}
            // Refuse what has queued already; the next one who asks tries anew.
            Err(_) => self.around.directory.remove(self.id, myself.get_id()),
        }
        let retiring = rules.is_err();
        if retiring {
            myself.send_after(RETIRE_AFTER, || ConversationMsg::Retire);
        }
        Ok(State {
            rules,
            readers: Fanout::default(),
            waiting: VecDeque::new(),
            active_at: Instant::now(),
            marks_unsaved: false,
            retiring,
        })
    }

    async fn handle(
        &self,
        myself: ConversationRef,
        message: ConversationMsg,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            ConversationMsg::Perform { who, command, reply } => {
                self.on_perform(&myself, Asked { who, command: *command, reply }, state).await?;
            }
            ConversationMsg::Flush => self.on_flush(&myself, state).await?,
            ConversationMsg::TurnNews { turn, news } => {
                self.on_perform(&myself, own(Command::Turn(turn, news)), state).await?;
            }
            ConversationMsg::Wake => self.on_perform(&myself, own(Command::Wake), state).await?,
            ConversationMsg::CheckTurn { turn } => {
                // A turn that is still the same after so long was lost with its worker: people are asked.
                let news = TurnNews::Ended(TurnEnd::Failed { reason: "no_answer".to_owned() });
                self.on_perform(&myself, own(Command::Turn(turn, news)), state).await?;
            }
            ConversationMsg::Join(reader) => self.on_join(&myself, &reader, state),
            ConversationMsg::Leave { id } => state.readers.leave(id),
            ConversationMsg::Typing { from, on } => self.on_typing(&from, on, state),
            ConversationMsg::Read { from, seq } => self.on_read(&from, seq, state).await,
            ConversationMsg::CheckIdle => self.on_check_idle(&myself, state).await,
            ConversationMsg::Retire => {
                self.on_flush(&myself, state).await?;
                self.save_marks(state).await;
                myself.stop(None);
            }
        }
        Ok(())
    }

    async fn post_stop(&self, _myself: ConversationRef, state: &mut State) -> Result<(), ActorProcessingErr> {
        // Only read marks are at stake here: everything else is stored before anyone hears of it.
        self.save_marks(state).await;
        Ok(())
    }
}

impl Conversation {
    /// What follows from a decision elsewhere.
    fn carry_out(&self, myself: &ConversationRef, decision: &Decision, rules: &Rules) {
        for effect in &decision.effects {
            match effect {
                Effect::Ask(turn) => self.ask(myself, *turn, rules.snapshot()),
                Effect::Cancel(turn) => {
                    self.around.pool.cast(AiPoolMsg::Cancel(*turn));
                }
                // Due snoozes are looked up by the supervisor, so that they outlive this actor.
                Effect::WakeAt(_) => {}
            }
        }
        if !decision.events.is_empty() {
            self.around.inbox.cast(InboxMsg::Changed(Box::new(rules.summary())));
        }
    }

    fn ask(&self, myself: &ConversationRef, turn: TurnId, snapshot: &Snapshot) {
        let request = TurnRequest {
            turn,
            conversation: self.id,
            property: snapshot.property,
            locale: snapshot.guest.locale.clone(),
        };
        self.around.pool.cast(AiPoolMsg::Ask { request, reply: myself.clone() });
        myself.send_after(TURN_LOST_AFTER, move || ConversationMsg::CheckTurn { turn });
    }
}

/// The rules' own command: nobody is owed an answer.
fn own(command: Command) -> Asked {
    Asked { who: None, command, reply: Reply::to_nobody() }
}

/// Tells the readers: what is stored, then what passes.
fn tell(decision: &Decision, rules: &Rules, readers: &mut Fanout) {
    for event in &decision.events {
        readers.tell(event);
    }
    for notice in &decision.notices {
        let frame = passing(notice, rules.id());
        readers.notice(rules.id(), &frame, |audience: Audience| rules.head(audience), None);
    }
}

fn passing(notice: &Notice, conversation: ConversationId) -> ServerFrame {
    match notice.clone() {
        Notice::Draft { turn, text } => ServerFrame::Draft { conversation, turn, text },
        Notice::DraftEnd { turn, outcome, seq } => ServerFrame::DraftEnd { conversation, turn, outcome, seq },
        Notice::Typing { by, on } => ServerFrame::Typing { conversation, by, on },
    }
}

/// Opens a conversation under its supervisor, without waiting for it.
pub fn open(
    id: ConversationId,
    around: Arc<Surroundings>,
    supervisor: ractor::ActorCell,
) -> Option<ConversationRef> {
    let actor = Conversation { id, around };
    let (actor, _): (ActorRef<ConversationMsg>, _) =
        ractor::ActorRuntime::spawn_linked_instant(None, actor, (), supervisor).ok()?;
    Some(actor)
}
