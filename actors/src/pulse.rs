//! Looks into the database, again and again, for what other processes may have failed to tell: conversations that
//! were taken from us, events that our readers were not told, and changes that our agents' lists lack.
//!
//! Started by the root supervisor, where there are several processes.
//! Owns nothing but the time of its looks.
//! Waits for the database.
//! Killed by a bug only; the next one looks on.
//! The world sees then: words of the AI that are held back until it is there again.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ractor::{Actor, ActorProcessingErr, ActorRef};

use frontdesk_domain::ids::{ConversationId, Seq};
use frontdesk_domain::timestamp::Timestamp;

use crate::address::Address;
use crate::clock;
use crate::cluster::{Cluster, LOOK_EVERY};
use crate::directory::Directory;
use crate::messages::{ConversationMsg, FromNode, InboxMsg, PulseMsg};
use crate::ports::StoreError;

/// At every so many looks it is also looked for what was not told.
const TELL_EVERY: u32 = 3;
/// At every so many it is looked for changes that lists lack; where letters do not arrive, as often as for the rest.
const LIST_EVERY: u32 = 12;
/// How many conversations are looked for at once.
const STANDING_MAX: usize = 1_000;
/// How far back changes are looked for, in milliseconds: the time between two looks, and what the clocks of the nodes
/// may differ.
const BACK_MILLIS: i64 = 10_000;
/// How many changes are looked at: those of a few seconds.
const CHANGES_MAX: u32 = 500;

/// The actor.
pub struct Pulse {
    /// This process among the others.
    pub cluster: Arc<Cluster>,
    /// Where conversations are found.
    pub directory: Directory,
    /// Who tells the agents.
    pub inbox: Address<InboxMsg>,
}

/// What changes.
pub struct State {
    looks: u32,
    /// The changes of the last few seconds that the inbox knows of.
    told: HashMap<ConversationId, (Seq, Timestamp)>,
    failing: bool,
}

impl Actor for Pulse {
    type Msg = PulseMsg;
    type State = State;
    type Arguments = ();

    async fn pre_start(&self, myself: ActorRef<PulseMsg>, (): ()) -> Result<State, ActorProcessingErr> {
        myself.cast(PulseMsg::Look)?;
        Ok(State { looks: 0, told: HashMap::new(), failing: false })
    }

    async fn handle(
        &self,
        myself: ActorRef<PulseMsg>,
        PulseMsg::Look: PulseMsg,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        let begun = Instant::now();
        match self.look(state).await {
            Ok(()) => state.failing = false,
            Err(error) if !std::mem::replace(&mut state.failing, true) => {
                tracing::warn!(%error, "it cannot be seen whose conversations are: the AI's words are held back");
            }
            Err(_) => {}
        }
        let wait = LOOK_EVERY.saturating_sub(begun.elapsed()).max(Duration::from_millis(20));
        myself.send_after(wait, || PulseMsg::Look);
        Ok(())
    }
}

impl Pulse {
    async fn look(&self, state: &mut State) -> Result<(), StoreError> {
        let begun = Instant::now();
        let lost = self.cluster.owners().lost().await?;
        for conversation in &lost {
            // Noted first: words that are in the actor's queue already come before its notice.
            if let Some(actor) = self.directory.find(*conversation) {
                self.cluster.note_lost(*conversation);
                let _ = actor.cast(ConversationMsg::FromNode(Box::new(FromNode::Lost)));
            }
        }
        self.cluster.looked(begun);
        if !lost.is_empty() {
            self.cluster.owners().forget_lost(lost).await?;
        }
        state.looks = state.looks.wrapping_add(1);
        if state.looks.is_multiple_of(TELL_EVERY) {
            self.look_for_events().await?;
            if state.looks.is_multiple_of(LIST_EVERY) || !self.cluster.is_connected() {
                self.look_for_changes(state).await?;
            }
        }
        Ok(())
    }

    /// How those conversations stand that others have and somebody here reads.
    async fn look_for_events(&self) -> Result<(), StoreError> {
        let elsewhere = self.cluster.elsewhere();
        for some in elsewhere.chunks(STANDING_MAX) {
            let ids = some.iter().map(|(id, _)| *id).collect();
            let actors: HashMap<_, _> = some.iter().map(|(id, actor)| (*id, actor)).collect();
            for standing in self.cluster.owners().standing(ids).await? {
                if let Some(actor) = actors.get(&standing.conversation) {
                    let said = FromNode::Standing(standing);
                    let _ = actor.cast(ConversationMsg::FromNode(Box::new(said)));
                }
            }
        }
        Ok(())
    }

    /// What changed in the last few seconds: the inbox is told once.
    async fn look_for_changes(&self, state: &mut State) -> Result<(), StoreError> {
        let since = clock::now().plus_millis(-BACK_MILLIS);
        let changed = self.cluster.owners().changed_since(since, CHANGES_MAX).await?;
        let mut told = HashMap::with_capacity(changed.len());
        for summary in changed {
            let mark = (summary.last_seq, summary.updated_at);
            told.insert(summary.id, mark);
            // What we have changed ourselves the inbox knows.
            let ours = self.directory.find(summary.id).is_some() && !self.cluster.is_elsewhere(summary.id);
            if !ours && state.told.get(&summary.id) != Some(&mark) {
                self.inbox.cast(InboxMsg::ChangedElsewhere(Box::new(summary)));
            }
        }
        state.told = told;
        Ok(())
    }
}
