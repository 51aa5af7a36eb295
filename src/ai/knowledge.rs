//! The knowledge of the properties, ready to be searched, and kept so while it changes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use dashmap::DashMap;
use frontdesk_domain::event::Citation;
use frontdesk_domain::ids::{EntryId, PropertyId};
use tokio::sync::Mutex;

use frontdesk_actors::ports::StoreError;

use super::hosts::hosts;
use super::question::Question;
use crate::store::{Entry, Knowledge};

/// What is to be done with a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Say the reply's text, with its citations.
    Answer,
    /// Say the reply's text and offer its suggestions: not sure enough for more.
    Suggest,
    /// Say the reply's text, a courtesy for a courtesy.
    SmallTalk,
    /// Say the reply's text: it is none of the hotel's matters.
    Decline,
    /// Say the reply's text (a line of the language's own, if it is empty) and ask a human.
    HandOver {
        /// Why, as a short code.
        reason: String,
        /// Somebody must look now.
        urgent: bool,
    },
}

/// An answer made from the knowledge alone.
#[derive(Clone, Debug)]
pub struct Reply {
    /// What to do.
    pub decision: Decision,
    /// What to say.
    pub text: String,
    /// The entries that it rests on.
    pub citations: Vec<Citation>,
    /// Questions to choose from.
    pub suggestions: Vec<String>,
    /// The language of the text.
    pub language: Option<String>,
}

/// An entry that may hold the answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// The entry.
    pub entry: EntryId,
    /// A question or a heading.
    pub title: String,
    /// The answer, in Markdown.
    pub body: String,
    /// How well it fits; only to be compared with others of the same question.
    pub score: f32,
}

impl Source {
    /// As the guard reads it.
    pub fn guarded(&self) -> frontdesk_domain::guard::Source<'_> {
        frontdesk_domain::guard::Source { title: &self.title, body: &self.body }
    }
}

/// One property's knowledge, searchable. Called on the runtime's threads: must answer in milliseconds.
pub trait Retriever: Send + Sync + 'static {
    /// The answer to a question, without any model.
    fn reply(&self, question: &Question) -> Reply;

    /// The best entries for a question, best first, at most `count`.
    fn top(&self, question: &Question, count: usize) -> Vec<Source>;
}

/// Makes a property's entries searchable. Called on a blocking thread.
pub type Build = Arc<dyn Fn(Vec<Entry>) -> Arc<dyn Retriever> + Send + Sync>;

/// How long a failed load waits before the next try.
const RETRY: Duration = Duration::from_millis(250);
/// How often a load is tried again before the old index is kept for good (until the next change).
const RETRIES: u32 = 40;
/// How long a page waits for the hosts of a knowledge that is only now being loaded.
const HOSTS_WITHIN: Duration = Duration::from_millis(500);

#[derive(Default)]
struct Base {
    live: ArcSwapOption<Arc<dyn Retriever>>,
    /// The hosts that the entries in `live` name.
    hosts: ArcSwapOption<Vec<String>>,
    /// Counts the changes that were reported.
    changes: AtomicU64,
    /// The count that `live` shows; held while loading, so that an older load never overwrites a newer one.
    loaded: Mutex<Option<u64>>,
}

/// Where entries come from.
enum Shelf {
    Store(Arc<dyn Knowledge>),
    /// These, whatever the property.
    Fixed(Vec<Entry>),
}

/// The searchable knowledge of all properties.
pub struct KnowledgeBases {
    shelf: Shelf,
    build: Build,
    bases: DashMap<PropertyId, Arc<Base>>,
}

impl KnowledgeBases {
    /// Knows nothing yet; a property is loaded when it is first asked for.
    pub fn new(store: Arc<dyn Knowledge>, build: Build) -> Arc<Self> {
        Arc::new(Self { shelf: Shelf::Store(store), build, bases: DashMap::new() })
    }

    /// Knows these entries and no others, of whatever property it is asked.
    pub fn fixed(entries: Vec<Entry>, build: Build) -> Arc<Self> {
        Arc::new(Self { shelf: Shelf::Fixed(entries), build, bases: DashMap::new() })
    }

    /// The property's knowledge.
    ///
    /// # Errors
    /// It was never loaded, and the store failed.
    pub async fn of(&self, property: PropertyId) -> Result<Arc<dyn Retriever>, StoreError> {
        let base = self.base(property);
        match base.live.load_full() {
            Some(live) => Ok(Arc::clone(&live)),
            None => self.load(property, &base).await,
        }
    }

    /// The hosts that the property's knowledge names, at most 100. None while it cannot be loaded: a page
    /// without them shows addresses as text.
    pub async fn hosts(self: &Arc<Self>, property: PropertyId) -> Arc<Vec<String>> {
        let base = self.base(property);
        if base.hosts.load().is_none() {
            // In a task of its own: who gives up waiting leaves the load to finish for the next.
            let (bases, base) = (Arc::clone(self), Arc::clone(&base));
            let load = tokio::spawn(async move { bases.load(property, &base).await.map(drop) });
            let _ = tokio::time::timeout(HOSTS_WITHIN, load).await;
        }
        base.hosts.load_full().unwrap_or_default()
    }

    /// The property's entries changed: loads them in the background. While the store fails, the old index
    /// answers.
    pub fn changed(self: &Arc<Self>, property: PropertyId) {
        let base = self.base(property);
        base.changes.fetch_add(1, Ordering::AcqRel);
        let bases = Arc::clone(self);
        tokio::spawn(async move {
            for _ in 0..RETRIES {
                match bases.load(property, &base).await {
                    Ok(_) => return,
                    Err(_) => tokio::time::sleep(RETRY).await,
                }
            }
            tracing::error!(%property, "the knowledge could not be loaded; the AI answers from the old one");
        });
    }

    /// Loads what has changed, and returns when it is live.
    ///
    /// # Errors
    /// The store failed.
    pub async fn refresh(&self, property: PropertyId) -> Result<(), StoreError> {
        let base = self.base(property);
        base.changes.fetch_add(1, Ordering::AcqRel);
        self.load(property, &base).await.map(drop)
    }

    fn base(&self, property: PropertyId) -> Arc<Base> {
        Arc::clone(&self.bases.entry(property).or_default())
    }

    /// Brings the index up to the changes reported so far. Of many at once, one loads and the others find
    /// its work done.
    async fn load(&self, property: PropertyId, base: &Base) -> Result<Arc<dyn Retriever>, StoreError> {
        let mut loaded = base.loaded.lock().await;
        let changes = base.changes.load(Ordering::Acquire);
        if let (Some(live), true) = (base.live.load_full(), *loaded == Some(changes)) {
            return Ok(Arc::clone(&live));
        }
        let entries = match &self.shelf {
            Shelf::Store(store) => store.all_entries(property).await?,
            Shelf::Fixed(entries) => entries.clone(),
        };
        let build = Arc::clone(&self.build);
        let built = tokio::task::spawn_blocking(move || (hosts(&entries), build(entries))).await;
        let (named, retriever) =
            built.map_err(|_| StoreError::Unavailable("the index could not be built".to_owned()))?;
        base.hosts.store(Some(Arc::new(named)));
        base.live.store(Some(Arc::new(Arc::clone(&retriever))));
        *loaded = Some(changes);
        Ok(retriever)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{PROPERTY, Shelf, ask};
    use super::{Duration, KnowledgeBases};

    #[tokio::test]
    async fn a_change_is_live_within_a_second() {
        let shelf = Shelf::with(&[("Pool", "Open from 8 to 20.")]);
        let bases = KnowledgeBases::new(shelf.clone(), super::super::simple::build());
        let title = async |text: &str| {
            let base = bases.of(PROPERTY).await.expect("loaded");
            base.top(&ask(text), 1).first().map(|source| source.title.clone())
        };
        assert_eq!(title("is the pool open").await.as_deref(), Some("Pool"));
        assert_eq!(title("sauna towels").await, None);

        shelf.put(&[("Sauna", "Towels are at the sauna.")]);
        bases.changed(PROPERTY);
        let deadline = tokio::time::Instant::now() + Duration::from_secs(1);
        while title("sauna towels").await.is_none() {
            assert!(tokio::time::Instant::now() < deadline, "not live within a second");
            tokio::task::yield_now().await;
        }
        assert_eq!(title("pool").await, None);
    }

    #[tokio::test]
    async fn hosts_follow_the_entries_and_a_store_that_fails_names_none() {
        let shelf = Shelf::with(&[("Spa", "Book at https://spa.example/book.")]);
        let bases = KnowledgeBases::new(shelf.clone(), super::super::simple::build());
        shelf.fail(true);
        assert!(bases.hosts(PROPERTY).await.is_empty());
        shelf.fail(false);
        assert_eq!(*bases.hosts(PROPERTY).await, ["spa.example"]);
        let before = shelf.loads();
        assert_eq!(*bases.hosts(PROPERTY).await, ["spa.example"]);
        assert_eq!(shelf.loads(), before, "they are kept");
        shelf.put(&[("Boat", "See https://boat.example.")]);
        bases.refresh(PROPERTY).await.expect("loaded");
        assert_eq!(*bases.hosts(PROPERTY).await, ["boat.example"]);
    }

    #[tokio::test]
    async fn a_store_that_fails_keeps_the_old_index_and_many_changes_load_once_or_twice() {
        let shelf = Shelf::with(&[("Pool", "Open.")]);
        let bases = KnowledgeBases::new(shelf.clone(), super::super::simple::build());
        shelf.fail(true);
        assert!(bases.of(PROPERTY).await.is_err());
        shelf.fail(false);
        assert!(bases.of(PROPERTY).await.is_ok());
        let before = shelf.loads();
        futures_util::future::join_all((0..100).map(|_| bases.refresh(PROPERTY))).await;
        assert!(shelf.loads() - before <= 3, "{}", shelf.loads() - before);
        shelf.fail(true);
        bases.changed(PROPERTY);
        assert!(bases.refresh(PROPERTY).await.is_err());
        let base = bases.of(PROPERTY).await.expect("the old index");
        assert_eq!(base.top(&ask("pool"), 1).len(), 1);
    }
}
