//! The self-test, through the command line and over HTTP.

use std::process::Output;

use frontdesk_bench::fake_graph::{FakeGraph, Settings};
use serde_json::{Value, json};

use crate::support::server::program;
use crate::support::{Ai, Server};

async fn run(server: &Server, more: &[(&str, &str)]) -> (Option<i32>, String) {
    let mut settings: Vec<_> =
        more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    settings.push(("FRONTDESK_LISTEN".to_owned(), server.address.clone()));
    let mut command = program(&server.folder, &settings);
    let output: Output =
        tokio::task::spawn_blocking(move || command.arg("check").output().unwrap()).await.unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

fn part<'a>(report: &'a Value, name: &str) -> &'a Value {
    let parts = report["parts"].as_array().unwrap();
    parts.iter().find(|part| part["part"] == name).unwrap_or_else(|| panic!("{name}: {report}"))
}

#[tokio::test]
async fn all_is_well() {
    let ai = Ai::start("text=from seven", &[]).await;
    let (code, said) = run(&ai.server, &[]).await;
    assert_eq!(code, Some(0), "{said}");
    for part in ["server", "database", "socket", "commit", "broadcast", "answer", "model"] {
        assert!(said.lines().any(|line| line.starts_with("ok") && line.contains(part)), "{part}: {said}");
    }
    let mut admin = ai.server.admin().await;
    let (status, report) = admin.post("/api/check", json!({})).await;
    assert_eq!((status, &report["ok"]), (200, &json!(true)), "{report}");
    assert!(part(&report, "commit")["millis"].is_u64());
    // Nobody at the desk sees the test's guest.
    let (_, page) = admin.get("/api/conversations").await;
    assert_eq!(page["items"], json!([]));
}

#[tokio::test]
async fn the_part_that_fails_is_named_with_what_to_do() {
    let graph = FakeGraph::start(([127, 0, 0, 1], 0).into(), Settings::default()).await.unwrap();
    let api = graph.url();
    let settings = [
        ("WHATSAPP_VERIFY_TOKEN", "v"),
        ("WHATSAPP_APP_SECRET", "s"),
        ("WHATSAPP_ACCESS_TOKEN", "another token"),
        ("WHATSAPP_PHONE_NUMBER_ID", "1"),
        ("WHATSAPP_API_BASE", api.as_str()),
    ];
    let ai = Ai::start("status=401", &settings).await;
    let mut admin = ai.server.admin().await;
    let (_, report) = admin.post("/api/check", json!({})).await;
    assert_eq!(report["ok"], json!(false));
    assert_eq!(part(&report, "commit")["ok"], json!(true));
    assert_eq!(part(&report, "answer")["ok"], json!(true), "without the model");
    let model = part(&report, "model");
    assert_eq!(model["ok"], json!(false));
    assert!(model["found"].as_str().unwrap().contains("OPENAI_API_KEY"), "{model}");
    let token = part(&report, "WhatsApp: access token and number");
    assert!(token["found"].as_str().unwrap().contains("WHATSAPP_ACCESS_TOKEN"), "{token}");
    let (code, said) = run(&ai.server, &settings).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.lines().any(|line| line.starts_with("FAIL") && line.contains("model")), "{said}");
}

/// What `check whatsapp` says of a number, by the lines' parts.
async fn of_number(server: &Server, settings: Settings, secret: &str) -> String {
    let (token, number) = (settings.token.clone(), settings.number.clone());
    let graph = FakeGraph::start(([127, 0, 0, 1], 0).into(), settings).await.unwrap();
    let api = graph.url();
    let settings: Vec<(String, String)> = [
        ("WHATSAPP_VERIFY_TOKEN", "v"),
        ("WHATSAPP_APP_SECRET", secret),
        ("WHATSAPP_ACCESS_TOKEN", &token),
        ("WHATSAPP_PHONE_NUMBER_ID", &number),
        ("WHATSAPP_API_BASE", &api),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    let mut command = program(&server.folder, &settings);
    command.args(["check", "whatsapp"]);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn a_number_is_confirmed_and_its_app_is_told_of_messages() {
    let server = Server::start(&[]).await;
    let secret = Settings::default().secret;
    let line = |said: &str, part: &str| {
        said.lines().find(|line| line.contains(part)).unwrap_or_else(|| panic!("{part}: {said}")).to_owned()
    };
    let said = of_number(&server, Settings::default(), &format!("an old one,{secret}")).await;
    for part in
        ["confirmation of the number: verified", "webhook subscription: Fake app, of the field messages"]
    {
        assert!(line(&said, part).starts_with("ok"), "{said}");
    }
    let deaf = Settings { fields: vec!["account_update".to_owned()], ..Settings::default() };
    let found = line(&of_number(&server, deaf, &secret).await, "webhook subscription");
    assert!(found.starts_with("FAIL") && found.contains("subscribe to the field messages"), "{found}");
    let found = line(&of_number(&server, Settings::default(), "another app's").await, "webhook subscription");
    assert!(found.starts_with("FAIL") && found.contains("WHATSAPP_APP_SECRET"), "{found}");
    for (state, wanted) in [("NOT_VERIFIED", "FAIL"), ("EXPIRED", "ok")] {
        let settings = Settings { verification: state.to_owned(), ..Settings::default() };
        let found = line(&of_number(&server, settings, &secret).await, "confirmation of the number");
        assert!(found.starts_with(wanted), "{found}");
    }
}

#[tokio::test]
async fn who_may_ask() {
    let server = Server::start(&[]).await;
    for role in ["supervisor", "agent", "viewer"] {
        let mut agent = server.agent(role).await;
        agent.refused("POST", "/api/check", None, (403, "forbidden")).await;
    }
    server.guest().await.refused("POST", "/api/check", None, (403, "forbidden")).await;
    server.caller().refused("POST", "/api/check", None, (401, "unauthorized")).await;
    let mut guesser = server.caller();
    guesser.token = "no operator".to_owned();
    guesser.refused("POST", "/api/check", None, (401, "unauthorized")).await;
}

#[tokio::test]
async fn without_a_server_that_is_said() {
    let mut server = Server::start(&[]).await;
    server.stop().await;
    let (code, said) = run(&server, &[]).await;
    assert_eq!(code, Some(1));
    assert!(said.starts_with("FAIL  server: "), "{said}");
}
