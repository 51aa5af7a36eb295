//! The settings from what they are written in: each group by itself, and which go together.

use std::path::PathBuf;
use std::time::Duration;

use frontdesk_domain::pool::{Budget, Price};
use secrecy::SecretString;

use super::{
    Ai, Alarms, Config, ConfigError, DatabaseUrl, FirstAdmin, Integrations, Origin, Server, Sources, Storage,
    Telemetry, WhatsApp, parse,
};
use crate::backup::{self, Offsite, Schedule};
use crate::oidc::{self, RoleMap};
use crate::tls::{AcmeSettings, Tls, TlsFiles};

impl Config {
    /// Reads the settings from the given sources alone.
    ///
    /// # Errors
    /// Names the first setting that is wrong.
    pub fn from_sources(from: &Sources) -> Result<Self, ConfigError> {
        Ok(Self {
            server: server(from)?,
            storage: storage(from)?,
            first_admin: first_admin(from)?,
            oidc: single_sign_on(from)?,
            ai: Ai {
                key: from.optional("OPENAI_API_KEY", parse::secret)?,
                base_url: from.optional("OPENAI_BASE_URL", parse::http_url)?,
                model: from.optional("OPENAI_MODEL", parse::text)?,
                max_rpm: from.value("OPENAI_MAX_RPM", parse::count)?,
                max_tpm: from.value("OPENAI_MAX_TPM", parse::count)?,
                max_concurrency: from.value("OPENAI_MAX_CONCURRENCY", parse::count)?,
                emergency_number: from.value("FRONTDESK_EMERGENCY_NUMBER", parse::phone_number)?,
                budget: Budget {
                    day_tokens: from.optional("OPENAI_DAY_TOKENS", parse::tokens)?,
                    month_tokens: from.optional("OPENAI_MONTH_TOKENS", parse::tokens)?,
                    day_micros: from.optional("OPENAI_DAY_COST", parse::money)?,
                    month_micros: from.optional("OPENAI_MONTH_COST", parse::money)?,
                },
                price: Price {
                    prompt_micros: from.optional("OPENAI_PRICE_PROMPT", parse::money)?.unwrap_or(0),
                    completion_micros: from.optional("OPENAI_PRICE_ANSWER", parse::money)?.unwrap_or(0),
                },
            },
            alarms: Alarms {
                rungs: from.value("FRONTDESK_ESCALATION", parse::rungs)?,
                webhook: from.optional("FRONTDESK_ESCALATION_WEBHOOK", parse::http_url)?,
            },
            whatsapp: whatsapp(from)?,
            integrations: Integrations {
                webhook_networks: from
                    .optional("FRONTDESK_WEBHOOK_NETWORKS", parse::networks)?
                    .unwrap_or_default(),
            },
            telemetry: Telemetry {
                log: from.optional("FRONTDESK_LOG", parse::log_style)?,
                filter: from.value("RUST_LOG", parse::filter)?,
                metrics_token: from.optional("FRONTDESK_METRICS_TOKEN", parse::secret)?,
                sentry_dsn: from.optional("SENTRY_DSN", parse::dsn)?,
                sentry_environment: from.value("SENTRY_ENVIRONMENT", parse::text)?,
                otlp_endpoint: from.optional("OTEL_EXPORTER_OTLP_ENDPOINT", parse::http_url)?,
                trace_percent: from.value("FRONTDESK_TRACE_PERCENT", parse::percent)?,
            },
            demo: from.value("FRONTDESK_DEMO", parse::on_off)?,
            warnings: from.unknown(),
        })
    }
}

/// From files or from an authority, not both.
fn tls(from: &Sources) -> Result<Option<Tls>, ConfigError> {
    let certificate = from.optional("FRONTDESK_TLS_CERT", parse::text)?;
    let key = from.optional("FRONTDESK_TLS_KEY", parse::text)?;
    let domains = from.optional("FRONTDESK_ACME_DOMAINS", parse::domains)?;
    let email = from.optional("FRONTDESK_ACME_EMAIL", crate::auth::login_name)?;
    let roots = from.optional("FRONTDESK_ACME_ROOTS", parse::text)?;
    let directory = from.value("FRONTDESK_ACME_DIRECTORY", parse::https_url)?;
    match (certificate, key, domains) {
        (Some(certificate), Some(key), None) => {
            Ok(Some(Tls::Files(TlsFiles { certificate: certificate.into(), key: key.into() })))
        }
        (None, None, Some(domains)) => {
            let data_dir: PathBuf = from.value("FRONTDESK_DATA_DIR", parse::text)?.into();
            let (roots, folder) = (roots.map(PathBuf::from), data_dir.join("acme"));
            Ok(Some(Tls::Acme(AcmeSettings { domains, email, directory, roots, folder })))
        }
        (Some(_), _, Some(_)) | (_, Some(_), Some(_)) => Err(ConfigError::takes("FRONTDESK_ACME_DOMAINS")),
        (None, Some(_), None) => Err(ConfigError::takes("FRONTDESK_TLS_CERT")),
        (Some(_), None, None) => Err(ConfigError::takes("FRONTDESK_TLS_KEY")),
        (None, None, None) if email.is_some() => Err(ConfigError::takes("FRONTDESK_ACME_EMAIL")),
        (None, None, None) if roots.is_some() => Err(ConfigError::takes("FRONTDESK_ACME_ROOTS")),
        (None, None, None) => Ok(None),
    }
}

fn server(from: &Sources) -> Result<Server, ConfigError> {
    let listen = from.value("FRONTDESK_LISTEN", parse::listen)?;
    let rate_limits = from.value("FRONTDESK_RATE_LIMITS", parse::on_off)?;
    if !rate_limits && !listen.ip().is_loopback() {
        return Err(ConfigError::takes("FRONTDESK_RATE_LIMITS"));
    }
    let tls = tls(from)?;
    let redirect_listen = from.optional("FRONTDESK_REDIRECT_LISTEN", parse::listen)?;
    if redirect_listen.is_some() && tls.is_none() {
        return Err(ConfigError::takes("FRONTDESK_REDIRECT_LISTEN"));
    }
    Ok(Server {
        listen,
        tls,
        redirect_listen,
        public_url: from.optional("FRONTDESK_PUBLIC_URL", Origin::parse)?,
        trusted_proxies: from.optional("FRONTDESK_TRUSTED_PROXIES", parse::networks)?.unwrap_or_default(),
        allowed_origins: from.optional("FRONTDESK_ALLOWED_ORIGINS", parse::origins)?.unwrap_or_default(),
        rate_limits,
        second_factor_from: from.optional("FRONTDESK_SECOND_FACTOR", parse::role)?,
        secret_key: from.optional("FRONTDESK_SECRET_KEY", parse::secret_key)?,
        secret_key_old: from.optional("FRONTDESK_SECRET_KEY_OLD", parse::secret_key)?,
    })
}

fn storage(from: &Sources) -> Result<Storage, ConfigError> {
    let data_dir: PathBuf = from.value("FRONTDESK_DATA_DIR", parse::text)?.into();
    let database = from.optional("DATABASE_URL", database_url)?;
    let database = database.unwrap_or_else(|| DatabaseUrl::Sqlite(data_dir.join("frontdesk.db")));
    let nats_url = from.optional("NATS_URL", parse::nats_url)?.map(SecretString::from);
    if nats_url.is_some() && matches!(database, DatabaseUrl::Sqlite(_)) {
        return Err(ConfigError::takes("NATS_URL"));
    }
    Ok(Storage { data_dir, database, nats_url, backups: backups(from)? })
}

fn backups(from: &Sources) -> Result<Option<Schedule>, ConfigError> {
    let folder = from.optional("FRONTDESK_BACKUP_DIR", parse::text)?;
    let hours = from.value("FRONTDESK_BACKUP_HOURS", parse::count)?;
    let keep = from.value("FRONTDESK_BACKUP_KEEP", parse::count)? as usize;
    let every = Duration::from_secs(u64::from(hours) * 3_600);
    let offsite = offsite(from, keep)?;
    if offsite.is_some() && folder.is_none() {
        return Err(ConfigError::takes("FRONTDESK_BACKUP_S3"));
    }
    Ok(folder.map(|folder| Schedule { folder: folder.into(), every, keep, offsite }))
}

/// The other place is off while it has no address; an address needs a key.
fn offsite(from: &Sources, keep: usize) -> Result<Option<Offsite>, ConfigError> {
    let place = from.optional("FRONTDESK_BACKUP_S3", backup::place)?;
    let endpoint = from.optional("FRONTDESK_BACKUP_S3_ENDPOINT", parse::http_url)?;
    let region = from.value("FRONTDESK_BACKUP_S3_REGION", parse::text)?;
    let key = from.optional("FRONTDESK_BACKUP_S3_KEY", parse::secret)?;
    let secret = from.optional("FRONTDESK_BACKUP_S3_SECRET", parse::secret)?;
    let Some((bucket, prefix)) = place else { return Ok(None) };
    let missing = |name| move || ConfigError::takes(name);
    let key = key.ok_or_else(missing("FRONTDESK_BACKUP_S3_KEY"))?;
    let secret = secret.ok_or_else(missing("FRONTDESK_BACKUP_S3_SECRET"))?;
    Ok(Some(Offsite { bucket, prefix, endpoint, region, key, secret, keep }))
}

fn database_url(url: &str) -> Option<DatabaseUrl> {
    let url = parse::text(url)?;
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        return Some(DatabaseUrl::Postgres(SecretString::from(url)));
    }
    let path = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:"))?;
    (!path.is_empty() && !path.contains('?')).then(|| DatabaseUrl::Sqlite(path.into()))
}

fn first_admin(from: &Sources) -> Result<Option<FirstAdmin>, ConfigError> {
    let email = from.optional("FRONTDESK_ADMIN_EMAIL", crate::auth::login_name)?;
    let password = from.optional("FRONTDESK_ADMIN_PASSWORD", parse::new_password)?;
    match (email, password) {
        (Some(email), Some(password)) => Ok(Some(FirstAdmin { email, password })),
        (None, None) => Ok(None),
        (None, Some(_)) => Err(ConfigError::takes("FRONTDESK_ADMIN_EMAIL")),
        (Some(_), None) => Err(ConfigError::takes("FRONTDESK_ADMIN_PASSWORD")),
    }
}

/// Off while all four are missing; some of them alone are a mistake, and so are all without a public URL.
fn single_sign_on(from: &Sources) -> Result<Option<oidc::Settings>, ConfigError> {
    let issuer = from.optional("OIDC_ISSUER", oidc::issuer)?;
    let client_id = from.optional("OIDC_CLIENT_ID", parse::text)?;
    let client_secret = from.optional("OIDC_CLIENT_SECRET", parse::secret)?;
    let roles = from.optional("OIDC_ROLES", RoleMap::parse)?;
    if issuer.is_none() && client_id.is_none() && client_secret.is_none() && roles.is_none() {
        return Ok(None);
    }
    let missing = |name| move || ConfigError::takes(name);
    let public = from.optional("FRONTDESK_PUBLIC_URL", Origin::parse)?;
    Ok(Some(oidc::Settings {
        issuer: issuer.filter(|_| public.is_some()).ok_or_else(missing("OIDC_ISSUER"))?,
        client_id: client_id.ok_or_else(missing("OIDC_CLIENT_ID"))?,
        client_secret: client_secret.ok_or_else(missing("OIDC_CLIENT_SECRET"))?,
        roles: roles.ok_or_else(missing("OIDC_ROLES"))?,
        redirect: public.map_or(String::new(), |public| format!("{public}{}", oidc::CALLBACK)),
    }))
}

/// The channel is off while all four are missing; some of them alone are a mistake.
fn whatsapp(from: &Sources) -> Result<Option<WhatsApp>, ConfigError> {
    let verify_token = from.optional("WHATSAPP_VERIFY_TOKEN", parse::secret)?;
    let app_secrets = from.optional("WHATSAPP_APP_SECRET", parse::secrets)?;
    let access_token = from.optional("WHATSAPP_ACCESS_TOKEN", parse::secret)?;
    let number = from.optional("WHATSAPP_PHONE_NUMBER_ID", parse::text)?;
    let api_base = from.optional("WHATSAPP_API_BASE", parse::http_url)?;
    let unclear_seconds = from.value("WHATSAPP_UNCLEAR_SECONDS", parse::count)?;
    let keep_days = from.value("WHATSAPP_KEEP_DAYS", parse::count)?;
    let given = [verify_token.is_some(), app_secrets.is_some(), access_token.is_some(), number.is_some()];
    if given == [false; 4] {
        return Ok(None);
    }
    let missing = |name| move || ConfigError::takes(name);
    Ok(Some(WhatsApp {
        verify_token: verify_token.ok_or_else(missing("WHATSAPP_VERIFY_TOKEN"))?,
        app_secrets: app_secrets.ok_or_else(missing("WHATSAPP_APP_SECRET"))?,
        access_token: access_token.ok_or_else(missing("WHATSAPP_ACCESS_TOKEN"))?,
        phone_number_id: number.ok_or_else(missing("WHATSAPP_PHONE_NUMBER_ID"))?,
        api_base,
        unclear_for: Duration::from_secs(u64::from(unclear_seconds)),
        keep_for: Duration::from_secs(u64::from(keep_days) * 86_400),
    }))
}
