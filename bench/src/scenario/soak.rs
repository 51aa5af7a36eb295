//! A steady load for long: does anything grow?

use clap::Args;

use super::Common;
use super::latency::{self, Latency};
use crate::report::{Better, Run, Tick};
use crate::target::Target;

/// Messages at a steady rate for minutes or hours: the slope of the server's memory, and latencies.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Example: frontdesk-bench soak --spawn --minutes 240 --rate 200 --html soak.html")]
pub struct Soak {
    /// How long.
    #[arg(long, default_value_t = 60.0, value_parser = minutes)]
    pub minutes: f64,
    /// Messages a second.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub rate: u32,
    /// Conversations.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..))]
    pub conversations: u32,
    /// What every scenario takes; --seconds does not count here.
    #[command(flatten)]
    pub common: Common,
}

fn minutes(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value > 0.0 && value <= 1_440.0 => Ok(value),
        _ => Err("takes up to 1440".to_owned()),
    }
}

/// Measures.
///
/// # Errors
/// The server cannot be prepared.
pub async fn measure(args: &Soak, target: &Target) -> anyhow::Result<Run> {
    let common = Common { seconds: args.minutes * 60.0, ..args.common.clone() };
    let paced = Latency {
        rate: args.rate,
        conversations: args.conversations,
        readers: 3,
        held: 100,
        text: 60,
        common,
    };
    let mut run = latency::measure(&paced, target).await?;
    run.scenario = "soak".to_owned();
    run.parameters.insert("minutes".to_owned(), args.minutes.to_string());
    // The first fifth is that of caches that fill.
    let settled = run.ticks.split_at(run.ticks.len() / 5).1;
    if let Some(a_second) = slope(settled).filter(|_| target.pid.is_some()) {
        run.figure("memory growth", a_second * 3600.0, "MiB/h", Better::Less);
        let messages = f64::from(args.rate);
        run.figure("memory growth per message", a_second * 1024.0 * 1024.0 / messages, "bytes", Better::Less);
    }
    Ok(run)
}

/// The slope of the memory, in MiB a second, by least squares.
fn slope(ticks: &[Tick]) -> Option<f64> {
    let count = super::measure::float(u64::try_from(ticks.len()).ok().filter(|count| *count > 1)?);
    let mean = |read: fn(&Tick) -> f64| ticks.iter().map(read).sum::<f64>() / count;
    let (at, mib) = (mean(|tick| tick.at), mean(|tick| tick.server_mib));
    let spread: f64 = ticks.iter().map(|tick| (tick.at - at).powi(2)).sum();
    let together: f64 = ticks.iter().map(|tick| (tick.at - at) * (tick.server_mib - mib)).sum();
    (spread > 0.0).then(|| together / spread)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_is_seen_through_noise() {
        let tick = |nth: u32, server_mib: f64| Tick { at: f64::from(nth), server_mib, ..Tick::default() };
        let noise = |nth: u32| if nth.is_multiple_of(2) { 1.0 } else { -1.0 };
        let flat: Vec<Tick> = (0..100).map(|nth| tick(nth, 50.0 + noise(nth))).collect();
        let grows: Vec<Tick> =
            (0..100).map(|nth| tick(nth, 50.0 + 0.5 * f64::from(nth) + noise(nth))).collect();
        assert!(slope(&flat).expect("a slope").abs() < 0.01);
        assert!((slope(&grows).expect("a slope") - 0.5).abs() < 0.01);
        assert_eq!(slope(&flat[..1]), None);
    }
}
