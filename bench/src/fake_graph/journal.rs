//! What happened.

use serde::Serialize;
use serde_json::Value;

/// How much is remembered; more is only counted.
const REMEMBERED_MAX: usize = 100_000;

/// A message that was taken.
#[derive(Clone, Debug, Serialize)]
pub struct Accepted {
    /// The id that it got.
    pub wamid: String,
    /// To whom, without the plus.
    pub to: String,
    /// `biz_opaque_callback_data`.
    pub tracker: String,
    /// `text`, `interactive` …
    pub kind: String,
    /// What the guest reads.
    pub text: String,
    /// The whole body.
    pub body: Value,
    /// When, in milliseconds since the stand-in's start.
    pub at_ms: u64,
}

/// How often what happened.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Totals {
    /// Requests to send.
    pub sends: u64,
    /// Messages that were taken.
    pub accepted: u64,
    /// Requests to send that were answered, whatever the answer.
    pub answered: u64,
    /// Refusals by code.
    pub refused: std::collections::BTreeMap<i64, u64>,
    /// Messages taken although a status with their tracker had been taken by the hotel: repeats of what it
    /// knew to be sent.
    pub known_repeats: u64,
    /// Requests with a wrong token.
    pub unauthorized: u64,
    /// Webhooks that were taken.
    pub webhooks: u64,
    /// Webhooks that were not, even after repeats.
    pub webhooks_lost: u64,
}

/// All of it.
#[derive(Default)]
pub(super) struct Journal {
    pub(super) accepted: Vec<Accepted>,
    pub(super) marks: Vec<(String, bool)>,
    pub(super) totals: Totals,
}

impl Journal {
    pub(super) fn accept(&mut self, accepted: Accepted) {
        self.totals.accepted += 1;
        if self.accepted.len() < REMEMBERED_MAX {
            self.accepted.push(accepted);
        }
    }

    pub(super) fn mark(&mut self, wamid: &str, typing: bool) {
        if self.marks.len() < REMEMBERED_MAX {
            self.marks.push((wamid.to_owned(), typing));
        }
    }

    pub(super) fn refuse(&mut self, code: i64) {
        *self.totals.refused.entry(code).or_default() += 1;
    }
}
