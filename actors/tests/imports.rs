//! Who may import whom. An actor speaks to others by messages only, so its file imports the messages, the
//! ports and what is shared, but no other actor. Supervisors import what they start.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

/// The files that hold an actor, with the other actors that each may name, for it starts them.
const ACTORS: &[(&str, &[&str])] = &[
    ("ai_pool", &[]),
    ("conversation", &[]),
    ("conversations", &["conversation"]),
    ("inbox", &[]),
    ("pulse", &[]),
    (
        "root",
        &[
            "ai_pool",
            "conversation",
            "conversations",
            "inbox",
            "pulse",
            "socket",
            "sockets",
            "web_ingress",
            "whatsapp_ingress",
            "whatsapp_media",
            "whatsapp_outbox",
        ],
    ),
    ("socket", &[]),
    ("sockets", &["socket"]),
    ("somewhere", &["conversation"]),
    ("web_ingress", &[]),
    ("whatsapp_ingress", &[]),
    ("whatsapp_media", &[]),
    ("whatsapp_outbox", &[]),
];

#[test]
fn actors_import_no_other_actor() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for (actor, allowed) in ACTORS {
        let mut files = vec![src.join(format!("{actor}.rs"))];
        if let Ok(folder) = fs::read_dir(src.join(actor)) {
            files.extend(folder.map(|file| file.unwrap().path()));
        }
        for file in files {
            let text = fs::read_to_string(&file).unwrap();
            for (other, _) in ACTORS.iter().filter(|(other, _)| other != actor && !allowed.contains(other)) {
                let named =
                    text.contains(&format!("crate::{other}::")) || text.contains(&format!("crate::{other};"));
                assert!(!named, "{} imports the actor {other}", file.display());
            }
        }
    }
}

#[test]
fn every_actor_is_on_the_list() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for file in fs::read_dir(src).unwrap() {
        let path = file.unwrap().path();
        let Ok(text) = fs::read_to_string(&path) else { continue };
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let listed = ACTORS.iter().any(|(actor, _)| *actor == name);
        assert_eq!(text.contains("impl Actor for"), listed, "{name}");
    }
}
