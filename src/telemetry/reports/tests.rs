//! What a service receives.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use http::{HeaderMap, StatusCode};
use serde_json::Value;
use tokio::sync::mpsc;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt;

use super::*;

type Inbox = (mpsc::Sender<(String, Value)>, Arc<Mutex<Vec<u16>>>);

/// A service that keeps what it takes; first it answers with these statuses.
async fn service(first: &[u16]) -> (SecretString, mpsc::Receiver<(String, Value)>) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (taken, told) = mpsc::channel(200);
    let take = async |State((taken, answers)): State<Inbox>, headers: HeaderMap, body: Bytes| {
        let next = answers.lock().expect("lock").pop();
        if let Some(status) = next {
            return StatusCode::from_u16(status).expect("status");
        }
        let auth = headers["x-sentry-auth"].to_str().expect("text").to_owned();
        let item = body.split(|byte| *byte == b'\n').nth(2).expect("header, item header, item");
        taken.send((auth, serde_json::from_slice(item).expect("JSON"))).await.expect("somebody reads");
        StatusCode::OK
    };
    let answers = Arc::new(Mutex::new(first.iter().rev().copied().collect()));
    let router = axum::Router::new().route("/api/7/envelope/", post(take)).with_state((taken, answers));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let dsn = format!("http://publickey@{}/7", listener.local_addr().expect("address"));
    tokio::spawn(axum::serve(listener, router).into_future());
    (dsn.into(), told)
}

async fn next(told: &mut mpsc::Receiver<(String, Value)>) -> (String, Value) {
    tokio::time::timeout(Duration::from_secs(20), told.recv()).await.expect("in time").expect("a report")
}

#[tokio::test]
async fn an_error_is_told_with_its_trace_and_without_anybodys_words() {
    let (dsn, mut told) = service(&[503]).await;
    let (reports, layer) = Reports::start(&dsn, "test").expect("started");
    let subscriber = tracing_subscriber::registry().with(layer.with_filter(filter_fn(wants)));
    let request = uuid::Uuid::now_v7();
    let _on = tracing::subscriber::set_default(subscriber);
    let span = tracing::info_span!("http", request = %request, route = "/api/login");
    span.in_scope(|| {
        tracing::warn!("a warning is no error");
        tracing::error!(
            conversation = "c-1",
            email = "mia@hotel.test",
            words = "my room smells",
            error = "no mail to mia@hotel.test about `my room smells`",
            "the store failed"
        );
    });
    let (auth, event) = next(&mut told).await;
    assert!(auth.contains("sentry_key=publickey"), "{auth}");
    assert_eq!(event["exception"]["values"][0]["type"], "the store failed");
    assert_eq!(event["exception"]["values"][0]["value"], "no mail to [mail] about …");
    assert_eq!(event["tags"]["conversation"], "c-1");
    assert_eq!(event["contexts"]["trace"]["trace_id"], request.simple().to_string());
    assert_eq!(event["environment"], "test");
    assert!(event["level"].is_null(), "left out, it is an error: {event}");
    assert!(event["release"].as_str().is_some_and(|release| release.starts_with("frontdesk@")));
    let text = event.to_string();
    assert!(!text.contains("mia") && !text.contains("smells") && !text.contains("warning"), "{text}");
    reports.finish().await;
}

#[tokio::test]
async fn one_place_is_not_told_for_ever() {
    let (dsn, mut told) = service(&[]).await;
    let (reports, layer) = Reports::start(&dsn, "test").expect("started");
    let _on = tracing::subscriber::set_default(tracing_subscriber::registry().with(layer));
    for n in 0..50 {
        tracing::error!(items = n, "again and again");
    }
    tracing::error!("something else");
    reports.finish().await;
    let mut seen = Vec::new();
    while let Ok((_, event)) = told.try_recv() {
        seen.push(event["exception"]["values"][0]["type"].as_str().expect("text").to_owned());
    }
    assert_eq!(seen.len(), REPORTS_MAX as usize + 1, "{seen:?}");
    assert_eq!(seen.last().map(String::as_str), Some("something else"));
}

#[tokio::test]
async fn nobody_waits_for_a_service_that_is_down() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    // A port that takes connections and never answers.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let dsn = format!("http://k@{}/7", silent.local_addr().expect("address")).into();
    let (_reports, layer) = Reports::start(&dsn, "test").expect("started");
    let began = Instant::now();
    for _ in 0..10_000 {
        layer.client.capture_event(sentry_core::protocol::Event::default(), None);
    }
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}
