//! The books: what was spent today and this month, and what is promised to calls under way.
//!
//! A call is written down before it is made, by an estimate, and settled after, by what the server counted or,
//! where it named nothing (a stream that was cut), by what was seen. Nothing is ever settled for nothing.

use std::collections::HashMap;
use std::hash::Hash;

use crate::timestamp::Timestamp;

const DAY_MILLIS: i64 = 86_400_000;
const MILLION: u64 = 1_000_000;

/// Tokens of a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    /// Of the prompt.
    pub prompt: u64,
    /// Of the answer.
    pub completion: u64,
}

impl Tokens {
    /// Both.
    pub fn sum(self) -> u64 {
        self.prompt.saturating_add(self.completion)
    }
}

/// What a million tokens cost, in millionths of the operator's currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Price {
    /// Of a prompt.
    pub prompt_micros: u64,
    /// Of an answer.
    pub completion_micros: u64,
}

impl Price {
    /// What a call costs, rounded up.
    pub fn of(self, tokens: Tokens) -> u64 {
        let prompt = tokens.prompt.saturating_mul(self.prompt_micros);
        let completion = tokens.completion.saturating_mul(self.completion_micros);
        prompt.saturating_add(completion).div_ceil(MILLION)
    }
}

/// What may be spent; `None` is no limit. Money in millionths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Budget {
    /// Tokens in a day (of UTC).
    pub day_tokens: Option<u64>,
    /// Tokens in a month (of UTC).
    pub month_tokens: Option<u64>,
    /// Money in a day.
    pub day_micros: Option<u64>,
    /// Money in a month.
    pub month_micros: Option<u64>,
}

/// What was spent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// Tokens.
    pub tokens: u64,
    /// Money, in millionths.
    pub micros: u64,
}

/// The books.
#[derive(Debug)]
pub struct Ledger<T> {
    budget: Budget,
    price: Price,
    day: i64,
    month: i64,
    today: Spent,
    this_month: Spent,
    /// All since the start.
    total: Spent,
    promised: HashMap<T, Tokens>,
    promised_sum: Spent,
}

impl<T: Copy + Eq + Hash> Ledger<T> {
    /// New books, with what was spent before today's restart.
    pub fn new(budget: Budget, price: Price, now: Timestamp, today: Spent, this_month: Spent) -> Self {
        Self {
            budget,
            price,
            day: day(now),
            month: month(now),
            today,
            this_month,
            total: Spent::default(),
            promised: HashMap::new(),
            promised_sum: Spent::default(),
        }
    }

    /// Promises a call its tokens. False, and nothing promised, if the budget does not hold them.
    pub fn reserve(&mut self, call: T, estimate: Tokens, now: Timestamp) -> bool {
        self.turn_page(now);
        let more = Spent { tokens: estimate.sum(), micros: self.price.of(estimate) };
        let fits = |limit: Option<u64>, spent: u64, promised: u64, more: u64| {
            limit.is_none_or(|limit| spent.saturating_add(promised).saturating_add(more) <= limit)
        };
        let (held, budget) = (self.promised_sum, self.budget);
        if !fits(budget.day_tokens, self.today.tokens, held.tokens, more.tokens)
            || !fits(budget.month_tokens, self.this_month.tokens, held.tokens, more.tokens)
            || !fits(budget.day_micros, self.today.micros, held.micros, more.micros)
            || !fits(budget.month_micros, self.this_month.micros, held.micros, more.micros)
        {
            return false;
        }
        self.promise(call, estimate);
        true
    }

    fn promise(&mut self, call: T, estimate: Tokens) {
        if let Some(before) = self.promised.insert(call, estimate) {
            self.release(before);
        }
        self.promised_sum.tokens = self.promised_sum.tokens.saturating_add(estimate.sum());
        self.promised_sum.micros = self.promised_sum.micros.saturating_add(self.price.of(estimate));
    }

    /// Promises a call more than it was promised, for another request of it. False, and the old promise stands, if the
    /// budget does not hold that or there is no such call.
    pub fn extend(&mut self, call: T, more: Tokens, now: Timestamp) -> bool {
        let Some(before) = self.promised.get(&call).copied() else { return false };
        self.forget(call);
        let both = Tokens {
            prompt: before.prompt.saturating_add(more.prompt),
            completion: before.completion.saturating_add(more.completion),
        };
        if self.reserve(call, both, now) {
            return true;
        }
        self.promise(call, before);
        false
    }

    /// Takes back what [`Self::extend`] has promised: that request was not made.
    pub fn shrink(&mut self, call: T, by: Tokens) {
        if let Some(before) = self.promised.get(&call).copied() {
            let rest = Tokens {
                prompt: before.prompt.saturating_sub(by.prompt),
                completion: before.completion.saturating_sub(by.completion),
            };
            self.promise(call, rest);
        }
    }

    /// Books what a call did cost, and takes its promise back. What it was promised comes back, if anything.
    pub fn settle(&mut self, call: T, actual: Tokens, now: Timestamp) -> Option<Tokens> {
        self.turn_page(now);
        let estimate = self.promised.remove(&call)?;
        self.release(estimate);
        let micros = self.price.of(actual);
        for sum in [&mut self.today, &mut self.this_month, &mut self.total] {
            sum.tokens = sum.tokens.saturating_add(actual.sum());
            sum.micros = sum.micros.saturating_add(micros);
        }
        Some(estimate)
    }

    /// Takes a promise back: the call was not made.
    pub fn forget(&mut self, call: T) {
        if let Some(estimate) = self.promised.remove(&call) {
            self.release(estimate);
        }
    }

    /// What a call costs.
    pub fn price(&self) -> Price {
        self.price
    }

    /// All that was booked since the start.
    pub fn total(&self) -> Spent {
        self.total
    }

    /// What is promised to calls under way.
    pub fn promised(&self) -> Spent {
        self.promised_sum
    }

    /// How much of the tightest budget is used up, from 0 to 1 and beyond; 0 without a budget.
    #[expect(clippy::cast_precision_loss, reason = "a share")]
    pub fn share(&self) -> f64 {
        let of = |limit: Option<u64>, spent: u64| {
            limit.map_or(0.0, |limit| if limit == 0 { 1.0 } else { spent as f64 / limit as f64 })
        };
        of(self.budget.day_tokens, self.today.tokens)
            .max(of(self.budget.month_tokens, self.this_month.tokens))
            .max(of(self.budget.day_micros, self.today.micros))
            .max(of(self.budget.month_micros, self.this_month.micros))
    }

    fn release(&mut self, estimate: Tokens) {
        self.promised_sum.tokens = self.promised_sum.tokens.saturating_sub(estimate.sum());
        self.promised_sum.micros = self.promised_sum.micros.saturating_sub(self.price.of(estimate));
    }

    /// A new day, a new month. A clock that goes back changes nothing.
    fn turn_page(&mut self, now: Timestamp) {
        if day(now) > self.day {
            self.day = day(now);
            self.today = Spent::default();
        }
        if month(now) > self.month {
            self.month = month(now);
            self.this_month = Spent::default();
        }
    }
}

impl Spent {
    /// When the day and the month began that `now` is in, in UTC.
    pub fn periods(now: Timestamp) -> (Timestamp, Timestamp) {
        let mut first = day(now);
        while month(Timestamp((first - 1) * DAY_MILLIS)) == month(now) {
            first -= 1;
        }
        (Timestamp(day(now) * DAY_MILLIS), Timestamp(first * DAY_MILLIS))
    }
}

fn day(at: Timestamp) -> i64 {
    at.0.div_euclid(DAY_MILLIS)
}

/// Months since year 0.
fn month(at: Timestamp) -> i64 {
    let date = time::OffsetDateTime::from_unix_timestamp(at.0.div_euclid(1_000));
    date.map_or(0, |date| i64::from(date.year()) * 12 + i64::from(u8::from(date.month())))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp(1_795_608_000_000);

    fn tokens(prompt: u64, completion: u64) -> Tokens {
        Tokens { prompt, completion }
    }

    fn ledger(budget: Budget) -> Ledger<u32> {
        let price = Price { prompt_micros: 150_000, completion_micros: 600_000 };
        Ledger::new(budget, price, NOON, Spent::default(), Spent::default())
    }

    #[test]
    fn promises_count_and_come_back() {
        let mut books = ledger(Budget { day_tokens: Some(1_000), ..Budget::default() });
        assert!(books.reserve(1, tokens(600, 100), NOON));
        assert!(!books.reserve(2, tokens(300, 100), NOON), "promised is as good as spent");
        assert_eq!(books.settle(1, tokens(400, 50), NOON), Some(tokens(600, 100)));
        assert_eq!(books.settle(1, tokens(400, 50), NOON), None, "once");
        assert!(books.reserve(2, tokens(300, 100), NOON));
        assert_eq!((books.total().tokens, books.promised().tokens), (450, 400));
        assert!((books.share() - 0.45).abs() < 1e-9);
    }

    #[test]
    fn money_by_the_price_list() {
        let mut books = ledger(Budget { month_micros: Some(300), ..Budget::default() });
        assert!(books.reserve(1, tokens(1_000, 100), NOON), "210 millionths");
        books.settle(1, tokens(1_000, 100), NOON);
        assert_eq!(books.total().micros, 210);
        assert!(!books.reserve(2, tokens(1_000, 100), NOON));
    }

    #[test]
    fn days_and_months_end() {
        let budget = Budget { day_tokens: Some(10), month_tokens: Some(15), ..Budget::default() };
        let mut books = ledger(budget);
        let (today, month) = Spent::periods(NOON);
        assert!(month <= today && today <= NOON && NOON.0 - today.0 < DAY_MILLIS);
        assert!(books.reserve(1, tokens(10, 0), NOON));
        books.settle(1, tokens(10, 0), NOON);
        let tomorrow = Timestamp(NOON.0 + DAY_MILLIS);
        assert!(!books.reserve(2, tokens(5, 0), NOON));
        assert!(books.reserve(2, tokens(5, 0), tomorrow));
        books.settle(2, tokens(5, 0), tomorrow);
        assert!(!books.reserve(3, tokens(1, 0), Timestamp(tomorrow.0 + DAY_MILLIS)), "the month's is spent");
        assert!(books.reserve(3, tokens(1, 0), Timestamp(NOON.0 + 32 * DAY_MILLIS)));
    }
}
