//! When to try again, and how often at all.

use super::Millis;

/// The first pause is up to this long.
const BASE: Millis = 250;
/// And none is longer, unless the server asks for it.
const CAP: Millis = 8_000;
/// Retries are at most one in so many calls, so that a storm is not fed.
const ONE_IN: f64 = 10.0;
/// What may be saved up.
const SAVED_MAX: f64 = 10.0;

/// The pause before try number `tries` (1 for the first retry), with full jitter: `dice` is evenly between 0
/// and 1. What the server asks for is the least.
pub fn pause(tries: u32, dice: f64, asked: Option<Millis>) -> Millis {
    let most = BASE.saturating_mul(1 << tries.saturating_sub(1).min(10)).min(CAP);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a few seconds"
    )]
    let pause = (most as f64 * dice.clamp(0.0, 1.0)) as Millis;
    pause.max(asked.unwrap_or(0))
}

/// How many retries there may be: a tenth of the calls.
#[derive(Debug)]
pub struct RetryBudget(f64);

impl Default for RetryBudget {
    fn default() -> Self {
        Self(SAVED_MAX)
    }
}

impl RetryBudget {
    /// A call was made.
    pub fn call(&mut self) {
        self.0 = (self.0 + 1.0 / ONE_IN).min(SAVED_MAX);
    }

    /// Takes one retry, if there is one.
    pub fn retry(&mut self) -> bool {
        let enough = self.0 >= 1.0;
        self.0 -= if enough { 1.0 } else { 0.0 };
        enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_to_a_cap_and_obey() {
        assert_eq!(pause(1, 1.0, None), 250);
        assert_eq!(pause(3, 0.5, None), 500);
        assert_eq!(pause(30, 1.0, None), 8_000);
        assert_eq!(pause(1, 0.0, Some(3_000)), 3_000);
    }

    #[test]
    fn a_storm_gets_few_retries() {
        let mut budget = RetryBudget::default();
        let retried = (0..1_000).filter(|_| {
            budget.call();
            budget.retry()
        });
        assert!((100..=111).contains(&retried.count()));
    }
}
