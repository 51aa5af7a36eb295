//! Every secret of the settings is planted, and used until others refuse it: nothing that the server says holds one.

use serde_json::json;

use crate::support::oidc::Provider;
use crate::support::s3::Store;
use crate::support::server::program;
use crate::support::teller::until;
use crate::support::{Caller, Client, Teller};

/// What all planted secrets begin with.
const CANARY: &str = "yellowbird";

/// The settings whose values are secrets, and what is planted. The client's secret is what the provider knows.
const PLANTED: &[(&str, &str)] = &[
    ("FRONTDESK_ADMIN_PASSWORD", "yellowbird-password-0a1b2c3d4e5f"),
    ("FRONTDESK_BACKUP_S3_KEY", "yellowbird-s3-key-0a1b2c3d4e5f"),
    ("FRONTDESK_BACKUP_S3_SECRET", "yellowbird-s3-secret-0a1b2c3d4e5f"),
    ("FRONTDESK_ESCALATION_WEBHOOK", "http://127.0.0.1:9/yellowbird-pager-0a1b2c3d4e5f"),
    ("FRONTDESK_METRICS_TOKEN", "yellowbird-metrics-0a1b2c3d4e5f"),
    ("FRONTDESK_SECRET_KEY", "yellowbird-key-0a1b2c3d4e5f-0123456789abcdef"),
    ("FRONTDESK_SECRET_KEY_OLD", "yellowbird-old-0a1b2c3d4e5f-0123456789abcdef"),
    ("OIDC_CLIENT_SECRET", crate::support::oidc::SECRET),
    ("OPENAI_API_KEY", "yellowbird-openai-0a1b2c3d4e5f"),
    ("SENTRY_DSN", "http://yellowbird-dsn-0a1b2c3d4e5f@127.0.0.1:9/7"),
    ("WHATSAPP_ACCESS_TOKEN", "yellowbird-access-0a1b2c3d4e5f"),
    ("WHATSAPP_APP_SECRET", "yellowbird-app-0a1b2c3d4e5f,yellowbird-next-0a1b2c3d4e5f"),
    ("WHATSAPP_VERIFY_TOKEN", "yellowbird-verify-0a1b2c3d4e5f"),
];

/// Names that sound like secrets and are none: numbers, paths, and what is no secret to whoever runs the server.
const NONE: &[&str] = &["FRONTDESK_TLS_KEY"];

#[test]
fn every_secret_setting_is_planted() {
    let settings = include_str!("../config/settings.rs");
    let names = settings.split("row(").skip(1).filter_map(|row| row.split('"').nth(1));
    let secret = names.filter(|name| {
        let sounds = ["SECRET", "PASSWORD", "_KEY", "TOKEN", "_DSN"].iter().any(|part| name.contains(part));
        sounds && !name.ends_with("TOKENS") && !NONE.contains(name)
    });
    let mut seen = 0;
    for name in secret {
        assert!(PLANTED.iter().any(|(planted, _)| *planted == name), "{name} is not planted");
        seen += 1;
    }
    assert!(seen >= 11, "{seen}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn none_is_in_what_the_server_says() {
    let (store, provider) = (Store::start().await, Provider::start().await);
    let mut settings = provider.settings();
    settings.extend([
        ("FRONTDESK_BACKUP_DIR", "backups".to_owned()),
        ("FRONTDESK_BACKUP_S3", "s3://hotel/desk".to_owned()),
        ("FRONTDESK_BACKUP_S3_ENDPOINT", store.url.clone()),
        ("FRONTDESK_ESCALATION", "1:desk".to_owned()),
        ("OPENAI_BASE_URL", "http://127.0.0.1:9/v1".to_owned()),
        ("OPENAI_MODEL", "m".to_owned()),
        ("WHATSAPP_PHONE_NUMBER_ID", crate::support::whatsapp::NUMBER.to_owned()),
        ("WHATSAPP_API_BASE", "http://127.0.0.1:9".to_owned()),
        ("RUST_LOG", "debug".to_owned()),
        ("FRONTDESK_LOG", "json".to_owned()),
    ]);
    settings.extend(PLANTED.iter().map(|(name, value)| (*name, (*value).to_owned())));
    let named: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let mut server = Teller::start(&named).await;
    let mut said = used(&server, &provider).await;
    // Whoever keeps the backups knows another key.
    until("a refused backup", async || store.refused() > 0).await;
    said += &String::from_utf8_lossy(&std::fs::read(format!("/proc/{}/cmdline", server.id())).unwrap());
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", server.id())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().nth(4), Some("0"), "a crash leaves no image of the memory: {core}");
    let owned: Vec<_> = settings.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    for args in
        [&["--help"][..], &["serve", "--help"], &["--version"], &["no-such-command"], &["backup"], &["check"]]
    {
        let mut command = program(&server.folder, &owned);
        let command = command.env("FRONTDESK_LISTEN", &server.address).args(args);
        let command = command.stderr(std::process::Stdio::piped());
        let done = tokio::task::block_in_place(|| command.output().unwrap());
        said += &String::from_utf8_lossy(&done.stdout);
        said += &String::from_utf8_lossy(&done.stderr);
    }
    server.stop().await;
    let log = server.log();
    for part in ["http", "backup"] {
        assert!(log.contains(part), "the log tells of {part}: {log}");
    }
    for (place, text) in [("log", log), ("answers and output", said + &server.printed())] {
        for secret in [CANARY, crate::support::oidc::SECRET, "s%2Bcr%2Ft"] {
            if let Some(at) = text.find(secret) {
                let from = text[..at].char_indices().rev().nth(200).map_or(0, |(from, _)| from);
                panic!("{secret} is in the {place}: {}", &text[from..at + secret.len()]);
            }
        }
    }
}

/// Has each secret used, and answers all that was answered.
async fn used(server: &Teller, provider: &Provider) -> String {
    let value = |wanted: &str| PLANTED.iter().find(|(name, _)| *name == wanted).unwrap().1;
    let mut said = String::new();
    let mut admin = Caller::new(&server.address);
    admin.cookie = {
        let login =
            json!({"email": crate::support::server::ADMIN.0, "password": value("FRONTDESK_ADMIN_PASSWORD")});
        let request = admin.http.post(admin.url("/api/login")).header("origin", "https://desk.test");
        let answer =
            request.header("content-type", "application/json").body(login.to_string()).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let cookie = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        said += &answer.text().await.unwrap();
        cookie
    };
    // A login at the provider, with the client's secret; the store of backups and the model are asked meanwhile.
    let mut browser = Caller::new(&server.address);
    assert_eq!(browser.get("/api/login/oidc").await.0, 303);
    let place = browser.header("location").to_owned();
    said += &place;
    let cookies = browser.headers.get_all("set-cookie").iter().map(|line| line.to_str().unwrap());
    browser.cookie = cookies.map(|line| line.split(';').next().unwrap()).collect::<Vec<_>>().join("; ");
    let (state, code) = provider.authorize(&place);
    assert_eq!(browser.get(&format!("/api/login/oidc/callback?state={state}&code={code}")).await.0, 303);
    assert_eq!(provider.asked("/token"), 1);
    let mut guest = Caller::new(&server.address);
    guest.new_session(json!({})).await;
    let mut page = Client::hello(&server.address, "/ws/guest", &guest.token, None).await;
    page.done(json!({"type":"send","id":"m1","text":"I want to speak to a person, please"})).await;
    page.find("an answer", |frame| frame["kind"] == "message" && frame["by"]["kind"] != "guest").await;
    let mut stranger = Caller::new(&server.address);
    for path in
        ["/metrics", "/api/me", "/webhooks/whatsapp?hub.mode=subscribe&hub.verify_token=x&hub.challenge=1"]
    {
        said += &stranger.get(path).await.1.to_string();
    }
    let secret = value("WHATSAPP_APP_SECRET").split(',').next_back().unwrap();
    let body = crate::support::whatsapp::body(json!({"messages":
        [crate::support::whatsapp::text("wamid.1", "4915100000002", "May I have a towel?")]}));
    let signed = crate::support::whatsapp::sign(secret, body.to_string().as_bytes());
    let hook = stranger.http.post(stranger.url("/webhooks/whatsapp")).header("x-hub-signature-256", signed);
    assert_eq!(hook.body(body.to_string()).send().await.unwrap().status(), 200);
    for path in ["/api/check", "/api/audit", "/api/webhooks", "/api/templates"] {
        said += &admin.get(path).await.1.to_string();
    }
    let numbers = stranger.http.get(stranger.url("/metrics")).bearer_auth(value("FRONTDESK_METRICS_TOKEN"));
    let numbers = numbers.send().await.unwrap();
    assert_eq!(numbers.status(), 200);
    said + &numbers.text().await.unwrap()
}
