//! Answers of the AI: turns through the server's pool.

use std::time::Instant;

use clap::Args;
use hdrhistogram::Histogram;

use super::measure::{Counts, Score, float, histogram, play};
use super::{Common, blank, fill};
use crate::fake_openai::FakeOpenAi;
use crate::load::hall::Desk;
use crate::load::protocol::At;
use crate::load::{Game, Protocol, RoomId, Seat, What};
use crate::report::{Better, Run};
use crate::target::Target;

/// Guests ask, and ask again when they have the whole answer. A server of our own asks the built-in
/// stand-in for a model; one at --url asks whatever it is set up with.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Example: frontdesk-bench ai --spawn --guests 64 --concurrency 64")]
pub struct Ai {
    /// Guests, each in its own conversation.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub guests: u32,
    /// Answers that the server may have under way.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub concurrency: u32,
    /// Words of an answer, each a piece of the stream.
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u32).range(1..=500))]
    pub words: u32,
    /// Milliseconds between the words.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(..=10_000))]
    pub delta: u32,
    /// What every scenario takes.
    #[command(flatten)]
    pub common: Common,
}

impl Ai {
    /// What a server of our own is told about the stand-in.
    pub fn settings(&self, model: &FakeOpenAi) -> Vec<(&'static str, String)> {
        let answer = vec!["breakfast"; self.words as usize].join("%20");
        vec![
            ("OPENAI_API_KEY", "of-a-stand-in".to_owned()),
            ("OPENAI_BASE_URL", model.url()),
            ("OPENAI_MODEL", format!("fake:delta={},text={answer}", self.delta)),
            ("OPENAI_MAX_RPM", "1000000".to_owned()),
            ("OPENAI_MAX_TPM", "1000000000".to_owned()),
            ("OPENAI_MAX_CONCURRENCY", self.concurrency.to_string()),
        ]
    }
}

/// Measures. `model`: the stand-in, for a server of our own.
///
/// # Errors
/// The server cannot be prepared.
pub async fn measure(args: &Ai, target: &Target, model: Option<&FakeOpenAi>) -> anyhow::Result<Run> {
    let rooms = args.guests as usize;
    let seats = (0..rooms).map(Seat::guest).collect();
    let mut hall = fill(target, rooms, seats, 60).await?;
    let mut run = blank("ai", "", target);
    let parameters = [
        ("guests", args.guests.to_string()),
        ("under way at most", args.concurrency.to_string()),
        ("words", args.words.to_string()),
        ("ms between words", args.delta.to_string()),
    ];
    run.parameters.extend(parameters.map(|(name, value)| (name.to_owned(), value)));
    let asked_before = model.map_or(0, |model| model.journal().entries().len());
    tokio::task::block_in_place(|| {
        let mut game = Ask { asked: vec![None; rooms], tag: 0, first: histogram()?, score: Score::new()? };
        for room in 0..rooms {
            game.ask(room, Instant::now(), &mut hall.desk());
        }
        let window = play(&mut hall, &mut game, target, args.common.warm(), args.common.length());
        window.report(&mut run, "turn");
        for (name, percent) in [("first words p50", 50.0), ("first words p99", 99.0)] {
            let micros = game.first.value_at_percentile(percent);
            run.figure(name, float(micros) / 1000.0, "ms", Better::Less);
        }
        run.latency(&game.score.latency, "whole answer");
        anyhow::Ok(())
    })?;
    if let Some(model) = model {
        let asked = model.journal().entries().len() - asked_before;
        if asked == 0 {
            run.remarks
                .push("the model was never asked: these answers are the embedded answerer's".to_owned());
        }
        run.remarks.push("the generator's CPU time includes the stand-in for the model".to_owned());
    }
    Ok(run)
}

/// Asks, waits for the answer, asks again.
struct Ask {
    /// Since when each guest waits, and whether it has seen a first word.
    asked: Vec<Option<(Instant, bool)>>,
    tag: u64,
    first: Histogram<u64>,
    score: Score,
}

impl Ask {
    fn ask<P: Protocol>(&mut self, room: RoomId, now: Instant, desk: &mut Desk<'_, P>) {
        self.tag += 1;
        self.asked[room] = Some((now, false));
        desk.post(room, room, What::Message, self.tag);
    }
}

impl<P: Protocol> Game<P> for Ask {
    fn drafted(&mut self, room: RoomId, at: At) {
        if let Some((since, is_first_seen @ false)) = &mut self.asked[room] {
            *is_first_seen = true;
            let micros = at.now.saturating_duration_since(*since).as_micros();
            self.first.saturating_record(u64::try_from(micros).unwrap_or(u64::MAX).max(1));
        }
    }

    fn delivered(&mut self, room: RoomId, text: &[u8], at: At, desk: &mut Desk<'_, P>) {
        // The guest's own words are told to it as well.
        if memchr::memmem::find(text, br#""by":{"kind":"ai""#).is_none() {
            return;
        }
        if let Some((since, _)) = self.asked[room] {
            self.score.done += 1;
            self.score.took(since, at.now);
            self.ask(room, at.now, desk);
        }
    }
}

impl Counts for Ask {
    fn score(&mut self) -> &mut Score {
        &mut self.score
    }
}
