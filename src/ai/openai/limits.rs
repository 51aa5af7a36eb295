//! What the headers of an answer say of limits. Only plausible values are taken.

use std::time::{Duration, SystemTime};

use reqwest::header::HeaderMap;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

/// No server means more than a day.
const WAIT_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// One limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limit {
    /// Allowed in a period.
    pub limit: Option<u64>,
    /// Left of it.
    pub remaining: Option<u64>,
    /// Until all of it is there again.
    pub reset: Option<Duration>,
}

/// All that is said of limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Requests.
    pub requests: Limit,
    /// Tokens.
    pub tokens: Limit,
    /// How long to stay away, from `retry-after-ms` or `retry-after`.
    pub retry_after: Option<Duration>,
}

impl Limits {
    /// Reads the headers.
    pub fn of(headers: &HeaderMap) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
        let limit = |of: &str| Limit {
            limit: text(&format!("x-ratelimit-limit-{of}")).and_then(count).filter(|limit| *limit > 0),
            remaining: text(&format!("x-ratelimit-remaining-{of}")).and_then(count),
            reset: text(&format!("x-ratelimit-reset-{of}")).and_then(duration),
        };
        let millis = text("retry-after-ms").and_then(|text| seconds(text, 0.001));
        let retry_after = millis
            .or_else(|| text("retry-after").and_then(|text| seconds(text, 1.0).or_else(|| until(text))));
        Self { requests: limit("requests"), tokens: limit("tokens"), retry_after }
    }
}

fn count(text: &str) -> Option<u64> {
    text.parse().ok().filter(|count| *count <= 1_000_000_000_000)
}

fn seconds(text: &str, unit: f64) -> Option<Duration> {
    let wait = Duration::try_from_secs_f64(text.parse::<f64>().ok()? * unit).ok()?;
    (wait <= WAIT_MAX).then_some(wait)
}

/// An HTTP date; one that is past means no wait.
fn until(text: &str) -> Option<Duration> {
    let at = OffsetDateTime::parse(text, &Rfc2822).ok()?;
    let wait = SystemTime::from(at).duration_since(SystemTime::now()).unwrap_or_default();
    (wait <= WAIT_MAX).then_some(wait)
}

/// `120ms`, `1.5s`, `6m0s`, `1h2m3s`.
fn duration(text: &str) -> Option<Duration> {
    let mut whole = Duration::ZERO;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
        let (number, tail) = rest.split_at(digits);
        let unit = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit);
        let unit = match unit {
            "ms" => 0.001,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            "d" => 86400.0,
            _ => return None,
        };
        whole = whole.checked_add(seconds(number, unit)?)?;
        rest = tail;
    }
    (!text.is_empty() && whole <= WAIT_MAX).then_some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(headers: &[(&'static str, &str)]) -> Limits {
        let header = |(name, value): &(&'static str, &str)| {
            (name.parse().expect("a name"), value.parse().expect("a value"))
        };
        Limits::of(&headers.iter().map(header).collect())
    }

    #[test]
    fn plausible_values_only() {
        let good = limits(&[
            ("x-ratelimit-remaining-requests", "599"),
            ("x-ratelimit-reset-requests", "120ms"),
            ("x-ratelimit-reset-tokens", "6m0s"),
            ("retry-after", "2"),
        ]);
        assert_eq!(good.requests.remaining, Some(599));
        assert_eq!(good.requests.reset, Some(Duration::from_millis(120)));
        assert_eq!(good.tokens.reset, Some(Duration::from_secs(360)));
        assert_eq!(good.retry_after, Some(Duration::from_secs(2)));
        let absurd = limits(&[
            ("x-ratelimit-limit-requests", "-1"),
            ("x-ratelimit-remaining-tokens", "99999999999999999999"),
            ("x-ratelimit-reset-requests", "yesterday"),
            ("x-ratelimit-reset-tokens", ""),
            ("retry-after", "-3"),
            ("retry-after-ms", "NaN"),
        ]);
        assert_eq!(absurd, Limits::default());
    }

    #[test]
    fn milliseconds_win_and_dates_are_read() {
        assert_eq!(
            limits(&[("retry-after-ms", "250"), ("retry-after", "9")]).retry_after,
            Some(Duration::from_millis(250))
        );
        let past = limits(&[("retry-after", "Wed, 21 Oct 2015 07:28:00 GMT")]);
        assert_eq!(past.retry_after, Some(Duration::ZERO));
        assert_eq!(duration("1h2m3.5s"), Some(Duration::from_millis(3_723_500)));
        assert_eq!(duration("3x"), None);
        assert_eq!(duration("12"), None);
    }
}
