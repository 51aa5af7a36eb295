//! The outbox over a table in memory and an API that does as it is told, with limits in milliseconds.

use std::collections::{HashMap, HashSet, VecDeque};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use frontdesk_actors::address::Address;
use frontdesk_actors::directory::Directory;
use frontdesk_actors::messages::{DeliveryReport, InboxMsg, WhatsAppOutboxMsg};
use frontdesk_actors::ports::whatsapp::{
    Deliveries, Delivery, Letter, News, Outcome, Recipient, SendFault, WhatsAppApi,
};
use frontdesk_actors::ports::{Lead, StoreError};
use frontdesk_actors::whatsapp_outbox::{Limits, OutboxPlan, WhatsAppOutbox};
use frontdesk_domain::ids::{ConversationId, Seq};
use frontdesk_domain::outgoing::{DeliveryKey, Payload};
use frontdesk_domain::timestamp::Timestamp;
use ractor::{Actor, ActorProcessingErr, ActorRef};
use uuid::Uuid;

/// A row: the delivery, and whether it is done.
pub struct Row {
    pub delivery: Delivery,
    pub done: Option<Outcome>,
}

#[derive(Default)]
pub struct Table(Mutex<Vec<Row>>);

impl Table {
    pub fn add(&self, n: u128, seq: Seq) {
        let key = DeliveryKey { conversation: conversation(n), seq, part: 0 };
        let delivery = Delivery {
            key,
            payload: Payload::Text { text: format!("{n}/{seq}") },
            to: Some(Recipient::Phone(n.to_string())),
            quote: None,
            tries: 0,
            due_at: Timestamp(0),
            unclear_since: None,
        };
        self.0.lock().unwrap().push(Row { delivery, done: None });
    }

    pub fn open(&self) -> usize {
        self.0.lock().unwrap().iter().filter(|row| row.done.is_none()).count()
    }

    pub fn outcome(&self, n: u128, seq: Seq) -> Option<Outcome> {
        let rows = self.0.lock().unwrap();
        let row = rows
            .iter()
            .find(|row| row.delivery.key.conversation == conversation(n) && row.delivery.key.seq == seq);
        row.and_then(|row| row.done.clone())
    }

    pub fn with<T>(&self, key: DeliveryKey, change: impl FnOnce(&mut Row) -> T) -> T {
        let mut rows = self.0.lock().unwrap();
        change(rows.iter_mut().find(|row| row.delivery.key == key).unwrap())
    }
}

#[async_trait]
impl Deliveries for Table {
    async fn heads(&self, limit: u32) -> Result<Vec<Delivery>, StoreError> {
        let mut seen = HashSet::new();
        let rows = self.0.lock().unwrap();
        let open = rows.iter().filter(|row| row.done.is_none());
        let heads = open.filter(|row| seen.insert(row.delivery.key.conversation));
        Ok(heads.take(limit as usize).map(|row| row.delivery.clone()).collect())
    }

    async fn head(&self, of: ConversationId) -> Result<Option<Delivery>, StoreError> {
        let rows = self.0.lock().unwrap();
        let open = rows.iter().find(|row| row.done.is_none() && row.delivery.key.conversation == of);
        Ok(open.map(|row| row.delivery.clone()))
    }

    async fn waiting(&self) -> Result<u64, StoreError> {
        Ok(self.open() as u64)
    }

    async fn begin(&self, key: DeliveryKey, at: Timestamp, by: Timestamp) -> Result<bool, StoreError> {
        Ok(self.with(key, |row| {
            row.delivery.tries += 1;
            (row.delivery.unclear_since, row.delivery.due_at) = (Some(at), by);
            row.done.is_none()
        }))
    }

    async fn end(&self, key: DeliveryKey, outcome: Outcome) -> Result<(), StoreError> {
        self.with(key, |row| match outcome {
            Outcome::Taken(_) | Outcome::Never(_) => row.done = Some(outcome),
            Outcome::Again(at) | Outcome::Held(at, _) => {
                (row.delivery.unclear_since, row.delivery.due_at) = (None, at);
            }
            Outcome::Unclear(at) => row.delivery.due_at = at,
        });
        Ok(())
    }

    async fn report(&self, report: DeliveryReport) -> Result<Option<ConversationId>, StoreError> {
        let Some(key) = report.tracker.as_deref().and_then(DeliveryKey::from_tracker) else {
            return Ok(None);
        };
        self.with(key, |row| row.done = Some(Outcome::Taken(report.wamid)));
        Ok(Some(key.conversation))
    }

    async fn news(&self, _: Option<ConversationId>) -> Result<Vec<News>, StoreError> {
        Ok(Vec::new())
    }

    async fn forget(&self, _: Timestamp) -> Result<u64, StoreError> {
        Ok(0)
    }

    async fn told(&self, _: News) -> Result<(), StoreError> {
        Ok(())
    }

    async fn newest_inbound(&self, _: ConversationId, _: Seq) -> Result<Option<String>, StoreError> {
        Ok(None)
    }
}

/// What was sent, when; and what comes of it: in order for each text, then all is well.
#[derive(Default)]
pub struct Api {
    pub sent: Mutex<Vec<(String, Instant)>>,
    pub faults: Mutex<HashMap<String, VecDeque<SendFault>>>,
    pub always: Mutex<Option<SendFault>>,
}

impl Api {
    pub fn fail(&self, text: &str, faults: impl IntoIterator<Item = SendFault>) {
        self.faults.lock().unwrap().insert(text.to_owned(), faults.into_iter().collect());
    }

    pub fn sent(&self) -> Vec<String> {
        self.sent.lock().unwrap().iter().map(|(text, _)| text.clone()).collect()
    }

    pub fn times(&self, start: &str) -> Vec<Instant> {
        let sent = self.sent.lock().unwrap();
        sent.iter().filter(|(text, _)| text.starts_with(start)).map(|(_, at)| *at).collect()
    }
}

#[async_trait]
impl WhatsAppApi for Api {
    async fn send(&self, letter: Letter) -> Result<String, SendFault> {
        let Payload::Text { text } = letter.payload else { panic!("only texts") };
        self.sent.lock().unwrap().push((text.clone(), Instant::now()));
        if let Some(fault) = *self.always.lock().unwrap() {
            return Err(fault);
        }
        let fault = self.faults.lock().unwrap().get_mut(&text).and_then(VecDeque::pop_front);
        fault.map_or(Ok(format!("wamid.{text}")), Err)
    }

    async fn mark_read(&self, _: &str, _: bool) -> Result<(), SendFault> {
        Ok(())
    }
}

/// An inbox that only counts alarms.
pub struct Alarms(Arc<Mutex<Vec<Option<String>>>>);

impl Actor for Alarms {
    type Msg = InboxMsg;
    type State = ();
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<InboxMsg>, (): ()) -> Result<(), ActorProcessingErr> {
        Ok(())
    }

    async fn handle(
        &self,
        _: ActorRef<InboxMsg>,
        message: InboxMsg,
        (): &mut (),
    ) -> Result<(), ActorProcessingErr> {
        if let InboxMsg::Alarm(alarm) = message {
            self.0.lock().unwrap().push(alarm);
        }
        Ok(())
    }
}

pub struct World {
    pub table: Arc<Table>,
    pub api: Arc<Api>,
    pub alarms: Arc<Mutex<Vec<Option<String>>>>,
    pub outbox: ActorRef<WhatsAppOutboxMsg>,
}

pub fn conversation(n: u128) -> ConversationId {
    ConversationId(Uuid::from_u128(n))
}

/// WhatsApp's limits, a hundred times as fast.
pub fn limits() -> Limits {
    Limits {
        number_a_second: NonZeroU32::new(7_000).unwrap(),
        guest_every: Duration::from_millis(60),
        unclear_for: Duration::from_millis(100),
        again_after: Duration::from_millis(10),
        again_after_max: Duration::from_millis(40),
        probe_after: Duration::from_millis(30),
        probe_after_max: Duration::from_millis(60),
        ..Limits::default()
    }
}

impl World {
    pub async fn start(table: Arc<Table>, limits: Limits) -> Self {
        let (api, alarms) = (Arc::new(Api::default()), Arc::new(Mutex::new(Vec::new())));
        let inbox = Address::default();
        inbox.set(Actor::spawn(None, Alarms(Arc::clone(&alarms)), ()).await.unwrap().0);
        let plan = OutboxPlan { api: api.clone(), deliveries: table.clone(), limits };
        let actor = WhatsAppOutbox {
            plan,
            directory: Directory::default(),
            inbox,
            poison: Arc::default(),
            lead: Lead::alone(),
            cluster: None,
        };
        let (outbox, _) = Actor::spawn(None, actor, ()).await.unwrap();
        Self { table, api, alarms, outbox }
    }

    pub async fn fresh() -> Self {
        Self::start(Arc::new(Table::default()), limits()).await
    }

    pub fn send(&self, n: u128, seq: Seq) {
        self.table.add(n, seq);
        self.outbox.cast(WhatsAppOutboxMsg::Due(conversation(n))).unwrap();
    }

    pub async fn until(&self, what: &str, so: impl Fn(&Self) -> bool) {
        let give_up = Instant::now() + Duration::from_secs(60);
        while !so(self) {
            assert!(Instant::now() < give_up, "never: {what}; sent: {:?}", self.api.sent());
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    pub async fn until_done(&self) {
        self.until("all is done", |world| world.table.open() == 0).await;
    }
}
