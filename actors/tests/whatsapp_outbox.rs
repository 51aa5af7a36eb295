//! The outbox over a table in memory and an API that does as it is told, with limits in milliseconds.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

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
struct Row {
    delivery: Delivery,
    done: Option<Outcome>,
}

#[derive(Default)]
struct Table(Mutex<Vec<Row>>);

impl Table {
    fn add(&self, n: u128, seq: Seq) {
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

    fn open(&self) -> usize {
        self.0.lock().unwrap().iter().filter(|row| row.done.is_none()).count()
    }

    fn outcome(&self, n: u128, seq: Seq) -> Option<Outcome> {
        let rows = self.0.lock().unwrap();
        let row = rows
            .iter()
            .find(|row| row.delivery.key.conversation == conversation(n) && row.delivery.key.seq == seq);
        row.and_then(|row| row.done.clone())
    }

    fn with<T>(&self, key: DeliveryKey, change: impl FnOnce(&mut Row) -> T) -> T {
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
struct Api {
    sent: Mutex<Vec<(String, Instant)>>,
    faults: Mutex<HashMap<String, VecDeque<SendFault>>>,
    always: Mutex<Option<SendFault>>,
}

impl Api {
    fn fail(&self, text: &str, faults: impl IntoIterator<Item = SendFault>) {
        self.faults.lock().unwrap().insert(text.to_owned(), faults.into_iter().collect());
    }

    fn sent(&self) -> Vec<String> {
        self.sent.lock().unwrap().iter().map(|(text, _)| text.clone()).collect()
    }

    fn times(&self, start: &str) -> Vec<Instant> {
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
struct Alarms(Arc<Mutex<Vec<Option<String>>>>);

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

struct World {
    table: Arc<Table>,
    api: Arc<Api>,
    alarms: Arc<Mutex<Vec<Option<String>>>>,
    outbox: ActorRef<WhatsAppOutboxMsg>,
}

fn conversation(n: u128) -> ConversationId {
    ConversationId(Uuid::from_u128(n))
}

/// WhatsApp's limits, a hundred times as fast.
fn limits() -> Limits {
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
    async fn start(table: Arc<Table>, limits: Limits) -> Self {
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

    async fn fresh() -> Self {
        Self::start(Arc::new(Table::default()), limits()).await
    }

    fn send(&self, n: u128, seq: Seq) {
        self.table.add(n, seq);
        self.outbox.cast(WhatsAppOutboxMsg::Due(conversation(n))).unwrap();
    }

    async fn until(&self, what: &str, so: impl Fn(&Self) -> bool) {
        let give_up = Instant::now() + Duration::from_secs(60);
        while !so(self) {
            assert!(Instant::now() < give_up, "never: {what}; sent: {:?}", self.api.sent());
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    async fn until_done(&self) {
        self.until("all is done", |world| world.table.open() == 0).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_order_and_each_once_whatever_is_refused_on_the_way() {
    let world = World::fresh().await;
    let later = [SendFault::Unreachable, SendFault::Refused(131_000), SendFault::Refused(130_429)];
    world.api.fail("1/2", later);
    world.api.fail("1/3", [SendFault::Refused(131_047)]);
    for seq in 1..=5 {
        world.send(1, seq);
    }
    world.until_done().await;
    assert_eq!(world.api.sent(), ["1/1", "1/2", "1/2", "1/2", "1/2", "1/3", "1/4", "1/5"]);
    assert!(matches!(world.table.outcome(1, 3), Some(Outcome::Never(why)) if why.contains("24 hours")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_try_without_an_answer_is_repeated_only_after_a_status_was_waited_for() {
    let world = World::fresh().await;
    world.api.fail("1/1", [SendFault::Unclear]);
    world.send(1, 1);
    world.send(1, 2);
    world.until_done().await;
    let first = world.api.times("1/1");
    assert_eq!(first.len(), 2);
    assert!(first[1] - first[0] >= Duration::from_millis(95), "{:?}", first[1] - first[0]);
    assert_eq!(world.api.sent(), ["1/1", "1/1", "1/2"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_status_settles_it_and_it_is_not_repeated() {
    let patient = Limits { unclear_for: Duration::from_secs(600), ..limits() };
    let world = World::start(Arc::new(Table::default()), patient).await;
    world.api.fail("1/1", [SendFault::Unclear]);
    world.send(1, 1);
    world.send(1, 2);
    world.until("the first try", |world| world.api.sent().len() == 1).await;
    let report = DeliveryReport {
        property: frontdesk_domain::ids::PropertyId(Uuid::nil()),
        wamid: "wamid.real".into(),
        state: frontdesk_domain::event::DeliveryState::Sent,
        at: Timestamp(0),
        error: None,
        tracker: Some(DeliveryKey { conversation: conversation(1), seq: 1, part: 0 }.tracker()),
        recipient: None,
        recipient_user_id: None,
    };
    let answer = world
        .outbox
        .call(|reply| WhatsAppOutboxMsg::Status { report: Box::new(report), reply }, None)
        .await
        .unwrap();
    assert!(matches!(answer, ractor::rpc::CallResult::Success(Ok(()))));
    world.until_done().await;
    assert_eq!(world.api.sent(), ["1/1", "1/2"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_to_one_guest_keep_its_limit_and_hold_nobody_else_up() {
    let world = World::fresh().await;
    for seq in 1..=200 {
        world.send(1, seq);
    }
    let mut waits = Vec::new();
    for seq in 1..=40 {
        let asked = Instant::now();
        world.send(2, seq);
        world.until("the other guest's", |world| world.table.outcome(2, seq).is_some()).await;
        waits.push(asked.elapsed());
        tokio::time::sleep(Duration::from_millis(60)).await;
    }
    waits.sort_unstable();
    assert!(waits[20] < Duration::from_millis(60), "not held up by a limit: {waits:?}");
    world.until_done().await;
    let times = world.api.times("1/");
    assert_eq!(times.len(), 200, "each once");
    for first in 0..times.len() {
        for last in first + 44..times.len() {
            let more = u32::try_from(last - first - 43).unwrap();
            let least = Duration::from_millis(60) * more;
            // What the clock of a busy machine makes of it: one period of grace.
            assert!(times[last] - times[first] + Duration::from_millis(60) >= least, "{first}..{last}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_token_is_one_alarm_and_all_goes_once_it_works_again() {
    let world = World::fresh().await;
    *world.api.always.lock().unwrap() = Some(SendFault::Refused(190));
    for n in 1..=20 {
        world.send(n, 1);
    }
    world.until("a few probes", |world| world.api.sent().len() >= 3).await;
    let sent = world.api.sent().len();
    assert!(sent <= 20 + 5, "no hammering: {sent}");
    assert_eq!(world.alarms.lock().unwrap().iter().filter(|alarm| alarm.is_some()).count(), 1);
    *world.api.always.lock().unwrap() = None;
    world.until_done().await;
    world.until("the alarm is over", |world| world.alarms.lock().unwrap().last() == Some(&None)).await;
    assert_eq!(world.alarms.lock().unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_crash_left_is_taken_up_and_what_was_unclear_waits_first() {
    let table = Arc::new(Table::default());
    table.add(1, 1);
    table.add(2, 1);
    table.with(DeliveryKey { conversation: conversation(2), seq: 1, part: 0 }, |row| {
        row.delivery.unclear_since = Some(Timestamp(0));
    });
    let started = Instant::now();
    let world = World::start(table, limits()).await;
    world.until_done().await;
    assert_eq!(world.api.sent(), ["1/1", "2/1"]);
    assert!(world.api.times("2/1")[0] - started >= Duration::from_millis(95));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_conversations_than_fit_in_memory_are_all_served() {
    let few = Limits { lines: 8, ..limits() };
    let world = World::start(Arc::new(Table::default()), few).await;
    for n in 1..=100 {
        world.send(n, 1);
        world.send(n, 2);
    }
    world.until_done().await;
    assert_eq!(world.api.sent().len(), 200);
}
