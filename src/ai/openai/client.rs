//! One server: its address, its key, the connections to it, and what it has shown not to understand.

use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::types::stream::StreamResponse;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

use super::body::Exchange;
use super::failure::{Class, Failure};
use super::service::Once;
use super::tools::{self, Offer};
use super::wire::{Chunk, Field, Fields, Message, Request};
use super::{OpenAiSettings, SettingsError, Timers};

/// How long an unused connection is kept.
const IDLE: Duration = Duration::from_secs(30);

/// The most tokens of an errand, at least: a translation is as long as what is translated.
const ERRAND_TOKENS: u32 = 2_000;

/// The events of an answer.
pub(super) type Events = StreamResponse<Chunk>;

/// One server.
pub(super) struct Endpoint {
    settings: OpenAiSettings,
    config: OpenAIConfig,
    http: reqwest::Client,
    fields: Fields,
}

impl Endpoint {
    pub(super) fn new(settings: OpenAiSettings) -> Result<Self, SettingsError> {
        let base = settings.base_url.trim().trim_end_matches('/');
        if !reqwest::Url::parse(base).is_ok_and(|url| matches!(url.scheme(), "http" | "https")) {
            return Err(SettingsError::BaseUrl);
        }
        let key = settings.api_key.as_ref().map_or("", SecretString::expose_secret).trim();
        // The crate panics on a key that is no header value.
        if key.parse::<reqwest::header::HeaderValue>().is_err() || !key.is_ascii() {
            return Err(SettingsError::Key);
        }
        // All four, for what is not set here the crate takes from the environment.
        let config =
            OpenAIConfig::new().with_api_base(base).with_api_key(key).with_org_id("").with_project_id("");
        let http = reqwest::Client::builder()
            .connect_timeout(settings.timers.connect)
            // A connection that a firewall has forgotten would cost the next turn its whole patience.
            .pool_idle_timeout(IDLE)
            .tcp_keepalive(IDLE)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .build()
            .map_err(|error| SettingsError::Http(format!("{:#}", anyhow::Error::from(error))))?;
        Ok(Self { settings, config, http, fields: Fields::default() })
    }

    pub(super) fn timers(&self) -> Timers {
        self.settings.timers
    }

    /// The model's name.
    pub(super) fn model(&self) -> &str {
        &self.settings.model
    }

    /// Rules in the place of the usual ones.
    pub(super) fn rules(&self) -> Option<&str> {
        self.settings.rules.as_deref()
    }

    /// True if the server is to be offered tools.
    pub(super) fn takes_tools(&self) -> bool {
        self.fields.taken(Field::Tools)
    }

    /// Remembers that the server does not take a field; false if that was known.
    pub(super) fn refuse(&self, field: Field) -> bool {
        self.fields.refuse(field)
    }

    /// Sends the request, once.
    pub(super) async fn open(
        &self,
        messages: &[Message],
        offer: Offer,
        exchange: &Arc<Exchange>,
    ) -> Result<Events, Failure> {
        let service = Once {
            http: self.http.clone(),
            exchange: Arc::clone(exchange),
            timers: self.settings.timers,
            key: self.settings.api_key.is_some(),
        };
        let client = Client::build(self.http.clone(), self.config.clone()).with_http_service(service);
        client.chat().create_stream_byot(self.request(messages, offer)).await.map_err(|error| match error {
            async_openai::error::OpenAIError::Boxed(error) => {
                error.downcast::<Failure>().map_or(Class::BadRequest.into(), |failure| *failure)
            }
            _ => Class::BadRequest.into(),
        })
    }

    fn request<'a>(&'a self, messages: &'a [Message], offer: Offer) -> Request<'a> {
        let taken = |field| self.fields.taken(field);
        let new_name = taken(Field::MaxCompletionTokens);
        let old_name = !new_name && taken(Field::MaxTokens);
        let least = if offer == Offer::Nothing { ERRAND_TOKENS } else { 0 };
        let max_tokens = self.settings.max_tokens.max(least);
        Request {
            model: &self.settings.model,
            messages,
            stream: true,
            stream_options: taken(Field::StreamOptions).then(|| json!({"include_usage": true})),
            tools: tools::list(offer).filter(|_| taken(Field::Tools)),
            temperature: taken(Field::Temperature).then_some(0.2),
            max_completion_tokens: new_name.then_some(max_tokens),
            max_tokens: old_name.then_some(max_tokens),
            store: taken(Field::Store).then_some(false),
        }
    }
}
