//! Single sign-on: people log in at a provider that speaks OpenID Connect, and their role comes from there.
//!
//! The authorisation code flow with PKCE. What was begun is kept here, bound to the browser by a cookie, and
//! used up by whatever comes back. Of the provider only the signed ID token is believed.

pub mod admit;
mod claims;
mod keys;
mod pending;
mod provider;
mod roles;
mod settings;

use std::sync::Arc;
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Url;
use sha2::{Digest, Sha256};

use crate::auth::Token;
use crate::egress::Egress;

pub use claims::Person;
pub use roles::RoleMap;
pub use settings::{CALLBACK, Settings, issuer};

use pending::Pending;
use provider::Provider;

/// Why somebody is not let in. The page says it in a sentence; what is behind it stands in the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Nothing was begun in this browser, or it is used up, or too long ago.
    #[error("nothing was begun in this browser, or it is used up")]
    Stale,
    /// The provider does not answer, or not as one does.
    #[error("the provider: {0}")]
    Away(String),
    /// The provider said no, or its token is not good.
    #[error("refused: {0}")]
    Refused(String),
    /// The provider does not vouch for the e-mail address.
    #[error("the e-mail address is not verified")]
    Unverified,
    /// The mapping has no role.
    #[error("no role")]
    NoRole,
    /// The account is disabled.
    #[error("the account is disabled")]
    Shut,
    /// Another account has the e-mail address.
    #[error("another account has the e-mail address")]
    Taken,
    /// Our own side failed.
    #[error("failed: {0}")]
    Failed(String),
}

impl Fault {
    /// What the login page is told.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Stale => "stale",
            Self::Away(_) => "away",
            Self::Refused(_) => "refused",
            Self::Unverified => "unverified",
            Self::NoRole => "no_role",
            Self::Shut => "shut",
            Self::Taken => "taken",
            Self::Failed(_) => "failed",
        }
    }
}

/// What the provider sends the browser back with.
#[derive(Debug, Default)]
pub struct Answer {
    /// Which login it is.
    pub state: String,
    /// What the token is to be had for.
    pub code: Option<String>,
    /// Why there is none.
    pub error: Option<String>,
    /// Who answers (RFC 9207), where that is said.
    pub issuer: Option<String>,
}

/// The longest code.
const CODE_MAX_BYTES: usize = 4_096;

/// Single sign-on with one provider.
pub struct Oidc {
    settings: Arc<Settings>,
    provider: Provider,
    pending: Pending,
}

impl Oidc {
    /// With these settings and this way out.
    pub fn new(settings: Settings, egress: Egress) -> Self {
        let settings = Arc::new(settings);
        Self { provider: Provider::new(Arc::clone(&settings), egress), settings, pending: Pending::default() }
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Begins a login: where the browser is to go, and what it is to show when it is back.
    ///
    /// # Errors
    /// The provider cannot be asked where that is.
    pub async fn begin(&self) -> Result<(Url, Token), Fault> {
        let place = self.provider.known().await?.metadata.authorization_endpoint.clone();
        let random = || Token::random().map_err(|_| Fault::Failed("no randomness".to_owned()));
        let (state, browser, nonce, verifier) = (random()?, random()?, random()?, random()?);
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.reveal().as_bytes()));
        let mut url = Url::parse(&place).map_err(|_| Fault::Away("no address to log in at".to_owned()))?;
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("scope", "openid email profile")
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("redirect_uri", &self.settings.redirect)
            .append_pair("state", state.reveal())
            .append_pair("nonce", nonce.reveal())
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        self.pending.add(&state, &browser, nonce, verifier, Instant::now());
        Ok((url, browser))
    }

    /// Ends a login: who it is, by a token that the provider has signed for this very login.
    ///
    /// # Errors
    /// See [`Fault`].
    pub async fn finish(&self, answer: Answer, browser: Option<&Token>, now: i64) -> Result<Person, Fault> {
        let state = Token::shown(&answer.state).ok_or(Fault::Stale)?;
        let begun = self.pending.take(&state, browser, Instant::now()).ok_or(Fault::Stale)?;
        let refused = |why: &str| Fault::Refused(why.to_owned());
        if answer.issuer.is_some_and(|issuer| issuer != self.settings.issuer) {
            return Err(refused("another provider answered"));
        }
        if let Some(error) = answer.error {
            return Err(Fault::Refused(error.chars().take(100).collect()));
        }
        let code = answer.code.filter(|code| !code.is_empty() && code.len() <= CODE_MAX_BYTES);
        let code = code.ok_or_else(|| refused("no code"))?;
        let token = self.provider.token(&code, begun.verifier.reveal()).await?;
        let claims = self.provider.verified(&token).await?;
        let wanted = claims::Wanted {
            issuer: &self.settings.issuer,
            client_id: &self.settings.client_id,
            nonce: begun.nonce.reveal(),
            now,
        };
        claims::check(&claims, &wanted)?;
        claims::person(&claims, &self.settings.roles)
    }
}
