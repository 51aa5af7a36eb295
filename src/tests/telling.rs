//! What the server tells others of itself: traces that hang together, errors, and no secret in any of it.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use frontdesk_bench::fake_graph::{FakeGraph, Settings};
use frontdesk_bench::fake_openai::FakeOpenAi;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use serde_json::json;

use crate::support::teller::until;
use crate::support::{Caller, Client, Teller};

/// Takes whatever is posted to it.
#[derive(Clone, Default)]
struct Catcher(Arc<Mutex<Vec<Posted>>>);

/// Where it was posted to, and what.
type Posted = (String, Vec<u8>);

impl Catcher {
    async fn start() -> (Self, SocketAddr) {
        let catcher = Self::default();
        let take = async |State(catcher): State<Self>, uri: http::Uri, body: Bytes| {
            catcher.0.lock().unwrap().push((uri.path().to_owned(), body.to_vec()));
        };
        let router = axum::Router::new().fallback(post(take)).with_state(catcher.clone());
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(axum::serve(listener, router).into_future());
        (catcher, address)
    }

    fn all(&self) -> Vec<Posted> {
        self.0.lock().unwrap().clone()
    }

    fn spans(&self) -> Vec<Span> {
        let bodies = self.all().into_iter().filter(|(path, _)| path == "/v1/traces");
        let requests = bodies.map(|(_, body)| ExportTraceServiceRequest::decode(body.as_slice()).unwrap());
        let resources = requests.flat_map(|request| request.resource_spans);
        resources.flat_map(|resource| resource.scope_spans).flat_map(|scope| scope.spans).collect()
    }
}

/// The names of a span and of all above it, from the top.
fn path(span: &Span, all: &BTreeMap<Vec<u8>, Span>) -> String {
    match all.get(&span.parent_span_id) {
        Some(above) => format!("{}/{}", path(above, all), span.name),
        None => span.name.clone(),
    }
}

/// The paths of all spans of the trace that holds a span of this path.
fn trace_of(spans: &[Span], holds: &str) -> Vec<String> {
    let all: BTreeMap<_, _> = spans.iter().map(|span| (span.span_id.clone(), span.clone())).collect();
    let Some(one) = spans.iter().find(|span| path(span, &all) == holds) else { return Vec::new() };
    spans.iter().filter(|span| span.trace_id == one.trace_id).map(|span| path(span, &all)).collect()
}

#[tokio::test]
async fn one_trace_from_the_frame_to_the_answer_and_the_delivery() {
    let (collector, address) = Catcher::start().await;
    let model = FakeOpenAi::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await.unwrap();
    let meta = Settings::default();
    let (number, token, secret) = (meta.number.clone(), meta.token.clone(), meta.secret.clone());
    let graph = FakeGraph::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), meta).await.unwrap();
    let mut server = Teller::start(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &format!("http://{address}")),
        ("OPENAI_BASE_URL", &model.url()),
        ("OPENAI_MODEL", "fake:text=from seven"),
        ("WHATSAPP_VERIFY_TOKEN", "verify"),
        ("WHATSAPP_APP_SECRET", &secret),
        ("WHATSAPP_ACCESS_TOKEN", &token),
        ("WHATSAPP_PHONE_NUMBER_ID", &number),
        ("WHATSAPP_API_BASE", &graph.url()),
    ])
    .await;
    let mut guest = Caller::new(&server.address);
    guest.new_session(json!({})).await;
    let mut page = Client::hello(&server.address, "/ws/guest", &guest.token, None).await;
    page.done(json!({"type":"send","id":"g1","text":"When is breakfast?"})).await;
    page.find("the answer", |frame| frame["kind"] == "message" && frame["by"]["kind"] == "ai").await;
    graph.send_webhooks_to(&format!("http://{}/webhooks/whatsapp", server.address));
    assert!(graph.say("491512345678", "When is breakfast?").await);
    let mut admin = Caller::new(&server.address);
    admin.login(crate::support::server::ADMIN.0, crate::support::server::ADMIN.1).await;
    until("a delivery", async || {
        let (_, page) = admin.get("/api/conversations").await;
        let phone =
            page["items"].as_array().unwrap().iter().find(|item| item["channel"] == "whatsapp").cloned();
        let Some(phone) = phone else { return false };
        let history = admin.history(phone["id"].as_str().unwrap()).await;
        history.iter().any(|event| event["kind"] == "delivery")
    })
    .await;
    server.stop().await;

    let spans = collector.spans();
    let web = trace_of(&spans, "frame");
    for wanted in ["frame", "frame/conversation", "frame/conversation/commit", "frame/model"] {
        let found = web.iter().any(|path| path == wanted || path.ends_with(&format!("/{wanted}")));
        assert!(found, "{wanted} is not in the message's trace: {web:?}");
    }
    assert!(web.iter().filter(|path| path.ends_with("conversation/commit")).count() >= 2, "{web:?}");
    let phone = spans.iter().find(|span| span.name == "delivery").expect("a delivery");
    let phone: Vec<&str> =
        spans.iter().filter(|span| span.trace_id == phone.trace_id).map(|span| span.name.as_str()).collect();
    for wanted in ["http", "conversation", "commit", "model", "delivery"] {
        assert!(phone.contains(&wanted), "{wanted} is not in the delivery's trace: {phone:?}");
    }
    let text = format!("{spans:?}");
    assert!(
        !text.contains("breakfast") && !text.contains("491512345678") && !text.contains("seven"),
        "{text}"
    );
}

#[tokio::test]
async fn no_secret_is_told() {
    let (collector, traces) = Catcher::start().await;
    let (service, reports) = Catcher::start().await;
    let model = FakeOpenAi::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await.unwrap();
    // It knows another token: the number is stopped, which is an error.
    let meta = Settings::default();
    let number = meta.number.clone();
    let graph = FakeGraph::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), meta).await.unwrap();
    let secrets = [
        ("FRONTDESK_METRICS_TOKEN", "canary-metrics-0a1b2c3d4e5f"),
        ("FRONTDESK_ADMIN_PASSWORD", "canary-password-0a1b2c3d4e5f"),
        ("FRONTDESK_SECRET_KEY", "canary-key-0a1b2c3d4e5f-0123456789abcdef"),
        ("FRONTDESK_SECRET_KEY_OLD", "canary-old-0a1b2c3d4e5f-0123456789abcdef"),
        ("OPENAI_API_KEY", "canary-openai-0a1b2c3d4e5f"),
        ("WHATSAPP_VERIFY_TOKEN", "canary-verify-0a1b2c3d4e5f"),
        ("WHATSAPP_APP_SECRET", "canary-app-0a1b2c3d4e5f"),
        ("WHATSAPP_ACCESS_TOKEN", "canary-access-0a1b2c3d4e5f"),
    ];
    let (dsn, endpoint) = (format!("http://canary-dsn-0a1b2c3d4e5f@{reports}/7"), format!("http://{traces}"));
    let (model, api) = (model.url(), graph.url());
    let mut settings = vec![
        ("FRONTDESK_ADMIN_EMAIL", "canary-owner@hotel.test"),
        ("SENTRY_DSN", dsn.as_str()),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
        ("FRONTDESK_ESCALATION_WEBHOOK", "http://127.0.0.1:9/canary-pager-0a1b2c3d4e5f"),
        ("OPENAI_BASE_URL", model.as_str()),
        ("OPENAI_MODEL", "fake:status=500"),
        ("WHATSAPP_PHONE_NUMBER_ID", number.as_str()),
        ("WHATSAPP_API_BASE", api.as_str()),
        ("RUST_LOG", "debug"),
        ("FRONTDESK_LOG", "json"),
    ];
    settings.extend(secrets);
    let mut server = Teller::start(&settings).await;
    let mut said = String::new();
    let mut admin = Caller::new(&server.address);
    admin.login("canary-owner@hotel.test", secrets[1].1).await;
    let mut stranger = Caller::new(&server.address);
    let login = json!({"email": "canary-owner@hotel.test", "password": "canary-guess-0a1b2c3d"});
    said += &stranger.post("/api/login", login).await.1.to_string();
    said += &stranger
        .post("/api/login", json!({"email": 7, "password": "canary-guess-0a1b2c3d"}))
        .await
        .1
        .to_string();
    stranger.token = "canary-bearer-0a1b2c3d".to_owned();
    for path in
        ["/metrics", "/api/me", "/api/conversations?q=canary-search", "/canary-path/x?token=canary-query"]
    {
        said += &stranger.get(path).await.1.to_string();
    }
    let mut guest = Caller::new(&server.address);
    guest
        .new_session(
            json!({"name": "canary-name", "email": "canary-mail@guest.test", "phone": "+4915100000001"}),
        )
        .await;
    let mut page = Client::hello(&server.address, "/ws/guest", &guest.token, None).await;
    for n in 0..8 {
        let text = format!("canary-words {n}: when is breakfast? I am canary-mail@guest.test");
        page.done(json!({"type":"send","id":format!("canary-id-{n}"),"text":text})).await;
        page.find("an answer", |frame| frame["kind"] == "message" && frame["by"]["kind"] == "ai").await;
    }
    said += &page.refused(json!({"type":"send","id":"x","text":"canary-words\u{0}"})).await;
    graph.send_webhooks_to(&format!("http://{}/webhooks/whatsapp", server.address));
    let hook = reqwest::Client::new().post(format!("http://{}/webhooks/whatsapp", server.address));
    let body = crate::support::whatsapp::body(json!({"messages":
        [crate::support::whatsapp::text("wamid.canary", "4915100000002", "canary-words over WhatsApp")]}));
    let signed = crate::support::whatsapp::sign("canary-app-0a1b2c3d4e5f", body.to_string().as_bytes());
    let answer = hook.header("x-hub-signature-256", signed).body(body.to_string()).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    until("a report", async || !service.all().is_empty()).await;
    let numbers = stranger.http.get(stranger.url("/metrics")).bearer_auth(secrets[0].1).send().await.unwrap();
    assert_eq!(numbers.status(), 200);
    said += &numbers.text().await.unwrap();
    let arguments = std::fs::read(format!("/proc/{}/cmdline", server.id())).unwrap();
    said += &String::from_utf8_lossy(&arguments);
    server.stop().await;

    let log = server.log();
    said += &server.printed();
    let told = |catcher: &Catcher| {
        let all = catcher.all();
        assert!(!all.is_empty());
        all.iter().map(|(_, body)| String::from_utf8_lossy(body).into_owned()).collect::<String>()
    };
    assert!(log.lines().count() > 20, "{log}");
    for (where_, text) in
        [("answers", said), ("log", log), ("traces", told(&collector)), ("reports", told(&service))]
    {
        for canary in ["canary", "4915100000001", "4915100000002", &guest.token, &admin.token] {
            if let Some(at) = text.find(canary) {
                let from = text[..at].char_indices().rev().nth(200).map_or(0, |(from, _)| from);
                panic!("{canary} is in the {where_}: {}", &text[from..(at + 60).min(text.len())]);
            }
        }
    }
}
