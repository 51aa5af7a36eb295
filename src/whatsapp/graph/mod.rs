//! The Graph API, as much of it as one WhatsApp number needs.
//!
//! The token goes to the configured address and to Meta's media hosts, and nowhere else. Nothing follows a
//! redirect. Every answer has a size and a time.

mod account;
mod answer;
mod body;
mod hosts;
mod media;
mod send;
mod templates;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::header::AUTHORIZATION;
use reqwest::{Method, RequestBuilder, Response, Url};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use frontdesk_actors::ports::Files;

pub use account::{App, Number, Subscription};
pub use answer::GraphError;
pub use templates::{Template, TemplateList};

/// Where the Graph API is, unless the operator names another place.
pub const API_BASE: &str = "https://graph.facebook.com";
/// The version that is spoken. Each works for about two years after its release.
pub const API_VERSION: &str = "v26.0";

/// How long a connection may take to come about.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// How long a request may take as a whole.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);
/// How long a file may take: 100 MB at 2 Mbit/s.
const FILE_WITHIN: Duration = Duration::from_secs(400);
/// How long an unused connection is kept.
const IDLE: Duration = Duration::from_secs(30);
/// The largest answer that is not a file.
const ANSWER_MAX_BYTES: usize = 1024 * 1024;

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The address is none.
    #[error("WHATSAPP_API_BASE takes an http or https address")]
    Base,
    /// The token is no header value.
    #[error("WHATSAPP_ACCESS_TOKEN holds characters that no token has")]
    Token,
    /// The number's id would change the path.
    #[error("WHATSAPP_PHONE_NUMBER_ID takes the id of a number: digits")]
    Number,
    /// The TLS side.
    #[error("the HTTP client did not start: {0}")]
    Http(String),
}

/// One number at the Graph API.
#[derive(Clone)]
pub struct GraphClient {
    inner: Arc<Inner>,
}

struct Inner {
    http: reqwest::Client,
    base: Url,
    token: SecretString,
    number: String,
    files: Option<Arc<dyn Files>>,
    templates: templates::Cache,
}

/// What a client is made of.
pub struct GraphSettings {
    /// Where the API is.
    pub base: Option<String>,
    /// The token for sending.
    pub token: SecretString,
    /// The number that sends.
    pub number: String,
    /// Where files that go out are read.
    pub files: Option<Arc<dyn Files>>,
}

impl GraphClient {
    /// A client; nothing is asked yet.
    ///
    /// # Errors
    /// See [`SettingsError`].
    pub fn new(settings: GraphSettings) -> Result<Self, SettingsError> {
        let base = settings.base.as_deref().unwrap_or(API_BASE).trim_end_matches('/');
        let base = Url::parse(base).map_err(|_| SettingsError::Base)?;
        if !matches!(base.scheme(), "http" | "https") || base.host_str().is_none() {
            return Err(SettingsError::Base);
        }
        if settings.number.is_empty() || !settings.number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(SettingsError::Number);
        }
        if bearer(&settings.token).parse::<reqwest::header::HeaderValue>().is_err() {
            return Err(SettingsError::Token);
        }
        let mut http = reqwest::Client::builder()
            .connect_timeout(CONNECT_WITHIN)
            .timeout(ANSWER_WITHIN)
            .pool_idle_timeout(IDLE)
            .tcp_keepalive(IDLE)
            .redirect(reqwest::redirect::Policy::none())
            // A repeat may send a message twice: whoever asks decides.
            .retry(reqwest::retry::never())
            .dns_resolver(Arc::new(hosts::PublicOnly::except(&base)));
        if hosts::is_local(&base) {
            http = http.no_proxy();
        }
        let http =
            http.build().map_err(|error| SettingsError::Http(format!("{:#}", anyhow::Error::from(error))))?;
        let GraphSettings { token, number, files, .. } = settings;
        let inner = Inner { http, base, token, number, files, templates: templates::Cache::default() };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// A request for a path below the version, with the token. Its parts are encoded, so that none of them
    /// can lead elsewhere.
    fn request(&self, method: Method, parts: &[&str]) -> RequestBuilder {
        self.request_with(&self.inner.token, method, parts)
    }

    /// The same with another token.
    fn request_with(&self, token: &SecretString, method: Method, parts: &[&str]) -> RequestBuilder {
        let mut url = self.inner.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push(API_VERSION).extend(parts);
        }
        self.inner.http.request(method, url).header(AUTHORIZATION, bearer(token))
    }

    fn authorized(&self, method: Method, url: Url) -> RequestBuilder {
        self.inner.http.request(method, url).header(AUTHORIZATION, bearer(&self.inner.token))
    }

    /// Asks for a JSON object.
    async fn ask(&self, request: RequestBuilder) -> Result<Value, GraphError> {
        let answer = request.send().await.map_err(|error| GraphError::of(&error))?;
        let status = answer.status();
        let body = read(answer, ANSWER_MAX_BYTES).await.ok_or(GraphError::Unclear)?;
        answer::read(status.as_u16(), &body)
    }
}

fn bearer(token: &SecretString) -> String {
    format!("Bearer {}", token.expose_secret().trim())
}

/// The body, if it comes whole and is not larger than `max` bytes.
async fn read(mut answer: Response, max: usize) -> Option<Bytes> {
    let mut body = BytesMut::new();
    while let Some(chunk) = answer.chunk().await.ok()? {
        if body.len() + chunk.len() > max {
            return None;
        }
        body.extend_from_slice(&chunk);
    }
    Some(body.freeze())
}
