//! The nouns of the answerer: entries, questions, hits and replies.

use serde::{Deserialize, Serialize};

use super::language::Language;
use super::route::Urgency;

/// One entry of a hotel's knowledge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Identity within the property; returned in citations.
    pub id: String,
    /// The question it answers, or a heading.
    pub title: String,
    /// The answer, in Markdown; shown to guests verbatim.
    pub body: String,
    /// Other wordings of the question.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Keywords.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Language tag of title and body; detected when absent.
    #[serde(default)]
    pub locale: Option<String>,
}

/// A guest's turn and what is known around it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Question<'a> {
    /// The words of this turn.
    pub text: &'a str,
    /// Earlier turns of the guest, oldest first.
    pub context: &'a [String],
    /// Ids of entries that must not be used.
    pub hidden: &'a [String],
    /// Language tag of the guest's device: used when the words say too little.
    pub locale: Option<&'a str>,
}

/// An entry found, with its score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hit {
    /// Id of the entry.
    pub id: String,
    /// Relevance: the sum of BM25 weights, in nats. Comparable within one question only.
    pub score: f32,
}

/// Names the entry an answer comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Citation {
    /// Id of the entry.
    pub id: String,
    /// Its title.
    pub title: String,
}

/// Why a question goes to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The guest asked for a person.
    WantsHuman,
    /// Something is broken, missing or lost.
    Problem,
    /// A booking, a change, a price for dates, or a promise is wanted.
    Transaction,
    /// No entry answers it surely enough.
    NotKnown,
}

/// What the answerer decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Answered from the cited entries.
    Answer,
    /// Not sure: up to two entries are offered as suggestions.
    Clarify,
    /// A person takes over.
    HandOver(Reason),
    /// A person must look at once.
    Urgent(Urgency),
    /// Not a matter for the hotel, or an attempt to misuse the answerer.
    Decline,
    /// A greeting, thanks, a goodbye.
    SmallTalk,
}

impl Decision {
    /// The word for it in evaluation files: one of `answer`, `hand_over`, `hand_over_urgent`,
    /// `request`, `decline`, `smalltalk`. A clarification counts as `hand_over`: nothing was
    /// answered.
    pub fn label(self) -> &'static str {
        match self {
            Decision::Answer => "answer",
            Decision::Clarify => "hand_over",
            Decision::HandOver(Reason::Problem | Reason::Transaction) => "request",
            Decision::HandOver(Reason::WantsHuman | Reason::NotKnown) => "hand_over",
            Decision::Urgent(_) => "hand_over_urgent",
            Decision::Decline => "decline",
            Decision::SmallTalk => "smalltalk",
        }
    }
}

/// Everything the answerer says about one question.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// What was decided.
    pub decision: Decision,
    /// What to say to the guest, in the guest's language; entries verbatim.
    pub text: String,
    /// Entries whose bodies stand in `text`.
    pub citations: Vec<Citation>,
    /// Entries to offer as "did you mean".
    pub suggestions: Vec<Citation>,
    /// The best entries, best first, whatever was decided.
    pub ranked: Vec<Hit>,
    /// The language of the reply.
    pub language: Language,
}
