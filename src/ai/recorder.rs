//! What a turn was told and said, for the replay. Written down after the turn is over and never waited for.

use std::sync::Arc;
use std::time::SystemTime;

use tokio::sync::mpsc::{self, Receiver, Sender};

use frontdesk_actors::ports::Prompt;
use frontdesk_domain::text::shorten;
use frontdesk_domain::timestamp::Timestamp;

use super::knowledge::Source;
use crate::store::Database;
use crate::store::records::{PROMPT_MESSAGES_MAX, PROMPT_TEXT_MAX_CHARS, PromptMessage};
use crate::store::records::{SAID_MAX_BYTES, TurnRecord, UsedSource};

/// So many records may wait to be written; one more is left out.
const QUEUE_MAX: usize = 512;
/// So many are written in one commit.
const BATCH_MAX: usize = 64;

/// Takes records. Cheap to clone; the default takes none.
#[derive(Clone, Default)]
pub struct Recorder {
    queue: Option<Sender<TurnRecord>>,
}

impl Recorder {
    /// One, and where its records come out.
    pub fn new() -> (Self, Receiver<TurnRecord>) {
        let (queue, records) = mpsc::channel(QUEUE_MAX);
        (Self { queue: Some(queue) }, records)
    }

    /// Keeps a record, if there is room.
    pub fn keep(&self, mut record: TurnRecord) {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        record.at = Timestamp(i64::try_from(now.as_millis()).unwrap_or(i64::MAX));
        if let Some(queue) = &self.queue
            && queue.try_send(record).is_err()
        {
            metrics::counter!("frontdesk_ai_records_dropped_total").increment(1);
        }
    }

    /// True if it is worth while to write one.
    pub fn is_on(&self) -> bool {
        self.queue.is_some()
    }
}

/// Stores what comes, until nobody records any more.
pub async fn store(db: Arc<dyn Database>, mut records: Receiver<TurnRecord>) {
    let mut batch = Vec::new();
    while records.recv_many(&mut batch, BATCH_MAX).await > 0 {
        if let Err(error) = db.add_records(std::mem::take(&mut batch)).await {
            tracing::warn!(%error, "records of turns could not be kept");
        }
    }
}

/// A record that is still to be filled in.
pub fn blank(prompt: &Prompt, by: &str) -> TurnRecord {
    TurnRecord {
        turn: prompt.turn,
        conversation: prompt.conversation,
        property: prompt.property,
        by: by.to_owned(),
        model: None,
        question: String::new(),
        prompt: Vec::new(),
        sources: Vec::new(),
        calls: Vec::new(),
        said: String::new(),
        outcome: String::new(),
        reason: None,
        at: Timestamp(0),
        first_word_ms: None,
        whole_ms: 0,
    }
}

/// Messages as a record keeps them: the first, which holds the rules and the sources, and the newest.
pub fn messages<'a>(sent: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<PromptMessage> {
    let mut kept: Vec<PromptMessage> = sent
        .map(|(role, content)| PromptMessage {
            role: role.to_owned(),
            content: shorten(content, PROMPT_TEXT_MAX_CHARS),
        })
        .collect();
    if kept.len() > PROMPT_MESSAGES_MAX {
        kept.drain(1..=kept.len() - PROMPT_MESSAGES_MAX);
    }
    kept
}

/// Sources as a record keeps them.
pub fn sources(found: &[Source]) -> Vec<UsedSource> {
    let used = |source: &Source| UsedSource {
        entry: source.entry,
        title: source.title.clone(),
        score: source.score,
    };
    found.iter().map(used).collect()
}

/// More of what was said, up to a bound.
pub fn add_words(said: &mut String, text: &str) {
    if said.len() < SAID_MAX_BYTES {
        said.push_str(text);
        if said.len() > SAID_MAX_BYTES {
            let mut end = SAID_MAX_BYTES;
            while !said.is_char_boundary(end) {
                end -= 1;
            }
            said.truncate(end);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_have_a_bound() {
        let mut said = String::new();
        for _ in 0..10_000 {
            add_words(&mut said, "né ");
        }
        assert!(said.len() <= SAID_MAX_BYTES && said.starts_with("né né"));
        let long = "x".repeat(PROMPT_TEXT_MAX_CHARS * 2);
        let many: Vec<(&str, &str)> =
            std::iter::once(("system", long.as_str())).chain((0..500).map(|_| ("user", "hi"))).collect();
        let kept = messages(many.into_iter());
        assert_eq!((kept.len(), kept[0].role.as_str()), (PROMPT_MESSAGES_MAX, "system"));
        assert!(kept[0].content.chars().count() <= PROMPT_TEXT_MAX_CHARS + 1);
    }

    #[tokio::test]
    async fn a_full_queue_drops_and_does_not_wait() {
        let (recorder, mut records) = Recorder::new();
        let prompt = super::super::testing::prompt(Vec::new());
        for _ in 0..QUEUE_MAX + 10 {
            recorder.keep(blank(&prompt, "model"));
        }
        let mut kept = 0;
        while records.try_recv().is_ok() {
            kept += 1;
        }
        assert_eq!(kept, QUEUE_MAX);
    }
}
