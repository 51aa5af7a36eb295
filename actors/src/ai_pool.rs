//! The AI pool: has turns answered, fairly and within the limits of the model behind it.
//!
//! Started by the root supervisor.
//! Owns the queue of turns, the slots, the rates and the books; its workers are tasks that it watches.
//! Waits for nothing: workers wait.
//! Killed by a bug only; conversations give lost turns to people.
//! The world sees then: a hand-over in place of an answer.

mod again;
mod gate;
mod job;
mod lease;
mod limits;
mod outcome;
mod worker;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use ractor::{Actor, ActorProcessingErr};
use tokio::time::Instant;

use frontdesk_domain::ids::{ConversationId, TurnId};
use frontdesk_domain::pool::{
    Budget, Caps, Class, Estimator, FairQueue, Item, Ledger, Millis, RetryBudget, Spent,
};

use crate::clock;
use crate::messages::{AiPoolMsg, AiPoolRef, ConversationRef, TurnRequest};
use crate::metering;
use crate::ports::{Bill, Model, ModelCall, Prompt, Store};

pub use gate::{Gate, Stop};
pub use limits::Limits;

use job::{Call, Client, Flow, Job, Stage};
use lease::make_room;

/// The actor.
pub struct AiPool {
    /// The language model, if there is one.
    pub model: Option<Arc<dyn Model>>,
    /// Answers without a model: what is left when that fails, is busy or is not there.
    pub embedded: Arc<dyn Model>,
    /// Where the conversation is read, and the books are written.
    pub store: Arc<dyn Store>,
    /// What to keep to.
    pub limits: Limits,
}

/// What changes.
pub struct State {
    began: Instant,
    gate: Gate,
    queue: FairQueue<TurnId, Flow>,
    caps: Caps<ConversationId>,
    estimator: Estimator,
    retries: RetryBudget,
    jobs: HashMap<TurnId, Job>,
    /// When each turn that does not speak yet is answered without the model.
    deadlines: BTreeSet<(Instant, TurnId)>,
    calls: HashMap<TurnId, Call>,
    bills: HashMap<TurnId, Bill>,
    /// Calls that are not in the store yet.
    unbooked: Vec<ModelCall>,
    flush_due: bool,
    pump_at: Option<Instant>,
    /// How much of the budget staff was told of, in parts of a hundred.
    told: u32,
}

impl State {
    fn now(&self) -> Millis {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

impl Actor for AiPool {
    type Msg = AiPoolMsg;
    type State = State;
    type Arguments = ();

    async fn pre_start(&self, _myself: AiPoolRef, (): ()) -> Result<State, ActorProcessingErr> {
        let limits = &self.limits;
        let now = clock::now();
        let (day, month) = Spent::periods(now);
        let spent = async |since| {
            let spent = self.store.spent(since).await;
            spent
                .inspect_err(|error| tracing::warn!(%error, "the books could not be read"))
                .unwrap_or_default()
        };
        let (today, this_month) = if limits.budget == Budget::default() {
            Default::default()
        } else {
            (spent(day).await, spent(month).await)
        };
        let books = Ledger::new(limits.budget, limits.price, now, today, this_month);
        let within = u64::try_from(limits.few_within.as_millis()).unwrap_or(u64::MAX);
        Ok(State {
            began: Instant::now(),
            gate: Gate::new(limits.requests_a_minute, limits.tokens_a_minute, limits.concurrency, books),
            queue: FairQueue::default(),
            caps: Caps::new(limits.few_turns, within, limits.turns_a_day),
            estimator: Estimator::new(limits.answer_tokens),
            retries: RetryBudget::default(),
            jobs: HashMap::new(),
            deadlines: BTreeSet::new(),
            calls: HashMap::new(),
            bills: HashMap::new(),
            unbooked: Vec::new(),
            flush_due: false,
            pump_at: None,
            told: 0,
        })
    }

    async fn handle(
        &self,
        myself: AiPoolRef,
        message: AiPoolMsg,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            AiPoolMsg::Ask { request, reply } => self.on_ask(&myself, request, reply, state),
            AiPoolMsg::Prepared { turn, prompt, tokens } => {
                self.on_prepared(&myself, turn, prompt, tokens, state)
            }
            AiPoolMsg::Lease { id, conversation, property, class, tokens, within, reply } => {
                let job = (conversation, property, class, tokens, within);
                self.on_lease(&myself, id, job, reply, state);
            }
            AiPoolMsg::LeaseEnded { id, attempt } => self.on_lease_ended(&myself, id, attempt, state),
            AiPoolMsg::Cancel(turn) => self.on_cancel(&myself, turn, state),
            AiPoolMsg::FirstWord { turn } => on_first_word(turn, state),
            AiPoolMsg::Again { turn, tokens, by, reply } => {
                self.on_again(&myself, turn, (tokens, by), reply, state);
            }
            AiPoolMsg::Bill(bill) => {
                // Comes before its call's end, which it belongs to; one that belongs to none is dropped.
                if state.calls.contains_key(&bill.turn) {
                    state.bills.insert(bill.turn, *bill);
                }
            }
            AiPoolMsg::WorkerEnded { turn, attempt } => self.on_ended(&myself, turn, attempt, state),
            AiPoolMsg::TryAgain(turn) => self.on_try_again(&myself, turn, state),
            AiPoolMsg::Pump => {
                state.pump_at = None;
                self.pump(&myself, state);
            }
            AiPoolMsg::Flush => self.on_flush(state),
        }
        self.gauges(state);
        Ok(())
    }

    async fn post_stop(&self, _myself: AiPoolRef, state: &mut State) -> Result<(), ActorProcessingErr> {
        book(self.store.as_ref(), std::mem::take(&mut state.unbooked)).await;
        Ok(())
    }
}

impl AiPool {
    fn on_ask(&self, myself: &AiPoolRef, request: TurnRequest, reply: ConversationRef, state: &mut State) {
        let turn = request.turn;
        // Who has waited long already is not to wait for long.
        let patience = self.limits.first_token.saturating_sub(request.waited);
        let deadline = Instant::now() + patience.max(self.limits.first_token / 8);
        let (store, pool, asked) = (Arc::clone(&self.store), myself.clone(), request.clone());
        tokio::spawn(async move {
            let prompt = worker::prompt(store.as_ref(), &asked).await;
            let tokens =
                prompt.iter().flat_map(|prompt| &prompt.lines).map(|line| Estimator::tokens(&line.text));
            let tokens = tokens.sum();
            let _ = pool.cast(AiPoolMsg::Prepared { turn, prompt: prompt.map(Box::new), tokens });
        });
        let client = Client::Turn { request, reply, prompt: None };
        add(turn, client, Class::Guest, deadline, state);
        self.come_back(myself, deadline, state);
    }

    fn on_prepared(
        &self,
        myself: &AiPoolRef,
        turn: TurnId,
        read: Option<Box<Prompt>>,
        tokens: u64,
        state: &mut State,
    ) {
        let Some(job) = state.jobs.get_mut(&turn) else { return };
        job.lines = tokens;
        let Client::Turn { request, prompt, .. } = &mut job.client else { return };
        let (direct, guest) = (request.direct, request.conversation);
        *prompt = read.map(|read| *read);
        if prompt.is_none() {
            return self.hold(turn, "store", state);
        }
        let use_model = self.model.is_some() && !direct;
        if !use_model || state.queue.len() >= self.limits.queue || !state.caps.take(guest, state.now()) {
            return self.start_embedded(myself, turn, state);
        }
        self.enqueue(turn, false, state);
        self.pump(myself, state);
    }

    fn enqueue(&self, turn: TurnId, first: bool, state: &mut State) {
        let Some(job) = state.jobs.get_mut(&turn) else { return };
        job.stage = Stage::Waiting;
        let cost = state.estimator.estimate(job.lines).sum();
        state.queue.push(Item { id: turn, flow: job.flow(), class: job.class, cost }, first);
    }

    /// Starts what may start now, and comes back when more may.
    fn pump(&self, myself: &AiPoolRef, state: &mut State) {
        self.give_up_waiting(myself, state);
        let mut guests_only = false;
        while let Some(item) =
            if guests_only { state.queue.peek_of(Class::Guest) } else { state.queue.peek() }
        {
            let Some(job) = state.jobs.get(&item.id) else {
                state.queue.cancel(item.id);
                continue;
            };
            let estimate = state.estimator.estimate(job.lines);
            let deadline = job.deadline;
            if job.is_turn() && self.is_too_late(deadline, state) {
                self.fall_back(myself, item.id, "slow", state);
                continue;
            }
            match state.gate.admit(item.id, estimate, state.now(), clock::now()) {
                Ok(()) => {
                    state.queue.take(item);
                    state.retries.call();
                    self.start_model(myself, item.id, estimate, state);
                }
                // Nobody waits for help: where a guest finds no slot, one that holds help is taken back.
                Err(Stop::Full) if item.class == Class::Guest && make_room(state) => {}
                Err(Stop::Full) if item.class != Class::Guest => guests_only = true,
                Err(Stop::Full) => break,
                Err(Stop::Until(at)) => {
                    let at = state.began + Duration::from_millis(at);
                    if at < deadline {
                        self.come_back(myself, at, state);
                        break;
                    }
                    // There is no use in waiting: it would be too late.
                    self.fall_back(myself, item.id, "limited", state);
                }
                Err(Stop::Broken) => self.fall_back(myself, item.id, "breaker", state),
                Err(Stop::Spent) => self.fall_back(myself, item.id, "budget", state),
            }
        }
        if let Some((deadline, _)) = state.deadlines.first().copied() {
            self.come_back(myself, deadline, state);
        }
    }

    /// Whether a call that starts now would hardly be heard in time. It would take a slot from one that would: where
    /// more ask than there are slots, soon nobody were answered.
    fn is_too_late(&self, deadline: Instant, state: &State) -> bool {
        // However slow the model has become, who has just asked may try it.
        let expected = state.gate.expected().min(self.limits.first_token / 2);
        deadline.saturating_duration_since(Instant::now()) < expected
    }

    /// Turns whose time is up go on without the model. One that the model is at has a timer of its own.
    fn give_up_waiting(&self, myself: &AiPoolRef, state: &mut State) {
        let now = Instant::now();
        while let Some((deadline, turn)) = state.deadlines.first().copied().filter(|(at, _)| *at <= now) {
            state.deadlines.remove(&(deadline, turn));
            match state.jobs.get(&turn).map(|job| &job.stage) {
                Some(Stage::Preparing) => self.hold(turn, "store", state),
                Some(Stage::Waiting | Stage::Pausing) => self.fall_back(myself, turn, "slow", state),
                _ => {}
            }
        }
    }

    fn come_back(&self, myself: &AiPoolRef, at: Instant, state: &mut State) {
        if state.pump_at.is_some_and(|due| due <= at && due > Instant::now()) {
            return;
        }
        state.pump_at = Some(at);
        let wait = at.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        myself.send_after(wait, || AiPoolMsg::Pump);
    }

    fn gauges(&self, state: &State) {
        let (in_use, slots) = state.gate.slots();
        metering::queue("ai_turns", state.queue.len(), self.limits.queue);
        metering::queue("ai_calls", in_use, slots);
        metrics::gauge!("frontdesk_ai_budget_ratio").set(state.gate.books().share());
    }

    /// Writes the books, without waiting for it.
    fn on_flush(&self, state: &mut State) {
        state.flush_due = false;
        let (store, calls) = (Arc::clone(&self.store), std::mem::take(&mut state.unbooked));
        tokio::spawn(async move { book(store.as_ref(), calls).await });
    }
}

async fn book(store: &dyn Store, calls: Vec<ModelCall>) {
    if !calls.is_empty()
        && let Err(error) = store.book(calls).await
    {
        tracing::warn!(%error, "calls of the model could not be booked");
    }
}

fn add(turn: TurnId, client: Client, class: Class, deadline: Instant, state: &mut State) {
    let job = Job {
        client,
        class,
        stage: Stage::Preparing,
        lines: 0,
        asked_at: Instant::now(),
        deadline,
        tries: 0,
    };
    state.deadlines.insert((deadline, turn));
    state.jobs.insert(turn, job);
}

fn on_first_word(turn: TurnId, state: &mut State) {
    let Some(call) = state.calls.get_mut(&turn) else { return };
    let after = call.began.elapsed();
    call.first_word = Some(after);
    state.gate.first_word(u64::try_from(after.as_millis()).unwrap_or(u64::MAX));
    metrics::histogram!("frontdesk_ai_first_word_seconds").record(after.as_secs_f64());
}
