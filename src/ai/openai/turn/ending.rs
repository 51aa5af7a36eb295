//! How a turn ends: an answer, a request, a person, another round; or not, which is a failure.

use frontdesk_domain::answerer::Topics;
use frontdesk_domain::conversation::TurnEnd;
use frontdesk_domain::departments::TEXT_MAX_CHARS as REQUEST_MAX_CHARS;
use frontdesk_domain::event::Citation;
use frontdesk_domain::guard::{Concern, Guard, Source, concern};
use frontdesk_domain::text::shorten;

use super::super::super::knowledge::Decision;
use super::super::super::language;
use super::super::super::question::Question;
use super::super::body::Exchange;
use super::super::failure::{Class, Failure};
use super::super::report::Outcome;
use super::super::tools::{HandOver, Proposal, Wish};
use super::Turn;

/// Sources that a look-up adds at most.
const FOUND_MAX: usize = 4;

impl Turn {
    pub(super) fn end(&mut self) -> Result<(), Failure> {
        if self.finish.as_deref() == Some("content_filter") {
            return Err(Class::ContentFilter.into());
        }
        // Some brokers put a failure of the server behind them into the last event.
        if self.finish.as_deref() == Some("error") {
            return Err(Class::RetryableServer.into());
        }
        let (rest, in_text) = self.answer.finish();
        self.check(&rest);
        let mut guard = std::mem::take(&mut self.guard);
        let passed = guard.finish(&self.cited());
        self.pass(passed);
        if let Some(concern) = self.withheld {
            self.withhold(concern);
            return Ok(());
        }
        match self.calls.wish().or(in_text) {
            Some(Wish::HandOver(over)) => self.hand_over(over),
            Some(Wish::Request(proposal)) => self.request(&proposal),
            Some(Wish::LookUp(query)) if self.may_look_up() => self.look_up(query),
            // Nothing said, or a tool called that does not exist (any more): not an answer.
            wish if self.answer.is_empty()
                || wish.is_some()
                || (!self.calls.is_empty() && self.finish.as_deref() == Some("tool_calls")) =>
            {
                return Err(Class::BadAnswer.into());
            }
            _ => self.said(),
        }
        Ok(())
    }

    fn said(&mut self) {
        if self.finish.as_deref() == Some("length") && !self.answer.is_full() {
            self.say("…".to_owned());
        }
        let citations = self.citations();
        let end = if citations.is_empty() { self.courtesy() } else { None };
        self.finished(end.unwrap_or(TurnEnd::Said { citations, suggestions: Vec::new() }), Outcome::Said);
    }

    /// What an answer without a source was, by the answerer's own reading of the question.
    fn courtesy(&self) -> Option<TurnEnd> {
        match self.base.as_ref()?.reply(&self.question).decision {
            Decision::SmallTalk => Some(TurnEnd::SmallTalk),
            Decision::Decline => Some(TurnEnd::Declined),
            _ => None,
        }
    }

    /// Another round, with what the words find among the sources. What was said stays said.
    fn look_up(&mut self, query: String) {
        self.look_ups += 1;
        let question = Question { text: query, context: Vec::new(), locale: self.question.locale.clone() };
        let found = self.base.as_ref().map(|base| base.top(&question, FOUND_MAX)).unwrap_or_default();
        for source in found {
            if !self.sources.iter().any(|known| known.entry == source.entry) {
                self.sources.push(source);
            }
        }
        if self.spoke {
            self.say("\n\n".to_owned());
        }
        self.answer.again();
        self.guard = Guard::answering(self.question.subject());
        self.book.called(&std::mem::take(&mut self.calls));
        self.finish = None;
        self.heard = false;
        self.exchange = Exchange::new();
        self.book.next_round();
        self.events = None;
    }

    /// A wish goes to a department, and the guest is told that nothing is confirmed. The words are the model's
    /// only as far as they claim no more than the guest has said.
    fn request(&mut self, proposal: &Proposal) {
        let asked = self.question.text.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut known = self.cited();
        let said = std::iter::once(&self.question.text).chain(&self.question.context);
        known.extend(said.map(|body| Source { title: "", body }));
        let founded =
            !proposal.text.is_empty() && concern(&proposal.text, &Topics::default(), &known).is_none();
        let text = if founded { proposal.text.clone() } else { shorten(&asked, REQUEST_MAX_CHARS) };
        let line = language::request_line(self.question.language());
        self.say(if self.spoke { format!("\n\n{line}") } else { line.to_owned() });
        let department = proposal.department.to_owned();
        self.finished(TurnEnd::Requested { department, text }, Outcome::Said);
    }

    fn hand_over(&mut self, over: HandOver) {
        if self.answer.is_empty() {
            self.say(language::hand_over_line(self.question.language()).to_owned());
        }
        let end = TurnEnd::HandedOver { reason: over.reason.to_owned(), urgent: over.urgent() };
        self.finished(end, Outcome::HandedOver);
    }

    fn citations(&self) -> Vec<Citation> {
        let source = |number: &usize| number.checked_sub(1).and_then(|place| self.sources.get(place));
        let cited = self.answer.cited().iter().filter_map(source);
        cited.map(|source| Citation { id: source.entry, title: source.title.clone() }).collect()
    }

    /// The hand-over line in the place of what the model wanted to say.
    fn withhold(&mut self, concern: Concern) {
        metrics::counter!("frontdesk_ai_withheld_total", "reason" => concern.code()).increment(1);
        let line = language::hand_over_line(self.question.language());
        self.say(if self.spoke { format!("\n\n{line}") } else { line.to_owned() });
        let end = TurnEnd::HandedOver { reason: concern.code().to_owned(), urgent: false };
        self.finished(end, Outcome::HandedOver);
    }
}
