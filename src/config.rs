//! What the server is told before it starts: one struct per concern, read once, from one place.
//!
//! Nothing else reads the environment.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use frontdesk_actors::ports::Rung;
use frontdesk_domain::people::Role;
use frontdesk_domain::pool::{Budget, Price};
use ipnet::IpNet;
use secrecy::SecretString;

use crate::backup::Schedule;
use crate::oidc;
use crate::tls::Tls;

mod origin;
mod parse;
mod read;
mod settings;
mod sources;
#[cfg(test)]
mod tests;

pub use origin::Origin;
pub use settings::{SETTINGS, Setting, help};
pub use sources::{ConfigError, Sources};

/// All settings.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where and how the server is reached.
    pub server: Server,
    /// Where data is kept.
    pub storage: Storage,
    /// The first admin, if the operator names one.
    pub first_admin: Option<FirstAdmin>,
    /// The provider of single sign-on, if there is one.
    pub oidc: Option<oidc::Settings>,
    /// The AI service.
    pub ai: Ai,
    /// Alarms that nobody acknowledges.
    pub alarms: Alarms,
    /// WhatsApp, if it is set up.
    pub whatsapp: Option<WhatsApp>,
    /// Other systems of the hotel.
    pub integrations: Integrations,
    /// Logs, metrics, traces.
    pub telemetry: Telemetry,
    /// An empty database gets a demo hotel's knowledge.
    pub demo: bool,
    /// What is not wrong but probably not meant; to be logged once logging works.
    pub warnings: Vec<String>,
}

/// Where and how the server is reached.
#[derive(Clone, Debug)]
pub struct Server {
    /// The address to listen on.
    pub listen: SocketAddr,
    /// The certificate, if the server speaks TLS itself.
    pub tls: Option<Tls>,
    /// Where those are sent to TLS who come without.
    pub redirect_listen: Option<SocketAddr>,
    /// How browsers reach the server.
    pub public_url: Option<Origin>,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Other sites that may embed the widget.
    pub allowed_origins: Vec<Origin>,
    /// Off only in load tests.
    pub rate_limits: bool,
    /// Agents of this role or a higher one must have a second factor.
    pub second_factor_from: Option<Role>,
    /// What stored secrets are sealed under; `None`: the key in the data folder.
    pub secret_key: Option<SecretString>,
    /// The key before that one, until everything is sealed anew.
    pub secret_key_old: Option<SecretString>,
}

impl Server {
    /// Browsers reach us over TLS.
    pub fn is_https(&self) -> bool {
        self.tls.is_some() || self.public_url.as_ref().is_some_and(Origin::is_https)
    }
}

/// Where data is kept.
#[derive(Clone, Debug)]
pub struct Storage {
    /// The embedded database and uploads.
    pub data_dir: PathBuf,
    /// The database.
    pub database: DatabaseUrl,
    /// Several nodes as one.
    pub nats_url: Option<SecretString>,
    /// Backups that take themselves.
    pub backups: Option<Schedule>,
}

/// Which database.
#[derive(Clone, Debug)]
pub enum DatabaseUrl {
    /// A file.
    Sqlite(PathBuf),
    /// A server, with the password in its URL.
    Postgres(SecretString),
}

/// The first admin.
#[derive(Clone, Debug)]
pub struct FirstAdmin {
    /// Login name, lower case.
    pub email: String,
    /// Password.
    pub password: SecretString,
}

/// The AI service.
#[derive(Clone, Debug)]
pub struct Ai {
    /// Its key.
    pub key: Option<SecretString>,
    /// Its address, as far as `/v1`, without a slash at the end.
    pub base_url: Option<String>,
    /// The model that answers.
    pub model: Option<String>,
    /// Requests a minute at most.
    pub max_rpm: u32,
    /// Tokens a minute at most.
    pub max_tpm: u32,
    /// Requests at a time at most.
    pub max_concurrency: u32,
    /// The number that guests are told to call in an emergency.
    pub emergency_number: String,
    /// What may be spent.
    pub budget: Budget,
    /// What tokens cost.
    pub price: Price,
}

/// Alarms that nobody acknowledges.
#[derive(Clone, Debug, Default)]
pub struct Alarms {
    /// To whom they are passed on, and after how long.
    pub rungs: Vec<Rung>,
    /// Where that is sent.
    pub webhook: Option<String>,
}

/// The WhatsApp channel.
#[derive(Clone, Debug)]
pub struct WhatsApp {
    /// The token of the webhook's verification.
    pub verify_token: SecretString,
    /// The secrets that sign webhooks: one, or two while it is being changed.
    pub app_secrets: Vec<SecretString>,
    /// The token for sending.
    pub access_token: SecretString,
    /// The number that sends.
    pub phone_number_id: String,
    /// Another address of the Graph API.
    pub api_base: Option<String>,
    /// How long a status is waited for after a send without a clear answer, before it is repeated.
    pub unclear_for: Duration,
    /// How long deliveries are kept once their fate is known.
    pub keep_for: Duration,
}

/// Other systems of the hotel.
#[derive(Clone, Debug, Default)]
pub struct Integrations {
    /// Where webhooks may go beside the public internet, and without TLS.
    pub webhook_networks: Vec<IpNet>,
}

/// Logs, metrics, traces.
#[derive(Clone, Debug)]
pub struct Telemetry {
    /// How logs are written; `None`: pretty on a terminal, else JSON.
    pub log: Option<LogStyle>,
    /// What is logged.
    pub filter: String,
    /// The bearer token for `/metrics`.
    pub metrics_token: Option<SecretString>,
    /// Error tracking.
    pub sentry_dsn: Option<SecretString>,
    /// Which of several installations this one is, there.
    pub sentry_environment: String,
    /// Traces.
    pub otlp_endpoint: Option<String>,
    /// How many of a hundred traces are sent.
    pub trace_percent: u32,
}

/// How logs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogStyle {
    /// For people.
    Pretty,
    /// For machines, one object a line.
    Json,
}

impl Config {
    /// Reads the process's environment, `.env` in the working directory, and a file.
    ///
    /// # Errors
    /// Names the first setting that is wrong.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        let mut sources = Sources::default().then(environment);
        if let Ok(text) = std::fs::read_to_string(".env") {
            sources = sources.then_dotenv(&text)?;
        }
        if let Some(path) = file {
            let text = std::fs::read_to_string(path)
                .map_err(|_| ConfigError::new("--config", "takes the path of a file that can be read"))?;
            sources = sources.then_toml(&text)?;
        }
        Self::from_sources(&sources)
    }
}
