//! A server that is not as it should be: one line that says what to do, exit code 1, and what was measured
//! is kept.

#![allow(missing_docs, reason = "tests say what they do in their names")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod stand_in;

use std::process::Command;

use serde_json::Value;
use stand_in::{Fault, start};

/// What a run that fails says. It is one line.
fn fails(arguments: &[&str]) -> String {
    let program = env!("CARGO_BIN_EXE_frontdesk-bench");
    let output = Command::new(program).args(arguments).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
    let lines: Vec<&str> = said.lines().filter(|line| !line.trim().is_empty()).collect();
    assert_eq!(lines.len(), 1, "one line: {said}");
    lines[0].to_owned()
}

fn fails_at(fault: Fault, more: &[&str]) -> String {
    let url = format!("http://{}", start(fault));
    let mut arguments = vec!["rooms", "--url", &url, "--agent-email", "a@b.test", "--agent-password", "x"];
    arguments.extend(["--conversations", "3", "--agents", "1", "--senders", "guests", "--warm-up", "0"]);
    arguments.extend(more);
    fails(&arguments)
}

#[test]
fn nobody_there() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let said = fails(&["rooms", "--url", &url]);
    assert!(said.contains("nobody listens") && said.contains(&url), "{said}");
}

#[test]
fn not_ours() {
    let said = fails_at(Fault::OtherTitle, &[]);
    assert!(said.contains("is not a Frontdesk server: check the address"), "{said}");
}

#[test]
fn too_old() {
    let said = fails_at(Fault::TooOld, &[]);
    assert!(said.contains("too old") && said.contains("use the harness of its version"), "{said}");
}

#[test]
fn rates_are_limited() {
    let said = fails_at(Fault::Limits, &[]);
    assert!(said.contains("FRONTDESK_RATE_LIMITS=off"), "{said}");
}

#[test]
fn no_login() {
    let url = format!("http://{}", start(Fault::Refuses));
    let said = fails(&["rooms", "--url", &url, "--conversations", "1"]);
    assert!(said.contains("--agent-email and --agent-password"), "{said}");
}

#[test]
fn refuses_what_is_sent() {
    let said = fails_at(Fault::Refuses, &[]);
    assert!(said.contains("refused") && said.contains("too busy"), "{said}");
}

#[test]
fn somebody_elses() {
    // An address for documentation: nobody is there, and nobody is asked.
    let said = fails(&["storm", "--url", "http://192.0.2.1:8080"]);
    assert!(said.contains("--i-own-this-server"), "{said}");
}

#[test]
fn no_such_program() {
    let said = fails(&["fanout", "--server", "/no/such/server"]);
    assert!(said.contains("/no/such/server is not there") && said.contains("cargo build"), "{said}");
    // A program that is no server.
    let said = fails(&["fanout", "--server", "/bin/false"]);
    assert!(said.contains("ended before it was ready"), "{said}");
}

#[test]
fn dies_in_the_run_and_what_was_measured_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let (json, html) = (folder.path().join("run.json"), folder.path().join("run.html"));
    let more = ["--json", json.to_str().unwrap(), "--html", html.to_str().unwrap()];
    let said = fails_at(Fault::DiesAfter(50), &more);
    assert!(said.contains("in the run") && said.contains("see the server's log"), "{said}");
    let kept: Value = serde_json::from_slice(&std::fs::read(json).unwrap()).unwrap();
    let run = &kept["runs"][0];
    assert!(run["broke_off"].as_str().is_some_and(|why| said.contains(why)), "{run}");
    let rate = run["figures"].as_array().unwrap().iter().find(|figure| figure["name"] == "delivery rate");
    assert!(rate.unwrap()["value"].as_f64().unwrap() > 0.0, "{run}");
    assert!(std::fs::read_to_string(html).unwrap().contains("broke off"));
}
