//! What the tests of this folder share: a shelf of entries, prompts, and an ear for streams.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use frontdesk_actors::ports::{Line, ModelError, Piece, Prompt, StoreError};
use frontdesk_domain::conversation::TurnEnd;
use frontdesk_domain::ids::{ConversationId, EntryId, GuestId, PropertyId, TurnId};
use frontdesk_domain::people::{AgentRef, Author, AuthorKind};
use frontdesk_domain::timestamp::Timestamp;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use uuid::Uuid;

use super::question::Question;
use crate::store::{Entry, EntryVersion, Knowledge, ListError, Page, PageRequest, WriteError};

pub(super) const PROPERTY: PropertyId = PropertyId(Uuid::from_u128(1));

pub(super) fn guest(text: &str) -> Line {
    Line { by: Author::guest(GuestId(Uuid::from_u128(2)), None), text: text.to_owned() }
}

pub(super) fn ai(text: &str) -> Line {
    Line { by: Author::ai(), text: text.to_owned() }
}

pub(super) fn agent(text: &str) -> Line {
    let by = Author { kind: AuthorKind::Agent, id: None, name: Some("Ana".to_owned()) };
    Line { by, text: text.to_owned() }
}

pub(super) fn prompt(lines: Vec<Line>) -> Prompt {
    let (conversation, turn) = (ConversationId(Uuid::from_u128(3)), TurnId(Uuid::from_u128(4)));
    Prompt { property: PROPERTY, conversation, turn, lines, locale: None }
}

pub(super) fn ask(text: &str) -> Question {
    Question { text: text.to_owned(), ..Question::default() }
}

/// What came out of a stream.
#[derive(Debug)]
pub(super) struct Heard {
    pub(super) text: String,
    pub(super) pieces: usize,
    pub(super) end: Option<Result<TurnEnd, ModelError>>,
}

impl Heard {
    pub(super) fn citations(&self) -> Vec<&str> {
        match &self.end {
            Some(Ok(TurnEnd::Said { citations, .. })) => citations.iter().map(|c| c.title.as_str()).collect(),
            other => panic!("not said: {other:?}"),
        }
    }

    pub(super) fn handed_over(&self) -> Option<(&str, bool)> {
        match &self.end {
            Some(Ok(TurnEnd::HandedOver { reason, urgent })) => Some((reason, *urgent)),
            _ => None,
        }
    }

    pub(super) fn error(&self) -> Option<ModelError> {
        self.end.as_ref().and_then(|end| end.as_ref().err().copied())
    }
}

/// Listens to the end; nothing may come after it.
pub(super) async fn listen(mut stream: BoxStream<'static, Result<Piece, ModelError>>) -> Heard {
    let mut heard = Heard { text: String::new(), pieces: 0, end: None };
    while let Some(item) = stream.next().await {
        assert!(heard.end.is_none(), "something came after the end");
        match item {
            Ok(Piece::Text(text)) => {
                assert!(!text.is_empty(), "an empty piece");
                heard.text.push_str(&text);
                heard.pieces += 1;
            }
            Ok(Piece::End(end)) => heard.end = Some(Ok(end)),
            Err(error) => heard.end = Some(Err(error)),
        }
    }
    heard
}

/// A store that holds entries and nothing else.
#[derive(Default)]
pub(super) struct Shelf {
    entries: Mutex<Vec<Entry>>,
    fails: AtomicBool,
    loads: AtomicUsize,
}

impl Shelf {
    pub(super) fn with(entries: &[(&str, &str)]) -> Arc<Self> {
        let shelf = Arc::new(Self::default());
        shelf.put(entries);
        shelf
    }

    pub(super) fn put(&self, entries: &[(&str, &str)]) {
        let entry = |(nth, (title, body)): (usize, &(&str, &str))| Entry {
            id: EntryId(Uuid::from_u128(100 + nth as u128)),
            property: PROPERTY,
            title: (*title).to_owned(),
            body: (*body).to_owned(),
            locale: None,
            tags: Vec::new(),
            aliases: Vec::new(),
            created_at: Timestamp(0),
            updated_at: Timestamp(0),
        };
        *self.entries.lock().expect("lock") = entries.iter().enumerate().map(entry).collect();
    }

    pub(super) fn fail(&self, fails: bool) {
        self.fails.store(fails, Ordering::SeqCst);
    }

    pub(super) fn loads(&self) -> usize {
        self.loads.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Knowledge for Shelf {
    async fn all_entries(&self, _: PropertyId) -> Result<Vec<Entry>, StoreError> {
        self.loads.fetch_add(1, Ordering::SeqCst);
        tokio::task::yield_now().await;
        if self.fails.load(Ordering::SeqCst) {
            return Err(StoreError::Unavailable("as told".to_owned()));
        }
        Ok(self.entries.lock().expect("lock").clone())
    }

    async fn entries(
        &self,
        _: PropertyId,
        _: Option<&str>,
        _: PageRequest,
    ) -> Result<Page<Entry>, ListError> {
        unreachable!("not asked for")
    }

    async fn entry(&self, _: PropertyId, _: EntryId) -> Result<Option<Entry>, StoreError> {
        unreachable!("not asked for")
    }

    async fn versions(&self, _: PropertyId, _: EntryId) -> Result<Vec<EntryVersion>, StoreError> {
        unreachable!("not asked for")
    }

    async fn add_entries(&self, _: Vec<Entry>, _: Option<AgentRef>) -> Result<(), StoreError> {
        unreachable!("not asked for")
    }

    async fn put_entry(&self, _: Entry, _: Option<AgentRef>) -> Result<(), WriteError> {
        unreachable!("not asked for")
    }

    async fn remove_entry(
        &self,
        _: PropertyId,
        _: EntryId,
        _: Option<AgentRef>,
        _: Timestamp,
    ) -> Result<(), WriteError> {
        unreachable!("not asked for")
    }
}
