//! A conversation: serialises guest, agents and AI; decides, stores, applies, tells, asks.
//!
//! Started by the directory's opener under the conversations' supervisor.
//! Owns the conversation's state and its list of readers.
//! Waits for the store, and nothing else.
//! Killed by a conflict in the store (somebody else wrote) or a panic; then it is opened again from disk.
//! The world sees then: senders get `unavailable` and repeat, readers rejoin from their last `seq`.

mod alarm;
mod commit;
mod decide;
mod erase;
mod owner;
mod perform;
mod readers;
mod telling;

use std::collections::VecDeque;
use std::future::ready;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::Either;
use ractor::{Actor, ActorProcessingErr, ActorRef};

use frontdesk_domain::conversation::{
    Command, Conversation as Rules, Decision, Effect, Snapshot, TurnEnd, TurnNews,
};
use frontdesk_domain::event::Channel;
use frontdesk_domain::ids::{ConversationId, Seq, TurnId};
use frontdesk_domain::people::AuthorKind;
use frontdesk_domain::refusal::Refusal;
use frontdesk_domain::timestamp::Timestamp;

use crate::address::Address;
use crate::clock;
use crate::cluster::Cluster;
use crate::directory::Directory;
use crate::fanout::Fanout;
use crate::messages::{
    AiPoolMsg, ConversationMsg, ConversationRef, InboxMsg, Origin, Reply, TurnRequest, WhatsAppOutboxMsg,
};
use crate::poison::Poison;
use crate::ports::{Ladder, Store};
use crate::trace::Trace;

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
    /// To whom alarms go that nobody acknowledges.
    pub ladder: Ladder,
    /// Who sends what goes out over WhatsApp.
    pub outbox: Address<WhatsAppOutboxMsg>,
    /// What has made us panic.
    pub poison: Arc<Poison>,
    /// Our neighbours, where there are any: then a conversation is ours or another's.
    pub cluster: Option<Arc<Cluster>>,
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
    /// The turn that is open shows no more words: some were held back, for it was not sure that we are the owner.
    muted: bool,
    /// Where the turn that is open belongs: to the message that it answers.
    trace: Trace,
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
        if let Some(alarm) = rules.as_ref().ok().and_then(|rules| rules.snapshot().alarm.as_ref()) {
            self.arm(&myself, alarm.since, alarm.rung);
        }
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
            readers: self.nobody(),
            waiting: VecDeque::new(),
            active_at: Instant::now(),
            marks_unsaved: false,
            retiring,
            muted: false,
            trace: Trace::default(),
        })
    }

    // No `async fn`: what an actor may wait for is kept by it four times over while it waits for nothing. What can
    // be done at once is; the rest is boxed for as long as it takes.
    fn handle(
        &self,
        myself: ConversationRef,
        message: ConversationMsg,
        state: &mut State,
    ) -> impl Future<Output = Result<(), ActorProcessingErr>> + Send {
        match self.at_once(&myself, message, state) {
            None => Either::Left(ready(Ok(()))),
            Some(message) => Either::Right(Box::pin(self.in_time(myself, message, state))),
        }
    }

    async fn post_stop(&self, _myself: ConversationRef, state: &mut State) -> Result<(), ActorProcessingErr> {
        // Only read marks are at stake here: everything else is stored before anyone hears of it.
        self.save_marks(state).await;
        Ok(())
    }
}

impl Conversation {
    /// Does what needs no waiting; gives back what does.
    fn at_once(
        &self,
        myself: &ConversationRef,
        message: ConversationMsg,
        state: &mut State,
    ) -> Option<ConversationMsg> {
        match message {
            ConversationMsg::CheckOwner => {}
            ConversationMsg::Join(reader) => self.on_join(myself, &reader, state),
            ConversationMsg::Leave { id } => state.readers.leave(id),
            ConversationMsg::Typing { from, on } => {
                if self.admit(&from, state).is_some() {
                    self.on_typing(myself, &from.who, Origin::here(from.id), on, state);
                }
            }
            waits => return Some(waits),
        }
        None
    }

    async fn in_time(
        &self,
        myself: ConversationRef,
        message: ConversationMsg,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        let own = |command| Asked::own(command);
        match message {
            ConversationMsg::Perform { who, command, reply } => {
                self.on_perform(&myself, Asked::new(who, command, reply), state).await?;
            }
            ConversationMsg::Flush => self.on_flush(&myself, state).await?,
            ConversationMsg::TurnNews { turn, news } => {
                self.on_perform(&myself, own(Command::Turn(turn, news)), state).await?;
            }
            ConversationMsg::Quiet { turn, due } => {
                self.on_perform(&myself, own(Command::Quiet(turn, due)), state).await?;
            }
            ConversationMsg::Erase { by, reply } => self.on_erase(&myself, by, reply, state).await?,
            ConversationMsg::Escalate { since, rung } => {
                self.on_escalate(&myself, since, rung, state).await?;
            }
            ConversationMsg::Wake => self.on_perform(&myself, own(Command::Wake), state).await?,
            ConversationMsg::CheckTurn { turn } => {
                // A turn that is still the same after so long was lost with its worker: people are asked.
                let news = TurnNews::Ended(TurnEnd::Failed { reason: "no_answer".to_owned() });
                self.on_perform(&myself, own(Command::Turn(turn, news)), state).await?;
            }
            ConversationMsg::Read { from, seq } => {
                if self.admit(&from, state).is_some() {
                    self.on_read(&from.who, Origin::here(from.id), seq, state).await;
                }
            }
            ConversationMsg::CheckIdle => self.on_check_idle(&myself, state).await,
            ConversationMsg::Retire => {
                self.on_flush(&myself, state).await?;
                self.save_marks(state).await;
                myself.stop(None);
            }
            ConversationMsg::FromNode(said) => self.on_from_node(&myself, *said, state).await?,
            // Done at once, or no matter of the owner's.
            ConversationMsg::CheckOwner
            | ConversationMsg::Join(_)
            | ConversationMsg::Leave { .. }
            | ConversationMsg::Typing { .. } => {}
        }
        Ok(())
    }

    /// What follows from a decision elsewhere.
    fn carry_out(&self, myself: &ConversationRef, decision: &Decision, rules: &Rules, trace: Trace) {
        for effect in &decision.effects {
            match effect {
                Effect::Ask(turn) => self.ask(myself, *turn, rules, trace),
                Effect::QuietAt(turn, due) => come_back(myself, *turn, *due),
                Effect::Alarm(since) => self.arm(myself, *since, 0),
                Effect::Page(page) => self.page(rules, page),
                Effect::Cancel(turn) => {
                    self.around.pool.cast(AiPoolMsg::Cancel(*turn));
                }
                // Due snoozes are looked up by the supervisor, so that they outlive this actor.
                Effect::WakeAt(_) => {}
            }
        }
        if !decision.deliveries.is_empty() {
            if trace.is_some() {
                self.around.outbox.cast(WhatsAppOutboxMsg::Traced(self.id, trace));
            }
            self.around.outbox.cast(WhatsAppOutboxMsg::Due(self.id));
            // Whoever answers has read.
            self.seen(rules.snapshot(), rules.snapshot().last_seq, false);
        }
    }

    fn tell_inbox(&self, rules: &Rules) {
        self.around.inbox.cast(InboxMsg::Changed(Box::new(rules.summary())));
    }

    fn ask(&self, myself: &ConversationRef, turn: TurnId, rules: &Rules, trace: Trace) {
        let Some(live) = rules.turn().filter(|live| live.id == turn) else { return };
        let snapshot = rules.snapshot();
        let spoke_at = snapshot.last_message.as_ref().filter(|last| last.by.kind == AuthorKind::Guest);
        let waited = spoke_at.map_or(0, |last| clock::now().0 - last.at.0);
        let request = TurnRequest {
            turn,
            conversation: self.id,
            property: snapshot.property,
            locale: snapshot.guest.locale.clone(),
            after: live.after,
            through: live.through,
            waited: Duration::from_millis(u64::try_from(waited).unwrap_or(0)),
            direct: live.direct,
            trace,
        };
        self.around.pool.cast(AiPoolMsg::Ask { request, reply: myself.clone() });
        self.seen(snapshot, snapshot.last_seq, true);
        myself.send_after(TURN_LOST_AFTER, move || ConversationMsg::CheckTurn { turn });
    }

    /// Lets the guest's phone know, on a channel that shows such things.
    fn seen(&self, snapshot: &Snapshot, seq: Seq, typing: bool) {
        if snapshot.channel == Channel::Whatsapp {
            self.around.outbox.cast(WhatsAppOutboxMsg::Seen { conversation: self.id, seq, typing });
        }
    }
}

/// Has the rules look again once the guest has been quiet.
fn come_back(myself: &ConversationRef, turn: TurnId, due: Timestamp) {
    let wait = u64::try_from(due.0 - clock::now().0).unwrap_or(0);
    myself.send_after(Duration::from_millis(wait), move || ConversationMsg::Quiet { turn, due });
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
