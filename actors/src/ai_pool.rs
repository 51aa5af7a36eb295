//! The AI pool: has turns answered, within the limits of the model behind it.
//!
//! Started by the root supervisor.
//! Owns the queue of turns, the slots and the rate; its workers are tasks that it watches.
//! Waits for nothing: workers wait.
//! Killed by a bug only; conversations give lost turns to people.
//! The world sees then: a hand-over in place of an answer.

mod worker;

use std::collections::{HashMap, VecDeque};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::task::AbortHandle;

use frontdesk_domain::conversation::{TurnEnd, TurnNews};
use frontdesk_domain::ids::TurnId;

use crate::messages::{AiPoolMsg, ConversationMsg, ConversationRef, TurnRequest};
use crate::ports::{Model, Store};

/// What the pool keeps to.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Answers of the model under way at once.
    pub concurrency: usize,
    /// Requests to the model a minute.
    pub requests_a_minute: u32,
    /// Turns that may wait. One more is answered without the model.
    pub queue: usize,
    /// A turn that has shown nothing after this long is answered without the model.
    pub first_token: Duration,
    /// A turn that is not done after this long is cut.
    pub whole_turn: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            concurrency: 16,
            requests_a_minute: 500,
            queue: 1_000,
            first_token: Duration::from_secs(8),
            whole_turn: Duration::from_secs(60),
        }
    }
}

/// The actor.
pub struct AiPool {
    /// The language model, if there is one.
    pub model: Option<Arc<dyn Model>>,
    /// Answers without a model: what is left when that fails, is busy or is not there.
    pub embedded: Arc<dyn Model>,
    /// Where the conversation is read.
    pub store: Arc<dyn Store>,
    /// What to keep to.
    pub limits: Limits,
}

/// What changes.
pub struct State {
    waiting: VecDeque<Job>,
    running: HashMap<TurnId, Running>,
    with_model: usize,
    rate: DefaultDirectRateLimiter,
    clock: DefaultClock,
    pump_due: bool,
}

/// A turn that waits for its worker.
struct Job {
    request: TurnRequest,
    reply: ConversationRef,
    asked_at: Instant,
}

struct Running {
    worker: AbortHandle,
    reply: ConversationRef,
    with_model: bool,
}

impl Actor for AiPool {
    type Msg = AiPoolMsg;
    type State = State;
    type Arguments = ();

    async fn pre_start(&self, _myself: ActorRef<AiPoolMsg>, (): ()) -> Result<State, ActorProcessingErr> {
        let a_minute = NonZeroU32::new(self.limits.requests_a_minute).unwrap_or(NonZeroU32::MIN);
        // A full minute's burst on top of a full minute's refill would be twice the limit.
        let burst = NonZeroU32::new(a_minute.get() / 10).unwrap_or(NonZeroU32::MIN);
        Ok(State {
            waiting: VecDeque::new(),
            running: HashMap::new(),
            with_model: 0,
            rate: RateLimiter::direct(Quota::per_minute(a_minute).allow_burst(burst)),
            clock: DefaultClock::default(),
            pump_due: false,
        })
    }

    async fn handle(
        &self,
        myself: ActorRef<AiPoolMsg>,
        message: AiPoolMsg,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            AiPoolMsg::Ask { request, reply } => self.on_ask(&myself, request, reply, state),
            AiPoolMsg::Cancel(turn) => self.on_cancel(&myself, turn, state),
            AiPoolMsg::WorkerEnded { turn, crashed } => self.on_worker_ended(&myself, turn, crashed, state),
            AiPoolMsg::Pump => {
                state.pump_due = false;
                self.pump(&myself, state);
            }
        }
        metrics::gauge!("frontdesk_ai_queue").set(count(state.waiting.len()));
        metrics::gauge!("frontdesk_ai_running").set(count(state.running.len()));
        Ok(())
    }
}

impl AiPool {
    fn on_ask(
        &self,
        myself: &ActorRef<AiPoolMsg>,
        request: TurnRequest,
        reply: ConversationRef,
        state: &mut State,
    ) {
        let job = Job { request, reply, asked_at: Instant::now() };
        if self.model.is_none() || state.waiting.len() >= self.limits.queue {
            return self.start(myself, job, false, state);
        }
        state.waiting.push_back(job);
        self.pump(myself, state);
    }

    /// Starts what may start now, and comes back when more may.
    fn pump(&self, myself: &ActorRef<AiPoolMsg>, state: &mut State) {
        while let Some(job) = state.waiting.front() {
            // Who has waited this long is answered without the model, slot or no slot.
            let too_late = job.asked_at.elapsed() >= self.limits.first_token;
            if !too_late {
                if state.with_model >= self.limits.concurrency {
                    return self.come_back(myself, self.limits.first_token / 8, state);
                }
                if let Err(not_until) = state.rate.check() {
                    let wait = not_until.wait_time_from(state.clock.now());
                    return self.come_back(myself, wait.max(Duration::from_millis(1)), state);
                }
            }
            let Some(job) = state.waiting.pop_front() else { return };
            self.start(myself, job, !too_late, state);
        }
    }

    fn come_back(&self, myself: &ActorRef<AiPoolMsg>, wait: Duration, state: &mut State) {
        if !std::mem::replace(&mut state.pump_due, true) {
            let wait = wait.min(self.limits.first_token / 8).max(Duration::from_millis(1));
            myself.send_after(wait, || AiPoolMsg::Pump);
        }
    }

    fn start(&self, myself: &ActorRef<AiPoolMsg>, job: Job, with_model: bool, state: &mut State) {
        let turn = job.request.turn;
        let reply = job.reply.clone();
        let worker = worker::Worker {
            model: self.model.clone().filter(|_| with_model),
            embedded: Arc::clone(&self.embedded),
            store: Arc::clone(&self.store),
            limits: self.limits.clone(),
            waited: job.asked_at.elapsed(),
            request: job.request,
            reply: job.reply,
        };
        let task = tokio::spawn(worker.run());
        let abort = task.abort_handle();
        let pool = myself.clone();
        tokio::spawn(async move {
            let crashed = task.await.is_err_and(|error| error.is_panic());
            let _ = pool.cast(AiPoolMsg::WorkerEnded { turn, crashed });
        });
        state.with_model += usize::from(with_model);
        state.running.insert(turn, Running { worker: abort, reply, with_model });
    }

    fn on_cancel(&self, myself: &ActorRef<AiPoolMsg>, turn: TurnId, state: &mut State) {
        state.waiting.retain(|job| job.request.turn != turn);
        // Aborting drops the stream, which closes its connection. The slot is free at once.
        if let Some(running) = state.running.remove(&turn) {
            running.worker.abort();
            state.with_model -= usize::from(running.with_model);
            self.pump(myself, state);
        }
    }

    fn on_worker_ended(&self, myself: &ActorRef<AiPoolMsg>, turn: TurnId, crashed: bool, state: &mut State) {
        let Some(running) = state.running.remove(&turn) else { return };
        state.with_model -= usize::from(running.with_model);
        if crashed {
            tracing::error!(%turn, "a worker of the AI pool panicked");
            let news = TurnNews::Ended(TurnEnd::Failed { reason: "failed".to_owned() });
            let _ = running.reply.cast(ConversationMsg::TurnNews { turn, news });
        }
        self.pump(myself, state);
    }
}

fn count(n: usize) -> f64 {
    u32::try_from(n).map_or(f64::INFINITY, f64::from)
}
