//! Rehearsals in a running server: one at a time for a hotel, through the pool behind every guest who waits, and
//! only while somebody looks on.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use frontdesk_actors::books::Books;
use frontdesk_actors::hub::Hub;
use frontdesk_actors::ports::Model;
use frontdesk_domain::ids::PropertyId;
use frontdesk_domain::refusal::{Code, Refusal};
use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::time::{sleep, timeout};
use utoipa::ToSchema;

use crate::ai::bill::Billing;
use crate::ai::embedded::Embedded;
use crate::ai::knowledge::{Build, KnowledgeBases};
use crate::ai::openai::{OpenAi, OpenAiSettings};
use crate::store::Entry;

use super::responder::AT_ONCE;
use super::{Answer, Asked, Change, Responder, change};

/// So many hotels rehearse at once: each holds an index of its own.
const HOTELS_MAX: usize = 4;
/// How long a rehearsal may take, a busy pool included.
const WHOLE_WITHIN: Duration = Duration::from_secs(600);
/// How often it is looked whether the server goes away.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// What the answers are compared with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Against {
    /// What was answered then; where nothing was, what would be answered now.
    #[default]
    Then,
    /// What would be answered now, without the changes: each question is asked twice.
    Now,
}

/// What is to be rehearsed.
pub struct Plan {
    /// The questions.
    pub asked: Vec<Asked>,
    /// The entries, with the changes made.
    pub entries: Vec<Entry>,
    /// Rules in the place of the model's usual ones.
    pub rules: Option<String>,
    /// Another model of the same server.
    pub model: Option<String>,
    /// Without the model, where there is one.
    pub embedded: bool,
    /// What the answers are compared with.
    pub against: Against,
}

/// What is told of a rehearsal, in this order: once how much is to be asked, then each question, in the end how it went.
/// One that ends otherwise was cut off.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[schema(as = RehearsalNews)]
pub enum News {
    /// It begins.
    Begun {
        /// So many questions.
        questions: usize,
        /// Who answers: a model's name, or `embedded answerer`.
        by: String,
    },
    /// A question has both its answers.
    Answered {
        /// Without the changes.
        before: Box<Answer>,
        /// With them.
        after: Box<Answer>,
        /// How they stand to one another.
        change: Change,
    },
    /// It is over.
    Ended {
        /// How.
        how: Ended,
    },
}

/// How a rehearsal ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// Each question has its answers.
    Done,
    /// After ten minutes; the rest was not asked.
    TimeUp,
    /// The server goes away.
    Closing,
}

/// Where rehearsals are begun. Cheap to clone.
#[derive(Clone)]
pub struct Rehearsals(Arc<Parts>);

struct Parts {
    hub: Hub,
    /// The knowledge as it is.
    knowledge: Arc<KnowledgeBases>,
    build: Build,
    model: Option<OpenAiSettings>,
    books: Arc<Books>,
    running: Mutex<HashSet<PropertyId>>,
}

/// A hotel's one place; free again when this is dropped.
pub struct Place {
    property: PropertyId,
    parts: Arc<Parts>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.parts.running().remove(&self.property);
    }
}

impl Parts {
    fn running(&self) -> MutexGuard<'_, HashSet<PropertyId>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who answers from this knowledge, and the name.
    fn responder(
        &self,
        property: PropertyId,
        knowledge: Arc<KnowledgeBases>,
        settings: Option<OpenAiSettings>,
    ) -> Result<(String, Responder), anyhow::Error> {
        let Some(settings) = settings else {
            let embedded = Embedded::new(knowledge).with_pause(Duration::ZERO);
            return Ok(("embedded answerer".to_owned(), Responder::new(Arc::new(embedded), property)));
        };
        let name = settings.model.clone();
        let billing = Arc::new(Billing(Arc::clone(&self.books)));
        let model: Arc<dyn Model> = Arc::new(OpenAi::new(settings, knowledge)?.with_watcher(billing));
        Ok((name, Responder::new(model, property).behind_guests(self.hub.clone())))
    }
}

impl Rehearsals {
    /// With this model, if one is set up. `build` makes changed entries searchable as the live ones are.
    pub fn new(
        hub: Hub,
        knowledge: Arc<KnowledgeBases>,
        build: Build,
        model: Option<OpenAiSettings>,
        books: Arc<Books>,
    ) -> Self {
        Self(Arc::new(Parts { hub, knowledge, build, model, books, running: Mutex::default() }))
    }

    /// Whether there is a model to give other rules to.
    pub fn has_model(&self) -> bool {
        self.0.model.is_some()
    }

    /// Takes the hotel's place.
    ///
    /// # Errors
    /// It is taken, or too many hotels rehearse.
    pub fn place(&self, property: PropertyId) -> Result<Place, Refusal> {
        let mut running = self.0.running();
        if running.len() >= HOTELS_MAX || !running.insert(property) {
            return Err(Refusal::new(Code::Overloaded, "a rehearsal is running already").retry_in(10_000));
        }
        Ok(Place { property, parts: Arc::clone(&self.0) })
    }

    /// Begins. It ends by itself, or when nobody receives any more; both free the place.
    ///
    /// # Errors
    /// The model's settings cannot be right.
    pub fn begin(&self, place: Place, plan: Plan) -> Result<Receiver<News>, anyhow::Error> {
        let Parts { knowledge, build, model, hub, .. } = self.0.as_ref();
        let usual = model.clone().filter(|_| !plan.embedded);
        let mut changed = usual.clone();
        if let Some(settings) = &mut changed {
            settings.rules = plan.rules;
            settings.model = plan.model.unwrap_or_else(|| settings.model.clone());
        }
        let fixed = KnowledgeBases::fixed(plan.entries, Arc::clone(build));
        let (_, before) = self.0.responder(place.property, Arc::clone(knowledge), usual).context("model")?;
        let (by, after) = self.0.responder(place.property, fixed, changed).context("model")?;
        // Room for all that will be told: whoever reads slowly holds nothing up.
        let (told, news) = mpsc::channel(plan.asked.len() + 2);
        let _ = told.try_send(News::Begun { questions: plan.asked.len(), by });
        let (asked, against, hub) = (plan.asked, plan.against, hub.clone());
        tokio::spawn(async move {
            let _place = place;
            let how = tokio::select! {
                biased;
                () = told.closed() => return,
                () = going_away(&hub) => Ended::Closing,
                how = timeout(WHOLE_WITHIN, run(&hub, (&before, &after), asked, against, &told)) => {
                    how.unwrap_or(Ended::TimeUp)
                }
            };
            let _ = told.try_send(News::Ended { how });
        });
        Ok(news)
    }
}

async fn run(
    hub: &Hub,
    (before, after): (&Responder, &Responder),
    asked: Vec<Asked>,
    against: Against,
    told: &Sender<News>,
) -> Ended {
    let both = |question: Asked| async move {
        let old = match (against, question.before.clone()) {
            (Against::Then, Some(then)) => then,
            _ => before.answer(&question).await,
        };
        (old, after.answer(&question).await)
    };
    let mut under_way = stream::iter(asked).map(both).buffered(AT_ONCE);
    while let Some((before, after)) = under_way.next().await {
        // What could not be asked any more is no answer.
        if hub.is_draining() {
            return Ended::Closing;
        }
        let change = change(&before, &after);
        let (before, after) = (Box::new(before), Box::new(after));
        let _ = told.try_send(News::Answered { before, after, change });
    }
    Ended::Done
}

async fn going_away(hub: &Hub) {
    while !hub.is_draining() {
        sleep(LOOK_EVERY).await;
    }
}
