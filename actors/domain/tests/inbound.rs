//! What comes in over WhatsApp, and files that go with messages: the rules as tables.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use frontdesk_domain::conversation::{
    ATTACHMENTS_MAX, Command, Conversation, Decision, Effect, FoundFile, Receive, Received, Say,
    WINDOW_MILLIS,
};
use frontdesk_domain::event::{Attachment, Channel, EventKind, Mode, Status};
use frontdesk_domain::ids::{AgentId, ClientId, ConversationId, GuestId, PropertyId, TurnId};
use frontdesk_domain::inbound::{Expected, Media};
use frontdesk_domain::people::{AgentRef, Author, AuthorKind, GuestProfile};
use frontdesk_domain::refusal::{Code, Refusal};
use frontdesk_domain::timestamp::Timestamp;
use uuid::Uuid;

const START: i64 = 1_800_000_000_000;

fn uuid(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

fn guest() -> Author {
    Author::guest(GuestId(uuid(1)), Some("Ana".into()))
}

fn mia() -> Author {
    Author::agent(&AgentRef { id: AgentId(uuid(50)), name: "Mia".into() })
}

fn id(text: &str) -> ClientId {
    ClientId::try_from(text.to_owned()).unwrap()
}

struct Desk {
    rules: Conversation,
    now: i64,
    fresh: u128,
}

impl Desk {
    fn new(channel: Channel) -> Self {
        let profile = GuestProfile { id: Some(GuestId(uuid(1))), ..GuestProfile::default() };
        let (id, property) = (ConversationId(uuid(2)), PropertyId(uuid(3)));
        let rules = Conversation::new(id, property, channel, profile, Timestamp(START));
        Self { rules, now: START, fresh: 1_000 }
    }

    fn ask(&mut self, command: Command) -> Result<Decision, Refusal> {
        self.now += 1_000;
        self.fresh += 1;
        let decision = self.rules.decide(command, Timestamp(self.now), TurnId(uuid(self.fresh)))?;
        let next = self.rules.after(&decision);
        self.rules.apply(&decision, next);
        Ok(decision)
    }

    fn receive(&mut self, by: Author, name: &str, sent_at: i64, what: Received) -> Decision {
        let receive = Receive {
            by,
            id: id(name),
            wamid: Some(format!("wamid.{name}")),
            sent_at: Timestamp(sent_at),
            what,
        };
        self.ask(Command::Receive(Box::new(receive))).unwrap()
    }

    fn text(&mut self, name: &str, sent_at: i64, text: &str) -> Decision {
        let what = Received::Message { text: text.into(), reply_to: None, files: vec![], origin: None };
        self.receive(guest(), name, sent_at, what)
    }

    fn say(&mut self, by: Author, name: &str, note: bool, files: &[FoundFile]) -> Result<Decision, Refusal> {
        self.ask(Command::Say(Say {
            by,
            id: id(name),
            text: "words".into(),
            note,
            reply_to: None,
            suggestions: vec![],
            attachments: files.iter().map(|found| found.file.id).collect(),
            files: files.to_vec(),
        }))
    }
}

#[test]
fn one_message_one_event_whatever_it_looks_like_by_now() {
    let mut desk = Desk::new(Channel::Whatsapp);
    let first = desk.text("a", START, "hello?");
    let again = desk.text("a", START + 5, "hello, edited on the way");
    assert_eq!(again.ack, first.ack);
    assert!(again.events.is_empty() && again.inbound.is_none());
    let row = first.inbound.unwrap();
    assert_eq!((row.seq, row.wamid.as_str()), (1, "wamid.a"));
    assert!(first.effects.iter().any(|effect| matches!(effect, Effect::Ask(_))), "the AI answers");
}

#[test]
fn what_may_not_be_stored_is_made_to_fit() {
    let mut desk = Desk::new(Channel::Whatsapp);
    for (name, text, kept) in [("a", "\0\u{1}", "[empty message]"), ("b", "be\0ll", "bell")] {
        let decision = desk.text(name, START, text);
        let EventKind::Message(message) = &decision.events[0].kind else { panic!("{decision:?}") };
        assert_eq!(message.text, kept);
    }
    let decision = desk.text("c", START, &"x".repeat(10_000));
    let EventKind::Message(message) = &decision.events[0].kind else { panic!("{decision:?}") };
    assert_eq!(message.text.chars().count(), 4_096);
}

#[test]
fn files_are_named_from_the_start() {
    let mut desk = Desk::new(Channel::Whatsapp);
    let media =
        Media { id: "m".into(), name: "photo.jpg".into(), media_type: "image/jpeg".into(), sha256: None };
    let files = vec![Expected { id: uuid(9), media }];
    let what = Received::Message { text: "[photo]".into(), reply_to: Some(99), files, origin: None };
    let decision = desk.receive(guest(), "a", START, what);
    let EventKind::Message(message) = &decision.events[0].kind else { panic!("{decision:?}") };
    assert_eq!(message.attachments[0].id, uuid(9));
    assert_eq!(message.reply_to, None, "nothing that is not there is answered");
    assert_eq!(decision.inbound.unwrap().files.len(), 1);
    assert!(decision.enclosed.is_empty(), "it is written with the message");
}

#[test]
fn the_window() {
    let mut desk = Desk::new(Channel::Whatsapp);
    let refused = desk.say(mia(), "x", false, &[]).unwrap_err();
    assert_eq!(refused.code, Code::Forbidden, "nobody has written yet");
    desk.text("a", START + 500, "hello");
    assert_eq!(desk.rules.summary().window_until, Some(Timestamp(START + 500 + WINDOW_MILLIS)));
    assert!(desk.say(mia(), "y", false, &[]).is_ok());
    desk.now += WINDOW_MILLIS;
    assert_eq!(desk.say(mia(), "z", false, &[]).unwrap_err().code, Code::Forbidden);
    assert!(desk.say(mia(), "n", true, &[]).is_ok(), "a note goes nowhere");
    desk.text("b", START + 400, "an old one, late");
    assert_eq!(desk.rules.summary().window_until, Some(Timestamp(START + 500 + WINDOW_MILLIS)));
    let now = desk.now;
    desk.text("c", now + 99_999_999, "from the future");
    let until = desk.rules.summary().window_until.unwrap();
    assert!(until <= Timestamp(desk.now + WINDOW_MILLIS), "our clock bounds theirs");
}

#[test]
fn a_message_that_comes_too_late_asks_for_people() {
    let mut desk = Desk::new(Channel::Whatsapp);
    let decision = desk.text("a", START - 2 * WINDOW_MILLIS, "two days ago");
    assert!(decision.effects.is_empty(), "no free words would arrive");
    let summary = desk.rules.summary();
    assert_eq!((summary.mode, summary.status), (Mode::Human, Status::Waiting));
}

#[test]
fn on_the_web_there_is_no_window() {
    let mut desk = Desk::new(Channel::Web);
    assert!(desk.say(mia(), "x", false, &[]).is_ok());
    desk.say(guest(), "g", false, &[]).unwrap();
    assert_eq!(desk.rules.summary().window_until, None);
}

#[test]
fn the_hotels_own_phone_is_an_agent() {
    let mut desk = Desk::new(Channel::Whatsapp);
    desk.text("a", START, "hello");
    let by = Author { kind: AuthorKind::Agent, id: None, name: Some("phone".into()) };
    let what = Received::Message { text: "hi".into(), reply_to: None, files: vec![], origin: None };
    let decision = desk.receive(by, "b", START, what);
    assert!(decision.effects.iter().any(|effect| matches!(effect, Effect::Cancel(_))), "the AI is silent");
    assert_eq!(desk.rules.summary().mode, Mode::Human);
    assert_eq!(desk.rules.summary().assigned, None);
}

#[test]
fn reactions_and_news_answer_nobody() {
    let mut desk = Desk::new(Channel::Whatsapp);
    desk.text("a", START, "hello");
    let turn = desk.rules.turn().unwrap().id;
    for (name, what) in [
        ("r", Received::Reaction { of: Some(1), emoji: Some("👍".into()) }),
        ("e", Received::Edited { of: 1, text: "hello!".into() }),
        ("d", Received::Deleted { of: 1 }),
        ("n", Received::Notice { text: "a new number".into() }),
    ] {
        let decision = desk.receive(guest(), name, START, what);
        assert_eq!(decision.events.len(), 1, "{name}");
        assert!(decision.effects.is_empty(), "{name}");
        let is_note = matches!(decision.events[0].kind, EventKind::Note { .. });
        assert_eq!(is_note, decision.events[0].by == Author::system(), "{name}");
    }
    assert_eq!(desk.rules.turn().unwrap().id, turn);
    assert_eq!(desk.rules.summary().unread, 1);
}

fn found(n: u128, by: &Author) -> FoundFile {
    let file = Attachment { id: uuid(n), name: "a.png".into(), media_type: "image/png".into(), size: 7 };
    FoundFile { file, property: PropertyId(uuid(3)), by: by.key(), used: false }
}

#[test]
fn files_are_their_senders_own_and_are_named_once() {
    let mut desk = Desk::new(Channel::Web);
    let own = found(10, &guest());
    let foreign = found(11, &mia());
    let used = FoundFile { used: true, ..found(12, &guest()) };
    let elsewhere = FoundFile { property: PropertyId(uuid(4)), ..found(13, &guest()) };
    for files in [vec![foreign], vec![used], vec![elsewhere], vec![own.clone(), own.clone()]] {
        assert_eq!(desk.say(guest(), "x", false, &files).unwrap_err().code, Code::NotFound, "{files:?}");
    }
    let many: Vec<FoundFile> = (0..=ATTACHMENTS_MAX as u128).map(|n| found(100 + n, &guest())).collect();
    assert_eq!(desk.say(guest(), "x", false, &many).unwrap_err().code, Code::BadFrame);
    assert_eq!(desk.say(mia(), "x", true, &[found(14, &mia())]).unwrap_err().code, Code::BadFrame);
    let decision = desk.say(guest(), "x", false, std::slice::from_ref(&own)).unwrap();
    let EventKind::Message(message) = &decision.events[0].kind else { panic!("{decision:?}") };
    assert_eq!(message.attachments, [own.file]);
    assert_eq!(decision.enclosed[0].attachment, uuid(10));
}
