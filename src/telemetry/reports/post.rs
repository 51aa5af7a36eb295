//! How reports leave: through a bounded queue, by a task that nobody waits for.

use std::sync::Arc;
use std::time::Duration;

use sentry_core::types::Dsn;
use sentry_core::{Envelope, Transport, TransportFactory, TransportOptions};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

/// How many reports may wait. One more is dropped, and counted.
const QUEUE_MAX: usize = 100;
/// How long the service may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// The pauses before another try, where the service gave no other.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(5)];
/// The longest pause that the service may ask for.
const PAUSE_MAX: Duration = Duration::from_secs(60);
/// How long the last reports may take at the end.
const END_WITHIN: Duration = Duration::from_secs(2);

enum Letter {
    Report(Vec<u8>),
    /// Answered once everything before it is gone.
    Flush(oneshot::Sender<()>),
}

/// The way out.
pub(super) struct Post {
    queue: mpsc::Sender<Letter>,
}

/// The same, as the library wants it.
#[derive(Clone)]
pub(super) struct Door {
    queue: mpsc::Sender<Letter>,
}

impl Post {
    /// Starts the task.
    pub(super) fn start(dsn: &Dsn, agent: &str) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            .timeout(ANSWER_WITHIN)
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        let (url, auth) = (dsn.envelope_api_url().to_string(), dsn.to_auth(Some(agent)).to_string());
        let (queue, mut letters) = mpsc::channel(QUEUE_MAX);
        tokio::spawn(async move {
            while let Some(letter) = letters.recv().await {
                match letter {
                    Letter::Report(body) => send(&http, &url, &auth, body).await,
                    Letter::Flush(done) => drop(done.send(())),
                }
            }
        });
        Ok(Self { queue })
    }

    pub(super) fn transport(&self) -> Door {
        Door { queue: self.queue.clone() }
    }

    /// Waits for what is on its way, for a moment.
    pub(super) async fn finish(self) {
        let (done, gone) = oneshot::channel();
        let all = async {
            if self.queue.send(Letter::Flush(done)).await.is_ok() {
                let _ = gone.await;
            }
        };
        if timeout(END_WITHIN, all).await.is_err() {
            tracing::warn!("the last errors were not reported; they are in the log");
        }
    }
}

impl Transport for Door {
    fn send_envelope(&self, envelope: Envelope) {
        let mut body = Vec::new();
        if envelope.to_writer(&mut body).is_err() || self.queue.try_send(Letter::Report(body)).is_err() {
            count("dropped");
        }
    }
}

impl TransportFactory for Door {
    fn create_transport_with_options(&self, _: TransportOptions) -> Arc<dyn Transport> {
        Arc::new(self.clone())
    }
}

/// Tries until it is taken or the pauses are used up. What is logged here is no error, or it would be reported.
async fn send(http: &reqwest::Client, url: &str, auth: &str, body: Vec<u8>) {
    for pause in PAUSES.map(Some).into_iter().chain([None]) {
        let request = http.post(url).header("x-sentry-auth", auth).body(body.clone());
        let answer = request.header("content-type", "application/x-sentry-envelope").send().await;
        let status = answer.as_ref().ok().map(|answer| answer.status());
        if status.is_some_and(|status| status.is_success()) {
            return count("sent");
        }
        // Another try of what was refused would be refused.
        let refused = status.is_some_and(|status| status.is_client_error() && status.as_u16() != 429);
        let Some(pause) = pause.filter(|_| !refused) else {
            tracing::warn!(status = status.map(|status| status.as_u16()), "an error could not be reported");
            return count("failed");
        };
        let asked = answer.ok().and_then(|answer| {
            answer.headers().get("retry-after")?.to_str().ok()?.parse().ok().map(Duration::from_secs)
        });
        tokio::time::sleep(asked.map_or(pause, |asked| asked.min(PAUSE_MAX))).await;
    }
}

fn count(outcome: &'static str) {
    metrics::counter!("frontdesk_error_reports_total", "outcome" => outcome).increment(1);
}
