//! The other stacks' real servers, where `bench/peers/setup` has installed them; each is named where not.

#![allow(missing_docs, reason = "tests say what they do in their names")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::print_stderr, reason = "says what is not tested")]

use std::path::Path;
use std::process::Command;

use frontdesk_bench::peer::Peer;
use frontdesk_bench::report::{self, Run};

/// One short run against its server, or `None` where it is not installed.
fn measured(peer: Peer, line: &str) -> Option<Run> {
    let peers = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers");
    if let Err(error) = peer.command(&peers) {
        eprintln!("skipped: {error}");
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let json = folder.path().join("run.json");
    let output = Command::new(env!("CARGO_BIN_EXE_frontdesk-bench"))
        .args(line.split(' '))
        .args(["--peer", peer.name(), "--peers"])
        .arg(&peers)
        .args(["--pin", "no", "--seconds", "0.2", "--warm-up", "0.1", "--json"])
        .arg(&json)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{} {line}: {said}", peer.name());
    report::load(&json).unwrap().pop()
}

/// A figure of that run.
fn figure(run: &Run, name: &str) -> f64 {
    run.value(name).unwrap_or_else(|| panic!("{} has no {name}: {:?}", run.title(), run.figures))
}

fn all(line: &str, name: &str) {
    for peer in Peer::ALL {
        let Some(run) = measured(peer, line) else { continue };
        assert_eq!(run.stack, peer.name());
        assert!(figure(&run, name) > 0.0, "{}: {:?}", peer.name(), run.figures);
    }
}

#[test]
fn rooms() {
    all("rooms --conversations 20 --agents 2 --held 5 --window 8", "delivery rate");
}

#[test]
fn fanout() {
    all("fanout --readers 20 --window 8", "delivery rate");
}

#[test]
fn idle() {
    all("idle --of guests --sockets 30", "connect rate");
}

#[test]
fn storm() {
    all("storm --guests 30 --held 10", "until the last is back");
}

#[test]
fn what_a_peer_cannot_do_is_said() {
    let peers = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers");
    let wrong = [
        (["whatsapp", "--peer", "ws"].as_slice(), "rooms, fanout, idle and storm only"),
        (&["rooms", "--peer", "ws", "--what", "message"], "leave --what message out"),
        (&["rooms", "--peer", "ws", "--peers", "/no/such/folder"], "is not installed: run"),
    ];
    for (words, why) in wrong {
        let output = Command::new(env!("CARGO_BIN_EXE_frontdesk-bench"))
            .args(words)
            .current_dir(&peers)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{words:?}: {said}");
        assert!(said.contains(why), "{words:?}: {said}");
    }
}
