//! One errand for an agent: the request goes out, words come in, and an end that was no end is an error.

use std::sync::Arc;

use frontdesk_actors::ports::ModelError;
use futures_util::stream::{self, BoxStream, StreamExt};
use tokio::time::{Instant, timeout_at};

use super::super::clean::clean;
use super::super::errand::Errand;
use super::OpenAi;
use super::body::Exchange;
use super::book::Book;
use super::client::Events;
use super::failure::{Class, Failure};
use super::report::{Outcome, Usage};
use super::tools::Offer;
use super::wire::{Chunk, Message};

/// Starts it; nothing happens until the stream is read.
pub(super) fn start(model: OpenAi, errand: Errand) -> BoxStream<'static, Result<String, ModelError>> {
    let book = Book::new(Arc::clone(&model.watcher), errand.turn);
    let deadline = Instant::now() + model.client.timers().turn;
    let exchange = Exchange::new();
    let run = Run { model, errand, events: None, exchange, deadline, finish: None, over: false, book };
    stream::unfold(run, |mut run| async move { run.next().await.map(|words| (words, run)) }).boxed()
}

struct Run {
    model: OpenAi,
    errand: Errand,
    events: Option<Events>,
    exchange: Arc<Exchange>,
    deadline: Instant,
    finish: Option<String>,
    over: bool,
    book: Book,
}

impl Run {
    async fn next(&mut self) -> Option<Result<String, ModelError>> {
        while !self.over {
            match self.step().await {
                Ok(words) if words.is_empty() => {}
                Ok(words) => return Some(Ok(words)),
                Err(mut failure) => {
                    failure.limits = self.exchange.limits();
                    self.close(Outcome::Failed(failure));
                    return Some(Err(failure.class.into()));
                }
            }
        }
        None
    }

    async fn step(&mut self) -> Result<String, Failure> {
        let Some(events) = &mut self.events else { return self.open().await };
        match timeout_at(self.deadline, events.next()).await {
            // After the last word only the count of tokens is waited for.
            Err(_) if self.finish.is_none() => Err(Class::TimedOut.into()),
            Ok(Some(Ok(chunk))) => {
                self.exchange.taken();
                Ok(self.take(chunk))
            }
            Ok(Some(Err(_))) if self.finish.is_none() => {
                Err(self.exchange.failure().unwrap_or(Class::BadAnswer).into())
            }
            Ok(None) if self.finish.is_none() && !self.exchange.is_done() => {
                Err(self.exchange.failure().unwrap_or(Class::Interrupted).into())
            }
            _ => self.end(),
        }
    }

    async fn open(&mut self) -> Result<String, Failure> {
        let messages = [
            Message { role: "system", content: self.errand.rules.clone() },
            Message { role: "user", content: self.errand.matter.clone() },
        ];
        loop {
            self.book.sent(&messages);
            let opened = self.model.client.open(&messages, Offer::Nothing, &self.exchange);
            match timeout_at(self.deadline, opened)
                .await
                .map_err(|_| Failure::from(Class::TimedOut))
                .flatten()
            {
                Ok(events) => {
                    self.events = Some(events);
                    return Ok(String::new());
                }
                // Each field can be refused but once, so this comes to an end.
                Err(failure) if failure.rejected.is_some_and(|field| self.model.client.refuse(field)) => {}
                Err(failure) => return Err(failure),
            }
        }
    }

    fn take(&mut self, chunk: Chunk) -> String {
        if let (Some(prompt), Some(completion)) = (chunk.usage.prompt_tokens, chunk.usage.completion_tokens) {
            self.book.report.usage = Some(Usage { prompt, completion });
        }
        let Some(choice) = chunk.choices.into_iter().next().filter(|_| self.finish.is_none()) else {
            return String::new();
        };
        let nothing_yet = self.book.report.answer_chars == 0;
        let delta =
            choice.message.filter(|message| nothing_yet && message.says_something()).unwrap_or(choice.delta);
        let words: String = [delta.content, delta.refusal].into_iter().flatten().collect();
        self.book.words(&words);
        self.finish = choice.finish_reason.filter(|reason| !reason.is_empty());
        if self.finish.is_some() {
            self.deadline = self.deadline.min(Instant::now() + self.model.client.timers().usage);
        }
        clean(&words)
    }

    fn end(&mut self) -> Result<String, Failure> {
        match self.finish.as_deref() {
            Some("content_filter") => return Err(Class::ContentFilter.into()),
            Some("error") => return Err(Class::RetryableServer.into()),
            // What was cut at the limit is not what was asked for.
            Some("length") => return Err(Class::BadAnswer.into()),
            _ if self.book.report.answer_chars == 0 => return Err(Class::BadAnswer.into()),
            _ => {}
        }
        self.close(Outcome::Said);
        Ok(String::new())
    }

    fn close(&mut self, outcome: Outcome) {
        self.over = true;
        self.events = None;
        self.book.report.limits = self.exchange.limits();
        self.book.settle(outcome);
    }
}
