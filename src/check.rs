//! The self-test: a real message through the whole server, and what to do about each part that fails.
//!
//! It takes the way of a guest's message: a socket, its conversation, the commit, everybody who reads it, the
//! AI's answer. The guest is one of a property of its own, which no agent sees; each test has a new one.

mod visitor;

use std::sync::Arc;
use std::time::{Duration, Instant};

use frontdesk_actors::ports::{Line, Model, ModelError, Prompt};
use frontdesk_domain::event::Channel;
use frontdesk_domain::ids::{ConversationId, GuestId, PropertyId, TurnId};
use frontdesk_domain::people::{Author, GuestProfile};
use frontdesk_domain::pool::Class;
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::time::timeout;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::auth::Token;
use crate::http::{AppState, Started, now};
use crate::store::GuestRow;
use crate::whatsapp;

use visitor::Visitor;

/// The property of the test's guests.
const PROPERTY: (&str, &str) = ("self-test", "Self-test");
/// What the guest says.
const WORDS: &str = "Self-test: when is breakfast?";
/// How long each step may take, but for the AI.
const STEP_WITHIN: Duration = Duration::from_secs(5);
/// How long the AI may take: its pool answers without the model after half of that.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);
/// The tokens of the question for the model, roughly.
const QUESTION_TOKENS: u64 = 50;

/// What was found of one part.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Part {
    /// Which part.
    pub part: String,
    /// It works.
    pub ok: bool,
    /// How long it took, in milliseconds.
    pub millis: u64,
    /// How it stands, or what to do.
    pub found: String,
}

/// What was found.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Report {
    /// Everything that was tried works.
    pub ok: bool,
    /// Part by part, in the order of a message's way.
    pub parts: Vec<Part>,
}

/// The language model, where one is set up.
pub type Asked = Option<Arc<dyn Model>>;

/// Tries everything. What comes after a part that fails and needs it is not tried.
pub async fn check(state: &AppState, model: &Asked, started: &Started) -> Report {
    let mut parts = Parts::default();
    if !started.is_set() {
        parts.add("server", Instant::now(), Err("it is still starting: try again in a moment".to_owned()));
    }
    let place = parts.database(state).await;
    if let Some((property, guest)) = place {
        parts.message(state, &guest).await;
        if let Some(model) = model {
            parts.model(state, property, &guest, model).await;
        }
    }
    parts.whatsapp(state).await;
    Report { ok: parts.0.iter().all(|part| part.ok), parts: parts.0 }
}

/// A guest who came for the test.
struct Guest {
    token: Token,
    conversation: ConversationId,
}

#[derive(Default)]
struct Parts(Vec<Part>);

impl Parts {
    fn add(&mut self, part: &str, began: Instant, found: Result<String, String>) -> bool {
        let ok = found.is_ok();
        let millis = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let found = found.unwrap_or_else(|advice| advice);
        self.0.push(Part { part: part.to_owned(), ok, millis, found });
        ok
    }

    /// Reads and writes the database: a guest with a session.
    async fn database(&mut self, state: &AppState) -> Option<(PropertyId, Guest)> {
        let began = Instant::now();
        let made = timeout(STEP_WITHIN, guest(state)).await;
        let found = match made {
            Ok(Ok(found)) => Ok(found),
            Ok(Err(why)) => Err(why),
            Err(_) => Err("no answer".to_owned()),
        };
        match found {
            Ok(found) => {
                self.add("database", began, Ok("a guest was written and synced".to_owned()));
                Some(found)
            }
            Err(why) => {
                let advice =
                    format!("{why}: is the disk full, or the data folder not writable? The log says more");
                self.add("database", began, Err(advice));
                None
            }
        }
    }

    /// The guest's message, from the socket to the answer.
    async fn message(&mut self, state: &AppState, guest: &Guest) {
        let began = Instant::now();
        let hello = async {
            let mut writer = Visitor::enter(state, guest.token.reveal());
            writer.expect("opened").await?;
            let mut reader = Visitor::enter(state, guest.token.reveal());
            reader.expect("opened").await?;
            Ok::<_, String>((writer, reader))
        };
        let advice = |what: &str| format!("{what}: the log says why; a restart loses nothing");
        let sockets = within(STEP_WITHIN, hello).await;
        let found = sockets.as_ref().map(|_| "two sockets said hello and were opened".to_owned());
        if !self.add("socket", began, found.map_err(|why| advice(why))) {
            return;
        }
        let Ok((mut writer, mut reader)) = sockets else { return };
        let began = Instant::now();
        let id = Uuid::now_v7().to_string();
        let said = async {
            writer.send(&json!({"type": "send", "id": id, "text": WORDS})).await?;
            writer.expect("ack").await
        };
        let acked = within(STEP_WITHIN, said).await;
        let found = acked.map(|_| "the conversation decided, it was synced, then acknowledged".to_owned());
        if !self.add("commit", began, found.map_err(|why| advice(&why))) {
            return;
        }
        let heard = within(STEP_WITHIN, reader.find(|frame| frame["id"] == id.as_str())).await;
        let found = heard.map(|_| "another reader was told the same".to_owned());
        self.add("broadcast", began, found.map_err(|why| advice(&why)));
        let answered = within(
            ANSWER_WITHIN,
            reader.find(|frame| frame["kind"] == "message" && frame["by"]["kind"] == "ai"),
        )
        .await;
        let found = answered.map(|_| "the AI said something, with the model or without".to_owned());
        self.add("answer", began, found.map_err(|why| advice(&why)));
    }

    /// The model itself, with the first word of an answer.
    async fn model(&mut self, state: &AppState, property: PropertyId, guest: &Guest, model: &Arc<dyn Model>) {
        let began = Instant::now();
        let lease =
            state.hub.lease(property, guest.conversation, Class::Help, QUESTION_TOKENS, STEP_WITHIN).await;
        // Where there is no place it is asked all the same: one short question, to find out why.
        let turn = lease.as_ref().map_or_else(|_| TurnId(Uuid::now_v7()), |lease| lease.id());
        let by = Author::guest(GuestId(Uuid::now_v7()), None);
        let prompt = Prompt {
            property,
            conversation: guest.conversation,
            turn,
            lines: vec![Line { by, text: WORDS.to_owned() }],
            locale: None,
        };
        let mut pieces = model.answer(prompt);
        let first = timeout(ANSWER_WITHIN, pieces.next()).await;
        let found = match first {
            Ok(Some(Ok(_))) if lease.is_ok() => Ok("it answers".to_owned()),
            Ok(Some(Ok(_))) => {
                Err("it answers, but is given no calls: all places are taken, the budget is spent, or \
                                    it failed a moment ago and is left alone for a while"
                    .to_owned())
            }
            Ok(Some(Err(error))) => Err(format!("{error}: {}", what_to_do(error))),
            Ok(None) => Err(format!("{}: {}", ModelError::Interrupted, what_to_do(ModelError::Interrupted))),
            Err(_) => Err(format!("{}: {}", ModelError::TimedOut, what_to_do(ModelError::TimedOut))),
        };
        self.add("model", began, found);
    }

    /// What can be tried of WhatsApp without a guest.
    async fn whatsapp(&mut self, state: &AppState) {
        let (Some(settings), Some(client)) = (&state.config.whatsapp, &state.graph) else { return };
        let public = state.config.server.public_url.as_ref().map(ToString::to_string);
        let mut began = Instant::now();
        for finding in whatsapp::check::check(client, settings, public.as_deref()).await {
            self.add(&format!("WhatsApp: {}", finding.part), began, finding.found);
            began = Instant::now();
        }
    }
}

async fn within<T>(time: Duration, what: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    timeout(time, what).await.unwrap_or_else(|_| Err(format!("nothing within {} s", time.as_secs())))
}

async fn guest(state: &AppState) -> Result<(PropertyId, Guest), String> {
    let said = |error: &dyn std::fmt::Display| error.to_string();
    let (property, _) = state.db.property(PROPERTY.0, PROPERTY.1).await.map_err(|error| said(&error))?;
    let token = Token::random().map_err(|error| said(&error))?;
    let (id, conversation) = (GuestId(Uuid::now_v7()), ConversationId(Uuid::now_v7()));
    let profile = GuestProfile { id: Some(id), ..GuestProfile::default() };
    let row = GuestRow { id, property, profile, conversation };
    state.db.add_guest(row, Channel::Web, token.key(), now()).await.map_err(|error| said(&error))?;
    Ok((property, Guest { token, conversation }))
}

/// What to do about a model that fails.
fn what_to_do(error: ModelError) -> &'static str {
    match error {
        ModelError::RateLimited => {
            "raise the limits at the service, or lower OPENAI_MAX_RPM and OPENAI_MAX_TPM"
        }
        ModelError::Server => "look at the service's status page; meanwhile the embedded answerer answers",
        ModelError::Refused => "is OPENAI_API_KEY right, and is there money on the account?",
        ModelError::BadAnswer => {
            "does OPENAI_BASE_URL name a service that speaks as OpenAI's, as far as /v1?"
        }
        ModelError::Interrupted => "is there a proxy between that cuts long answers?",
        ModelError::Unreachable => "is OPENAI_BASE_URL right, and may this machine reach it?",
        ModelError::NoRoom => {
            "our own limits hold requests back: are OPENAI_MAX_RPM and OPENAI_MAX_TPM too low?"
        }
        ModelError::TimedOut => "is the service up? A smaller model is faster",
    }
}
