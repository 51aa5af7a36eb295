//! The provider: where its paths are, its keys, and the exchange of a code for a token.

use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};
use reqwest::Url;
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Mutex;

use super::keys::{self, Bad, Key};
use super::{Fault, Settings};
use crate::egress::Egress;

/// The longest answer that is read.
const ANSWER_MAX_BYTES: usize = 256 * 1024;
/// How long what the provider says of itself is believed.
const KNOWN_FOR: Duration = Duration::from_secs(3_600);
/// How long an old word of it still does while it does not answer.
const STALE_FOR: Duration = Duration::from_secs(24 * 3_600);
/// Tokens by unknown keys make us ask again no more often than this.
const NEW_KEYS_EVERY: Duration = Duration::from_secs(10);
/// After a failure nobody waits for the provider for so long.
const REST: Duration = Duration::from_secs(5);

/// What the provider says of itself, as far as we look at it.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Metadata {
    issuer: String,
    pub(super) authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

/// What is known of the provider.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) metadata: Metadata,
    keys: Vec<Key>,
    at: Instant,
}

#[derive(Default)]
struct Memory {
    known: Option<Arc<Known>>,
    /// When asking failed, and how.
    failed: Option<(Instant, Fault)>,
    /// When an unknown key made us ask.
    asked_for_keys: Option<Instant>,
}

/// The provider.
pub(super) struct Provider {
    settings: Arc<Settings>,
    egress: Egress,
    memory: Mutex<Memory>,
}

impl Provider {
    pub(super) fn new(settings: Arc<Settings>, egress: Egress) -> Self {
        Self { settings, egress, memory: Mutex::default() }
    }

    /// What it says of itself. One asks at a time; the others wait for that answer.
    pub(super) async fn known(&self) -> Result<Arc<Known>, Fault> {
        let mut memory = self.memory.lock().await;
        match &memory.known {
            Some(known) if known.at.elapsed() < KNOWN_FOR => Ok(Arc::clone(known)),
            _ => self.ask(&mut memory).await,
        }
    }

    /// The claims of a token that the provider has signed. An unknown key makes us ask for newer ones, now and then.
    pub(super) async fn verified(&self, token: &str) -> Result<Value, Fault> {
        let known = self.known().await?;
        let refused = |why: &str| Fault::Refused(why.to_owned());
        match keys::open(token, &known.keys) {
            Ok(claims) => return Ok(claims),
            Err(Bad::Wrong(why)) => return Err(refused(why)),
            Err(Bad::UnknownKey) => {}
        }
        let mut memory = self.memory.lock().await;
        // Somebody else may just have asked.
        let newer = memory.known.clone().filter(|newer| !Arc::ptr_eq(newer, &known));
        let known = match newer {
            Some(newer) => newer,
            None if memory.asked_for_keys.is_some_and(|at| at.elapsed() < NEW_KEYS_EVERY) => {
                return Err(refused("signed by an unknown key"));
            }
            None => {
                memory.asked_for_keys = Some(Instant::now());
                self.ask(&mut memory).await?
            }
        };
        drop(memory);
        keys::open(token, &known.keys).map_err(|bad| match bad {
            Bad::Wrong(why) => refused(why),
            Bad::UnknownKey => refused("signed by an unknown key"),
        })
    }

    /// The ID token for a code.
    pub(super) async fn token(&self, code: &str, verifier: &str) -> Result<String, Fault> {
        #[derive(Deserialize)]
        struct Tokens {
            id_token: String,
        }
        let known = self.known().await?;
        let metadata = &known.metadata;
        let (id, secret) = (self.settings.client_id.as_str(), self.settings.client_secret.expose_secret());
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.settings.redirect),
            ("code_verifier", verifier),
        ];
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        let ways = metadata.token_endpoint_auth_methods_supported.as_deref();
        let named = |way: &str| ways.is_some_and(|ways| ways.iter().any(|one| one == way));
        // Basic is the standard's default.
        if named("client_secret_post") && !named("client_secret_basic") {
            fields.extend([("client_id", id), ("client_secret", secret)]);
        } else {
            let pair = STANDARD.encode(format!("{}:{}", encoded(id), encoded(secret)));
            let value = HeaderValue::try_from(format!("Basic {pair}"));
            let mut value = value.map_err(|_| Fault::Failed("OIDC_CLIENT_SECRET".to_owned()))?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        let body = form(&fields);
        let answer = self.egress.exchange(&metadata.token_endpoint, headers, body, ANSWER_MAX_BYTES).await;
        let (status, body) = answer.map_err(|failure| Fault::Away(format!("token: {failure}")))?;
        match status {
            StatusCode::OK => {}
            status if status.is_client_error() => {
                return Err(Fault::Refused(format!("the code was not taken: {status}")));
            }
            status => return Err(Fault::Away(format!("token: {status}"))),
        }
        let tokens: Tokens =
            serde_json::from_slice(&body).map_err(|_| Fault::Refused("no ID token".to_owned()))?;
        Ok(tokens.id_token)
    }

    /// Asks, and remembers what came of it.
    async fn ask(&self, memory: &mut Memory) -> Result<Arc<Known>, Fault> {
        if let Some((at, fault)) = &memory.failed
            && at.elapsed() < REST
        {
            return usable(memory).ok_or_else(|| fault.clone());
        }
        match self.fetch().await {
            Ok(known) => {
                let known = Arc::new(known);
                memory.known = Some(Arc::clone(&known));
                memory.failed = None;
                Ok(known)
            }
            Err(fault) => {
                tracing::warn!(%fault, "single sign-on: the provider was asked in vain");
                memory.failed = Some((Instant::now(), fault.clone()));
                usable(memory).ok_or(fault)
            }
        }
    }

    async fn fetch(&self) -> Result<Known, Fault> {
        let issuer = &self.settings.issuer;
        let place = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let metadata: Metadata = serde_json::from_slice(&self.read(&place, "configuration").await?)
            .map_err(|_| Fault::Away("its configuration is none".to_owned()))?;
        if metadata.issuer != *issuer {
            return Err(Fault::Away("it calls itself otherwise than OIDC_ISSUER".to_owned()));
        }
        for url in [&metadata.authorization_endpoint, &metadata.token_endpoint] {
            self.egress.check(url).map_err(|_| Fault::Away("an address that is not allowed".to_owned()))?;
        }
        let keys = keys::read(&self.read(&metadata.jwks_uri, "keys").await?)
            .ok_or_else(|| Fault::Away("its keys are none".to_owned()))?;
        Ok(Known { metadata, keys, at: Instant::now() })
    }

    async fn read(&self, url: &str, what: &str) -> Result<Vec<u8>, Fault> {
        let answer = self.egress.read(url, ANSWER_MAX_BYTES).await;
        let (status, body) = answer.map_err(|failure| Fault::Away(format!("{what}: {failure}")))?;
        if status == StatusCode::OK { Ok(body) } else { Err(Fault::Away(format!("{what}: {status}"))) }
    }
}

/// What was known, while it is not too old.
fn usable(memory: &Memory) -> Option<Arc<Known>> {
    memory.known.clone().filter(|known| known.at.elapsed() < STALE_FOR)
}

/// A form's body.
fn form(fields: &[(&str, &str)]) -> String {
    Url::parse_with_params("https://form.invalid/", fields)
        .ok()
        .and_then(|url| url.query().map(str::to_owned))
        .unwrap_or_default()
}

fn encoded(text: &str) -> String {
    form(&[("", text)]).split_off(1)
}
