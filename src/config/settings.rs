//! Every setting with its default and what it takes. `--help` prints this table; nothing else is read.

use std::fmt::Write as _;

/// One setting.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// The environment variable. In a file the same name in lower case.
    pub name: &'static str,
    /// The value if none is given; empty for none.
    pub default: &'static str,
    /// What the value must be, as the end of the sentence "`NAME` takes …".
    pub takes: &'static str,
    /// What it is for.
    pub meaning: &'static str,
}

const fn row(
    name: &'static str,
    default: &'static str,
    takes: &'static str,
    meaning: &'static str,
) -> Setting {
    Setting { name, default, takes, meaning }
}

/// Another name of `FRONTDESK_LISTEN`, which platforms set. A bare port means all addresses.
pub const PORT: &str = "PORT";

const TEXT: &str = "a text without line breaks";
const COUNT: &str = "a whole number from 1 to 1000000000";
const TOKENS: &str = "a whole number from 0 to 1000000000000";
const MONEY: &str = "an amount such as 12 or 0.15";
const ON_OFF: &str = "on or off";
const HTTP_URL: &str = "a URL that starts with http:// or https://";

/// All settings.
pub const SETTINGS: &[Setting] = &[
    row(
        "FRONTDESK_LISTEN",
        "127.0.0.1:8080",
        "an address and port such as 127.0.0.1:8080, or a port",
        "where to listen (or PORT)",
    ),
    row(
        "FRONTDESK_TLS_CERT",
        "",
        "the path of a certificate in PEM form, together with FRONTDESK_TLS_KEY",
        "the certificate, for HTTPS without a proxy; read again when it changes",
    ),
    row(
        "FRONTDESK_TLS_KEY",
        "",
        "the path of a key in PEM form, together with FRONTDESK_TLS_CERT",
        "the certificate's key",
    ),
    row(
        "FRONTDESK_ACME_DOMAINS",
        "",
        "names such as chat.example, separated by commas, without FRONTDESK_TLS_CERT",
        "get a certificate for these names, and renew it; port 443 of each leads here. You agree to the authority's terms",
    ),
    row(
        "FRONTDESK_ACME_EMAIL",
        "",
        "an e-mail address, together with FRONTDESK_ACME_DOMAINS",
        "whom the authority writes to",
    ),
    row(
        "FRONTDESK_ACME_DIRECTORY",
        "https://acme-v02.api.letsencrypt.org/directory",
        "an https URL",
        "the directory of the authority",
    ),
    row(
        "FRONTDESK_ACME_ROOTS",
        "",
        "the path of certificates in PEM form, together with FRONTDESK_ACME_DOMAINS",
        "who vouches for an authority of your own; public roots if not given",
    ),
    row(
        "FRONTDESK_REDIRECT_LISTEN",
        "",
        "an address and port such as 0.0.0.0:80, together with FRONTDESK_TLS_CERT or FRONTDESK_ACME_DOMAINS",
        "where to listen for those who come without TLS, to send them to https",
    ),
    row("FRONTDESK_DATA_DIR", "./data", "the path of a folder", "the embedded database and uploads"),
    row(
        "DATABASE_URL",
        "",
        "sqlite://PATH or postgres://…",
        "the database; sqlite://<data dir>/frontdesk.db if not given",
    ),
    row(
        "FRONTDESK_BACKUP_DIR",
        "",
        "the path of a folder",
        "where backups go by themselves; without it none is taken",
    ),
    row("FRONTDESK_BACKUP_HOURS", "24", COUNT, "how many hours from one backup to the next"),
    row("FRONTDESK_BACKUP_KEEP", "7", COUNT, "how many of the newest backups stay"),
    row(
        "FRONTDESK_BACKUP_S3",
        "",
        "s3://BUCKET or s3://BUCKET/PREFIX, together with FRONTDESK_BACKUP_DIR",
        "an S3-compatible store to which each backup is brought as well",
    ),
    row("FRONTDESK_BACKUP_S3_ENDPOINT", "", HTTP_URL, "its address; Amazon's if not given"),
    row("FRONTDESK_BACKUP_S3_REGION", "us-east-1", TEXT, "the region that requests are signed for"),
    row("FRONTDESK_BACKUP_S3_KEY", "", S3_KEY, "the name of its access key"),
    row("FRONTDESK_BACKUP_S3_SECRET", "", S3_KEY, "its secret access key"),
    row(
        "NATS_URL",
        "",
        "a URL that starts with nats:// or tls://, together with a postgres:// DATABASE_URL",
        "several nodes as one",
    ),
    row(
        "FRONTDESK_PUBLIC_URL",
        "",
        "http://HOST or https://HOST, with a port if need be and no path",
        "how browsers reach the server; https turns on Secure cookies and HSTS",
    ),
    row(
        "FRONTDESK_TRUSTED_PROXIES",
        "",
        "addresses or networks such as 10.0.0.0/8, separated by commas",
        "whose X-Forwarded-For is believed",
    ),
    row("FRONTDESK_METRICS_TOKEN", "", TEXT, "the bearer token for /metrics"),
    row(
        "FRONTDESK_ALLOWED_ORIGINS",
        "",
        "origins such as https://hotel.example, separated by commas",
        "other sites that may embed the widget",
    ),
    row(
        "FRONTDESK_ADMIN_EMAIL",
        "",
        "an e-mail address, together with FRONTDESK_ADMIN_PASSWORD",
        "the first admin, made if there is no agent yet",
    ),
    row(
        "FRONTDESK_ADMIN_PASSWORD",
        "",
        "8 to 128 characters, together with FRONTDESK_ADMIN_EMAIL",
        "the first admin's password",
    ),
    row(
        "FRONTDESK_SECOND_FACTOR",
        "",
        "admin, supervisor, agent or viewer",
        "agents of this role or a higher one must have a second factor",
    ),
    row(
        "OIDC_ISSUER",
        "",
        "the provider's address as it writes it itself, together with OIDC_CLIENT_ID, OIDC_CLIENT_SECRET, \
         OIDC_ROLES and FRONTDESK_PUBLIC_URL",
        "the OpenID Connect provider at which staff log in",
    ),
    row("OIDC_CLIENT_ID", "", OIDC, "our name at the provider"),
    row("OIDC_CLIENT_SECRET", "", OIDC, "our secret at the provider"),
    row(
        "OIDC_ROLES",
        "",
        "a claim and what its values give, such as: groups desk-chiefs=admin, desk=agent; together with OIDC_ISSUER",
        "who may do what; HOTEL/ROLE for another hotel than the first, and the first value that fits counts",
    ),
    row(
        "FRONTDESK_SECRET_KEY",
        "",
        "a random text of 32 characters or more",
        "what stored secrets are sealed under; <data dir>/secret.key if not given",
    ),
    row(
        "FRONTDESK_SECRET_KEY_OLD",
        "",
        "a random text of 32 characters or more",
        "the key before, until frontdesk rotate-key has run",
    ),
    row("OPENAI_API_KEY", "", TEXT, "the key of the AI service"),
    row("OPENAI_BASE_URL", "", HTTP_URL, "an OpenAI-compatible service, as far as /v1"),
    row("OPENAI_MODEL", "", TEXT, "the model that answers"),
    row("OPENAI_MAX_RPM", "500", COUNT, "requests a minute at most"),
    row("OPENAI_MAX_TPM", "200000", COUNT, "tokens a minute at most"),
    row("OPENAI_MAX_CONCURRENCY", "16", COUNT, "requests at a time at most"),
    row(
        "FRONTDESK_EMERGENCY_NUMBER",
        "112",
        "a phone number",
        "what guests are told to call when life is in danger",
    ),
    row(
        "OPENAI_DAY_TOKENS",
        "",
        TOKENS,
        "tokens a day at most; beyond, the knowledge base answers by itself",
    ),
    row("OPENAI_MONTH_TOKENS", "", TOKENS, "tokens a month at most, likewise"),
    row("OPENAI_DAY_COST", "", MONEY, "money a day at most, by the prices below"),
    row("OPENAI_MONTH_COST", "", MONEY, "money a month at most, likewise"),
    row("OPENAI_PRICE_PROMPT", "", MONEY, "what a million tokens of prompts cost"),
    row("OPENAI_PRICE_ANSWER", "", MONEY, "what a million tokens of answers cost"),
    row(
        "FRONTDESK_ESCALATION",
        "60:desk,300:manager",
        "steps such as 60:desk,300:manager: after how many seconds, and to whom, at most 10",
        "to whom an alarm is passed on that nobody acknowledges",
    ),
    row(
        "FRONTDESK_ESCALATION_WEBHOOK",
        "",
        HTTP_URL,
        "where that is sent, as JSON without the guest's words",
    ),
    row(
        "FRONTDESK_WEBHOOK_NETWORKS",
        "",
        "addresses or networks such as 10.0.0.0/8, separated by commas",
        "where webhooks may go beside the public internet, and without TLS",
    ),
    row("WHATSAPP_VERIFY_TOKEN", "", WHATSAPP, "the token of the webhook's verification"),
    row(
        "WHATSAPP_APP_SECRET",
        "",
        WHATSAPP,
        "the secret that signs webhooks; two, separated by a comma, while it is being changed",
    ),
    row("WHATSAPP_ACCESS_TOKEN", "", WHATSAPP, "the token for sending"),
    row("WHATSAPP_PHONE_NUMBER_ID", "", WHATSAPP, "the number that sends"),
    row("WHATSAPP_API_BASE", "", HTTP_URL, "another address of the Graph API"),
    row(
        "WHATSAPP_UNCLEAR_SECONDS",
        "30",
        COUNT,
        "how long a status is waited for before a send without a clear answer is repeated",
    ),
    row(
        "WHATSAPP_KEEP_DAYS",
        "90",
        COUNT,
        "how long what went out is remembered once its fate is known; statuses may come for 30 days",
    ),
    row(
        "FRONTDESK_RATE_LIMITS",
        "on",
        "on, or off while FRONTDESK_LISTEN is a loopback address",
        "off: no rate limits, for load tests",
    ),
    row("FRONTDESK_DEMO", "on", ON_OFF, "off: an empty database gets no demo hotel"),
    row("FRONTDESK_LOG", "", "pretty or json", "how logs are written; pretty on a terminal, else json"),
    row(
        "RUST_LOG",
        "info,async_openai=off,ractor=warn",
        "a filter such as info,frontdesk=debug",
        "what is logged",
    ),
    row(
        "SENTRY_DSN",
        "",
        "a DSN such as https://key@sentry.example/1",
        "where errors are reported, without a guest's words",
    ),
    row("SENTRY_ENVIRONMENT", "production", TEXT, "which of several installations this one is, there"),
    row(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "",
        HTTP_URL,
        "a collector of traces such as http://127.0.0.1:4318 (OTLP over HTTP, protobuf)",
    ),
    row(
        "FRONTDESK_TRACE_PERCENT",
        "100",
        "a whole number from 1 to 100",
        "how many of a hundred traces are sent",
    ),
];

const OIDC: &str = "a text without line breaks, together with OIDC_ISSUER";

const S3_KEY: &str = "a text without line breaks, together with FRONTDESK_BACKUP_S3";

const WHATSAPP: &str = "a text, together with the other three of WHATSAPP_VERIFY_TOKEN, WHATSAPP_APP_SECRET, \
     WHATSAPP_ACCESS_TOKEN and WHATSAPP_PHONE_NUMBER_ID";

/// The setting of this name.
pub fn setting(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name == name)
}

/// The table as `--help` prints it.
pub fn help() -> String {
    let mut text = String::from(
        "Settings (environment, .env, or the --config file; NAME_FILE names a file that holds the value):\n",
    );
    for Setting { name, default, takes, meaning } in SETTINGS {
        let default = if default.is_empty() { "none" } else { default };
        let _ = write!(text, "\n  {name}\n      {meaning}\n      takes {takes} [default: {default}]");
    }
    text
}
