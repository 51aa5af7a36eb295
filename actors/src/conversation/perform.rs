//! Decide, store, apply, tell, ask: one command by itself, or those that came while the last commit was synced.
//!
//! A command that may share a commit waits in a list, and the first in it has the conversation send itself
//! [`ConversationMsg::Flush`], which lands behind everything that is queued already. So a lone command waits for
//! nothing, and a crowd shares one commit: each is decided on the state as it will be after those before it. All
//! of it is told once it is stored; if it is not stored, all of it is refused, and the state is as it was.

use std::sync::Arc;
use std::time::Instant;

use ractor::ActorProcessingErr;
use tracing::{Instrument, Span};

use frontdesk_domain::conversation::{ATTACHMENTS_MAX, Command, Conversation as Rules, Decision};
use frontdesk_domain::people::Principal;
use frontdesk_domain::refusal::Refusal;

use crate::messages::{ConversationMsg, ConversationRef, Reply};
use crate::ports::{Commit, Store, StoreError};
use crate::trace::{TARGET, Trace};
use crate::trace_span;

use super::commit::{add, empty_commit};
use super::telling::{Heads, tell};
use super::{Conversation, State};

/// How many commands share one commit of a conversation at most.
const BATCH_MAX: usize = 256;

/// A command, who asks, and whom to answer.
pub(super) struct Asked {
    who: Option<Arc<Principal>>,
    command: Box<Command>,
    reply: Reply,
}

impl Asked {
    pub(super) fn new(who: Option<Arc<Principal>>, command: Box<Command>, reply: Reply) -> Self {
        Self { who, command, reply }
    }

    /// The rules' own command: nobody is owed an answer.
    pub(super) fn own(command: Command) -> Self {
        Self::new(None, Box::new(command), Reply::to_nobody())
    }

    /// True if it may share a commit with others. What names uploads, or comes from another channel, or from the
    /// AI, is by itself: that it fails is then of no account for anything else.
    fn may_share(&self) -> bool {
        match &*self.command {
            Command::Say(say) => say.attachments.is_empty(),
            Command::Act(_) => true,
            Command::Receive(_)
            | Command::Turn(..)
            | Command::Quiet(..)
            | Command::Escalate { .. }
            | Command::Delivered { .. }
            | Command::Booked(_)
            | Command::Erase { .. }
            | Command::Wake
            | Command::Recover => false,
        }
    }
}

/// A command that was decided on, and where its readers stand after it.
struct Decided {
    reply: Reply,
    trace: Trace,
    /// Ends when it is answered.
    span: Span,
    outcome: Result<(Decision, Heads), Refusal>,
}

impl Conversation {
    /// Takes a command: to be decided at once, or with those that are waiting.
    pub(super) async fn on_perform(
        &self,
        myself: &ConversationRef,
        asked: Asked,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        state.active_at = Instant::now();
        if state.waiting.is_empty() && !asked.may_share() {
            return self.perform(myself, asked, state).await;
        }
        state.waiting.push_back(asked);
        // Refused only when nothing more comes in: then there is nothing to wait for.
        if state.waiting.len() == 1 && myself.cast(ConversationMsg::Flush).is_err() {
            return self.on_flush(myself, state).await;
        }
        Ok(())
    }

    /// Decides all that is waiting, in order.
    pub(super) async fn on_flush(
        &self,
        myself: &ConversationRef,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        while let Some(asked) = state.waiting.pop_front() {
            if asked.may_share() && state.waiting.front().is_some_and(Asked::may_share) {
                self.perform_some(myself, asked, state).await?;
            } else {
                self.perform(myself, asked, state).await?;
            }
        }
        // Room for a crowd is not kept.
        state.waiting.shrink_to(1);
        Ok(())
    }

    /// One command by itself.
    async fn perform(
        &self,
        myself: &ConversationRef,
        asked: Asked,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        let Asked { who, command, reply } = asked;
        let trace = if reply.trace().is_some() { reply.trace() } else { state.trace };
        let span = self.span(trace, &command);
        let rules = match admit(&mut state.rules, who.as_deref()) {
            Ok(rules) => rules,
            Err(refusal) => return answer(reply, refusal),
        };
        let decided = match self.with_lookups(*command, rules).await {
            Ok(command) => self.decide(command, rules)?,
            Err(refusal) => Err(refusal),
        };
        let (decision, next) = match decided {
            Ok(decided) => decided,
            Err(refusal) => return answer(reply, refusal),
        };
        if !decision.is_volatile() {
            let mut commit = empty_commit(Arc::clone(&next));
            add(&mut commit, &decision);
            let storing = storing(&span, &commit);
            if let Err(refusal) = self.store(commit).instrument(storing).await? {
                return answer(reply, refusal);
            }
            state.marks_unsaved = false;
        }
        rules.apply(&decision, next);
        let muted = self.mute(rules, &mut state.muted);
        tell(&decision, Heads::of(rules), self.id, &mut state.readers, muted);
        acknowledge(reply, &decision);
        state.trace = if rules.turn().is_some() { trace } else { Trace::default() };
        self.carry_out(myself, &decision, rules, trace);
        if !decision.events.is_empty() {
            self.tell_inbox(rules);
        }
        Ok(())
    }

    /// A command and those behind it that may share its commit.
    async fn perform_some(
        &self,
        myself: &ConversationRef,
        first: Asked,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        let mut ahead = state.rules.clone();
        let mut batch = Vec::new();
        let mut some = Some(first);
        while let Some(Asked { who, command, reply }) = some {
            match admit(&mut ahead, who.as_deref()) {
                Ok(rules) => {
                    let trace = if reply.trace().is_some() { reply.trace() } else { state.trace };
                    let span = self.span(trace, &command);
                    let outcome = self.decide_ahead(*command, rules).await?;
                    batch.push(Decided { reply, trace, span, outcome });
                }
                Err(refusal) => reply.send(Err(refusal)),
            }
            let more = batch.len() < BATCH_MAX && state.waiting.front().is_some_and(Asked::may_share);
            some = if more { state.waiting.pop_front() } else { None };
        }
        let Ok(ahead) = ahead else { return Ok(()) };
        if let Err(refusal) = self.store_some(&ahead, &batch, state).await? {
            // Even a refusal may rest on what was not stored.
            batch.into_iter().for_each(|one| one.reply.send(Err(refusal.clone())));
            return Ok(());
        }
        // The copy goes before the state settles: see there.
        state.rules = Ok(ahead);
        let Ok(rules) = &mut state.rules else { return Ok(()) };
        rules.settle();
        let mut changed = false;
        for Decided { reply, trace, span: _ends, outcome } in batch {
            match outcome {
                Ok((decision, heads)) => {
                    let muted = self.mute(rules, &mut state.muted);
                    tell(&decision, heads, self.id, &mut state.readers, muted);
                    acknowledge(reply, &decision);
                    state.trace = if rules.turn().is_some() { trace } else { Trace::default() };
                    self.carry_out(myself, &decision, rules, trace);
                    changed |= !decision.events.is_empty();
                }
                Err(refusal) => reply.send(Err(refusal)),
            }
        }
        if changed {
            self.tell_inbox(rules);
        }
        Ok(())
    }

    /// What is done about a command, in a trace.
    fn span(&self, trace: Trace, command: &Command) -> Span {
        trace.adopt(trace_span!("conversation", command = name(command), conversation = %self.id))
    }

    /// Decides on the state as it will be, and takes it there.
    async fn decide_ahead(
        &self,
        command: Command,
        ahead: &mut Rules,
    ) -> Result<Result<(Decision, Heads), Refusal>, ActorProcessingErr> {
        let command = match self.with_lookups(command, ahead).await {
            Ok(command) => command,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let decided = self.decide(command, ahead)?;
        Ok(decided.map(|(decision, next)| {
            ahead.apply(&decision, next);
            (decision, Heads::of(ahead))
        }))
    }

    /// Stores what was decided in one commit, if there is anything to store.
    async fn store_some(
        &self,
        ahead: &Rules,
        batch: &[Decided],
        state: &mut State,
    ) -> Result<Result<(), Refusal>, ActorProcessingErr> {
        let decisions = || batch.iter().filter_map(|one| Some(&one.outcome.as_ref().ok()?.0));
        if decisions().all(Decision::is_volatile) {
            return Ok(Ok(()));
        }
        let mut commit = empty_commit(Arc::clone(ahead.snapshot()));
        decisions().for_each(|decision| add(&mut commit, decision));
        let storing = batch.first().map_or_else(Span::none, |first| storing(&first.span, &commit));
        let stored = self.store(commit).instrument(storing).await?;
        state.marks_unsaved &= stored.is_err();
        Ok(stored)
    }

    /// Looks up what the rules need to know: the uploads that a message names, and whether its id was used
    /// before, where only the store can tell.
    async fn with_lookups(&self, command: Command, rules: &mut Rules) -> Result<Command, Refusal> {
        if let Some(key) = rules.doubt(&command) {
            let receipt = self.around.store.receipt(self.id, &key).await;
            rules.recall(&key, receipt.map_err(|_| Refusal::unavailable())?);
        }
        with_files(command, self.around.store.as_ref()).await
    }

    /// Stores a commit, or says what its senders are told. Kills if somebody else wrote: who then waits for an
    /// answer is told so by its reply, which goes with us.
    async fn store(&self, commit: Commit) -> Result<Result<(), Refusal>, ActorProcessingErr> {
        match self.around.store.append(commit).await {
            Ok(()) => Ok(Ok(())),
            Err(StoreError::Overloaded) => Ok(Err(Refusal::overloaded())),
            Err(StoreError::Unavailable(_)) => Ok(Err(Refusal::unavailable())),
            Err(StoreError::Conflict) => Err("the conversation was changed by somebody else".into()),
        }
    }
}

/// The rules, for one who may know of the conversation; anybody else is told that there is none.
fn admit<'a>(
    rules: &'a mut Result<Rules, Refusal>,
    who: Option<&Principal>,
) -> Result<&'a mut Rules, Refusal> {
    match rules {
        Ok(rules) if who.is_none_or(|who| rules.admits(who)) => Ok(rules),
        Ok(_) => Err(Refusal::not_found()),
        Err(refusal) => Err(refusal.clone()),
    }
}

/// Looks up the uploads that a message names.
async fn with_files(command: Command, store: &dyn Store) -> Result<Command, Refusal> {
    let Command::Say(mut say) = command else { return Ok(command) };
    if !say.attachments.is_empty() {
        let wanted = say.attachments.iter().take(ATTACHMENTS_MAX).copied().collect();
        say.files = store.files(wanted).await.map_err(|_| Refusal::unavailable())?;
    }
    Ok(Command::Say(say))
}

fn answer(reply: Reply, refusal: Refusal) -> Result<(), ActorProcessingErr> {
    reply.send(Err(refusal));
    Ok(())
}

/// The wait for the store, in a trace.
fn storing(of: &Span, commit: &Commit) -> Span {
    tracing::trace_span!(target: TARGET, parent: of, "commit", events = commit.events.len())
}

/// What a command is called in traces.
fn name(command: &Command) -> &'static str {
    match command {
        Command::Say(_) => "say",
        Command::Act(_) => "act",
        Command::Receive(_) => "receive",
        Command::Turn(..) => "turn",
        Command::Quiet(..) => "quiet",
        Command::Escalate { .. } => "escalate",
        Command::Delivered { .. } => "delivered",
        Command::Booked(_) => "booked",
        Command::Erase { .. } => "erase",
        Command::Wake => "wake",
        Command::Recover => "recover",
    }
}

fn acknowledge(reply: Reply, decision: &Decision) {
    if let Some(ack) = decision.ack.clone() {
        reply.send(Ok(ack));
    }
}
