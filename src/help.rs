//! Help for agents: suggested replies, summaries, rewriting, translation.
//!
//! It goes through the pool like the answers to guests, behind them: a call is made when there is a place for it,
//! and dropped when a guest needs that place. Nothing here says anything to a guest: what comes of it is a draft,
//! which the agent may send.

use std::sync::Arc;
use std::time::Duration;

use frontdesk_actors::hub::Hub;
use frontdesk_actors::messages::{Attempt, Lease};
use frontdesk_actors::ports::{ModelError, Prompt, Span, Store};
use frontdesk_domain::event::Citation;
use frontdesk_domain::guard::Guard;
use frontdesk_domain::ids::{ConversationId, PropertyId, Seq, TurnId};
use frontdesk_domain::people::Audience;
use frontdesk_domain::pool::{Class, Estimator};
use frontdesk_domain::refusal::{Code, Refusal};
use frontdesk_domain::text::{TEXT_MAX_CHARS, shorten};
use futures_util::StreamExt;
use uuid::Uuid;

use crate::ai::errand::{Errand, Writer, fence};
use crate::ai::knowledge::{Decision, KnowledgeBases, Retriever, Source};
use crate::ai::openai::citations::Citations;
use crate::ai::question::Question;
use crate::error::from_store;

mod prompts;

pub use prompts::Style;
use prompts::Words;

/// How long help waits for a place.
const PLACE_WITHIN: Duration = Duration::from_secs(8);
/// How long an agent waits at most.
const WHOLE_WITHIN: Duration = Duration::from_secs(30);
/// How often a call that made room for a guest is made anew.
const TRIES: u32 = 3;
/// How much of the conversation is read.
const EVENTS: u32 = 80;
/// Sources of a suggestion.
const SOURCES: usize = 6;

/// Help. Cheap to clone.
#[derive(Clone)]
pub struct Help {
    hub: Hub,
    store: Arc<dyn Store>,
    knowledge: Arc<KnowledgeBases>,
    writer: Option<Arc<dyn Writer>>,
}

/// Where help is given.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The hotel.
    pub property: PropertyId,
    /// The conversation.
    pub conversation: ConversationId,
}

/// A reply that an agent might send.
#[derive(Clone, Debug)]
pub struct Suggestion {
    /// The words, in the guest's language where a model wrote them.
    pub text: String,
    /// The entries that it rests on.
    pub citations: Vec<Citation>,
    /// A model wrote it; else it is an entry's own text.
    pub by_model: bool,
    /// It holds a price, a time or a promise that none of those entries states: why, as a code.
    pub unproven: Option<&'static str>,
}

/// Why there is no help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unhelped {
    /// No model is set up.
    NoModel,
    /// There was no place in time.
    Busy,
    /// The model failed.
    Failed(ModelError),
}

impl From<Unhelped> for Refusal {
    fn from(why: Unhelped) -> Self {
        match why {
            Unhelped::NoModel => {
                Self::new(Code::Unavailable, "this help needs a language model, and none is set up")
            }
            Unhelped::Busy => {
                Self::new(Code::Overloaded, "the AI has no room for this at the moment, please try again")
                    .retry_in(5_000)
            }
            Unhelped::Failed(_) => {
                Self::new(Code::Unavailable, "the language model gave no answer, please try again")
                    .retry_in(5_000)
            }
        }
    }
}

impl Help {
    /// Help by this writer, if there is one.
    pub fn new(
        hub: Hub,
        store: Arc<dyn Store>,
        knowledge: Arc<KnowledgeBases>,
        writer: Option<Arc<dyn Writer>>,
    ) -> Self {
        Self { hub, store, knowledge, writer }
    }

    /// True if there is a model for it.
    pub fn has_model(&self) -> bool {
        self.writer.is_some()
    }

    /// The hosts that the hotel's knowledge names: where links in the AI's text may lead.
    pub async fn hosts(&self, property: PropertyId) -> Vec<String> {
        Arc::unwrap_or_clone(self.knowledge.hosts(property).await)
    }

    /// A reply to what the guest said last: by the model, or else the entry that fits best.
    ///
    /// # Errors
    /// The guest has said nothing, or there is neither model nor entry.
    pub async fn suggest(&self, at: Place, locale: Option<String>) -> Result<Suggestion, Refusal> {
        let span = Span::Newest { before: None, limit: EVENTS };
        let events = self.store.events(at.conversation, Audience::Guest, span).await;
        let lines = prompts::guest_lines(&events.map_err(|error| from_store(&error))?);
        let last = lines.iter().rposition(prompts::is_guests);
        let Some(last) = last else {
            return Err(Refusal::new(Code::Conflict, "the guest has not said anything yet"));
        };
        let turn = TurnId(Uuid::nil());
        let asked = Prompt {
            property: at.property,
            conversation: at.conversation,
            turn,
            lines: lines[..=last].to_vec(),
            locale,
        };
        let question = Question::of(&asked);
        let base = self.knowledge.of(at.property).await.map_err(|error| from_store(&error))?;
        let sources = base.top(&question, SOURCES);
        let words = prompts::suggestion(&lines, &sources, question.language(), &fence());
        match self.run(at, words).await {
            Ok(text) => Ok(grounded(&text, question.subject(), &sources)),
            Err(why) => from_knowledge(base.as_ref(), &question).ok_or_else(|| match why {
                Unhelped::NoModel => Refusal::new(Code::NotFound, "no entry of the knowledge answers this"),
                why => why.into(),
            }),
        }
    }

    /// What happened so far, for a colleague, in this language; and up to which event. Notes are in it: it is
    /// shown to staff alone.
    ///
    /// # Errors
    /// There is nothing to tell, or no model.
    pub async fn summarise(&self, at: Place, language: &str) -> Result<(String, Seq), Refusal> {
        let span = Span::Newest { before: None, limit: EVENTS };
        let events = self.store.events(at.conversation, Audience::Agents, span).await;
        let events = events.map_err(|error| from_store(&error))?;
        let Some(through) = events.last().map(|event| event.seq) else {
            return Err(Refusal::new(Code::Conflict, "nothing has been said yet"));
        };
        let text = self.run(at, prompts::summary(&events, language, &fence())).await?;
        Ok((text, through))
    }

    /// The agent's own words, in another manner.
    ///
    /// # Errors
    /// No model, or no place.
    pub async fn rewrite(&self, at: Place, text: &str, style: Style) -> Result<String, Refusal> {
        Ok(self.run(at, prompts::rewrite(text, style, &fence())).await?)
    }

    /// A text in another language.
    ///
    /// # Errors
    /// No model, or no place.
    pub async fn translate(&self, at: Place, text: &str, to: &str) -> Result<String, Refusal> {
        Ok(self.run(at, prompts::translation(text, to, &fence())).await?)
    }

    async fn run(&self, at: Place, words: Words) -> Result<String, Unhelped> {
        let Some(writer) = &self.writer else { return Err(Unhelped::NoModel) };
        let tokens = Estimator::tokens(&words.rules) + Estimator::tokens(&words.matter);
        let work = async {
            for _ in 0..TRIES {
                let lease =
                    self.hub.lease(at.property, at.conversation, Class::Help, tokens, PLACE_WITHIN).await;
                let lease = lease.map_err(|_| Unhelped::Busy)?;
                let Words { rules, matter } = words.clone();
                let errand = Errand { turn: lease.id(), rules, matter };
                if let Some(done) = call(writer.as_ref(), errand, lease).await {
                    return done.map_err(Unhelped::Failed);
                }
            }
            Err(Unhelped::Busy)
        };
        let late = |_| Unhelped::Failed(ModelError::TimedOut);
        let text = tokio::time::timeout(WHOLE_WITHIN, work).await.map_err(late)??;
        let text = shorten(text.trim(), TEXT_MAX_CHARS - 1);
        if text.is_empty() { Err(Unhelped::Failed(ModelError::BadAnswer)) } else { Ok(text) }
    }
}

/// One call. `None`: a guest needed its place.
async fn call(writer: &dyn Writer, errand: Errand, lease: Lease) -> Option<Result<String, ModelError>> {
    let mut pieces = writer.write(errand);
    let mut text = String::new();
    loop {
        let piece = tokio::select! {
            biased;
            () = lease.revoked() => return None,
            piece = pieces.next() => piece,
        };
        let chars = text.chars().count();
        let (attempt, result) = match piece {
            Some(Ok(words)) => {
                if text.is_empty() {
                    lease.first_word();
                }
                text.push_str(&words);
                continue;
            }
            Some(Err(error)) if text.is_empty() => (Attempt::Untouched(error), Err(error)),
            Some(Err(error)) => (Attempt::Broken { error, chars }, Err(error)),
            None => (Attempt::Done { chars }, Ok(text)),
        };
        // The connection goes before the place does.
        drop(pieces);
        lease.ended(attempt);
        return Some(result);
    }
}

/// Takes the numbers of the sources out of the words, and looks whether the sources hold what the words say.
fn grounded(text: &str, asked: &str, sources: &[Source]) -> Suggestion {
    let mut citations = Citations::default();
    let mut said = citations.push(text);
    said.push_str(&citations.finish());
    let cited: Vec<&Source> =
        citations.cited().iter().filter_map(|number| sources.get(number.checked_sub(1)?)).collect();
    let texts: Vec<_> = cited.iter().map(|source| source.guarded()).collect();
    let mut guard = Guard::answering(asked);
    let withheld = guard.push(&said, &texts, &[]).withheld.or_else(|| guard.finish(&texts).withheld);
    Suggestion {
        text: said.trim().to_owned(),
        citations: cited
            .iter()
            .map(|source| Citation { id: source.entry, title: source.title.clone() })
            .collect(),
        by_model: true,
        unproven: withheld.map(frontdesk_domain::guard::Concern::code),
    }
}

fn from_knowledge(base: &dyn Retriever, question: &Question) -> Option<Suggestion> {
    let reply = base.reply(question);
    let answers = matches!(reply.decision, Decision::Answer) && !reply.citations.is_empty();
    let (text, citations) = if answers {
        (reply.text, reply.citations)
    } else {
        let best = base.top(question, 1).into_iter().next()?;
        (best.body, vec![Citation { id: best.entry, title: best.title }])
    };
    Some(Suggestion { text: shorten(&text, TEXT_MAX_CHARS - 1), citations, by_model: false, unproven: None })
}

#[cfg(test)]
mod tests {
    use super::*;
    use frontdesk_domain::ids::EntryId;

    #[test]
    fn a_suggestion_says_what_no_source_holds() {
        let source = |title: &str, body: &str| Source {
            entry: EntryId(Uuid::from_u128(1)),
            title: title.to_owned(),
            body: body.to_owned(),
            score: 1.0,
        };
        let sources = [source("Breakfast", "Breakfast is from 7:00 to 10:00.")];
        let good = grounded("Breakfast is from 7:00 to 10:00 [1].", "When is breakfast?", &sources);
        assert_eq!(good.text, "Breakfast is from 7:00 to 10:00.");
        assert_eq!((good.citations.len(), good.unproven), (1, None));
        let bad = grounded("A room costs 80 EUR [1].", "What does a room cost?", &sources);
        assert!(bad.unproven.is_some());
        assert!(bad.text.contains("80 EUR"), "the agent sees it all the same");
    }
}
