//! The task that sends.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use frontdesk_actors::clock::dice;
use frontdesk_actors::ports::StoreError;
use frontdesk_domain::ids::ConversationId;
use frontdesk_domain::timestamp::Timestamp;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

use super::lanes::Lanes;
use super::{body, open_secret, pause, signature};
use crate::auth::Vault;
use crate::egress::{Answer, Egress, Failure};
use crate::http::now;
use crate::store::Database;
use crate::store::webhooks::{Tried, Webhook, WebhookDelivery, WebhookStep};

/// Events of the log that are looked at in one commit.
const GATHER: u32 = 500;
/// Events that follow quickly are looked at together.
const GATHER_FOR: Duration = Duration::from_millis(50);
/// The longest time without a look.
const LOOK_EVERY: Duration = Duration::from_secs(30);
/// How long the task leaves the database alone after it failed.
const REST: Duration = Duration::from_secs(1);

const DELIVERY: HeaderName = HeaderName::from_static("frontdesk-delivery");
const EVENT: HeaderName = HeaderName::from_static("frontdesk-event");
const SIGNATURE: HeaderName = HeaderName::from_static(signature::HEADER);

/// Says that the webhooks, or what is due to them, have changed. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Wake(Arc<Notify>);

impl Wake {
    /// Have a look now.
    pub fn now(&self) {
        self.0.notify_one();
    }
}

/// What sends.
#[derive(Clone)]
pub struct Office {
    /// The webhooks, their deliveries, and the log.
    pub db: Arc<dyn Database>,
    /// What the secrets are sealed under.
    pub vault: Vault,
    /// The way out.
    pub egress: Egress,
    /// Wakes it.
    pub wake: Wake,
}

/// A request that is over: to which webhook, of which conversation, and whether it was taken.
type Sent = (Uuid, Option<ConversationId>, bool);

impl Office {
    /// Sends for ever. A bug that ends the work costs what was in memory: it begins again from the tables.
    pub async fn run(self) {
        loop {
            // Whoever ends this ends the work.
            let ended = AbortOnDropHandle::new(tokio::spawn(Clock::from(self.clone()).run())).await;
            tracing::error!(error = ?ended.err(), "webhooks stopped, and begin again");
            sleep(REST).await;
        }
    }

    /// One try, and what becomes of it.
    async fn deliver(&self, webhook: &Webhook, delivery: &WebhookDelivery) -> bool {
        let answer = match self.send(webhook, delivery).await {
            Ok(answer) => answer,
            Err(error) => {
                tracing::warn!(%error, delivery = %delivery.id, "a webhook was not sent: the store failed");
                return false;
            }
        };
        let tried = judge(answer, delivery.tries + 1, now());
        let outcome = match tried.step {
            WebhookStep::Delivered => "delivered",
            WebhookStep::Failed => "failed",
            WebhookStep::Waiting => "retried",
        };
        metrics::counter!("frontdesk_webhook_deliveries_total", "outcome" => outcome).increment(1);
        let taken = tried.step == WebhookStep::Delivered;
        if tried.status == Some(StatusCode::GONE.as_u16()) {
            let failed =
                self.db.fail_webhook(webhook.id, "the receiver says that it is gone (410)", now()).await;
            tracing::warn!(webhook = %webhook.id, ok = failed.is_ok(), "a webhook is turned off: gone");
            self.wake.now();
        }
        match self.db.put_delivery(delivery.id, tried).await {
            Ok(()) => taken,
            // It is sent once more: at least once is what is promised.
            Err(error) => {
                tracing::warn!(%error, delivery = %delivery.id, "what became of a webhook was not noted");
                false
            }
        }
    }

    async fn send(
        &self,
        webhook: &Webhook,
        delivery: &WebhookDelivery,
    ) -> Result<Result<Answer, Fault>, StoreError> {
        let Some(body) = body::of(self.db.as_ref(), webhook, delivery).await? else {
            return Ok(Err(Fault::NoEvent));
        };
        let Some(headers) = self.headers(webhook, delivery, &body) else { return Ok(Err(Fault::NoSecret)) };
        Ok(self.egress.post(&webhook.url, headers, body).await.map_err(Fault::Egress))
    }

    fn headers(&self, webhook: &Webhook, delivery: &WebhookDelivery, body: &[u8]) -> Option<HeaderMap> {
        let at = now();
        let old = webhook.old_secret.as_ref().filter(|(_, until)| *until > at).map(|(old, _)| old);
        let secrets = std::iter::once(&webhook.secret).chain(old);
        let secrets: Result<Vec<_>, _> =
            secrets.map(|sealed| open_secret(&self.vault, sealed, webhook.id)).collect();
        let secrets = secrets.ok()?;
        let signed = signature::sign(secrets.iter().map(Vec::as_slice), at.0 / 1_000, body);
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(DELIVERY, HeaderValue::try_from(delivery.id.to_string()).ok()?);
        headers.insert(EVENT, HeaderValue::try_from(&delivery.kind).ok()?);
        headers.insert(SIGNATURE, HeaderValue::try_from(signed).ok()?);
        Some(headers)
    }
}

/// Why nothing was sent, or nobody answered.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error(transparent)]
    Egress(Failure),
    #[error("the event is no more")]
    NoEvent,
    #[error("the secret opens under no key at hand; give the webhook a new one")]
    NoSecret,
}

/// What becomes of a delivery after this try.
fn judge(answer: Result<Answer, Fault>, tries: u32, at: Timestamp) -> Tried {
    let mut tried = Tried { step: WebhookStep::Waiting, due_at: at, status: None, error: None, at };
    let asked = match answer {
        Ok(answer) => {
            tried.status = Some(answer.status.as_u16());
            if answer.status.is_success() {
                tried.step = WebhookStep::Delivered;
                return tried;
            }
            if answer.status == StatusCode::GONE {
                tried.step = WebhookStep::Failed;
                return tried;
            }
            answer.retry_after
        }
        Err(fault) => {
            tried.error = Some(fault.to_string());
            if matches!(fault, Fault::NoEvent) {
                tried.step = WebhookStep::Failed;
                return tried;
            }
            None
        }
    };
    match pause(tries, dice(), asked) {
        Some(pause) => tried.due_at = at.plus_millis(i64::try_from(pause.as_millis()).unwrap_or(i64::MAX)),
        None => tried.step = WebhookStep::Failed,
    }
    tried
}

/// The task's own state.
struct Clock {
    office: Office,
    lanes: Lanes,
    sending: JoinSet<Sent>,
}

impl From<Office> for Clock {
    fn from(office: Office) -> Self {
        Self { office, lanes: Lanes::default(), sending: JoinSet::new() }
    }
}

impl Clock {
    async fn run(mut self) {
        let mut moves = self.office.db.log_moves();
        loop {
            moves.mark_unchanged();
            let (any, wait) = match self.round().await {
                Ok(round) => round,
                Err(error) => {
                    tracing::warn!(%error, "webhooks wait for the store");
                    (true, REST)
                }
            };
            tokio::select! {
                () = self.office.wake.0.notified() => {}
                Some(sent) = self.sending.join_next() => self.ended(sent),
                // Without webhooks nobody looks at the log.
                moved = moves.changed(), if any => {
                    if moved.is_err() {
                        return;
                    }
                    sleep(GATHER_FOR).await;
                }
                () = sleep(wait), if any => {}
            }
            while let Some(sent) = self.sending.try_join_next() {
                self.ended(sent);
            }
        }
    }

    /// Writes down what is to be sent and begins what may be. Says if there is any webhook, and how long
    /// until something falls due.
    async fn round(&mut self) -> Result<(bool, Duration), StoreError> {
        let webhooks = self.office.db.enabled_webhooks().await?;
        self.lanes.keep(&webhooks.iter().map(|webhook| webhook.id).collect::<HashSet<_>>());
        for webhook in &webhooks {
            while self.office.db.gather_deliveries(webhook.id, now(), GATHER).await? {}
            self.begin(webhook).await?;
        }
        let at = now();
        let due = self.office.db.next_delivery(at).await?;
        let due = due.map(|due| Duration::from_millis(u64::try_from(due.0 - at.0).unwrap_or(0)));
        let wait = [due, self.lanes.rested_in(Instant::now())].into_iter().flatten().min();
        Ok((!webhooks.is_empty(), wait.unwrap_or(LOOK_EVERY).min(LOOK_EVERY)))
    }

    async fn begin(&mut self, webhook: &Webhook) -> Result<(), StoreError> {
        let mut room = self.lanes.room(webhook.id, Instant::now());
        if room == 0 {
            return Ok(());
        }
        // Those under way are still in the table, and do not count.
        let limit = u32::try_from(room + self.lanes.busy(webhook.id)).unwrap_or(u32::MAX);
        for delivery in self.office.db.due_deliveries(webhook.id, now(), limit).await? {
            if room == 0 {
                break;
            }
            if !self.lanes.begin(webhook.id, delivery.conversation) {
                continue;
            }
            room -= 1;
            let (office, webhook) = (self.office.clone(), webhook.clone());
            self.sending.spawn(async move {
                let taken = office.deliver(&webhook, &delivery).await;
                (webhook.id, delivery.conversation, taken)
            });
        }
        Ok(())
    }

    fn ended(&mut self, sent: Result<Sent, tokio::task::JoinError>) {
        match sent {
            Ok((webhook, conversation, taken)) => {
                self.lanes.end(webhook, conversation, taken, Instant::now());
            }
            // Its place stays taken until the next start: better than two requests of one conversation at once.
            Err(error) => tracing::error!(%error, "a webhook's request ended by a bug"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16) -> Result<Answer, Fault> {
        Ok(Answer { status: StatusCode::from_u16(status).unwrap(), retry_after: None })
    }

    #[test]
    fn what_becomes_of_a_try() {
        let at = Timestamp(1_000_000);
        for (status, tries, step) in [
            (200, 1, WebhookStep::Delivered),
            (204, 12, WebhookStep::Delivered),
            (302, 1, WebhookStep::Waiting),
            (400, 1, WebhookStep::Waiting),
            (404, 11, WebhookStep::Waiting),
            (500, 12, WebhookStep::Failed),
            (410, 1, WebhookStep::Failed),
        ] {
            let tried = judge(answered(status), tries, at);
            assert_eq!((tried.step, tried.status), (step, Some(status)), "{status}");
            assert_eq!(tried.due_at > at, step == WebhookStep::Waiting, "{status}");
        }
        let tried = judge(Err(Fault::Egress(Failure::NotAllowed)), 1, at);
        assert_eq!((tried.step, tried.status), (WebhookStep::Waiting, None));
        assert!(tried.error.is_some_and(|error| error.contains("public internet")));
        assert_eq!(judge(Err(Fault::NoEvent), 1, at).step, WebhookStep::Failed);
    }
}
