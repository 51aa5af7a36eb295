//! One try to send one delivery: written down before and after, so that a crash between leaves a trace.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;

use frontdesk_domain::outgoing::{Class, class, words};
use frontdesk_domain::timestamp::Timestamp;

use crate::clock;
use crate::messages::Attempted;
use crate::poison::{Poison, Tried};
use crate::ports::StoreError;
use crate::ports::whatsapp::{Deliveries, Delivery, Letter, Outcome, SendFault, WhatsAppApi};

use super::limits::{Limits, backoff, guest_backoff};

/// How often a result is offered to a store that does not take it before the try is left as unclear.
const STORE_TRIES: u32 = 5;
/// The pause between.
const STORE_PAUSE: Duration = Duration::from_millis(500);

/// What a try needs.
pub(super) struct Attempt {
    pub(super) api: Arc<dyn WhatsAppApi>,
    pub(super) deliveries: Arc<dyn Deliveries>,
    pub(super) limits: Limits,
    pub(super) delivery: Delivery,
    pub(super) poison: Arc<Poison>,
}

/// What came of it, and what it means for others.
#[derive(Default)]
struct Verdict {
    outcome: Option<Outcome>,
    guest_waits: Option<Duration>,
    number_waits: Option<Duration>,
    stopped: Option<String>,
}

impl Attempt {
    /// Tries once, and looks up what is next in this conversation.
    pub(super) async fn run(self) -> Attempted {
        let key = self.delivery.key;
        let mut done = Attempted::lost(key.conversation);
        done.table_failed = false;
        let verdict = match self.go().await {
            Ok(verdict) => verdict,
            Err(error) => {
                tracing::warn!(%error, "a delivery could not be written down and is not sent");
                done.table_failed = true;
                return done;
            }
        };
        done.guest_waits = verdict.guest_waits;
        done.number_waits = verdict.number_waits;
        done.stopped = verdict.stopped;
        if let Some(outcome) = verdict.outcome {
            done.taken = matches!(outcome, Outcome::Taken(_));
            done.news = !matches!(outcome, Outcome::Again(_) | Outcome::Unclear(_));
            metrics::counter!("frontdesk_whatsapp_sends_total", "outcome" => name(&outcome)).increment(1);
            if let Err(error) = self.write_down(outcome).await {
                // The row says that a try was begun: it is treated as unclear when it is read again.
                tracing::error!(%error, "what became of a message could not be written down");
                done.table_failed = true;
                return done;
            }
        }
        match self.deliveries.head(key.conversation).await {
            Ok(next) => done.next = next.map(Box::new),
            Err(_) => done.table_failed = true,
        }
        done
    }

    async fn go(&self) -> Result<Verdict, StoreError> {
        let delivery = &self.delivery;
        if delivery.tries >= self.limits.tries {
            let why = if delivery.unclear_since.is_some() {
                "WhatsApp never said what became of this message; it may or may not have arrived."
            } else {
                "WhatsApp could not be reached for too long. The message was not sent."
            };
            return Ok(Verdict { outcome: Some(Outcome::Never(why.to_owned())), ..Verdict::default() });
        }
        let Some(to) = delivery.to.clone() else {
            let why = "The guest's address on WhatsApp is not known.".to_owned();
            return Ok(Verdict { outcome: Some(Outcome::Never(why)), ..Verdict::default() });
        };
        // A status may have told meanwhile what became of an earlier try.
        let settled_by = after(self.limits.unclear_for);
        if !self.deliveries.begin(delivery.key, clock::now(), settled_by).await? {
            return Ok(Verdict::default());
        }
        let letter = Letter {
            to,
            payload: delivery.payload.clone(),
            quote: delivery.quote.clone(),
            tracker: delivery.key.tracker(),
        };
        #[cfg(feature = "panics")]
        let plant = format!("{:?}", letter.payload);
        let sending = async {
            #[cfg(feature = "panics")]
            crate::poison::planted("stumble", &plant);
            self.api.send(letter).await
        };
        match AssertUnwindSafe(sending).catch_unwind().await {
            Ok(sent) => Ok(self.judge(sent)),
            Err(cause) => {
                let tried = Tried::delivery(delivery.key.conversation, &delivery.key.tracker());
                let outcome = if self.poison.count(tried, cause.as_ref()).set_aside {
                    Outcome::Never("A fault of ours: this message cannot be sent.".to_owned())
                } else {
                    // Whether it went out before the panic is not known.
                    Outcome::Unclear(after(self.limits.unclear_for))
                };
                Ok(Verdict { outcome: Some(outcome), ..Verdict::default() })
            }
        }
    }

    fn judge(&self, sent: Result<String, SendFault>) -> Verdict {
        let limits = &self.limits;
        let tries = self.delivery.tries;
        let wait = backoff(limits.again_after, limits.again_after_max, tries, roll());
        let again = |wait: Duration| Some(Outcome::Again(after(wait)));
        match sent {
            Ok(wamid) => Verdict { outcome: Some(Outcome::Taken(wamid)), ..Verdict::default() },
            Err(SendFault::Unreachable) => Verdict { outcome: again(wait), ..Verdict::default() },
            Err(SendFault::Unclear) => {
                let outcome = Some(Outcome::Unclear(after(limits.unclear_for)));
                Verdict { outcome, ..Verdict::default() }
            }
            Err(SendFault::File) => {
                let why = "The file is gone, or WhatsApp does not take files of its kind or size.".to_owned();
                Verdict { outcome: Some(Outcome::Never(why)), ..Verdict::default() }
            }
            Err(SendFault::Refused(code)) => match class(code) {
                Class::Later => Verdict { outcome: again(wait), ..Verdict::default() },
                Class::GuestTooFast => {
                    let wait = guest_backoff(limits.again_after, limits.again_after_max, tries)
                        .max(limits.guest_every);
                    Verdict { outcome: again(wait), guest_waits: Some(wait), ..Verdict::default() }
                }
                Class::NumberTooFast => {
                    let wait = backoff(limits.again_after, limits.again_after_max, tries, 1.0);
                    Verdict { outcome: again(wait), number_waits: Some(wait), ..Verdict::default() }
                }
                Class::Stopped => {
                    let why = words(code).to_owned();
                    let outcome = Some(Outcome::Held(clock::now(), why.clone()));
                    Verdict { outcome, stopped: Some(why), ..Verdict::default() }
                }
                Class::Never => {
                    Verdict { outcome: Some(Outcome::Never(words(code).to_owned())), ..Verdict::default() }
                }
            },
        }
    }

    /// What is known is worth some patience: lost, the message would have to be treated as unclear.
    async fn write_down(&self, outcome: Outcome) -> Result<(), StoreError> {
        let mut tries = 0;
        loop {
            match self.deliveries.end(self.delivery.key, outcome.clone()).await {
                Ok(()) => return Ok(()),
                Err(error) if tries >= STORE_TRIES => return Err(error),
                Err(_) => tries += 1,
            }
            tokio::time::sleep(STORE_PAUSE).await;
        }
    }
}

fn after(wait: Duration) -> Timestamp {
    clock::now().plus_millis(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX))
}

fn name(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Taken(_) => "taken",
        Outcome::Again(_) => "again",
        Outcome::Held(..) => "held",
        Outcome::Unclear(_) => "unclear",
        Outcome::Never(_) => "never",
    }
}

/// Somewhere from 0 to 1: full jitter, so that what failed together does not come back together.
fn roll() -> f64 {
    f64::from(clock::fresh_bits()) / f64::from(u32::MAX)
}
