//! The hotel's day: many conversations with a few readers each.

use std::time::{Duration, Instant};

use clap::Args;

use super::measure::{Counts, Score, play};
use super::seating::{Seating, house};
use super::{Common, bare_socket, blank, fill};
use crate::load::hall::Desk;
use crate::load::protocol::At;
use crate::load::{Game, Hall, LineId, Protocol, RoomId, What};
use crate::report::{Better, Run};
use crate::target::{SERVER_CORE, Target};

/// How long bare writes are measured.
const BARE: Duration = Duration::from_secs(2);

/// Many conversations, a guest and some agents in each, saturated.
///
/// Every agent holds many conversations over one socket. A fixed number of messages is under way, at most
/// one a conversation: as soon as one has reached all its readers, the next is sent in the next
/// conversation, by its readers in turn.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Example: frontdesk-bench rooms --spawn --what message --runs 3")]
pub struct Rooms {
    /// Conversations.
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub conversations: u32,
    /// Agents in each.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=20))]
    pub agents: u32,
    /// Conversations that an agent holds.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=2_000))]
    pub held: u32,
    /// What is sent: typing is passed on, a message is stored.
    #[arg(long, value_enum, default_value = "typing")]
    pub what: What,
    /// Messages under way.
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..))]
    pub window: u32,
    /// Who sends.
    #[arg(long, value_enum, default_value = "turns")]
    pub senders: Senders,
    /// Length of a message's text.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=4_096))]
    pub text: u32,
    /// Afterwards also bare writes of a frame to loopback sockets: what this machine takes for them.
    #[arg(long)]
    pub bare: bool,
    #[command(flatten)]
    /// What every scenario takes.
    pub common: Common,
}

/// Who sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Senders {
    /// The readers of a conversation in turn.
    Turns,
    /// Guests only.
    Guests,
    /// Agents only.
    Agents,
}

/// Measures.
///
/// # Errors
/// The server cannot be prepared.
pub async fn measure(args: &Rooms, target: &Target) -> anyhow::Result<Run> {
    let rooms = args.conversations as usize;
    let Seating { seats, readers } = house(rooms, args.agents as usize, args.held as usize);
    let sockets = seats.len();
    let mut hall = fill(target, rooms, seats, args.text as usize).await?;
    let mut run = blank("rooms", args.what.name(), target);
    let parameters = [
        ("conversations", args.conversations.to_string()),
        ("readers each", (args.agents + 1).to_string()),
        ("sockets", sockets.to_string()),
        ("under way", args.window.to_string()),
        ("senders", format!("{:?}", args.senders).to_lowercase()),
    ];
    run.parameters.extend(parameters.map(|(name, value)| (name.to_owned(), value)));
    tokio::task::block_in_place(|| {
        let echoes = hall.protocol().echoes(args.what);
        let mut game = Saturate::new(args.what, args.senders, readers, echoes)?;
        game.begin(&mut hall, args.window as usize);
        let window = play(&mut hall, &mut game, target, args.common.warm(), args.common.length());
        window.report(&mut run, "delivery");
        run.latency(&game.score.latency, "last reader");
        // Nobody is served meanwhile.
        drop(hall);
        if args.bare && run.broke_off.is_none() {
            let core = target.pinned.then_some(SERVER_CORE);
            run.figure("bare write CPU", bare_socket::write(BARE, core)?, "µs", Better::Neither);
        }
        anyhow::Ok(())
    })?;
    Ok(run)
}

/// Keeps messages under way, at most one a room.
struct Saturate {
    what: What,
    senders: Senders,
    echoes: bool,
    readers: Vec<Vec<LineId>>,
    /// How many readers have yet to get what is under way in the room, and since when it is.
    missing: Vec<(usize, Instant)>,
    next: RoomId,
    tag: u64,
    score: Score,
}

impl Saturate {
    fn new(what: What, senders: Senders, readers: Vec<Vec<LineId>>, echoes: bool) -> anyhow::Result<Self> {
        let missing = vec![(0, Instant::now()); readers.len()];
        Ok(Self { what, senders, echoes, readers, missing, next: 0, tag: 0, score: Score::new()? })
    }

    fn begin<P: Protocol>(&mut self, hall: &mut Hall<P>, window: usize) {
        for _ in 0..window.min(self.readers.len()) {
            self.post(Instant::now(), &mut hall.desk());
        }
    }

    /// Posts in the next room in which nothing is under way.
    fn post<P: Protocol>(&mut self, now: Instant, desk: &mut Desk<'_, P>) {
        let rooms = self.readers.len();
        for _ in 0..rooms {
            let room = self.next;
            self.next = (room + 1) % rooms;
            if self.missing[room].0 > 0 {
                continue;
            }
            let readers = &self.readers[room];
            // Each round another reader of the room.
            let turn = room + usize::try_from(self.tag).unwrap_or(0) / rooms;
            let sender = match self.senders {
                Senders::Turns => readers[turn % readers.len()],
                Senders::Guests => readers[0],
                Senders::Agents => readers[1 + turn % (readers.len() - 1)],
            };
            self.tag += 1;
            self.missing[room] = (readers.len() - usize::from(!self.echoes), now);
            return desk.post(sender, room, self.what, self.tag);
        }
    }
}

impl<P: Protocol> Game<P> for Saturate {
    fn delivered(&mut self, room: RoomId, _text: &[u8], at: At, desk: &mut Desk<'_, P>) {
        self.score.done += 1;
        let (missing, since) = &mut self.missing[room];
        if *missing > 0 {
            *missing -= 1;
            if *missing == 0 {
                self.score.took(*since, at.now);
                self.post(at.now, desk);
            }
        }
    }
}

impl Counts for Saturate {
    fn score(&mut self) -> &mut Score {
        &mut self.score
    }
}
