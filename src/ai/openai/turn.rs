//! One turn: the prompt goes out, words come in, and in the end there is exactly one end ([`ending`]). Dropping the
//! stream drops the connection with it, for nothing of it lives elsewhere.

mod ending;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use frontdesk_actors::ports::{ModelError, Piece, Prompt};
use frontdesk_domain::conversation::TurnEnd;
use frontdesk_domain::guard::{self, Concern, Guard, Passed};
use frontdesk_domain::pool::Estimator;
use futures_util::stream::{self, BoxStream, StreamExt};
use tokio::time::{Instant, timeout_at};

use super::super::knowledge::{Retriever, Source};
use super::super::question::Question;
use super::OpenAi;
use super::answer::Answer;
use super::body::Exchange;
use super::book::Book;
use super::client::Events;
use super::failure::{Class, Failure};
use super::prompt::{self, Means};
use super::report::{Outcome, Usage};
use super::tools::{Calls, Offer};
use super::wire::{Chunk, Message};

/// How long another request waits until the pool lets it go: the guest waits with it.
const AGAIN_WITHIN: Duration = Duration::from_secs(3);
/// How often a turn may look something up: each time is one more request.
const LOOK_UPS_MAX: u32 = 1;

/// Starts a turn; nothing happens until the stream is read.
pub(super) fn start(model: OpenAi, prompt: Prompt) -> BoxStream<'static, Result<Piece, ModelError>> {
    let turn = Turn::new(model, prompt);
    stream::unfold(turn, |mut turn| async move { turn.next().await.map(|piece| (piece, turn)) }).boxed()
}

struct Turn {
    model: OpenAi,
    prompt: Prompt,
    question: Question,
    base: Option<Arc<dyn Retriever>>,
    sources: Vec<Source>,
    look_ups: u32,
    events: Option<Events>,
    exchange: Arc<Exchange>,
    /// For the whole turn.
    turn_by: Instant,
    /// For the next event.
    deadline: Instant,
    answer: Answer,
    guard: Guard,
    withheld: Option<Concern>,
    calls: Calls,
    finish: Option<String>,
    /// Words came in this round.
    heard: bool,
    /// The guest has seen words.
    spoke: bool,
    ready: VecDeque<Result<Piece, ModelError>>,
    over: bool,
    book: Book,
}

impl Turn {
    fn new(model: OpenAi, prompt: Prompt) -> Self {
        let book = Book::new(Arc::clone(&model.watcher), prompt.turn).recorded(
            &model.recorder,
            &prompt,
            model.client.model(),
        );
        let turn_by = Instant::now() + model.client.timers().turn;
        let question = Question::of(&prompt);
        Self {
            guard: Guard::answering(question.subject()),
            question,
            turn_by,
            deadline: turn_by,
            model,
            prompt,
            base: None,
            sources: Vec::new(),
            look_ups: 0,
            events: None,
            exchange: Exchange::new(),
            answer: Answer::default(),
            withheld: None,
            calls: Calls::default(),
            finish: None,
            heard: false,
            spoke: false,
            ready: VecDeque::new(),
            over: false,
            book,
        }
    }

    async fn next(&mut self) -> Option<Result<Piece, ModelError>> {
        loop {
            if let Some(piece) = self.ready.pop_front() {
                return Some(piece);
            }
            if self.over {
                return None;
            }
            if let Err(failure) = self.step().await {
                self.fail(failure);
            }
        }
    }

    async fn step(&mut self) -> Result<(), Failure> {
        let Some(events) = &mut self.events else { return self.open().await };
        match timeout_at(self.deadline, events.next()).await {
            // After the last word only the count of tokens is waited for.
            Err(_) if self.finish.is_none() => Err(Class::TimedOut.into()),
            Ok(Some(Ok(chunk))) => {
                self.exchange.taken();
                if self.finish.is_none() {
                    self.deadline = self.turn_by;
                }
                self.take(chunk);
                Ok(())
            }
            Ok(Some(Err(_))) if self.finish.is_none() => {
                Err(self.exchange.failure().unwrap_or(Class::BadAnswer).into())
            }
            // A connection that just closes has not finished an answer.
            Ok(None) if self.finish.is_none() && !self.exchange.is_done() => {
                Err(self.exchange.failure().unwrap_or(Class::Interrupted).into())
            }
            _ => self.end(),
        }
    }

    async fn open(&mut self) -> Result<(), Failure> {
        if self.base.is_none() {
            self.turn_by = Instant::now() + self.model.client.timers().turn;
            self.book.started = Instant::now();
            let base = timeout_at(self.turn_by, self.model.knowledge.of(self.prompt.property)).await;
            let base = base.map_err(|_| Class::TimedOut)?.map_err(|_| Class::RetryableServer)?;
            self.sources = base.top(&self.question, prompt::SOURCES);
            self.base = Some(base);
        }
        self.book.found(&self.question, &self.sources);
        self.deadline = self.turn_by;
        if self.spoke {
            // Who has begun to speak does not pause longer than between two events.
            self.deadline = self.deadline.min(Instant::now() + self.model.client.timers().between_events);
        }
        if self.look_ups > 0 {
            self.admitted().await?;
        }
        loop {
            let messages = self.messages();
            self.book.sent(&messages);
            let offer = if self.may_look_up() { Offer::All } else { Offer::NoLookUp };
            let opened =
                timeout_at(self.deadline, self.model.client.open(&messages, offer, &self.exchange)).await;
            match opened.map_err(|_| Failure::from(Class::TimedOut)).flatten() {
                Ok(events) => {
                    self.events = Some(events);
                    return Ok(());
                }
                // Each field can be refused but once, so this comes to an end.
                Err(failure) if failure.rejected.is_some_and(|field| self.model.client.refuse(field)) => {}
                Err(failure) => return Err(failure),
            }
        }
    }

    /// Another request keeps to the pool's limits as the first did.
    async fn admitted(&mut self) -> Result<(), Failure> {
        let tokens = self.messages().iter().map(|message| Estimator::tokens(&message.content)).sum();
        let by = self.deadline.min(Instant::now() + AGAIN_WITHIN);
        let may = self.model.watcher.may_ask_again(self.prompt.turn, tokens, by).await;
        if may { Ok(()) } else { Err(Class::NoRoom.into()) }
    }

    fn messages(&self) -> Vec<Message> {
        let boundary = boundary();
        let client = &self.model.client;
        let means = Means { rules: client.rules(), tools: client.takes_tools(), look_up: self.may_look_up() };
        prompt::messages(&self.prompt, &self.question, &self.sources, &boundary, means)
    }

    fn may_look_up(&self) -> bool {
        self.look_ups < LOOK_UPS_MAX
    }

    fn take(&mut self, chunk: Chunk) {
        if let (Some(prompt), Some(completion)) = (chunk.usage.prompt_tokens, chunk.usage.completion_tokens) {
            self.book.counted(Usage { prompt, completion });
        }
        let Some(choice) = chunk.choices.into_iter().next() else { return };
        if self.finish.is_some() {
            return;
        }
        let nothing_yet = !self.heard && self.calls.is_empty();
        let delta =
            choice.message.filter(|message| nothing_yet && message.says_something()).unwrap_or(choice.delta);
        if let Some(thought) = delta.reasoning_content.as_ref().or(delta.reasoning.as_ref()) {
            self.book.report.answer_chars += thought.chars().count();
        }
        for text in [delta.content, delta.refusal].into_iter().flatten() {
            self.heard |= !text.is_empty();
            self.book.words(&text);
            let words = self.answer.push(&text);
            self.check(&words);
        }
        for piece in delta.tool_calls {
            self.calls.push(piece);
        }
        // A sentence that was withheld has ended the answer already.
        self.finish = self.finish.take().or(choice.finish_reason.filter(|reason| !reason.is_empty()));
        if self.answer.is_full() {
            // Enough said; what else would come is not waited for, and the connection goes.
            self.finish = Some("length".to_owned());
            self.events = Some(stream::empty().boxed());
        }
        if self.finish.is_some() {
            self.deadline = self.deadline.min(Instant::now() + self.model.client.timers().usage);
        }
    }

    /// Shows what of the words may be shown by now; a commitment that no cited entry makes ends the answer.
    fn check(&mut self, words: &str) {
        let mut guard = std::mem::take(&mut self.guard);
        let passed = guard.push(words, &self.cited(), &self.offered());
        self.guard = guard;
        self.pass(passed);
        if self.withheld.is_some() {
            self.finish = Some("stop".to_owned());
            self.events = Some(stream::empty().boxed());
        }
    }

    fn pass(&mut self, passed: Passed) {
        self.spoke |= !passed.shown.is_empty();
        self.say(passed.shown);
        self.withheld = self.withheld.or(passed.withheld);
    }

    fn cited(&self) -> Vec<guard::Source<'_>> {
        let source = |number: &usize| number.checked_sub(1).and_then(|place| self.sources.get(place));
        self.answer.cited().iter().filter_map(source).map(Source::guarded).collect()
    }

    /// What the answer may still cite.
    fn offered(&self) -> Vec<guard::Source<'_>> {
        self.sources.iter().map(Source::guarded).collect()
    }

    fn say(&mut self, text: String) {
        if !text.is_empty() {
            self.ready.push_back(Ok(Piece::Text(text)));
        }
    }

    fn finished(&mut self, end: TurnEnd, outcome: Outcome) {
        self.book.ended(&end);
        self.ready.push_back(Ok(Piece::End(end)));
        self.close(outcome);
    }

    fn fail(&mut self, mut failure: Failure) {
        failure.limits = self.exchange.limits();
        self.ready.push_back(Err(failure.class.into()));
        self.close(Outcome::Failed(failure));
    }

    fn close(&mut self, outcome: Outcome) {
        self.over = true;
        self.events = None;
        self.book.report.limits = self.exchange.limits();
        self.book.called(&self.calls);
        self.book.settle(outcome);
    }
}

/// Eight random bytes; without randomness the fence is weak, and the checks after it still hold.
fn boundary() -> String {
    let mut bytes = [0; 8];
    let _ = getrandom::fill(&mut bytes);
    format!("{:016x}", u64::from_le_bytes(bytes))
}
