//! The supervisor of the conversations: opens them again when they fail, wakes the snoozed, sweeps the idle.
//!
//! Started by the root supervisor.
//! Owns the conversations' lives and the count of their failures.
//! Waits for the store, when it looks for due snoozes and left-over turns.
//! Killed by a bug only; its conversations end with it and are opened again on demand.
//! The world sees then: sockets that rejoin.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort, SupervisionEvent};

use frontdesk_domain::ids::ConversationId;
use frontdesk_domain::scrub::scrub;

use crate::clock;
use crate::conversation::Surroundings;
use crate::messages::{ConversationMsg, ConversationsMsg};
use crate::metering;
use crate::ports::{Lead, StoreError};

/// How often the live conversations are swept, a part at a time.
const SWEEP_EVERY: Duration = Duration::from_secs(1);
/// In how many parts: each conversation is asked once in so many sweeps.
const SWEEP_PARTS: usize = 20;
/// How often the store is asked for due snoozes.
const SNOOZES_EVERY: Duration = Duration::from_secs(5);
/// How often the store is asked for turns that nobody works at.
const RECOVER_EVERY: Duration = Duration::from_secs(30);
/// The same where there are several processes.
const RECOVER_EVERY_AMONG_OTHERS: Duration = Duration::from_secs(3);
/// The wait before a conversation that failed is opened again; doubled for each failure in a row.
const REOPEN_AFTER: Duration = Duration::from_millis(50);
/// The longest such wait.
const REOPEN_AFTER_MAX: Duration = Duration::from_secs(60);
/// After this long without failing, earlier failures are forgotten.
const FORGIVEN_AFTER: Duration = Duration::from_secs(300);

/// The actor.
pub struct Conversations {
    /// What conversations work with.
    pub around: Arc<Surroundings>,
    /// One process minds those that nobody has.
    pub lead: Lead,
}

/// What changes.
pub struct State {
    sweep_part: usize,
    failures: HashMap<ConversationId, (u32, Instant)>,
}

impl Actor for Conversations {
    type Msg = ConversationsMsg;
    type State = State;
    type Arguments = ();

    async fn pre_start(
        &self,
        myself: ActorRef<ConversationsMsg>,
        (): (),
    ) -> Result<State, ActorProcessingErr> {
        myself.send_after(SWEEP_EVERY, || ConversationsMsg::Sweep);
        myself.cast(ConversationsMsg::WakeSnoozed)?;
        myself.cast(ConversationsMsg::Recover)?;
        Ok(State { sweep_part: 0, failures: HashMap::new() })
    }

    async fn handle(
        &self,
        myself: ActorRef<ConversationsMsg>,
        message: ConversationsMsg,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            ConversationsMsg::WakeSnoozed => self.on_wake_snoozed(&myself).await,
            ConversationsMsg::Sweep => self.on_sweep(&myself, state),
            ConversationsMsg::Recover => self.on_recover(&myself).await,
            ConversationsMsg::Reopen(id) => {
                let _ = self.around.directory.find_or_open(id);
            }
            ConversationsMsg::Drain(reply) => self.on_drain(reply),
        }
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        myself: ActorRef<ConversationsMsg>,
        event: SupervisionEvent,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        if let SupervisionEvent::ActorFailed(gone, error) = event {
            metrics::counter!("frontdesk_restarts_total", "actor" => "conversation").increment(1);
            let Some(id) = self.around.directory.remove_actor(gone.get_id()) else { return Ok(()) };
            let error = scrub(&error.to_string());
            tracing::error!(conversation = %id, error, "a conversation failed and is opened again");
            let (times, at) = state.failures.entry(id).or_insert((0, Instant::now()));
            *times = if at.elapsed() < FORGIVEN_AFTER { *times + 1 } else { 1 };
            *at = Instant::now();
            let factor = 1_u32.checked_shl((*times - 1).min(11)).unwrap_or(1);
            let wait = (REOPEN_AFTER * factor).min(REOPEN_AFTER_MAX);
            myself.send_after(wait, move || ConversationsMsg::Reopen(id));
        }
        Ok(())
    }
}

impl Conversations {
    async fn on_wake_snoozed(&self, myself: &ActorRef<ConversationsMsg>) {
        match self.due_snoozes().await {
            Ok(due) => due.into_iter().for_each(|id| self.cast(id, ConversationMsg::Wake)),
            Err(error) => tracing::warn!(%error, "due snoozes could not be read"),
        }
        myself.send_after(SNOOZES_EVERY, || ConversationsMsg::WakeSnoozed);
    }

    /// Turns that a crash left open are taken up by opening their conversations. Asked again now and then:
    /// a conversation that could not be loaded when it was wanted has nobody else to remember its turn.
    async fn on_recover(&self, myself: &ActorRef<ConversationsMsg>) {
        let again = match self.unfinished().await {
            Ok(open) => {
                // While the tree is starting this supervisor may not be known yet: then all of it again.
                let missed = open.into_iter().filter(|id| !self.mind(*id));
                if missed.count() > 0 { REOPEN_AFTER } else { self.recover_every() }
            }
            Err(error) => {
                tracing::warn!(%error, "open turns could not be read");
                SNOOZES_EVERY
            }
        };
        myself.send_after(again, || ConversationsMsg::Recover);
    }

    async fn due_snoozes(&self) -> Result<Vec<ConversationId>, StoreError> {
        if !self.lead.is_ours() {
            return Ok(Vec::new());
        }
        self.around.store.due_snoozes(clock::now()).await
    }

    /// Conversations that somebody must mind: with an open turn, or with an alarm that rings.
    async fn unfinished(&self) -> Result<Vec<ConversationId>, StoreError> {
        if !self.lead.is_ours() {
            return Ok(Vec::new());
        }
        let mut open = self.around.store.open_turns().await?;
        open.extend(self.around.store.alarms().await?);
        Ok(open)
    }

    fn on_sweep(&self, myself: &ActorRef<ConversationsMsg>, state: &mut State) {
        for actor in self.around.directory.part(state.sweep_part, SWEEP_PARTS) {
            let _ = actor.cast(ConversationMsg::CheckIdle);
        }
        state.sweep_part = (state.sweep_part + 1) % SWEEP_PARTS;
        state.failures.retain(|_, (_, at)| at.elapsed() < FORGIVEN_AFTER);
        metrics::gauge!("frontdesk_conversations").set(metering::count(self.around.directory.len()));
        myself.send_after(SWEEP_EVERY, || ConversationsMsg::Sweep);
    }

    /// Every conversation does what it was asked before this, then stops.
    fn on_drain(&self, reply: RpcReplyPort<()>) {
        let all = self.around.directory.all();
        tokio::spawn(async move {
            for actor in &all {
                let _ = actor.drain();
            }
            for actor in all {
                let _ = actor.wait(None).await;
            }
            let _ = reply.send(());
        });
    }

    /// Opens it, or sees to it that whoever has it lives. While that cannot be asked it is believed: a turn that was
    /// taken from one who lives would begin anew.
    fn mind(&self, id: ConversationId) -> bool {
        let Ok(actor) = self.around.directory.find_or_open(id) else { return false };
        let can_ask = self.around.cluster.as_ref().is_some_and(|cluster| cluster.is_connected());
        !can_ask || actor.cast(ConversationMsg::CheckOwner).is_ok()
    }

    /// A process that ends leaves its turns to the others, and guests wait for them.
    fn recover_every(&self) -> Duration {
        if self.around.cluster.is_some() { RECOVER_EVERY_AMONG_OTHERS } else { RECOVER_EVERY }
    }

    fn cast(&self, id: ConversationId, message: ConversationMsg) {
        if let Ok(actor) = self.around.directory.find_or_open(id) {
            let _ = actor.cast(message);
        }
    }
}
