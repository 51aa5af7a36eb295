//! What the pool's books are told of each call.

use std::sync::Arc;
use std::time::Duration;

use frontdesk_actors::books::Books;
use frontdesk_actors::ports::Bill;
use frontdesk_domain::ids::TurnId;
use frontdesk_domain::pool::Tokens;
use futures_util::future::BoxFuture;
use tokio::time::Instant;

use super::openai::limits::{Limit, Limits};
use super::openai::{Class, Outcome, Report, Watcher};

/// Turns reports into bills.
pub struct Billing(pub Arc<Books>);

impl Watcher for Billing {
    fn turn_over(&self, report: &Report) {
        let failure = match report.outcome {
            Outcome::Failed(failure) => Some(failure),
            _ => None,
        };
        self.0.bill(Bill {
            turn: report.turn,
            requests: report.requests,
            refused: failure.is_some_and(|failure| failure.status.is_some()),
            prompt_chars: report.prompt_chars,
            answer_chars: report.answer_chars,
            counted: report.usage.map(|usage| Tokens { prompt: usage.prompt, completion: usage.completion }),
            retry_after: failure.and_then(|failure| failure.retry_after()),
            rest: rest(&report.limits, failure.map(|failure| failure.class)),
        });
    }

    fn may_ask_again(&self, turn: TurnId, tokens: u64, by: Instant) -> BoxFuture<'static, bool> {
        let books = Arc::clone(&self.0);
        Box::pin(async move { books.again(turn, tokens, by).await })
    }
}

/// How long nobody is to call: what a refusal asks for, or until what is used up is there again.
fn rest(limits: &Limits, class: Option<Class>) -> Option<Duration> {
    let empty = |limit: Limit| limit.reset.filter(|_| limit.remaining == Some(0));
    let asked = limits.retry_after.filter(|_| class == Some(Class::RetryableRate));
    asked.max(empty(limits.requests)).max(empty(limits.tokens))
}
