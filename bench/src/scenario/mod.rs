//! The measurements. Each scenario prepares a hall full of people, plays its game, and reports a run.

use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::Args;

use crate::load::frontdesk::Frontdesk;
use crate::load::{Crowd, Hall, Protocol, Seat};
use crate::process;
use crate::report::{self, Run};
use crate::target::{Target, Which};

pub mod ai;
pub mod bare;
pub mod bare_socket;
pub mod callers;
pub mod dashboard;
pub mod fanout;
pub mod growth;
pub mod idle;
pub mod ingest;
pub mod latency;
pub mod live;
pub mod measure;
pub mod rooms;
pub mod seating;
pub mod soak;
pub mod stored;
pub mod storm;
pub mod whatsapp;

/// What every scenario takes.
#[derive(Args, Clone, Debug)]
pub struct Common {
    #[command(flatten)]
    /// Which server.
    pub which: Which,
    /// How long to measure, in seconds.
    #[arg(long, default_value_t = 5.0, value_parser = seconds)]
    pub seconds: f64,
    /// How long to run before that.
    #[arg(long, default_value_t = 1.0, value_parser = seconds)]
    pub warm_up: f64,
    /// How often, each time with a server of its own.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub runs: u32,
    /// Write the runs as JSON.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Write a report with pictures.
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if (0.0..=86_400.0).contains(&value) => Ok(value),
        _ => Err("takes 0 to 86400".to_owned()),
    }
}

impl Common {
    /// How long to measure.
    pub fn length(&self) -> Duration {
        Duration::from_secs_f64(self.seconds)
    }

    /// How long to run before that.
    pub fn warm(&self) -> Duration {
        Duration::from_secs_f64(self.warm_up)
    }
}

/// A run that has yet to be made.
pub fn blank(scenario: &str, variant: &str, target: &Target) -> Run {
    let command: Vec<String> = std::env::args().collect();
    let mut run = Run {
        scenario: scenario.to_owned(),
        variant: variant.to_owned(),
        stack: target.stack().to_owned(),
        at: report::now(),
        command: command.join(" "),
        machine: process::machine(),
        ..Run::default()
    };
    if target.pinned {
        run.parameters.insert("pinned".to_owned(), "yes".to_owned());
    }
    run
}

/// What all ids of a run begin with.
pub fn run_name() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("b{:x}", now.as_micros())
}

/// The adapter to the target's protocol, for this many rooms. Ours makes a guest with a conversation for each;
/// others have rooms for the asking.
///
/// # Errors
/// A guest or the agents are turned away.
pub async fn protocol(
    target: &Target,
    rooms: usize,
    with_agents: bool,
    text_bytes: usize,
) -> anyhow::Result<Box<dyn Protocol>> {
    if let Some(peer) = target.peer {
        return Ok(peer.protocol());
    }
    let guests = target.guests(rooms).await?;
    let token = if with_agents { target.agent().await? } else { String::new() };
    Ok(Box::new(Frontdesk::new(guests, token, &run_name(), text_bytes)))
}

/// A hall with this many rooms and these people, who are all in. With agents among them, people answer in
/// every conversation, so that nothing but the measured traffic flows.
///
/// # Errors
/// Somebody is turned away.
pub async fn fill(
    target: &Target,
    rooms: usize,
    seats: Vec<Seat>,
    text_bytes: usize,
) -> anyhow::Result<Hall<Box<dyn Protocol>>> {
    let with_agents = seats.iter().any(|seat| !seat.is_guest);
    let protocol = protocol(target, rooms, with_agents, text_bytes).await?;
    let mut hall = seat(target, protocol, seats)?;
    tokio::task::block_in_place(|| hall.hush())?;
    Ok(hall)
}

/// A hall with these people, who are all in.
///
/// # Errors
/// Somebody is turned away.
pub fn seat(
    target: &Target,
    protocol: Box<dyn Protocol>,
    seats: Vec<Seat>,
) -> anyhow::Result<Hall<Box<dyn Protocol>>> {
    let mut hall = Hall::new(Crowd::new(target.address)?, protocol);
    let progress = crate::progress::bar(seats.len() as u64, "seating ");
    tokio::task::block_in_place(|| {
        hall.seat(seats, &mut crate::load::hall::Idle, |seated| progress.set_position(seated as u64))
    })?;
    progress.finish_and_clear();
    Ok(hall)
}
