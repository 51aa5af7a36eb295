//! What a rehearsal asks: the questions that were asked before.

use frontdesk_domain::event::{Event, EventKind};
use frontdesk_domain::ids::{ConversationId, PropertyId, Seq};
use frontdesk_domain::people::AuthorKind;

use crate::rehearse::{Answer, Asked};
use crate::store::Entry;

/// The context of a question: how many of the guest's earlier messages.
const CONTEXT: usize = 2;

/// A hotel's entries, and the newest questions that its guests asked, with what was answered.
pub struct Recorded {
    /// The hotel.
    pub property: PropertyId,
    /// What the AI answers from.
    pub entries: Vec<Entry>,
    /// The questions, the newest first.
    pub asked: Vec<Asked>,
}

/// A turn that came to an end of its own.
pub(in crate::store) struct Ended {
    /// Of which conversation.
    pub(in crate::store) conversation: ConversationId,
    /// It was to answer what the guest said after this place …
    pub(in crate::store) after: Seq,
    /// … up to and with this one.
    pub(in crate::store) through: Seq,
    /// How it ended.
    pub(in crate::store) outcome: String,
    /// Why.
    pub(in crate::store) reason: Option<String>,
    /// The message that it left.
    pub(in crate::store) answer: Option<Seq>,
}

impl Ended {
    /// The question of the turn, from the events of its conversation. `None` if its words are no longer there.
    pub(in crate::store) fn question(&self, events: &[Event]) -> Option<Asked> {
        let said = |event: &Event| match &event.kind {
            EventKind::Message(message) if event.by.kind == AuthorKind::Guest => {
                Some((event.seq, message.text.clone()))
            }
            _ => None,
        };
        let words: Vec<(Seq, String)> =
            events.iter().filter_map(said).filter(|(seq, _)| *seq <= self.through).collect();
        let (before, open) = words.split_at(words.partition_point(|(seq, _)| *seq <= self.after));
        let text = open.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join("\n");
        if text.trim().is_empty() {
            return None;
        }
        let skip = before.len().saturating_sub(CONTEXT);
        let context = before.iter().skip(skip).map(|(_, text)| text.clone()).collect();
        let id = format!("{}:{}", self.conversation, self.through);
        let answer = self.answer.and_then(|seq| events.iter().find(|event| event.seq == seq));
        let (words, sources) = match answer.map(|event| &event.kind) {
            Some(EventKind::Message(message)) => {
                (message.text.clone(), message.citations.iter().map(|cited| cited.title.clone()).collect())
            }
            _ => (String::new(), Vec::new()),
        };
        let before = Answer {
            id: id.clone(),
            question: text.clone(),
            // A question back is an answer with chips, and is told apart in the log alone.
            outcome: match self.outcome.as_str() {
                "answered" | "clarified" => "said".to_owned(),
                other => other.to_owned(),
            },
            reason: self.reason.clone(),
            text: words.trim().to_owned(),
            sources,
        };
        Some(Asked { id, text, context, before: Some(before) })
    }
}

/// The turns of each conversation together, each with its place: no more than one conversation's events are held in
/// memory at a time.
pub(in crate::store) fn by_conversation(turns: &[Ended]) -> Vec<(ConversationId, Vec<(usize, &Ended)>)> {
    let mut placed: Vec<(usize, &Ended)> = turns.iter().enumerate().collect();
    placed.sort_by_key(|(_, turn)| turn.conversation);
    placed
        .chunk_by(|(_, one), (_, other)| one.conversation == other.conversation)
        .map(|turns| (turns[0].1.conversation, turns.to_vec()))
        .collect()
}
