//! How often the guard lets a fact of one entry stand for another matter, and how often it withholds what is right, over
//! hotels that nobody wrote for it: `cargo test -p frontdesk-domain --test guard_subject -- --nocapture` says the figures.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

use frontdesk_domain::answerer::Topics;
use frontdesk_domain::guard::{Guard, Source};
use serde_json::Value;

const MILL: (&str, &str) = (include_str!("blind/kb.json"), include_str!("blind/questions.jsonl"));
/// Larger sets, where they are at hand.
const MORE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/fixtures/hotel-faq");

struct Entry {
    id: Value,
    title: String,
    body: String,
}

impl Entry {
    fn of(row: &Value) -> Self {
        let text = |name: &str| row[name].as_str().expect("text").to_owned();
        Self { id: row["id"].clone(), title: text("q"), body: text("a") }
    }

    fn source(&self) -> Source<'_> {
        Source { title: &self.title, body: &self.body }
    }

    /// Its sentences that say something which needs a source.
    fn claims(&self) -> Vec<&str> {
        let sentences = self.body.split_inclusive(". ").map(str::trim);
        sentences.filter(|sentence| withheld("", sentence, &[])).collect()
    }
}

/// Whether an answer to a question is withheld when these are cited.
fn withheld(question: &str, answer: &str, cited: &[Source<'_>]) -> bool {
    let mut guard = Guard::answering(question);
    guard.push(answer, cited, &[]).withheld.is_some() || guard.finish(cited).withheld.is_some()
}

/// Hotels by the name that questions call them.
fn hotels(knowledge: &str) -> Vec<(Value, Vec<Entry>)> {
    let knowledge: Value = serde_json::from_str(knowledge).expect("knowledge");
    let entries =
        |hotel: &Value| hotel["entries"].as_array().expect("entries").iter().map(Entry::of).collect();
    match knowledge["entries"].is_array() {
        true => vec![(Value::Null, entries(&knowledge))],
        false => {
            let hotels = knowledge.as_object().expect("hotels").iter();
            hotels.map(|(id, hotel)| (Value::from(id.as_str()), entries(hotel))).collect()
        }
    }
}

/// Of so many, these.
#[derive(Default)]
struct Share(usize, usize);

impl Share {
    fn count(&mut self, is: bool) {
        self.0 += 1;
        self.1 += usize::from(is);
    }
}

fn judge(name: &str, knowledge: &str, questions: &str) {
    let hotels = hotels(knowledge);
    let (mut own, mut bent, mut right) = (Share::default(), Share::default(), Share::default());
    for entry in hotels.iter().flat_map(|(_, entries)| entries) {
        for claim in entry.claims() {
            own.count(withheld(&entry.title, claim, &[entry.source()]));
        }
    }
    for (_, entries) in &hotels {
        // Of what an entry says, in words that name nothing: "it is free".
        let nameless = |entry: &Entry| -> Vec<String> {
            let claims = entry.claims().into_iter().filter(|claim| Topics::of(claim, &[]).is_empty());
            claims.map(str::to_owned).collect()
        };
        let read: Vec<_> =
            entries.iter().map(|entry| (Topics::of(&entry.title, &[]), nameless(entry))).collect();
        for (asked, (subject, _)) in entries.iter().zip(&read) {
            for (other, (of, claims)) in entries.iter().zip(&read) {
                if subject.is_empty() || of.is_empty() || subject.meet(of) {
                    continue;
                }
                for claim in claims {
                    bent.count(!withheld(&asked.title, claim, &[other.source()]));
                }
            }
        }
    }
    for line in questions.lines() {
        let question: Value = serde_json::from_str(line).expect(line);
        let hotel = hotels.iter().find(|(id, _)| *id == question["kb"]).expect("hotel");
        let gold = question["gold"].as_array().expect("gold");
        for entry in hotel.1.iter().filter(|entry| gold.contains(&entry.id)) {
            for claim in entry.claims() {
                right.count(withheld(question["text"].as_str().expect("text"), claim, &[entry.source()]));
            }
        }
    }
    println!(
        "{name}: {} of {} facts let through for another matter; {} of {} withheld that answer a guest's question, {} of \
         {} that answer the entry's",
        bent.1, bent.0, right.1, right.0, own.1, own.0
    );
    assert!(own.1 == 0, "an entry answers its own question");
    assert!(bent.0 > 50 && bent.1 * 10 <= bent.0, "nine of ten are noticed");
    assert!(right.0 > 50 && right.1 * 50 <= right.0, "one of fifty at most");
}

#[test]
fn facts_stay_with_their_matter() {
    judge("an invented mill", MILL.0, MILL.1);
    let read = |name: &str| std::fs::read_to_string(format!("{MORE}/{name}"));
    if let (Ok(knowledge), Ok(questions)) = (read("dev-kb.json"), read("dev-questions.jsonl")) {
        judge("29 hotels", &knowledge, &questions);
    }
    if let (Ok(knowledge), Ok(questions)) = (read("aurora-kb.json"), read("aurora-dev.jsonl")) {
        judge("one in nine languages", &knowledge, &questions);
    }
}
