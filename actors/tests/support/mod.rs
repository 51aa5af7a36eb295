//! A world for the actors: a log in memory, a model that says what the test tells it to, clients without
//! a network.

#![allow(dead_code, missing_docs, reason = "each test target uses its part")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::needless_pass_by_value, reason = "a test says what it means with values")]

pub mod client;
pub mod log;
pub mod model;
pub mod pool;

use std::sync::{Arc, Mutex};

use frontdesk_actors::ai_pool::Limits;
use frontdesk_actors::books::Books;
use frontdesk_actors::hub::{Foundation, Hub};
use frontdesk_actors::ports::{Ladder, Lead, Model, Pager, Rung};
use frontdesk_actors::quotas::Quotas;
use frontdesk_domain::conversation::{Conversation, Page};
use frontdesk_domain::event::Channel;
use frontdesk_domain::ids::{AgentId, ConversationId, GuestId, PropertyId};
use frontdesk_domain::people::{AgentRef, GuestProfile, Principal, Role};
use frontdesk_domain::timestamp::Timestamp;
use uuid::Uuid;

pub use client::Client;
pub use log::MemoryLog;
pub use model::Puppet;

pub struct World {
    pub hub: Hub,
    pub log: Arc<MemoryLog>,
    pub model: Arc<Puppet>,
    /// What a model's adapter has in its hand.
    pub books: Arc<Books>,
    pub property: PropertyId,
}

impl World {
    pub async fn start() -> Self {
        Self::on(Arc::new(MemoryLog::default()), Limits::default(), false).await
    }

    /// Starts a tree on a log, which may have a past.
    pub async fn on(log: Arc<MemoryLog>, ai_limits: Limits, limited: bool) -> Self {
        Self::build(log, ai_limits, limited, Ladder::default(), Arc::new(model::Apologetic)).await
    }

    /// One in which alarms are passed on after so many seconds; the pages come out here.
    pub async fn with_ladder(rungs: &[(u64, &str)]) -> (Self, Pages) {
        let rungs = rungs
            .iter()
            .map(|(after, to)| Rung { after: std::time::Duration::from_secs(*after), to: (*to).to_owned() });
        let pages = Pages::default();
        let pager: Arc<dyn Pager> = Arc::new(Notebook(Arc::clone(&pages)));
        let ladder = Ladder { rungs: rungs.collect(), pager: Some(pager) };
        let embedded = Arc::new(model::Apologetic);
        (Self::build(Arc::default(), Limits::default(), false, ladder, embedded).await, pages)
    }

    /// One whose embedded answerer has an answer to everything.
    pub async fn with_knowledge(ai_limits: Limits) -> Self {
        Self::build(Arc::default(), ai_limits, false, Ladder::default(), Arc::new(model::Knowing)).await
    }

    async fn build(
        log: Arc<MemoryLog>,
        ai_limits: Limits,
        limited: bool,
        ladder: Ladder,
        embedded: Arc<dyn Model>,
    ) -> Self {
        let (model, books) = (Arc::new(Puppet::default()), Arc::<Books>::default());
        let (hub, _) = Hub::start(Foundation {
            store: log.clone(),
            model: Some(model.clone()),
            embedded,
            ai_limits,
            books: Arc::clone(&books),
            media: None,
            ladder,
            outbox: None,
            quotas: Arc::new(Quotas::new(limited)),
            epoch: Uuid::nil(),
            node: "test".into(),
            neighbours: None,
            lead: Lead::alone(),
            knowledge: Arc::new(|_| {}),
        })
        .await
        .unwrap();
        Self { hub, log, model, books, property: PropertyId(Uuid::from_u128(1)) }
    }

    /// A guest with a new conversation.
    pub fn guest(&self, n: u128) -> Principal {
        let (id, conversation) = (GuestId(Uuid::from_u128(n)), ConversationId(Uuid::from_u128(n)));
        let profile = GuestProfile { id: Some(id), ..GuestProfile::default() };
        self.log.add(Conversation::new(conversation, self.property, Channel::Web, profile, Timestamp(0)));
        Principal::Guest { property: self.property, id, conversation, name: Some("Ada".into()) }
    }

    /// The same guest, on another device.
    pub fn guest_again(&self, n: u128) -> Principal {
        let (id, conversation) = (GuestId(Uuid::from_u128(n)), conversation(n));
        Principal::Guest { property: self.property, id, conversation, name: Some("Ada".into()) }
    }

    pub fn agent(&self, n: u128, role: Role) -> Principal {
        let agent = AgentRef { id: AgentId(Uuid::from_u128(n)), name: format!("agent {n}") };
        Principal::Agent { property: self.property, agent, role }
    }

    pub async fn connect(&self, who: &Principal, after: Option<u64>) -> Client {
        Client::connect(&self.hub, who.clone(), after).await
    }
}

pub type Pages = Arc<Mutex<Vec<Page>>>;

/// Writes down whom it would have called.
struct Notebook(Pages);

impl Pager for Notebook {
    fn page(&self, _: PropertyId, _: ConversationId, page: &Page) {
        self.0.lock().unwrap().push(page.clone());
    }
}

pub fn conversation(n: u128) -> ConversationId {
    ConversationId(Uuid::from_u128(n))
}
