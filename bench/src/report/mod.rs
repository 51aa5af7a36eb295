//! What a run found: for machines as JSON, for people as a table, with pictures as HTML.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, ensure};
use frontdesk_domain::timestamp::Timestamp;
use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

pub mod goals;
pub mod growth;
pub mod html;
pub mod peers;
pub mod plot;
pub mod spread;

/// The form of the JSON, to be counted up when it changes.
pub const VERSION: u32 = 1;

/// Several runs, in the order in which they were made.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The form of this document.
    pub version: u32,
    /// The runs.
    pub runs: Vec<Run>,
}

/// One run of a scenario.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Which scenario.
    pub scenario: String,
    /// Which variant of it, as in `typing`; empty where there is one.
    pub variant: String,
    /// Whose server.
    pub stack: String,
    /// When, in seconds since 1970.
    pub at: u64,
    /// The command line that does it again.
    pub command: String,
    /// Processor, cores, memory, kernel.
    pub machine: String,
    /// What was asked for.
    pub parameters: BTreeMap<String, String>,
    /// What came out, the most important first.
    pub figures: Vec<Figure>,
    /// How long things took.
    pub latency: Vec<Percentile>,
    /// How it went over time.
    pub ticks: Vec<Tick>,
    /// What the reader ought to know, as that the generator was the bottleneck.
    pub remarks: Vec<String>,
    /// Why it ended before its time, if it did. The figures are those until then.
    pub broke_off: Option<String>,
}

/// Which way a figure gets better.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// The less the better.
    #[default]
    Less,
    /// The more the better.
    More,
    /// Neither: it describes the run.
    Neither,
}

/// A figure.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// Of what.
    pub name: String,
    /// The figure.
    pub value: f64,
    /// In what.
    pub unit: String,
    /// Which way it gets better.
    pub better: Better,
}

/// A point of a distribution.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Percentile {
    /// Per cent of all.
    pub percent: f64,
    /// They took at most this long, in milliseconds.
    pub ms: f64,
}

/// A moment of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tick {
    /// Seconds since the measurement began.
    pub at: f64,
    /// Operations a second since the last tick.
    pub rate: f64,
    /// The server's resident memory in MiB.
    pub server_mib: f64,
    /// The server's CPU time since the last tick, in cores.
    pub server_cores: f64,
    /// The generator's.
    pub own_cores: f64,
}

impl Run {
    /// Adds a figure.
    pub fn figure(&mut self, name: &str, value: f64, unit: &str, better: Better) {
        self.figures.push(Figure { name: name.to_owned(), value, unit: unit.to_owned(), better });
    }

    /// The value of a figure.
    pub fn value(&self, name: &str) -> Option<f64> {
        self.figures.iter().find(|figure| figure.name == name).map(|figure| figure.value)
    }

    /// Adds a histogram of microseconds, and figures for its usual points.
    pub fn latency(&mut self, histogram: &Histogram<u64>, what: &str) {
        if histogram.is_empty() {
            return;
        }
        let ms = |percent: f64| millis(histogram.value_at_percentile(percent));
        for (name, percent) in [("p50", 50.0), ("p99", 99.0), ("p99.9", 99.9)] {
            self.figure(&format!("{what} {name}"), ms(percent), "ms", Better::Less);
        }
        self.figure(&format!("{what} longest"), millis(histogram.max()), "ms", Better::Less);
        const POINTS: [f64; 18] = [
            0.0, 10.0, 25.0, 50.0, 75.0, 90.0, 95.0, 97.5, 99.0, 99.5, 99.75, 99.9, 99.95, 99.975, 99.99,
            99.995, 99.999, 100.0,
        ];
        self.latency = POINTS.map(|percent| Percentile { percent, ms: ms(percent) }).to_vec();
    }

    /// Its name in tables.
    pub fn title(&self) -> String {
        let mut title = self.scenario.clone();
        for part in [&self.variant, &self.stack] {
            if !part.is_empty() && part != "frontdesk" {
                title.push(' ');
                title.push_str(part);
            }
        }
        title
    }
}

#[expect(clippy::cast_precision_loss, reason = "a time in microseconds fits")]
fn millis(micros: u64) -> f64 {
    micros as f64 / 1000.0
}

/// A number with as many digits as mean something.
pub fn short(value: f64) -> String {
    match value.abs() {
        size if size >= 1000.0 => grouped(value),
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        0.0 => "0".to_owned(),
        _ => format!("{value:.2}"),
    }
}

fn grouped(value: f64) -> String {
    let out = in_threes(&format!("{:.0}", value.abs()));
    if value < 0.0 { format!("-{out}") } else { out }
}

/// A count with its thousands apart.
pub fn counted(count: u64) -> String {
    in_threes(&count.to_string())
}

fn in_threes(digits: &str) -> String {
    let mut out = String::new();
    for (nth, digit) in digits.chars().enumerate() {
        if nth > 0 && (digits.len() - nth).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// The runs as a table for people.
///
/// # Errors
/// The output is closed.
pub fn print(run: &Run, to: &mut impl Write) -> std::io::Result<()> {
    let asked: Vec<String> = run.parameters.iter().map(|(name, value)| format!("{name} {value}")).collect();
    writeln!(to, "{}: {}", run.title(), asked.join(", "))?;
    for figure in &run.figures {
        writeln!(to, "  {:<36} {:>10} {}", figure.name, short(figure.value), figure.unit)?;
    }
    for remark in &run.remarks {
        writeln!(to, "  note: {remark}")?;
    }
    if let Some(why) = &run.broke_off {
        writeln!(to, "  broke off: {why}")?;
    }
    Ok(())
}

/// The medians of several runs, and how far apart these lie.
///
/// # Errors
/// The output is closed.
pub fn print_medians(runs: &[Run], to: &mut impl Write) -> std::io::Result<()> {
    for group in spread::groups(runs) {
        writeln!(to, "\n{}: medians of {} runs (least to most)", group.title(), group.runs.len())?;
        for figure in group.figures() {
            let range = format!("({} to {})", short(figure.least), short(figure.most));
            writeln!(to, "  {:<36} {:>10} {:<6} {range}", figure.name, short(figure.median), figure.unit)?;
        }
    }
    Ok(())
}

/// Now, in seconds since 1970.
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// The day of a time in seconds since 1970.
pub fn date(seconds: u64) -> String {
    let millis = i64::try_from(seconds.saturating_mul(1000)).unwrap_or(i64::MAX);
    Timestamp(millis).to_string().chars().take(10).collect()
}

/// Writes runs as JSON.
///
/// # Errors
/// The file cannot be written.
pub fn save(runs: &[Run], file: &Path) -> anyhow::Result<()> {
    let report = Report { version: VERSION, runs: runs.to_vec() };
    let text = serde_json::to_string_pretty(&report)?;
    std::fs::write(file, text).with_context(|| format!("{} cannot be written", file.display()))
}

/// Reads what [`save`] has written.
///
/// # Errors
/// There is no such file, or it is none of ours.
pub fn load(file: &Path) -> anyhow::Result<Vec<Run>> {
    let name = file.display();
    let text = std::fs::read_to_string(file).with_context(|| format!("{name} cannot be read"))?;
    let report: Report =
        serde_json::from_str(&text).with_context(|| format!("{name} is not a report of this harness"))?;
    let version = report.version;
    ensure!(version == VERSION, "{name} is a report of version {version}, this harness knows {VERSION}");
    Ok(report.runs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_digits_that_mean_something() {
        let texts = [0.0, 0.123, 4.56, 45.67, 456.7, 4_567.8, 1_234_567.0, -4_567.8].map(short);
        assert_eq!(texts, ["0", "0.12", "4.56", "45.7", "457", "4,568", "1,234,567", "-4,568"]);
        assert_eq!(date(1_795_609_257), "2026-11-25");
    }

    #[test]
    fn percentiles_are_those_of_what_was_recorded() {
        let mut histogram = Histogram::new_with_bounds(1, 1_000_000, 3).expect("bounds");
        (1..=1000).for_each(|ms| histogram.saturating_record(ms * 1000));
        let mut run = Run::default();
        run.latency(&histogram, "ack");
        for (name, expected) in [("ack p50", 500.0), ("ack p99", 990.0), ("ack longest", 1000.0)] {
            let value = run.value(name).expect(name);
            assert!((value / expected - 1.0).abs() < 0.002, "{name}: {value}");
        }
        assert!(run.latency.windows(2).all(|pair| pair[0].ms <= pair[1].ms));
    }

    #[test]
    fn what_is_saved_is_read_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("report.json");
        let mut run = Run { scenario: "rooms".to_owned(), ..Run::default() };
        run.figure("cost", 3.25, "µs", Better::Less);
        save(std::slice::from_ref(&run), &file).expect("saved");
        assert_eq!(load(&file).expect("loaded"), [run]);
        std::fs::write(&file, "{}").expect("written");
        assert!(load(&file).expect_err("no report").to_string().contains("is not a report"));
        std::fs::write(&file, r#"{"version":99,"runs":[]}"#).expect("written");
        assert!(load(&file).expect_err("too new").to_string().contains("version 99"));
    }
}
