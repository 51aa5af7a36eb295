//! What becomes of a turn once it has started: slots, second tries, the way down the ladder, the books.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tracing::Instrument;

use frontdesk_domain::conversation::{TurnEnd, TurnNews};
use frontdesk_domain::ids::TurnId;
use frontdesk_domain::pool::{Blame, Estimator, Tokens, pause};

use crate::clock;
use crate::messages::{AiPoolMsg, AiPoolRef, Attempt, ConversationMsg, Lease};
use crate::ports::{Bill, Model, ModelCall, ModelError, Prompt};
use crate::trace_span;

use super::job::{Call, Client, Job, Stage};
use super::{AiPool, State, worker};

/// How often a turn is tried again, before its first word.
const TRIES_MAX: u32 = 2;
/// A second try must leave the model this long.
const TRY_LEAST: Duration = Duration::from_millis(500);
/// How long the embedded answerer may take for its first word.
const EMBEDDED_WITHIN: Duration = Duration::from_secs(3);
/// Calls are written to the store together, after this.
const FLUSH_AFTER: Duration = Duration::from_millis(500);
/// While the store does not take them, so many are kept.
const UNBOOKED_MAX: usize = 10_000;

impl AiPool {
    pub(super) fn start_model(&self, myself: &AiPoolRef, turn: TurnId, estimate: Tokens, state: &mut State) {
        let Some(job) = state.jobs.get_mut(&turn) else { return };
        let mut call = Call {
            conversation: job.conversation(),
            class: job.class,
            revoke: None,
            property: job.property(),
            estimate,
            lines: job.lines,
            queued: job.asked_at.elapsed(),
            began: Instant::now(),
            first_word: None,
            late: job.deadline.saturating_duration_since(Instant::now()) < self.limits.first_token / 2,
            released: false,
        };
        metrics::histogram!("frontdesk_ai_queued_seconds").record(call.queued.as_secs_f64());
        let deadline = job.deadline;
        if let Client::Lease { reply, .. } = &mut job.client {
            // Its deadline was for the place alone.
            call.late = false;
            job.stage = Stage::Model(None);
            state.deadlines.remove(&(deadline, turn));
            let lease = Lease::new(turn, myself.clone());
            call.revoke = Some(lease.revoke());
            state.calls.insert(turn, call);
            if let Some(reply) = reply.take() {
                // One that nobody takes ends at once, by being dropped.
                let _ = reply.send(Ok(lease));
            }
            return;
        }
        state.calls.insert(turn, call);
        let Some(model) = self.model.clone() else { return };
        if let Some(worker) = self.worker(job, model, Some(myself.clone()), deadline) {
            job.stage = Stage::Model(Some(watch(myself, turn, worker)));
        }
    }

    pub(super) fn start_embedded(&self, myself: &AiPoolRef, turn: TurnId, state: &mut State) {
        let Some(job) = state.jobs.get_mut(&turn) else { return };
        state.deadlines.remove(&(job.deadline, turn));
        let first_word_by = Instant::now() + EMBEDDED_WITHIN;
        match self.worker(job, Arc::clone(&self.embedded), None, first_word_by) {
            Some(worker) => job.stage = Stage::Embedded(watch(myself, turn, worker)),
            // A lease has nothing below the model.
            None => self.hold(turn, "busy", state),
        }
    }

    fn worker(
        &self,
        job: &Job,
        model: Arc<dyn Model>,
        pool: Option<AiPoolRef>,
        first_word_by: Instant,
    ) -> Option<worker::Worker> {
        let Client::Turn { request, reply, prompt: Some(prompt) } = &job.client else { return None };
        let (reply, prompt): (_, Prompt) = (reply.clone(), prompt.clone());
        let (whole, trace) = (self.limits.whole_turn, request.trace);
        Some(worker::Worker { model, pool, reply, prompt, first_word_by, whole, trace })
    }

    /// One rung down: the model is slow, down, limited or too dear for this turn.
    pub(super) fn fall_back(&self, myself: &AiPoolRef, turn: TurnId, why: &'static str, state: &mut State) {
        metrics::counter!("frontdesk_ai_fallbacks_total", "reason" => why).increment(1);
        tracing::debug!(%turn, why, "answered without the model");
        state.queue.cancel(turn);
        self.start_embedded(myself, turn, state);
    }

    /// The last rung.
    pub(super) fn hold(&self, turn: TurnId, reason: &str, state: &mut State) {
        if let Some(job) = remove(turn, state) {
            job.hold(turn, reason);
        }
    }

    pub(super) fn on_cancel(&self, myself: &AiPoolRef, turn: TurnId, state: &mut State) {
        let Some(job) = remove(turn, state) else { return };
        match &job.stage {
            // Aborting drops the stream, which closes its connection. The slot is free at once; what the call
            // cost is booked when its task has ended.
            Stage::Model(worker) => {
                if let Some(worker) = worker {
                    worker.abort();
                }
                release(turn, state);
            }
            Stage::Embedded(worker) => worker.abort(),
            Stage::Preparing | Stage::Waiting | Stage::Pausing => {}
        }
        state.queue.cancel(turn);
        self.pump(myself, state);
    }

    pub(super) fn on_ended(&self, myself: &AiPoolRef, turn: TurnId, attempt: Attempt, state: &mut State) {
        let bill = self.settle(myself, turn, attempt, state);
        let embedded = matches!(state.jobs.get(&turn).map(|job| &job.stage), Some(Stage::Embedded(_)));
        match attempt {
            Attempt::Untouched(error) if embedded => {
                tracing::error!(%turn, %error, "the embedded answerer gave no answer");
                self.hold(turn, "failed", state);
            }
            Attempt::Untouched(error) => self.on_untouched(myself, turn, error, bill.as_ref(), state),
            Attempt::Panicked => {
                tracing::error!(%turn, "a worker of the AI pool panicked");
                if let Some(Job { client: Client::Turn { reply, .. }, .. }) = remove(turn, state) {
                    let news = TurnNews::Ended(TurnEnd::Failed { reason: "failed".to_owned() });
                    let _ = reply.cast(ConversationMsg::TurnNews { turn, news });
                }
            }
            Attempt::Done { .. } | Attempt::Broken { .. } | Attempt::Cancelled => {
                remove(turn, state);
            }
        }
        self.pump(myself, state);
    }

    /// The model failed before the guest saw a word: again, if there is time and use, else without it.
    fn on_untouched(
        &self,
        myself: &AiPoolRef,
        turn: TurnId,
        error: ModelError,
        bill: Option<&Bill>,
        state: &mut State,
    ) {
        tracing::warn!(%turn, %error, "the model gave no answer");
        let Some(job) = state.jobs.get_mut(&turn) else { return };
        job.tries += 1;
        let wait = pause(job.tries, clock::dice(), bill.and_then(|bill| bill.retry_after).map(millis));
        let wait = Duration::from_millis(wait);
        let in_time = Instant::now() + wait + TRY_LEAST < job.deadline;
        let again = error.may_pass() && in_time && job.tries <= TRIES_MAX && !state.gate.is_broken();
        if again && state.retries.retry() {
            job.stage = Stage::Pausing;
            myself.send_after(wait, move || AiPoolMsg::TryAgain(turn));
            return;
        }
        metrics::counter!("frontdesk_ai_fallbacks_total", "reason" => error.to_string()).increment(1);
        self.start_embedded(myself, turn, state);
    }

    pub(super) fn on_try_again(&self, myself: &AiPoolRef, turn: TurnId, state: &mut State) {
        if matches!(state.jobs.get(&turn).map(|job| &job.stage), Some(Stage::Pausing)) {
            self.enqueue(turn, true, state);
            self.pump(myself, state);
        }
    }

    /// Books a call that has ended, frees its slot, and tells the gate how it went.
    pub(super) fn settle(
        &self,
        myself: &AiPoolRef,
        turn: TurnId,
        attempt: Attempt,
        state: &mut State,
    ) -> Option<Bill> {
        release(turn, state);
        let call = state.calls.remove(&turn)?;
        let bill = state.bills.remove(&turn);
        let actual = tokens(&call, attempt, bill.as_ref());
        let now = state.now();
        state.gate.settle(turn, actual, now, clock::now());
        if bill.as_ref().is_some_and(|bill| bill.counted.is_some() && bill.requests == 1) {
            state.estimator.learn(call.lines, actual);
        }
        if let Some(rest) = bill.as_ref().and_then(|bill| bill.rest) {
            state.gate.rest(millis(rest), now);
        }
        match attempt {
            Attempt::Done { .. } => {}
            Attempt::Cancelled | Attempt::Panicked => state.gate.came_to_nothing(),
            Attempt::Untouched(ModelError::TimedOut) if call.late => state.gate.came_to_nothing(),
            Attempt::Untouched(error) | Attempt::Broken { error, .. } => {
                let (blame, overloaded) = blame(error);
                if state.gate.failed(blame, overloaded, now) {
                    tracing::error!(%error, "the model is left alone for a while: it fails");
                    metrics::counter!("frontdesk_ai_breaker_opened_total").increment(1);
                }
            }
        }
        self.book(myself, turn, &call, attempt, bill.as_ref(), actual, state);
        bill
    }

    #[expect(clippy::too_many_arguments, reason = "a row of the books")]
    fn book(
        &self,
        myself: &AiPoolRef,
        turn: TurnId,
        call: &Call,
        attempt: Attempt,
        bill: Option<&Bill>,
        actual: Tokens,
        state: &mut State,
    ) {
        let outcome = match attempt {
            Attempt::Done { .. } => "said".to_owned(),
            Attempt::Cancelled => "cancelled".to_owned(),
            Attempt::Panicked => "failed".to_owned(),
            Attempt::Untouched(error) | Attempt::Broken { error, .. } => error.to_string(),
        };
        let price = state.gate.books().price();
        let row = ModelCall {
            turn,
            conversation: call.conversation,
            property: call.property,
            at: clock::now(),
            outcome,
            tokens: actual,
            estimated: bill.is_none_or(|bill| bill.counted.is_none()),
            cost_micros: price.of(actual),
            queued: call.queued,
            first_word: call.first_word,
            whole: call.began.elapsed(),
        };
        metrics::counter!("frontdesk_ai_calls_total", "outcome" => row.outcome.clone()).increment(1);
        metrics::histogram!("frontdesk_ai_call_seconds").record(row.whole.as_secs_f64());
        metrics::counter!("frontdesk_ai_cost_micros_total").increment(row.cost_micros);
        metrics::counter!("frontdesk_ai_tokens_total", "of" => "prompt").increment(actual.prompt);
        metrics::counter!("frontdesk_ai_tokens_total", "of" => "completion").increment(actual.completion);
        if state.unbooked.len() < UNBOOKED_MAX {
            state.unbooked.push(row);
        }
        if !std::mem::replace(&mut state.flush_due, true) {
            myself.send_after(FLUSH_AFTER, || AiPoolMsg::Flush);
        }
        self.warn_of_budget(state);
    }

    fn warn_of_budget(&self, state: &mut State) {
        let share = state.gate.books().share();
        let mark = [100, 80, 50].into_iter().find(|mark| share * 100.0 >= f64::from(*mark)).unwrap_or(0);
        if mark > state.told {
            tracing::warn!(percent = mark, "so much of the AI's budget is spent");
        }
        state.told = mark;
    }
}

pub(super) fn remove(turn: TurnId, state: &mut State) -> Option<Job> {
    let job = state.jobs.remove(&turn)?;
    state.deadlines.remove(&(job.deadline, turn));
    Some(job)
}

/// Frees a call's slot, once.
pub(super) fn release(turn: TurnId, state: &mut State) {
    let Some(call) = state.calls.get_mut(&turn) else { return };
    if !std::mem::replace(&mut call.released, true) {
        state.gate.release();
        state.queue.done(call.flow());
    }
}

/// Runs a worker, and tells the pool how it ended.
fn watch(myself: &AiPoolRef, turn: TurnId, worker: worker::Worker) -> tokio::task::AbortHandle {
    let span = worker.trace.adopt(trace_span!("model", embedded = worker.pool.is_none(), %turn));
    let task = tokio::spawn(worker.run().instrument(span));
    let abort = task.abort_handle();
    let pool = myself.clone();
    tokio::spawn(async move {
        let attempt = match task.await {
            Ok(attempt) => attempt,
            Err(error) if error.is_panic() => Attempt::Panicked,
            Err(_) => Attempt::Cancelled,
        };
        let _ = pool.cast(AiPoolMsg::WorkerEnded { turn, attempt });
    });
    abort
}

/// The server's own count where it came; else what was sent and what was seen. Never nothing for a request that
/// went out.
fn tokens(call: &Call, attempt: Attempt, bill: Option<&Bill>) -> Tokens {
    if let Some(counted) = bill.and_then(|bill| bill.counted) {
        return counted;
    }
    let seen = match attempt {
        Attempt::Done { chars } | Attempt::Broken { chars, .. } => chars,
        _ => 0,
    };
    let answer = bill.map_or(seen, |bill| bill.answer_chars);
    let prompt = match bill {
        // Refused before it was read: servers take no tokens for that.
        Some(bill) if bill.requests == 0 || bill.refused => 0,
        Some(bill) if bill.prompt_chars > 0 => Estimator::of_chars(bill.prompt_chars),
        _ => call.estimate.prompt,
    };
    Tokens { prompt, completion: Estimator::of_chars(answer) }
}

/// Whose fault a failure is, and whether the server has too much to do.
fn blame(error: ModelError) -> (Blame, bool) {
    match error {
        ModelError::RateLimited => (Blame::None, true),
        ModelError::Server | ModelError::TimedOut => (Blame::Sick, true),
        ModelError::BadAnswer | ModelError::Interrupted | ModelError::Unreachable => (Blame::Sick, false),
        ModelError::Refused => (Blame::Refused, false),
        ModelError::NoRoom => (Blame::None, false),
    }
}

fn millis(wait: Duration) -> u64 {
    u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)
}
