//! Beside a model that hangs everything else goes on as fast as before, and a crash leaves nobody without an owner.

use std::time::{Duration, Instant};

use frontdesk_bench::fake_openai::Entry;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::server::binary;
use crate::support::{Ai, Caller, Client};

/// Guests who ask at once; each has a call of the model or waits for one.
const GUESTS: usize = 100;
const SLOTS: usize = 16;
/// Messages of one measurement. Of an optimised server there are more, so that its slowest in a hundred can be told.
fn messages() -> usize {
    if is_released() { 400 } else { 60 }
}

/// Whether the server is optimised.
fn is_released() -> bool {
    binary().1 || !cfg!(debug_assertions)
}

/// So many messages one after the other; how long the acks took, sorted.
async fn talk(page: &mut Client, block: usize) -> Vec<Duration> {
    let mut took = Vec::new();
    for n in 0..messages() {
        let began = Instant::now();
        page.done(json!({"type":"send","id":format!("m{block}-{n}"),"text":"a word with a colleague"})).await;
        took.push(began.elapsed());
    }
    took.sort();
    took
}

/// The quietest of three measurements: its median, and what 99 in a hundred stay below.
async fn quietest(page: &mut Client, first: usize) -> (Duration, Duration) {
    let mut best = (Duration::MAX, Duration::MAX);
    for block in first..first + 3 {
        let took = talk(page, block).await;
        best = best.min((took[messages() / 2], took[messages() * 99 / 100]));
    }
    best
}

fn open(entry: &&Entry) -> bool {
    entry.finished_at_ms.is_none() && entry.client_closed_at_ms.is_none()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_hangs_slows_no_other_message() {
    let slots = SLOTS.to_string();
    let ai = Ai::start("stall-headers", &[("OPENAI_MAX_CONCURRENCY", &slots)]).await;
    let (guest, mut page) = ai.server.guest_page().await;
    let mut desk = ai.server.dashboard().await.1;
    desk.done(json!({"type":"act","id":"t","conversation":guest.conversation,"action":"take_over"})).await;
    let mut guests = join_all((0..GUESTS).map(|_| ai.server.guest_page())).await;
    // A server that has just begun is slower than it will be.
    talk(&mut page, 6).await;
    let (before, before_late) = quietest(&mut page, 0).await;
    for (_, page) in &mut guests {
        page.done(json!({"type":"send","id":"q","text":"When is breakfast?"})).await;
    }
    let (beside, beside_late) = quietest(&mut page, 3).await;
    let hang = ai.model.journal().entries().iter().filter(open).count();
    assert!(hang > 0, "the model hangs all the while");
    println!(
        "an ack alone: median {before:?}, 99 % {before_late:?}; beside a model that hangs: {beside:?}, {beside_late:?}"
    );
    assert!(beside <= before * 6 / 5 + Duration::from_millis(2), "{beside:?} and {before:?}");
    // Of a debug server there are too few to tell the slowest in a hundred.
    if is_released() {
        let bound = before_late * 6 / 5 + Duration::from_millis(2);
        assert!(beside_late <= bound, "{beside_late:?} and {before_late:?}");
    }
    for (_, page) in &mut guests {
        page.find("an outcome", |frame| frame["type"] == "draft_end" || frame["status"] == "waiting").await;
    }
    // Never more at once than there are slots.
    let mut changes: Vec<(f64, i32)> = Vec::new();
    for entry in ai.model.journal().entries() {
        changes.push((entry.at_ms, 1));
        changes.extend(entry.finished_at_ms.or(entry.client_closed_at_ms).map(|at| (at, -1)));
    }
    changes.sort_by(|one, other| one.0.total_cmp(&other.0));
    let (mut now, mut most) = (0, 0);
    for (_, change) in changes {
        now += change;
        most = most.max(now);
    }
    assert!(usize::try_from(most).unwrap() <= SLOTS, "{most} at once");
}

/// Turns that are open when the server is killed.
const TURNS: usize = 200;
/// So many at once.
const AT_ONCE: usize = 50;
/// An owner is found within this, once the server is ready.
const OWNED_WITHIN: Duration = Duration::from_secs(10);

/// A model whose answers take a second.
async fn talkative() -> Ai {
    let words = vec!["word"; 20].join(" ");
    Ai::start(&format!("delta=50,text={words}"), &[("OPENAI_MAX_CONCURRENCY", "100")]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_turns_that_a_kill_cut_each_have_one_owner_in_time() {
    let mut ai = talkative().await;
    let (mut killed, mut slowest) = (0, Duration::ZERO);
    while killed < TURNS {
        let guests = join_all((0..AT_ONCE).map(|_| ai.server.guest_page())).await;
        let (cut, last) = kill(&mut ai, guests, None).await;
        killed += cut;
        slowest = slowest.max(last);
    }
    println!(
        "{killed} turns were cut by kills: the last had its owner {slowest:?} after the server was ready"
    );
}

/// Servers that are killed side by side.
const LANES: usize = 4;
/// Guests who have asked when one of them is killed.
const GUESTS_EACH: usize = 5;
/// The latest moment of a kill after the questions, in milliseconds: from the wait for more words to the last word.
const KILL_WITHIN: u64 = 1_600;

/// One a lane by `make test`; `make turn-kills` has two hundred.
#[tokio::test(flavor = "multi_thread")]
async fn each_kill_in_a_turn_leaves_everybody_an_owner() {
    let kills = std::env::var("FRONTDESK_TURN_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(LANES);
    let lanes = (0..LANES).map(|lane| {
        tokio::spawn(async move {
            let mut ai = talkative().await;
            let (mut counted, mut turns, mut slowest) = (0, 0, Duration::ZERO);
            // A kill that cut no turn is none.
            while counted < kills.div_ceil(LANES) {
                let guests = join_all((0..GUESTS_EACH).map(|_| ai.server.guest_page())).await;
                let moment = (counted * LANES + lane) as u64 * 619 % KILL_WITHIN;
                let (cut, last) = kill(&mut ai, guests, Some(Duration::from_millis(moment))).await;
                counted += usize::from(cut > 0);
                turns += cut;
                slowest = slowest.max(last);
            }
            (counted, turns, slowest)
        })
    });
    let lanes: Vec<(usize, usize, Duration)> =
        join_all(lanes).await.into_iter().map(|lane| lane.expect("see above")).collect();
    let (kills, turns): (usize, usize) =
        lanes.iter().fold((0, 0), |sum, lane| (sum.0 + lane.0, sum.1 + lane.1));
    let slowest = lanes.iter().map(|lane| lane.2).max().unwrap();
    println!(
        "{kills} kills cut {turns} turns: the last had its owner {slowest:?} after the server was ready"
    );
}

/// All ask; the server is killed at this moment, or once the model speaks. How many turns were cut, and how long after
/// the server was ready the last conversation had its owner.
async fn kill(ai: &mut Ai, mut guests: Vec<(Caller, Client)>, moment: Option<Duration>) -> (usize, Duration) {
    for (_, page) in &mut guests {
        page.done(json!({"type":"send","id":"q","text":"When is breakfast?"})).await;
    }
    match moment {
        Some(moment) => tokio::time::sleep(moment).await,
        // In some the model speaks already, in some it is about to.
        None => drop(guests[0].1.find("a word", |frame| frame["type"] == "draft").await),
    }
    ai.server.crash().await;
    let ready = Instant::now();
    let address = ai.server.address.clone();
    let owners = guests.into_iter().map(async |(mut guest, mut page)| {
        // A turn that had ended before the kill does not count.
        let mut ended = false;
        while let Ok(Some(frame)) = page.next_within(Duration::from_secs(5)).await {
            ended |= frame["type"] == "draft_end";
        }
        guest.address.clone_from(&address);
        (!ended, owned(guest, ready).await)
    });
    let owners = join_all(owners).await;
    let cut = owners.iter().filter(|(cut, _)| *cut).count();
    (cut, owners.into_iter().map(|(_, took)| took).max().unwrap_or_default())
}

/// Waits until the conversation has an answer or a person, and says when that was.
async fn owned(mut guest: Caller, ready: Instant) -> Duration {
    let conversation = guest.conversation.clone();
    loop {
        let history = guest.history(&conversation).await;
        let whole = |event: &&Value| event["by"]["kind"] == "ai" && event.get("partial").is_none();
        let answers = history.iter().filter(|event| event["kind"] == "message").filter(whole).count();
        let people = history.iter().filter(|event| event["mode"] == "human").count();
        assert!(answers <= 1 && people <= 1, "{history:?}");
        if answers + people > 0 {
            return ready.elapsed();
        }
        assert!(ready.elapsed() < OWNED_WITHIN, "nobody's: {history:?}");
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}
