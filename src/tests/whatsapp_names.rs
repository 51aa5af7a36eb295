//! Whose a message is, and where its answer goes, when numbers and user ids change, pass on and come late.

use serde_json::{Value, json};

use crate::support::line::Line;

/// The number over which the guest wrote first.
const FIRST: &str = "491511111111";
/// Another number.
const OTHER: &str = "491519999999";

/// So many seconds after an hour ago, as WhatsApp writes it.
fn at(second: u64) -> String {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    (since.as_secs() - 3_600 + second).to_string()
}

/// The guest's number changed.
fn moved(id: &str, second: u64, from: &str, to: &str) -> Value {
    json!({"id": id, "from": from, "timestamp": at(second), "type": "system",
           "system": {"type": "user_changed_number", "wa_id": to, "body": "changed"}})
}

/// Somebody says something, with these names.
fn said(id: &str, second: u64, names: &Value) -> Value {
    let mut message = json!({"id": id, "timestamp": at(second), "type": "text", "text": {"body": id}});
    for (name, value) in names.as_object().unwrap() {
        message[name] = value.clone();
    }
    message
}

/// A hotel, and a guest who has written over the first number.
async fn open() -> (Line, String) {
    let mut line = Line::open(&[]).await;
    line.comes(said("hello", 100, &json!({"from": FIRST}))).await;
    let conversation = line.home("hello").await;
    (line, conversation)
}

impl Line {
    async fn comes(&self, message: Value) {
        assert!(self.graph.deliver(json!({ "messages": [message] })).await);
    }

    /// Where an answer in this conversation goes.
    async fn answered_at(&mut self, conversation: &str, text: &str) -> String {
        let path = format!("/api/conversations/{conversation}/messages");
        let (status, answer) =
            self.admin.post(&path, json!({"id": text.replace(' ', "-"), "text": text})).await;
        assert_eq!(status, 201, "{answer}");
        self.totals("it goes out", |_| self.graph.accepted().iter().any(|each| each.text == text)).await;
        self.graph.accepted().into_iter().find(|each| each.text == text).unwrap().to
    }

    /// The conversation in which this was said.
    async fn home(&mut self, text: &str) -> String {
        let (_, page) = self.admin.get("/api/conversations").await;
        for one in page["items"].as_array().unwrap() {
            let id = one["id"].as_str().unwrap();
            if self.admin.history(id).await.iter().any(|event| event["text"] == text) {
                return id.to_owned();
            }
        }
        panic!("nobody said {text}: {page}");
    }

    async fn notes(&mut self, conversation: &str) -> Vec<String> {
        let events = self.admin.history(conversation).await;
        let notes = events.iter().filter(|event| event["kind"] == "note" && event["by"]["kind"] == "system");
        notes.map(|event| event["text"].as_str().unwrap().to_owned()).collect()
    }

    /// Beside the one whom every hotel of these tests has.
    async fn guests_met(&mut self) -> usize {
        self.admin.get("/api/conversations").await.1["items"].as_array().unwrap().len() - 1
    }
}

#[tokio::test]
async fn there_and_back_is_answered_where_the_guest_is() {
    let (mut line, conversation) = open().await;
    assert_eq!(line.answered_at(&conversation, "at the first").await, FIRST);
    // Before the guest's greeting, which came over the old number: that one was in use later.
    line.comes(moved("wamid.m0", 0, FIRST, "491510000099")).await;
    assert_eq!(line.answered_at(&conversation, "still").await, FIRST);
    line.comes(moved("wamid.m1", 1_000, FIRST, OTHER)).await;
    assert_eq!(line.answered_at(&conversation, "at the second").await, OTHER);
    line.comes(moved("wamid.m2", 1_100, OTHER, FIRST)).await;
    assert_eq!(line.answered_at(&conversation, "back at the first").await, FIRST);
    line.comes(moved("wamid.m3", 1_050, FIRST, OTHER)).await;
    assert_eq!(line.answered_at(&conversation, "an older change").await, FIRST);
    assert_eq!(line.guests_met().await, 1);
}

#[tokio::test]
async fn a_change_back_that_comes_before_the_change() {
    let (mut line, conversation) = open().await;
    line.comes(moved("wamid.m2", 1_100, OTHER, FIRST)).await;
    assert_eq!(line.answered_at(&conversation, "one").await, FIRST);
    line.comes(moved("wamid.m1", 1_000, FIRST, OTHER)).await;
    assert_eq!(line.answered_at(&conversation, "two").await, FIRST);
    line.comes(said("from the other, between", 1_050, &json!({"from": OTHER}))).await;
    assert_eq!(line.home("from the other, between").await, conversation);
    assert_eq!(line.guests_met().await, 1, "nobody was made of a number that somebody has left");
}

#[tokio::test]
async fn a_number_that_is_another_persons_by_now() {
    let (mut line, first) = open().await;
    let names = |user: &str| json!({"from": FIRST, "from_user_id": user});
    line.comes(said("mine", 1_000, &names("DE.1001"))).await;
    assert_eq!(line.home("mine").await, first, "a user id that is new, where none was known");
    line.comes(said("not mine", 1_200, &names("DE.1002"))).await;
    let second = line.home("not mine").await;
    assert_ne!(second, first);
    line.comes(said("late", 1_100, &names("DE.1001"))).await;
    assert_eq!(line.home("late").await, first);
    line.comes(said("by number alone", 1_300, &json!({"from": FIRST}))).await;
    assert_eq!(line.home("by number alone").await, second);
    assert_eq!(line.answered_at(&second, "to the second").await, FIRST);
    assert_eq!(line.answered_at(&first, "to the first").await, "DE.1001", "not to the stranger's phone");
    for (conversation, words) in
        [(&first, "belongs to another"), (&second, "was another guest's here before")]
    {
        let notes = line.notes(conversation).await;
        assert_eq!(notes.len(), 1, "{notes:?}");
        assert!(notes[0].contains(words) && notes[0].contains(FIRST), "{notes:?}");
    }
}

#[tokio::test]
async fn two_guests_are_never_made_one() {
    let (mut line, first) = open().await;
    line.comes(said("hidden", 1_000, &json!({"from_user_id": "DE.1005"}))).await;
    let second = line.home("hidden").await;
    assert_ne!(second, first);
    for n in 0..3 {
        let both = json!({"from": FIRST, "from_user_id": "DE.1005"});
        line.comes(said(&format!("both {n}"), 1_100 + n, &both)).await;
        assert_eq!(line.home(&format!("both {n}")).await, second, "the user id is the surer name");
    }
    let notes = line.notes(&second).await;
    assert_eq!(notes.len(), 1, "said once: {notes:?}");
    assert!(notes[0].contains(FIRST) && notes[0].contains("stay apart"), "{notes:?}");
    assert_eq!(line.answered_at(&first, "to the first").await, FIRST);
    assert_eq!(line.answered_at(&second, "to the second").await, "DE.1005");
}

#[tokio::test]
async fn the_parents_id_finds_a_guest_as_well() {
    let (mut line, _) = open().await;
    let names = |user: &str| json!({"from_user_id": user, "from_parent_user_id": "DE.ENT.7"});
    line.comes(said("in one portfolio", 1_000, &names("DE.7"))).await;
    line.comes(said("in another", 1_001, &names("DE.8"))).await;
    assert_eq!(line.home("in one portfolio").await, line.home("in another").await);
    assert_eq!(line.guests_met().await, 2);
}
