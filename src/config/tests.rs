//! Every setting: a good value changes the struct, a bad one is refused by name.

use std::io::Write as _;

use super::*;

const WHATSAPP: &[(&str, &str)] = &[
    ("WHATSAPP_VERIFY_TOKEN", "v"),
    ("WHATSAPP_APP_SECRET", "s"),
    ("WHATSAPP_ACCESS_TOKEN", "a"),
    ("WHATSAPP_PHONE_NUMBER_ID", "1"),
];
const BACKUPS: &[(&str, &str)] = &[("FRONTDESK_BACKUP_DIR", "/tmp/b")];
const S3: &[(&str, &str)] = &[
    ("FRONTDESK_BACKUP_DIR", "/tmp/b"),
    ("FRONTDESK_BACKUP_S3", "s3://other"),
    ("FRONTDESK_BACKUP_S3_KEY", "key"),
    ("FRONTDESK_BACKUP_S3_SECRET", "secret"),
];
const TLS: &[(&str, &str)] = &[("FRONTDESK_TLS_CERT", "/c.pem"), ("FRONTDESK_TLS_KEY", "/k.pem")];
const ACME: &[(&str, &str)] = &[("FRONTDESK_ACME_DOMAINS", "chat.example")];
const OIDC: &[(&str, &str)] = &[
    ("FRONTDESK_PUBLIC_URL", "https://desk.example"),
    ("OIDC_ISSUER", "https://id.example"),
    ("OIDC_CLIENT_ID", "desk"),
    ("OIDC_CLIENT_SECRET", "secret"),
    ("OIDC_ROLES", "groups desk=agent"),
];
const EMAIL: &[(&str, &str)] = &[("FRONTDESK_ADMIN_EMAIL", "a@b.example")];
const PASSWORD: &[(&str, &str)] = &[("FRONTDESK_ADMIN_PASSWORD", "long enough")];
const POSTGRES: &[(&str, &str)] = &[("DATABASE_URL", "postgres://h/db")];

/// Name, a good value, bad values, what else must be given.
type Row = (&'static str, &'static str, &'static [&'static str], &'static [(&'static str, &'static str)]);

const TABLE: &[Row] = &[
    ("FRONTDESK_LISTEN", "127.0.0.1:9", &["here", "1.2.3.4", "99999"], &[]),
    ("FRONTDESK_TLS_CERT", "/tmp/c.pem", &["a\nb"], TLS),
    ("FRONTDESK_TLS_KEY", "/tmp/k.pem", &["a\nb"], TLS),
    (
        "FRONTDESK_ACME_DOMAINS",
        "chat.example, b.example",
        &["*.example", "https://chat.example", "chat", "127.0.0.1"],
        &[],
    ),
    ("FRONTDESK_ACME_EMAIL", "desk@hotel.example", &["desk"], ACME),
    ("FRONTDESK_ACME_DIRECTORY", "https://ca.example/dir", &["http://ca.example/dir", "ca.example"], ACME),
    ("FRONTDESK_ACME_ROOTS", "/tmp/roots.pem", &["a\nb"], ACME),
    ("FRONTDESK_REDIRECT_LISTEN", "127.0.0.1:80", &["here"], TLS),
    ("FRONTDESK_DATA_DIR", "/tmp/x", &["a\nb"], &[]),
    ("DATABASE_URL", "sqlite:///tmp/x.db", &["mysql://h/db", "sqlite://"], &[]),
    ("FRONTDESK_BACKUP_DIR", "/tmp/b", &["a\nb"], &[]),
    ("FRONTDESK_BACKUP_HOURS", "1", &["0", "daily"], BACKUPS),
    ("FRONTDESK_BACKUP_KEEP", "3", &["0", "all"], BACKUPS),
    ("FRONTDESK_BACKUP_S3", "s3://bucket/some/prefix", &["bucket", "s3://", "s3://b/../c"], S3),
    ("FRONTDESK_BACKUP_S3_ENDPOINT", "http://127.0.0.1:9", &["127.0.0.1"], S3),
    ("FRONTDESK_BACKUP_S3_REGION", "eu-central-1", &["a\nb"], S3),
    ("FRONTDESK_BACKUP_S3_KEY", "k", &["a\nb"], S3),
    ("FRONTDESK_BACKUP_S3_SECRET", "s", &["a\nb"], S3),
    ("NATS_URL", "nats://h:4222", &["http://h", "nats://"], POSTGRES),
    ("FRONTDESK_PUBLIC_URL", "https://chat.example", &["chat.example", "https://a/b"], &[]),
    ("FRONTDESK_TRUSTED_PROXIES", "10.0.0.0/8, ::1", &["proxy.example", "10.0.0.0/99"], &[]),
    ("FRONTDESK_METRICS_TOKEN", "m", &["a\nb"], &[]),
    ("FRONTDESK_ALLOWED_ORIGINS", "https://a.example,http://b:81", &["*", "a.example"], &[]),
    ("FRONTDESK_ADMIN_EMAIL", "a@b.example", &["a", "a b@c", "a@b@c"], PASSWORD),
    ("FRONTDESK_ADMIN_PASSWORD", "long enough", &["short"], EMAIL),
    ("FRONTDESK_SECOND_FACTOR", "admin", &["everyone", "Admin"], &[]),
    ("FRONTDESK_SECRET_KEY", "0123456789abcdef0123456789abcdef", &["short"], &[]),
    ("FRONTDESK_SECRET_KEY_OLD", "0123456789abcdef0123456789abcdef", &["short"], &[]),
    ("OIDC_ISSUER", "https://id.example/realms/hotel/", &["id.example", "https://a?b", "https://u@a"], OIDC),
    ("OIDC_CLIENT_ID", "frontdesk", &["a\nb"], OIDC),
    ("OIDC_CLIENT_SECRET", "x", &["a\nb"], OIDC),
    ("OIDC_ROLES", "roles x=admin", &["roles", "roles x=owner"], OIDC),
    ("OPENAI_API_KEY", "k", &["a\nb"], &[]),
    ("OPENAI_BASE_URL", "http://h/v1/", &["h/v1"], &[]),
    ("OPENAI_MODEL", "m", &["a\nb"], &[]),
    ("OPENAI_MAX_RPM", "7", &["0", "-1", "many"], &[]),
    ("OPENAI_MAX_TPM", "7", &["0"], &[]),
    ("OPENAI_MAX_CONCURRENCY", "7", &["0"], &[]),
    ("FRONTDESK_EMERGENCY_NUMBER", "999", &["help", "1"], &[]),
    ("OPENAI_DAY_TOKENS", "0", &["-1", "many"], &[]),
    ("OPENAI_MONTH_TOKENS", "7000000", &["1.5"], &[]),
    ("OPENAI_DAY_COST", "0.15", &["-1", "1.", "0.1234567", "a"], &[]),
    ("OPENAI_MONTH_COST", "100", &["1,5"], &[]),
    ("OPENAI_PRICE_PROMPT", "0.15", &[".5"], &[]),
    ("OPENAI_PRICE_ANSWER", "0.6", &["1e3"], &[]),
    ("FRONTDESK_ESCALATION", "30:duty, 90:owner", &["desk", "90:a,30:b", "1:"], &[]),
    ("FRONTDESK_ESCALATION_WEBHOOK", "https://h/x", &["h/x"], &[]),
    ("FRONTDESK_WEBHOOK_NETWORKS", "10.0.0.0/8, ::1", &["pms.example", "10.0.0.0/99"], &[]),
    ("WHATSAPP_VERIFY_TOKEN", "x", &["a\nb"], WHATSAPP),
    ("WHATSAPP_APP_SECRET", "x, y", &["a\nb", "a,b,c", "a,"], WHATSAPP),
    ("WHATSAPP_ACCESS_TOKEN", "x", &["a\nb"], WHATSAPP),
    ("WHATSAPP_PHONE_NUMBER_ID", "x", &["a\nb"], WHATSAPP),
    ("WHATSAPP_API_BASE", "https://g.example", &["g"], WHATSAPP),
    ("WHATSAPP_UNCLEAR_SECONDS", "5", &["0", "soon"], WHATSAPP),
    ("WHATSAPP_KEEP_DAYS", "60", &["0", "long"], WHATSAPP),
    ("FRONTDESK_RATE_LIMITS", "off", &["maybe"], &[]),
    ("FRONTDESK_DEMO", "off", &["maybe"], &[]),
    ("FRONTDESK_LOG", "json", &["xml"], &[]),
    ("RUST_LOG", "debug", &["a=b=c"], &[]),
    ("SENTRY_DSN", "https://k@s.example/1", &["s"], &[]),
    ("SENTRY_ENVIRONMENT", "staging", &["a\nb"], &[]),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://h:4318", &["h"], &[]),
    ("FRONTDESK_TRACE_PERCENT", "5", &["0", "101", "all"], &[]),
];

fn layer(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn load(pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::from_sources(&Sources::default().then(layer(pairs)))
}

fn with(also: &[(&str, &str)], name: &str, value: &str) -> Vec<(String, String)> {
    let mut all: Vec<_> = layer(also).into_iter().filter(|(other, _)| other != name).collect();
    all.push((name.to_owned(), value.to_owned()));
    all
}

#[test]
fn the_table_is_whole() {
    for setting in SETTINGS {
        assert!(TABLE.iter().any(|row| row.0 == setting.name), "{} is not tested", setting.name);
    }
    assert_eq!(TABLE.len(), SETTINGS.len());
}

#[test]
fn every_setting_is_read_directly_and_from_a_file() {
    for (name, good, _, also) in TABLE {
        // Where the value is secret, `Debug` shows only that there is one: compare with no value at all,
        // or, among things that must be given together, with all of them.
        let plain = load(&[]).expect("defaults");
        let sources = Sources::default().then(with(also, name, good));
        let direct = Config::from_sources(&sources).expect(name);
        assert_ne!(format!("{plain:?}"), format!("{direct:?}"), "{name} changes nothing");

        let mut file = tempfile::NamedTempFile::new().expect("file");
        writeln!(file, "{good}").expect("file");
        let path = file.path().display().to_string();
        let mut pairs = with(also, name, "");
        pairs.push((format!("{name}_FILE"), path));
        let by_file = Config::from_sources(&Sources::default().then(pairs)).expect(name);
        assert_eq!(format!("{direct:?}"), format!("{by_file:?}"), "{name}");
    }
}

#[test]
fn a_wrong_value_is_refused_by_name_and_not_repeated() {
    for (name, _, bad, also) in TABLE {
        for value in *bad {
            let sources = Sources::default().then(with(also, name, value));
            let error = Config::from_sources(&sources).expect_err(&format!("{name}={value}"));
            assert_eq!(error.name, *name, "{value}");
            let line = error.to_string();
            assert!(line.contains("takes") && !line.contains('\n'), "{line}");
        }
        let missing = with(also, &format!("{name}_FILE"), "/there/is/no/such/file");
        let missing: Vec<_> = missing.into_iter().filter(|(other, _)| other != name).collect();
        let error = Config::from_sources(&Sources::default().then(missing)).expect_err(name);
        assert_eq!(error.name, format!("{name}_FILE"));
        assert!(!error.to_string().contains("/there/"));
    }
}

#[test]
fn what_belongs_together() {
    for (name, pairs) in [
        ("WHATSAPP_APP_SECRET", vec![("WHATSAPP_VERIFY_TOKEN", "v")]),
        ("FRONTDESK_ADMIN_PASSWORD", EMAIL.to_vec()),
        ("FRONTDESK_ADMIN_EMAIL", PASSWORD.to_vec()),
        ("FRONTDESK_TLS_KEY", TLS[..1].to_vec()),
        ("FRONTDESK_TLS_CERT", TLS[1..].to_vec()),
        ("FRONTDESK_REDIRECT_LISTEN", vec![("FRONTDESK_REDIRECT_LISTEN", "127.0.0.1:80")]),
        ("NATS_URL", vec![("NATS_URL", "nats://h")]),
        ("FRONTDESK_BACKUP_S3", S3[1..].to_vec()),
        ("FRONTDESK_BACKUP_S3_KEY", S3[..2].to_vec()),
        ("FRONTDESK_BACKUP_S3_SECRET", S3[..3].to_vec()),
        ("FRONTDESK_RATE_LIMITS", vec![("FRONTDESK_RATE_LIMITS", "off"), ("FRONTDESK_LISTEN", "0.0.0.0:1")]),
        ("FRONTDESK_DEMO", vec![("FRONTDESK_DEMO", "on"), ("FRONTDESK_DEMO_FILE", "/x")]),
    ] {
        assert_eq!(load(&pairs).expect_err(name).name, name);
    }
}

#[test]
fn the_stronger_source_wins() {
    let sources = |env: &[(&str, &str)]| {
        Sources::default()
            .then(layer(env))
            .then_dotenv("# ours\nOPENAI_MODEL=dotenv\nOPENAI_MAX_RPM='2'\n")
            .and_then(|sources| {
                sources.then_toml(
                    "openai_model = \"file\"\nopenai_max_rpm = 3\nopenai_max_tpm = 4\nfrontdesk_demo = false\n\
                     frontdesk_trusted_proxies = [\"10.0.0.1\", \"10.0.0.2\"]",
                )
            })
            .and_then(|sources| Config::from_sources(&sources))
            .expect("good")
    };
    let config = sources(&[("OPENAI_MODEL", "env"), ("OPENAI_MAX_RPM", " ")]);
    assert_eq!(config.ai.model.as_deref(), Some("env"));
    assert_eq!((config.ai.max_rpm, config.ai.max_tpm, config.ai.max_concurrency), (2, 4, 16));
    assert!(!config.demo);
    assert_eq!(config.server.trusted_proxies.len(), 2);
    assert_eq!(sources(&[]).ai.model.as_deref(), Some("dotenv"));
}

#[test]
fn bad_files_are_refused() {
    assert!(Sources::default().then_toml("a = [").is_err());
    assert!(Sources::default().then_toml("[table]\na = 1").is_err());
    assert!(Sources::default().then_dotenv("no equals sign here").is_err());
}

#[test]
fn listening() {
    let at = |pairs: &[(&str, &str)]| load(pairs).map(|config| config.server.listen.to_string());
    assert_eq!(at(&[]).as_deref(), Ok("127.0.0.1:8080"));
    assert_eq!(at(&[("PORT", "3000")]).as_deref(), Ok("0.0.0.0:3000"));
    assert_eq!(at(&[("PORT", "3000"), ("FRONTDESK_LISTEN", "localhost:1")]).as_deref(), Ok("127.0.0.1:1"));
    assert_eq!(at(&[("PORT", "x")]).expect_err("bad").name, "FRONTDESK_LISTEN");
}

#[test]
fn probable_typos_are_named() {
    let config = load(&[("FRONTDESK_LISTN", "x"), ("FRONTDESK_LOG", "json")]).expect("good");
    assert_eq!(config.warnings, ["there is no setting FRONTDESK_LISTN"]);
}

#[test]
fn secrets_are_not_printed() {
    let config = load(&[("OPENAI_API_KEY", "sk-very-secret"), ("DATABASE_URL", "postgres://u:hunter2@h/d")]);
    let text = format!("{config:?}");
    assert!(!text.contains("very-secret") && !text.contains("hunter2"), "{text}");
}
