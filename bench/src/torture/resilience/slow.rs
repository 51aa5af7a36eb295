//! R1: readers who are slow, and readers who are gone without a word, in busy rooms.

use std::io::Write;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use serde_json::Value;
use tokio::net::TcpSocket;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout_at};

use super::super::load::link::{Came, Link};
use super::super::load::stage::{Guest, Stage};
use super::crowd::Crowd;
use super::house::{House, hello, readable};

const ROOMS: usize = 10;
const OTHERS: usize = 40;
/// What is said in a room at a time: as long as may be, in three bytes a letter.
const WORDS: usize = 4_000;
/// How often.
const SAID_EVERY: Duration = Duration::from_millis(160);
/// A slow reader takes a frame so often: a quarter of what is said, and twice of what a client must take not to count
/// as gone.
const SLOW: Duration = Duration::from_millis(600);
/// What the system keeps for a reader at its end.
const ROOM: u32 = 16 * 1024;
/// How long is talked beside them: more than twice as much as may wait for one.
const TALK: Duration = Duration::from_secs(35);
/// By then all of them were cut: the slow still take what had been on its way.
const CUT_WITHIN: Duration = Duration::from_secs(150);
/// How long all of them together may take to come back and read the rest.
const BACK_WITHIN: Duration = Duration::from_secs(180);
/// What a slow reader may cost: its outbox and a tenth.
const EACH_MAX: u64 = 1_024 * 1_024 * 11 / 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pace {
    Reads,
    Slow,
    ReadsAgain,
}

/// What became of a reader.
struct Fate {
    slow: bool,
    code: u16,
    whole: bool,
}

/// Runs it.
pub(super) async fn run(server: &Path, readers: usize, to: &mut impl Write) -> anyhow::Result<bool> {
    let mut house = House::open(server, vec![readable()], String::new(), "").await?;
    let rooms = house.guests(ROOMS).await?;
    for room in &rooms {
        house.say(&room.conversation, "first", "good morning").await?;
    }
    let crowd = Crowd::open(&house.stage, &house.guests(OTHERS).await?, Duration::from_millis(400)).await?;
    let (pace, watched) = watch::channel(Pace::Reads);
    let heads = Arc::new(OnceLock::new());
    let mut tasks = JoinSet::new();
    for nth in 0..readers {
        let room = nth % ROOMS;
        let link = enter(&house.stage).await?;
        let (stage, guest, heads) = (Arc::clone(&house.stage), Arc::clone(&rooms[room]), Arc::clone(&heads));
        let slow = (nth / ROOMS).is_multiple_of(2);
        let mut reader = Reader { stage, guest, link, slow, held: 0, room, heads };
        reader.begin(None).await?;
        tasks.spawn(reader.run(watched.clone()));
    }
    sleep(Duration::from_secs(2)).await;
    let idle = house.memory();
    let talk = Talk::begin(&house, &rooms);
    sleep(Duration::from_secs(2)).await;
    let before = crowd.feels(Duration::from_secs(20)).await;
    pace.send(Pace::Slow)?;
    crowd.begin();
    let began = Instant::now();
    let mut most = idle;
    let mut kernel = 0;
    while began.elapsed() < TALK {
        most = most.max(house.memory());
        kernel = kernel.max(tcp_memory());
        sleep(Duration::from_millis(200)).await;
    }
    let during = crowd.end();
    talk.end().await?;
    // Until all were left.
    #[expect(clippy::cast_precision_loss, reason = "a count of readers")]
    while closes(&house.stage).await? < readers as f64 && began.elapsed() < CUT_WITHIN {
        most = most.max(house.memory());
        sleep(Duration::from_millis(200)).await;
    }
    let last = rooms.iter().map(|room| house.say(&room.conversation, "last", "good night"));
    let ends = futures_util::future::try_join_all(last).await?;
    ensure!(heads.set(ends).is_ok(), "the rooms end twice");
    pace.send(Pace::ReadsAgain)?;
    let (mut fates, mut whole) = (Vec::new(), 0);
    let by = tokio::time::Instant::now() + BACK_WITHIN;
    // Who has not come back by then has not come back.
    while let Ok(Some(fate)) = timeout_at(by, tasks.join_next()).await {
        let fate = fate??;
        whole += usize::from(fate.whole);
        fates.push(fate);
    }
    tasks.shutdown().await;
    sleep(Duration::from_secs(2)).await;
    let after = house.memory();
    let closed =
        |slow: bool, code: u16| fates.iter().filter(|fate| fate.slow == slow && fate.code == code).count();
    let each = most.saturating_sub(idle) / u64::try_from(readers)?;
    let [told, clocked] = [4503, 1006].map(|code| closed(true, code) + closed(false, code));
    writeln!(
        to,
        "R1   {readers} readers in {ROOMS} rooms, half of them slow, half gone: memory {} MiB before, {} MiB at \
        most, {} MiB after; {} KiB each; the system's own for all connections {} MiB",
        idle >> 20,
        most >> 20,
        after >> 20,
        each >> 10,
        kernel >> 20
    )?;
    writeln!(
        to,
        "     the slow: {} closed with 4503, {} by the clock; the gone: {} with 4503, {} by the clock; {whole} came back \
        whole",
        closed(true, 4503),
        closed(true, 1006),
        closed(false, 4503),
        closed(false, 1006)
    )?;
    writeln!(to, "     the others: {} while they read; {} while they did not", before.say(), during.say())?;
    house.stop().await?;
    Ok(each <= EACH_MAX
        && told > 0
        && told + clocked == readers
        && whole == readers
        && during.is_unhurt(&before))
}

/// Connections that were closed by us, or of which nothing was left.
async fn closes(stage: &Stage) -> anyhow::Result<f64> {
    let lines = super::house::metrics(stage).await?;
    let ours = |name: &str| {
        name.starts_with("frontdesk_socket_closes_total") && (name.contains("gone") || name.contains("4503"))
    };
    Ok(lines.iter().filter(|(name, _)| ours(name)).map(|(_, n)| n).sum())
}

/// What the system holds for all connections of this machine, theirs and ours, in bytes; 0 where it does not say.
fn tcp_memory() -> u64 {
    let said = std::fs::read_to_string("/proc/net/sockstat").unwrap_or_default();
    let pages = said.lines().find(|line| line.starts_with("TCP:")).and_then(|line| line.rsplit(' ').next());
    pages.and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * 4_096
}

/// What staff say in all rooms at once.
struct Talk {
    over: watch::Sender<bool>,
    tasks: JoinSet<anyhow::Result<()>>,
}

impl Talk {
    fn begin(house: &House, rooms: &[Arc<Guest>]) -> Self {
        let (over, seen) = watch::channel(false);
        let words = "話".repeat(WORDS);
        let mut tasks = JoinSet::new();
        for room in rooms {
            let (stage, admin) = (Arc::clone(&house.stage), Arc::clone(&house.admin));
            let (path, words, seen) =
                (format!("/api/conversations/{}/messages", room.conversation), words.clone(), seen.clone());
            tasks.spawn(async move {
                let mut http = crate::http::Http::new(stage.address);
                http.headers = format!("Cookie: frontdesk_agent={}\r\n", admin.token);
                for n in 0_u64.. {
                    if *seen.borrow() {
                        break;
                    }
                    let at = Instant::now();
                    let body = serde_json::json!({"id": format!("t{n}"), "text": words});
                    let status = http.post(&path, &body).await?.status;
                    ensure!(status == 201, "what staff say is answered with {status}");
                    sleep(SAID_EVERY.saturating_sub(at.elapsed())).await;
                }
                Ok(())
            });
        }
        Self { over, tasks }
    }

    async fn end(mut self) -> anyhow::Result<()> {
        self.over.send(true)?;
        while let Some(ended) = self.tasks.join_next().await {
            ended??;
        }
        Ok(())
    }
}

/// A page that follows the chain of what it is shown.
struct Reader {
    stage: Arc<Stage>,
    guest: Arc<Guest>,
    link: Link,
    slow: bool,
    held: u64,
    room: usize,
    /// Where the rooms end, once nothing more is said.
    heads: Arc<OnceLock<Vec<u64>>>,
}

/// A connection with little room, so that what is not read stays with the server.
async fn enter(stage: &Stage) -> anyhow::Result<Link> {
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(ROOM)?;
    Link::from(socket, stage.address, "/ws/guest").await.context("a reader was not let in")
}

impl Reader {
    async fn begin(&mut self, after: Option<u64>) -> anyhow::Result<bool> {
        let opened = hello(&mut self.link, &self.guest.token, after).await?;
        let mut whole = true;
        for event in opened["events"].as_array().into_iter().flatten() {
            whole &= after.is_none() && self.held == 0 || event["prev"] == self.held;
            self.held = event["seq"].as_u64().unwrap_or(0);
        }
        Ok(whole)
    }

    /// Comes back for what it has missed, as often as it takes; whether the chain goes on.
    async fn come_back(&mut self) -> anyhow::Result<bool> {
        loop {
            sleep(Duration::from_millis(fastrand::u64(0..5_000))).await;
            let Some(link) = Link::connect(self.stage.address, "/ws/guest").await else { continue };
            self.link = link;
            if let Ok(whole) = self.begin(Some(self.held)).await {
                return Ok(whole);
            }
        }
    }

    /// Takes a frame; the close code if there is none, and whether the chain broke.
    async fn take(&mut self, whole: &mut bool) -> Option<u16> {
        let raw = match self.link.next().await {
            Came::End(code) => return Some(code),
            Came::Text(raw) => raw,
        };
        let frame: Value = serde_json::from_str(&raw).unwrap_or_default();
        if frame["type"] == "event" {
            *whole &= frame["prev"] == self.held;
            self.held = frame["seq"].as_u64().unwrap_or(0);
        }
        None
    }

    /// Reads, is slow or gone for a while, reads to the end, comes back, and reads until all has been said.
    async fn run(mut self, mut pace: watch::Receiver<Pace>) -> anyhow::Result<Fate> {
        let mut whole = true;
        let code = loop {
            let now = *pace.borrow();
            match now {
                Pace::Slow if self.slow => {
                    tokio::select! { () = sleep(SLOW) => {}, changed = pace.changed() => changed? }
                }
                Pace::Slow => {
                    pace.changed().await?;
                    continue;
                }
                Pace::Reads | Pace::ReadsAgain => {}
            }
            tokio::select! {
                ended = self.take(&mut whole) => if let Some(code) = ended { break code },
                changed = pace.changed() => changed?,
            }
        };
        // Who was closed while the others still wait says so when all read again.
        let again = async { pace.wait_for(|now| *now == Pace::ReadsAgain).await.map(|_| ()) };
        again.await?;
        whole &= self.come_back().await?;
        let last = self.heads.get().and_then(|heads| heads.get(self.room)).copied();
        let last = last.context("nobody says where the rooms end")?;
        while self.held < last {
            // Cut again on the way, it comes again: only a hole is one.
            if self.take(&mut whole).await.is_some() {
                whole &= self.come_back().await?;
            }
        }
        Ok(Fate { slow: self.slow, code, whole })
    }
}
