//! What is counted and remembered of one call. It is told exactly once: at the call's end, or when it is dropped.

use std::sync::Arc;
use std::time::Duration;

use frontdesk_actors::ports::Prompt;
use frontdesk_domain::conversation::TurnEnd;
use frontdesk_domain::ids::TurnId;
use tokio::time::Instant;

use super::super::knowledge::Source;
use super::super::question::Question;
use super::super::recorder::{self, Recorder};
use super::report::{Outcome, Report, Usage, Watcher};
use super::tools::Calls;
use super::wire::Message;
use crate::store::records::TurnRecord;

/// The counts, for the pool, and the record, for the replay.
pub(super) struct Book {
    watcher: Arc<dyn Watcher>,
    pub(super) report: Report,
    pub(super) started: Instant,
    /// Counted by the server in the rounds before this one; none if one of them was not counted.
    before: Option<Usage>,
    /// Characters of the prompts of the rounds before this one.
    before_chars: usize,
    record: Option<(Recorder, TurnRecord)>,
}

impl Book {
    /// Nothing was sent yet.
    pub(super) fn new(watcher: Arc<dyn Watcher>, turn: TurnId) -> Self {
        let report = Report {
            turn,
            outcome: Outcome::Cancelled,
            requests: 0,
            prompt_chars: 0,
            answer_chars: 0,
            usage: None,
            limits: super::limits::Limits::default(),
            first_word: None,
            whole: Duration::ZERO,
        };
        let before = Some(Usage { prompt: 0, completion: 0 });
        Self { watcher, report, started: Instant::now(), before, before_chars: 0, record: None }
    }

    /// The same, with a record of the turn for the replay.
    pub(super) fn recorded(mut self, recorder: &Recorder, prompt: &Prompt, model: &str) -> Self {
        if recorder.is_on() {
            let record = TurnRecord { model: Some(model.to_owned()), ..recorder::blank(prompt, "model") };
            self.record = Some((recorder.clone(), record));
        }
        self
    }

    /// These are the sources.
    pub(super) fn found(&mut self, question: &Question, sources: &[Source]) {
        if let Some((_, record)) = &mut self.record {
            record.question.clone_from(&question.text);
            record.sources = recorder::sources(sources);
        }
    }

    /// This goes out.
    pub(super) fn sent(&mut self, messages: &[Message]) {
        let chars: usize = messages.iter().map(|message| message.content.chars().count()).sum();
        self.report.prompt_chars = self.before_chars + chars;
        self.report.requests += 1;
        if let Some((_, record)) = &mut self.record {
            record.prompt =
                recorder::messages(messages.iter().map(|message| (message.role, message.content.as_str())));
        }
    }

    /// The server's own count of this round.
    pub(super) fn counted(&mut self, usage: Usage) {
        self.report.usage = self.before.map(|before| Usage {
            prompt: before.prompt.saturating_add(usage.prompt),
            completion: before.completion.saturating_add(usage.completion),
        });
    }

    /// Another request follows: what was counted so far is not all.
    pub(super) fn next_round(&mut self) {
        self.before = self.report.usage.take();
        self.before_chars = self.report.prompt_chars;
    }

    /// Words came in.
    pub(super) fn words(&mut self, text: &str) {
        self.report.answer_chars += text.chars().count();
        if !text.is_empty() {
            self.report.first_word.get_or_insert_with(|| self.started.elapsed());
        }
        if let Some((_, record)) = &mut self.record {
            recorder::add_words(&mut record.said, text);
        }
    }

    /// These calls came in.
    pub(super) fn called(&mut self, calls: &Calls) {
        if let Some((_, record)) = &mut self.record {
            record.calls.extend(calls.listed());
        }
    }

    /// The turn is over, like this.
    pub(super) fn ended(&mut self, end: &TurnEnd) {
        if let (Some((_, record)), TurnEnd::HandedOver { reason, .. }) = (&mut self.record, end) {
            record.reason = Some(reason.clone());
        }
    }

    /// How it will be reported.
    pub(super) fn settle(&mut self, outcome: Outcome) {
        self.report.outcome = outcome;
    }
}

impl Drop for Book {
    fn drop(&mut self) {
        self.report.whole = self.started.elapsed();
        self.watcher.turn_over(&self.report);
        if let Some((recorder, mut record)) = self.record.take() {
            record.outcome = match self.report.outcome {
                Outcome::Said => "said",
                Outcome::HandedOver => "handed_over",
                Outcome::Failed(failure) => failure.class.code(),
                Outcome::Cancelled => "cancelled",
            }
            .to_owned();
            record.first_word_ms = self.report.first_word.map(millis);
            record.whole_ms = millis(self.report.whole);
            recorder.keep(record);
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
