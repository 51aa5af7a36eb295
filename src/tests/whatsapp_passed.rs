//! A number passes from one guest to another while the server is killed: staff are told in both conversations, once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::support::Stored;
use crate::support::line::Line;
use crate::support::server::PATIENCE;

/// How many numbers pass on in one round.
const NUMBERS: usize = 12;

fn number(round: usize, n: usize) -> String {
    format!("4916{round:02}0000{n:02}")
}

/// Words from this number, whose owner has this user id.
fn said(round: usize, n: usize, user: &str, minutes_ago: u64) -> Value {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let id = format!("{user} {}", number(round, n));
    json!({"messages": [{"id": id, "from": number(round, n), "from_user_id": format!("DE.{user}{round}x{n}"),
        "timestamp": (since.as_secs() - minutes_ago * 60).to_string(), "type": "text", "text": {"body": id}}]})
}

/// Of each number: the notes in the conversations of who had it and of who has it.
async fn notes(line: &mut Line, round: usize) -> Vec<[Vec<String>; 2]> {
    let (status, page) = line.admin.get("/api/conversations?limit=200").await;
    assert_eq!(status, 200, "{page}");
    let mut found = vec![[Vec::new(), Vec::new()]; NUMBERS];
    for one in page["items"].as_array().unwrap() {
        let events = line.admin.history(one["id"].as_str().unwrap()).await;
        for (n, found) in found.iter_mut().enumerate() {
            for (at, user) in ["old", "new"].into_iter().enumerate() {
                let words = format!("{user} {}", number(round, n));
                if events.iter().any(|event| event["text"] == words.as_str()) {
                    let own = events.iter().filter(|e| e["kind"] == "note" && e["by"]["kind"] == "system");
                    found[at].extend(own.map(|event| event["text"].as_str().unwrap().to_owned()));
                }
            }
        }
    }
    found
}

/// Waits until each has its one note.
async fn told_once(line: &mut Line, round: usize) {
    let give_up = Instant::now() + PATIENCE * 2;
    loop {
        let all = notes(line, round).await;
        if all.iter().flatten().all(|notes| !notes.is_empty()) {
            for (n, [former, present]) in all.iter().enumerate() {
                assert_eq!((former.len(), present.len()), (1, 1), "said once: {former:?} {present:?}");
                assert!(former[0].contains("belongs to another") && former[0].contains(&number(round, n)));
                assert!(present[0].contains("was another guest's") && present[0].contains(&number(round, n)));
            }
            return;
        }
        assert!(Instant::now() < give_up, "staff are not told of all: {all:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_numbers_pass_on_staff_are_told_once() {
    let mut line = Line::open(&[]).await;
    let mut open = 0;
    for round in 0..4 {
        for n in 0..NUMBERS {
            assert!(line.graph.deliver(said(round, n, "old", 30)).await);
        }
        let bodies: Vec<Value> = (0..NUMBERS).map(|n| said(round, n, "new", 20)).collect();
        // One after the other, so that the kill meets another step of the way in each round.
        let (graph, server) = (&line.graph, &line.server);
        let before = Instant::now();
        assert!(graph.deliver(bodies[0].clone()).await);
        let one = before.elapsed();
        // How many were taken before the server was gone.
        let taken = AtomicUsize::new(1);
        let all = async {
            for body in &bodies[1..] {
                if graph.deliver(body.clone()).await {
                    taken.fetch_add(1, Ordering::Relaxed);
                }
            }
            std::future::pending::<()>().await;
        };
        let kill = tokio::time::sleep(one.mul_f64(1.2 + 0.7 * f64::from(u8::try_from(round).unwrap())));
        tokio::select! { () = kill => {}, () = all => {} }
        server.signal(Signal::SIGKILL);
        let taken = taken.into_inner();
        open += usize::from(taken < NUMBERS);
        line.back().await;
        // What was not answered with 200 comes again.
        for body in &bodies[taken..] {
            assert!(line.graph.deliver(body.clone()).await);
        }
        told_once(&mut line, round).await;
    }
    println!("{} numbers passed on, {open} of 4 kills met a webhook on its way", 4 * NUMBERS);
    assert!(open > 0, "each kill came too late");
}

/// As a crash leaves it: the number is another's, and not all of it is told.
async fn leave(line: &Line, former: &str, present: &str, at: i64) {
    let mut database = Stored::of(&line.server).await;
    let (number, id) = (number(0, 0), |id: &str| id.replace('-', ""));
    let (former, present) = (id(former), id(present));
    let row = format!("('phone', '{number}', {at}, id'{former}', id'{present}')");
    database.execute(&format!("INSERT INTO passed_numbers VALUES {row}")).await;
}

#[tokio::test]
async fn what_a_crash_left_untold_is_told_at_the_next_start() {
    let mut line = Line::open(&[]).await;
    for (user, ago) in [("old", 30), ("new", 20)] {
        assert!(line.graph.deliver(said(0, 0, user, ago)).await);
    }
    let (_, page) = line.admin.get("/api/conversations?limit=200").await;
    let mut homes = [String::new(), String::new()];
    let mut told = String::new();
    for one in page["items"].as_array().unwrap() {
        let id = one["id"].as_str().unwrap();
        let events = line.admin.history(id).await;
        for (at, user) in ["old", "new"].into_iter().enumerate() {
            if events.iter().any(|event| event["text"] == format!("{user} {}", number(0, 0)).as_str()) {
                id.clone_into(&mut homes[at]);
                let note = events.iter().find(|e| e["kind"] == "note" && e["by"]["kind"] == "system");
                note.expect("told")["id"].as_str().unwrap().clone_into(&mut told);
            }
        }
    }
    // When it passed on, as the note's id has it; and a second time, of which nobody was told.
    let at: i64 = told.rsplit('-').next().unwrap().parse().unwrap();
    for (round, at) in [at, at + 1_000].into_iter().enumerate() {
        line.server.signal(Signal::SIGKILL);
        line.server.exit().await;
        leave(&line, &homes[0], &homes[1], at).await;
        line.back().await;
        let give_up = Instant::now() + PATIENCE;
        loop {
            let left = Stored::of(&line.server).await.number("SELECT count(*) FROM passed_numbers").await;
            if left == 0 {
                break;
            }
            assert!(Instant::now() < give_up, "not told");
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        for home in &homes {
            let events = line.admin.history(home).await;
            let own = events.iter().filter(|e| e["kind"] == "note" && e["by"]["kind"] == "system").count();
            assert_eq!(own, round + 1, "the first time was told before, the second is told now");
        }
    }
}
