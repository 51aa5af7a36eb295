//! Bodies changed at random: whatever comes, it is read or refused, and never ends the reader.
//!
//! Runs for `FRONTDESK_FUZZ_SECONDS`, or until each body was changed 10,000 times; with `all`
//! for the seconds only the latter ends it, however long that takes.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{NOW, body, kinds, numbers};
use crate::whatsapp::payload::{ITEMS_MAX, read};

/// How often each body is changed.
const ROUNDS: usize = 10_000;
/// What JSON is made of, and what its fields hold.
const TOKENS: &[&str] = &[
    "null",
    "true",
    "[]",
    "{}",
    "\"\"",
    "-1",
    "1e999",
    "\\u0000",
    "\\ud800",
    "\"type\":\"system\"",
    "{\"a\":",
    "[[[[",
    "\"messages\"",
    "\"statuses\"",
    "\"smb_message_echoes\"",
    "\u{202e}",
    "🏨",
    "18446744073709551616",
    "\"from\":7",
];

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % n.max(1) as u64).unwrap_or(0)
    }
}

fn change(dice: &mut Dice, body: &mut Vec<u8>) {
    let at = dice.below(body.len() + 1);
    let end = (at + dice.below(24)).min(body.len());
    match dice.below(6) {
        0 => drop(body.drain(at..end)),
        1 => drop(body.splice(at..end, TOKENS[dice.below(TOKENS.len())].bytes())),
        2 => {
            let copy = body[at..end].to_vec();
            let to = dice.below(body.len() + 1);
            drop(body.splice(to..to, copy));
        }
        3 => body.truncate(at),
        _ => {
            if let Some(byte) = body.get_mut(at) {
                *byte = u8::try_from(dice.below(256)).unwrap_or(0);
            }
        }
    }
}

/// Another body that is still JSON: some of its values become something else.
fn bend(dice: &mut Dice, body: &[u8]) -> Option<Vec<u8>> {
    let mut whole: Value = serde_json::from_slice(body).ok()?;
    for _ in 0..=dice.below(3) {
        bend_one(dice, &mut whole);
    }
    Some(whole.to_string().into_bytes())
}

/// Down a random way, and as deep as chance has it.
fn bend_one(dice: &mut Dice, at: &mut Value) {
    let deeper = dice.below(8) > 0;
    match at {
        Value::Array(items) if deeper && !items.is_empty() => {
            let n = dice.below(items.len());
            bend_one(dice, &mut items[n]);
        }
        Value::Object(fields) if deeper && !fields.is_empty() => {
            let n = dice.below(fields.len());
            if let Some(field) = fields.values_mut().nth(n) {
                bend_one(dice, field);
            }
        }
        _ => {
            *at = match dice.below(8) {
                0 => Value::Null,
                1 => json!([at.clone(), at.clone()]),
                2 => json!({"id": at.clone(), "type": "system"}),
                3 => json!(""),
                4 => json!(-1.5e300),
                5 => json!("\u{202e}\0../".repeat(200)),
                6 => json!(u64::MAX),
                _ => json!(true),
            }
        }
    }
}

/// The project's own bodies, and a collection beside the tree where there is one.
fn seeds() -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = kinds()
        .into_iter()
        .map(|(message, _)| {
            let mut message = message;
            message["id"] = "wamid.A".into();
            message["from"] = "15550001".into();
            body(serde_json::json!({"contacts": [{"wa_id": "15550001"}], "messages": [message]}), "messages")
                .to_string()
                .into_bytes()
        })
        .collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/fixtures/whatsapp");
    match std::fs::read_dir(&folder) {
        Ok(files) => {
            let paths = files.filter_map(|file| Some(file.ok()?.path()));
            let mut paths: Vec<_> =
                paths.filter(|path| path.extension().is_some_and(|end| end != "md")).collect();
            paths.sort();
            // Under our number, so that all of it is read.
            let ours =
                |path| Some(std::fs::read_to_string(path).ok()?.replace("106540352242922", super::NUMBER));
            seeds.extend(paths.into_iter().filter_map(ours).map(String::into_bytes));
        }
        Err(_) => println!("skipped: no collection of bodies at {}", folder.display()),
    }
    seeds
}

#[test]
fn whatever_comes() {
    let asked = std::env::var("FRONTDESK_FUZZ_SECONDS").unwrap_or_else(|_| "3".to_owned());
    let until = (asked != "all")
        .then(|| Instant::now() + Duration::from_secs(asked.parse().expect("seconds, or the word all")));
    let (numbers, seeds) = (numbers(), seeds());
    let mut dice = Dice(0x1234_5678_9ABC_DEF1);
    let (mut taken, mut refused) = (0_usize, 0_usize);
    'rounds: for round in 0..ROUNDS {
        for seed in &seeds {
            let mut body = seed.clone();
            match bend(&mut dice, seed) {
                Some(bent) if round % 2 == 0 => body = bent,
                _ => (0..=dice.below(4)).for_each(|_| change(&mut dice, &mut body)),
            }
            match read(&body, &numbers, NOW) {
                Ok(payload) => {
                    let items: usize = payload.parcels.iter().map(|parcel| parcel.items.len()).sum();
                    assert!(items + payload.reports.len() <= ITEMS_MAX);
                    assert!(payload.parcels.iter().all(|parcel| !parcel.aliases.is_empty()));
                    taken += 1;
                }
                Err(_) => refused += 1,
            }
        }
        if until.is_some_and(|until| Instant::now() > until) {
            println!("stopped in round {round}");
            break 'rounds;
        }
    }
    println!("{} bodies: {taken} read, {refused} refused as no JSON", seeds.len());
    assert!(taken > 100 && refused > 100, "both ways are walked");
}
