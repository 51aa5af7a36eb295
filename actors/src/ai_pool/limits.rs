//! What the pool keeps to.

use std::time::Duration;

use frontdesk_domain::pool::{Budget, Price};

/// What the pool keeps to.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Answers of the model under way at once, at most; how many it really is, the model's pace decides.
    pub concurrency: usize,
    /// Requests to the model a minute.
    pub requests_a_minute: u32,
    /// Tokens a minute, of prompts and answers.
    pub tokens_a_minute: u32,
    /// Turns that may wait. One more is answered without the model.
    pub queue: usize,
    /// A turn that has shown nothing this long after the guest's last word is answered without the model.
    pub first_token: Duration,
    /// A turn that is not done after this long is cut.
    pub whole_turn: Duration,
    /// The most tokens of an answer.
    pub answer_tokens: u64,
    /// What may be spent.
    pub budget: Budget,
    /// What tokens cost.
    pub price: Price,
    /// How many turns of one guest the model answers within [`Self::few_within`].
    pub few_turns: usize,
    /// See [`Self::few_turns`].
    pub few_within: Duration,
    /// How many turns of one guest the model answers in a day.
    pub turns_a_day: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            concurrency: 16,
            requests_a_minute: 500,
            tokens_a_minute: 200_000,
            queue: 1_000,
            first_token: Duration::from_millis(7_500),
            whole_turn: Duration::from_secs(60),
            answer_tokens: 500,
            budget: Budget::default(),
            price: Price::default(),
            few_turns: 20,
            few_within: Duration::from_secs(300),
            turns_a_day: 200,
        }
    }
}
