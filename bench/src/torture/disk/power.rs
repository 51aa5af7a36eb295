//! Power cuts: the server is started on what a disk that forgets holds at random moments of a run. Whatever
//! somebody had heard of by then must be there, and what is there must be a beginning of the whole history.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Write};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, ensure};
use indicatif::ProgressBar;
use sqlx::ConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;

use super::super::load::http::As;
use super::super::people;
use super::super::process::Program;
use super::bench::{MARK, Scene};
use super::platter::{Platter, Record};

/// Calls that write to the database, sync it, or write to a socket, whole.
const STRACE: [&str; 9] = [
    "strace",
    "-f",
    "-ttt",
    "-y",
    "-s",
    "2000000",
    "-o",
    "TRACE",
    "-etrace=pwrite64,ftruncate,unlink,fdatasync,fsync,write,writev,sendto,sendmsg",
];

/// What cuts did.
#[derive(Default)]
struct Harm {
    /// Somebody had heard of it.
    lost: usize,
    /// At another place than in the whole history, or behind a hole.
    moved: usize,
    /// The server did not start, or the database is damaged.
    dead: usize,
}

/// Runs it; true if nothing was lost at any cut.
///
/// # Errors
/// It cannot be run.
pub(super) async fn cuts(
    server: &Path,
    (sends, cuts, seed): (u64, u64, u64),
    bar: &ProgressBar,
    to: &mut impl Write,
) -> anyhow::Result<bool> {
    let mut scene = Scene::start(server, &STRACE, Duration::from_secs(60)).await?;
    let acked: BTreeMap<u64, u64> = scene.ask_all(sends, bar).await?.into_iter().collect();
    scene.stop().await?;
    let trace = File::open(scene.folder.path().join("trace")).context("strace left no trace")?;
    let record = Record::read(BufReader::new(trace), MARK)?;
    let (first, last) = record.span().context("nobody was told anything")?;
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut places: Vec<u64> = (0..cuts).map(|_| rng.u64(first..=last)).collect();
    places.sort_unstable();
    let (mut platter, mut harm) = (Platter::default(), Harm::default());
    let (mut least, mut most) = (usize::MAX, 0);
    bar.set_length(cuts);
    bar.reset();
    for place in places {
        platter.advance(&record, place);
        (least, most) = (least.min(platter.told.len()), most.max(platter.told.len()));
        let stored = after_a_cut(server, &scene, &platter, &mut rng).await;
        match stored {
            Ok(stored) => harm.judge(&acked, &platter, &stored),
            Err(error) => {
                writeln!(to, "  at line {place}: {error:#}")?;
                harm.dead += 1;
            }
        }
        bar.inc(1);
    }
    let Harm { lost, moved, dead } = harm;
    writeln!(
        to,
        "power cuts       {cuts}, between {least} and {most} texts told (seed {seed}): {lost} lost, {moved} moved or \
         behind a hole, {dead} without a server"
    )?;
    Ok(lost + moved + dead == 0)
}

/// Starts a server on what the disk holds after a cut here. Answers the conversation's events: the place of each,
/// and the text's number where it is one of ours.
async fn after_a_cut(
    server: &Path,
    scene: &Scene,
    platter: &Platter,
    rng: &mut fastrand::Rng,
) -> anyhow::Result<Vec<(u64, Option<u64>)>> {
    let folder = tempfile::Builder::new().prefix("frontdesk-cut-").tempdir()?;
    let program = Program::new(server, folder.path(), String::new())?;
    // What is no part of the database was written once, long before.
    for entry in std::fs::read_dir(&scene.program.data)? {
        let entry = entry?;
        if entry.file_type()?.is_file() && !entry.file_name().to_string_lossy().contains(".db") {
            std::fs::copy(entry.path(), program.data.join(entry.file_name()))?;
        }
    }
    for (name, bytes) in platter.after_a_cut(rng) {
        std::fs::write(program.data.join(name), bytes)?;
    }
    let (process, _) = program.start("").await?;
    let who = As::Agent(&scene.admin.token);
    let events = people::history(program.address, who, &scene.guest.conversation).await?;
    process.kill().await?;
    let options = SqliteConnectOptions::new().filename(program.data.join("frontdesk.db"));
    let verdict: String =
        sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut options.connect().await?).await?;
    ensure!(verdict == "ok", "the database is damaged: {verdict}");
    ensure!(!events.is_empty(), "the conversation is gone");
    let number = |id: &str| id.strip_prefix(MARK)?.trim_end_matches('-').parse().ok();
    Ok(events.iter().map(|event| (event.seq, event.id.as_deref().and_then(number))).collect())
}

impl Harm {
    fn judge(&mut self, acked: &BTreeMap<u64, u64>, platter: &Platter, stored: &[(u64, Option<u64>)]) {
        let dense = stored.iter().zip(1..).take_while(|((seq, _), at)| seq == at).count();
        self.moved += stored.len() - dense;
        let is_here = |number: &u64| stored.iter().any(|(_, stored)| stored.as_ref() == Some(number));
        self.lost += platter.told.iter().filter(|number| !is_here(number)).count();
        let is_moved = |(seq, number): &&(u64, Option<u64>)| {
            number.is_some_and(|number| acked.get(&number).is_none_or(|acked| acked != seq))
        };
        self.moved += stored.iter().filter(is_moved).count();
    }
}
