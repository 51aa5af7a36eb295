//! Carries an alarm that nobody acknowledges to a system of the hotel's own: a pager, a phone, a chat.

use std::time::Duration;

use frontdesk_actors::ports::Pager;
use frontdesk_domain::conversation::Page;
use frontdesk_domain::ids::{ConversationId, PropertyId};
use serde_json::{Value, json};
use tokio::sync::mpsc;

/// Pages that may wait to be sent; the next rung follows anyway.
const QUEUE_MAX: usize = 256;
/// How long one try may take.
const TRY_WITHIN: Duration = Duration::from_secs(5);
/// The pauses between tries.
const PAUSES: [Duration; 4] =
    [Duration::from_millis(500), Duration::from_secs(2), Duration::from_secs(8), Duration::from_secs(20)];

/// The way to the hotel's own system.
pub struct AlarmPost {
    queue: mpsc::Sender<Value>,
}

impl AlarmPost {
    /// Starts the task that sends.
    ///
    /// # Errors
    /// There is no HTTP client to be had.
    pub fn start(url: String) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            .timeout(TRY_WITHIN)
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        let (queue, mut pages) = mpsc::channel(QUEUE_MAX);
        tokio::spawn(async move {
            while let Some(page) = pages.recv().await {
                // Each by itself: one that must be tried again holds up no other.
                let (http, url) = (http.clone(), url.clone());
                tokio::spawn(async move { send(&http, &url, &page).await });
            }
        });
        Ok(Self { queue })
    }
}

impl Pager for AlarmPost {
    fn page(&self, property: PropertyId, conversation: ConversationId, page: &Page) {
        let body = json!({
            "event": "alarm",
            "property": property,
            "conversation": conversation,
            "to": page.to,
            "rung": page.rung,
            "reason": page.reason,
            "since": page.since,
        });
        if self.queue.try_send(body).is_err() {
            tracing::error!(%conversation, "an alarm could not be passed on: too many are on their way");
        }
    }
}

/// Tries until it is taken, or the pauses are used up. The address may hold a secret and is in no log.
async fn send(http: &reqwest::Client, url: &str, page: &Value) {
    for pause in PAUSES.map(Some).into_iter().chain([None]) {
        let sent = http.post(url).json(page).send().await;
        if sent.as_ref().is_ok_and(|answer| answer.status().is_success()) {
            metrics::counter!("frontdesk_alarms_sent_total").increment(1);
            return;
        }
        let status = sent.ok().map(|answer| answer.status().as_u16());
        let Some(pause) = pause else {
            tracing::error!(status, "an alarm could not be passed on");
            metrics::counter!("frontdesk_alarms_unsent_total").increment(1);
            return;
        };
        tokio::time::sleep(pause).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::extract::State;
    use axum::http::StatusCode;
    use frontdesk_domain::timestamp::Timestamp;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use uuid::Uuid;

    #[tokio::test]
    async fn it_is_tried_until_it_is_taken() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (taken, mut told) = mpsc::channel::<Value>(4);
        let tries = Arc::new(AtomicUsize::new(0));
        let take = async |State((tries, taken)): State<(Arc<AtomicUsize>, mpsc::Sender<Value>)>,
                          axum::Json(page): axum::Json<Value>| {
            if tries.fetch_add(1, Ordering::SeqCst) == 0 {
                return StatusCode::SERVICE_UNAVAILABLE;
            }
            taken.send(page).await.unwrap();
            StatusCode::NO_CONTENT
        };
        let router = axum::Router::new().route("/", axum::routing::post(take)).with_state((tries, taken));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(axum::serve(listener, router).into_future());
        let post = AlarmPost::start(url).unwrap();
        let page = Page { since: Timestamp(0), rung: 2, to: "manager".into(), reason: "fire".into() };
        post.page(PropertyId(Uuid::nil()), ConversationId(Uuid::nil()), &page);
        let told = tokio::time::timeout(Duration::from_secs(20), told.recv()).await.unwrap().unwrap();
        assert_eq!(
            (&told["to"], &told["rung"], &told["reason"]),
            (&json!("manager"), &json!(2), &json!("fire"))
        );
    }
}
