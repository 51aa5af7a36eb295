//! The model behind any server of the Chat Completions kind: OpenAI, Azure, Ollama, vLLM, LiteLLM …
//!
//! One call of [`Model::answer`] is one request, or two where the model looks something up: nothing is retried
//! here (but for a field that the server does not know, see [`wire::Fields`]), for the pool keeps the books. async-openai sends the request and
//! reads the events; what it hides or lacks is done around it: [`service`] keeps status, headers and error
//! bodies, [`body`] bounds and watches the stream, [`turn`] has the timers and decides what was an end.

use std::sync::Arc;
use std::time::Duration;

use frontdesk_actors::ports::{Model, ModelError, Piece, Prompt};
use futures_util::stream::BoxStream;
use secrecy::SecretString;

use super::errand::{Errand, Writer};
use super::knowledge::KnowledgeBases;
use super::recorder::Recorder;

mod answer;
mod body;
mod book;
pub(crate) mod citations;
mod client;
mod errand;
mod events;
pub mod failure;
pub mod limits;
mod prompt;
pub mod report;
mod service;
mod tools;
mod turn;
mod wire;

#[cfg(test)]
mod tests;

pub use failure::Class;
pub use report::{Outcome, Report, Watcher};

/// Where OpenAI itself is.
pub const BASE_URL: &str = "https://api.openai.com/v1";
/// A current small model.
pub const MODEL: &str = "gpt-4o-mini";

/// Which server, which model, how long to wait.
#[derive(Clone, Debug)]
pub struct OpenAiSettings {
    /// Up to and with `/v1`.
    pub base_url: String,
    /// The key; servers of one's own often want none.
    pub api_key: Option<SecretString>,
    /// The model's name.
    pub model: String,
    /// The most tokens of an answer.
    pub max_tokens: u32,
    /// Rules in the place of the usual ones; `HAND_OVER`, `CREATE_REQUEST` and `LOOK_UP` in them are put into words
    /// as in those.
    pub rules: Option<String>,
    /// How long to wait for what.
    pub timers: Timers,
}

impl Default for OpenAiSettings {
    fn default() -> Self {
        Self {
            base_url: BASE_URL.to_owned(),
            api_key: None,
            model: MODEL.to_owned(),
            max_tokens: 500,
            rules: None,
            timers: Timers::default(),
        }
    }
}

/// How long to wait for what.
#[derive(Clone, Copy, Debug)]
pub struct Timers {
    /// For a connection.
    pub connect: Duration,
    /// For the first line of the answer's body, from the start; local models may need longer.
    pub first_byte: Duration,
    /// For each next line: a first word that came just in time, and this, are less than the 15 s in which a guest is to
    /// know who answers.
    pub between_events: Duration,
    /// For the whole turn.
    pub turn: Duration,
    /// After the answer's end, for the count of tokens that may follow it.
    pub usage: Duration,
}

impl Default for Timers {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            first_byte: Duration::from_secs(15),
            between_events: Duration::from_secs(7),
            turn: Duration::from_secs(60),
            usage: Duration::from_secs(1),
        }
    }
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The base URL is not one.
    #[error("the AI's base URL must begin with http:// or https://")]
    BaseUrl,
    /// The key holds characters that no header may.
    #[error("the AI's key holds characters that a key cannot hold")]
    Key,
    /// No TLS.
    #[error("the HTTP client could not be made: {0}")]
    Http(String),
}

/// The model.
#[derive(Clone)]
pub struct OpenAi {
    client: Arc<client::Endpoint>,
    knowledge: Arc<KnowledgeBases>,
    watcher: Arc<dyn Watcher>,
    recorder: Recorder,
}

impl OpenAi {
    /// Connects to nothing yet. A rustls provider must have been installed by the process.
    ///
    /// # Errors
    /// The settings cannot be right.
    pub fn new(settings: OpenAiSettings, knowledge: Arc<KnowledgeBases>) -> Result<Self, SettingsError> {
        let client = Arc::new(client::Endpoint::new(settings)?);
        Ok(Self { client, knowledge, watcher: Arc::new(report::Nobody), recorder: Recorder::default() })
    }

    /// Tells `watcher` what became of each turn.
    #[must_use]
    pub fn with_watcher(mut self, watcher: Arc<dyn Watcher>) -> Self {
        self.watcher = watcher;
        self
    }

    /// Gives `recorder` what each turn was told and said.
    #[must_use]
    pub fn with_recorder(mut self, recorder: Recorder) -> Self {
        self.recorder = recorder;
        self
    }
}

impl Model for OpenAi {
    fn answer(&self, prompt: Prompt) -> BoxStream<'static, Result<Piece, ModelError>> {
        turn::start(self.clone(), prompt)
    }
}

impl Writer for OpenAi {
    fn write(&self, errand: Errand) -> BoxStream<'static, Result<String, ModelError>> {
        errand::start(self.clone(), errand)
    }
}
