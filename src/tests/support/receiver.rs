//! Somebody who is sent webhooks, and behaves as told.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use ring::hmac;
use serde_json::Value;

use super::server::PATIENCE;

/// What a request gets.
#[derive(Clone, Copy)]
pub enum Manner {
    /// This status.
    Status(u16),
    /// A redirect to the same place.
    Redirect,
    /// No answer for so long, then 200.
    Slow(Duration),
}

/// A request that came.
#[derive(Clone)]
pub struct Got {
    pub path: String,
    pub delivery: String,
    pub kind: String,
    pub signature: String,
    pub raw: Bytes,
    pub body: Value,
    /// It was answered with a 2xx.
    pub taken: bool,
}

#[derive(Default)]
struct Inner {
    got: Vec<Got>,
    manners: VecDeque<Manner>,
    always: Option<Manner>,
}

#[derive(Clone)]
pub struct Receiver {
    pub url: String,
    inner: Arc<Mutex<Inner>>,
}

impl Receiver {
    /// Takes everything, until it is told otherwise.
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let inner = Arc::new(Mutex::new(Inner::default()));
        let router = axum::Router::new().fallback(take).with_state(Arc::clone(&inner));
        tokio::spawn(axum::serve(listener, router).into_future());
        Self { url, inner }
    }

    /// The next requests get these, one each; those after them what `always` says, or 200.
    pub fn next(&self, manners: &[Manner]) {
        self.inner.lock().unwrap().manners.extend(manners);
    }

    pub fn always(&self, manner: Option<Manner>) {
        self.inner.lock().unwrap().always = manner;
    }

    pub fn got(&self) -> Vec<Got> {
        self.inner.lock().unwrap().got.clone()
    }

    /// What was taken, each delivery once, in the order in which it was first taken.
    pub fn taken(&self) -> Vec<Got> {
        let mut seen = std::collections::HashSet::new();
        self.got().into_iter().filter(|got| got.taken && seen.insert(got.delivery.clone())).collect()
    }

    /// Waits until what came fits.
    pub async fn until(&self, what: &str, fits: impl Fn(&Self) -> bool) {
        let give_up = Instant::now() + PATIENCE;
        while !fits(self) {
            assert!(Instant::now() < give_up, "not in time: {what}; {} requests came", self.got().len());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

async fn take(
    State(inner): State<Arc<Mutex<Inner>>>,
    uri: http::Uri,
    headers: HeaderMap,
    raw: Bytes,
) -> Response {
    let header = |name: &str| headers.get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
    let manner = {
        let mut inner = inner.lock().unwrap();
        let manner = inner.manners.pop_front().or(inner.always).unwrap_or(Manner::Status(200));
        let got = Got {
            path: uri.path().to_owned(),
            delivery: header("frontdesk-delivery"),
            kind: header("frontdesk-event"),
            signature: header("frontdesk-signature"),
            body: serde_json::from_slice(&raw).unwrap_or_default(),
            raw,
            taken: matches!(manner, Manner::Status(200..=299) | Manner::Slow(_)),
        };
        inner.got.push(got);
        manner
    };
    match manner {
        Manner::Status(status) => StatusCode::from_u16(status).unwrap().into_response(),
        Manner::Redirect => (StatusCode::TEMPORARY_REDIRECT, [("location", "/elsewhere")]).into_response(),
        Manner::Slow(time) => {
            tokio::time::sleep(time).await;
            StatusCode::OK.into_response()
        }
    }
}

/// The signature that a body must have, made here anew: `hmac(secret, "<t>.<body>")` in hex.
pub fn digest(secret: &str, at: &str, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let digest = hmac::sign(&key, &[at.as_bytes(), b".", body].concat());
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
