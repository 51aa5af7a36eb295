//! Repeats, refusals, and what is done with a conversation as a whole.

use super::*;
use crate::people::AuthorKind;

#[test]
fn a_repeat_is_answered_with_the_first_ack() {
    let mut desk = Desk::new();
    desk.guest("g1", "Hello");
    desk.guest("g2", "Again");
    let repeat = desk.guest("g1", "Hello");
    assert_eq!(repeat.ack, Some(Ack { id: id("g1"), seq: 1 }));
    assert!(repeat.events.is_empty() && repeat.effects.is_empty());
    let other = desk.ask(say(guest(), "g1", "Something else", false)).unwrap_err();
    assert_eq!(other.code, Code::Conflict);
    let mias = desk.agent("g1", "Hello");
    assert_eq!(mias.events.last().map(|e| e.by.kind), Some(AuthorKind::Agent), "ids are each author's own");
    desk.act("t1", Action::TakeOver);
    assert!(desk.act("t1", Action::TakeOver).events.is_empty());
    let reused = desk.ask(act(mia(), "t1", Action::Close)).unwrap_err();
    assert_eq!(reused.code, Code::Conflict);
}

#[test]
fn closing_and_a_new_matter() {
    let mut desk = Desk::new();
    desk.agent("a1", "Anything else?");
    assert_eq!(short(&desk.act("a2", Action::Close)), ["agent status(closed)"]);
    let wrote = desk.guest("g1", "Yes, one thing");
    assert_eq!(
        short(&wrote),
        ["system status(open)", "system mode(ai)", "guest message(yes, one thing)"],
        "the AI answers first again"
    );
    assert_eq!(wrote.effects, [Effect::QuietAt(desk.turn(), Timestamp(desk.now + QUIET_MILLIS))]);
    desk.delta("Of cour");
    assert_eq!(short(&desk.act("a3", Action::Close)), ["ai partial(of cour)", "agent status(closed)"]);
    assert_eq!(short(&desk.act("a4", Action::Reopen)), ["agent status(open)"]);
}

#[test]
fn snoozing_and_waking() {
    let mut desk = Desk::new();
    let until = Timestamp(100_000);
    let snoozed = desk.act("a1", Action::Snooze { until });
    assert_eq!(short(&snoozed), ["agent status(snoozed)"]);
    assert_eq!(snoozed.effects, [Effect::WakeAt(until)]);
    assert!(desk.ask(Command::Wake).unwrap().events.is_empty(), "too early");
    desk.now = 100_000;
    assert_eq!(short(&desk.ask(Command::Wake).unwrap()), ["system status(open)"]);
    assert!(desk.ask(Command::Wake).unwrap().events.is_empty());
}

#[test]
fn tags_are_a_small_sorted_set() {
    let mut desk = Desk::new();
    let tag = |add: &[&str], remove: &[&str]| Action::Tag {
        add: add.iter().map(|t| (*t).to_owned()).collect(),
        remove: remove.iter().map(|t| (*t).to_owned()).collect(),
    };
    assert_eq!(short(&desk.act("a1", tag(&["VIP ", "late"], &[]))), ["agent tags(late,vip)"]);
    assert_eq!(short(&desk.act("a2", tag(&["vip"], &["late"]))), ["agent tags(vip)"]);
    let many: Vec<String> = (0..=TAGS_MAX).map(|n| n.to_string()).collect();
    let refused = desk.ask(act(mia(), "a3", Action::Tag { add: many, remove: vec![] }));
    assert_eq!(refused.unwrap_err().code, Code::BadFrame);
}

#[test]
fn refusals() {
    let long = "x".repeat(crate::text::TEXT_MAX_CHARS + 1);
    let rate = |stars| Action::Rate { stars, comment: None };
    let table = [
        (say(guest(), "x", " ", false), Code::BadText),
        (say(guest(), "x", &long, false), Code::BadText),
        (say(guest(), "x", "nul \0", false), Code::BadText),
        (say(Author::ai(), "x", "I am human", false), Code::Forbidden),
        (
            Command::Say(Say {
                by: guest(),
                id: id("x"),
                text: "re".into(),
                note: false,
                reply_to: Some(9),
                suggestions: vec![],
                attachments: vec![],
                files: vec![],
            }),
            Code::BadFrame,
        ),
        (
            Command::Say(Say {
                by: guest(),
                id: id("x"),
                text: "see".into(),
                note: false,
                reply_to: None,
                suggestions: vec![],
                attachments: vec![uuid(9)],
                files: vec![],
            }),
            Code::NotFound,
        ),
        (act(mia(), "x", Action::Snooze { until: Timestamp(0) }), Code::BadFrame),
        (act(mia(), "x", Action::Assign { agent: Some(AgentId(uuid(99))) }), Code::NotFound),
        (act(mia(), "x", rate(5)), Code::Forbidden),
        (act(guest(), "x", rate(0)), Code::BadFrame),
        (act(guest(), "x", rate(6)), Code::BadFrame),
        (
            act(
                mia(),
                "x",
                Action::Profile {
                    guest: GuestProfile { name: Some("x".repeat(201)), ..GuestProfile::default() },
                },
            ),
            Code::BadText,
        ),
    ];
    for (command, code) in table {
        let mut desk = Desk::new();
        let before = desk.rules.clone();
        let refusal = desk.ask(command.clone()).expect_err("refused");
        assert_eq!(refusal.code, code, "{command:?}");
        assert_eq!(desk.rules, before, "a refusal changes nothing");
    }
}

#[test]
fn unread_counts_what_no_agent_has_seen() {
    let mut desk = Desk::new();
    for n in 0..3 {
        desk.guest(&format!("g{n}"), "hello");
    }
    assert_eq!(desk.rules.summary().unread, 3);
    assert!(desk.rules.mark_read(AuthorKind::Agent, 2));
    assert_eq!(desk.rules.summary().unread, 1);
    assert!(!desk.rules.mark_read(AuthorKind::Agent, 1), "marks only move up");
    desk.agent("a1", "hi");
    assert_eq!(desk.rules.summary().unread, 0);
}

#[test]
fn a_profile_is_patched() {
    let mut desk = Desk::new();
    let profile = |name: &str| Action::Profile {
        guest: GuestProfile { name: Some(name.into()), verified: true, ..GuestProfile::default() },
    };
    desk.act("a1", profile("Ada"));
    assert!(!desk.rules.summary().guest.verified, "nobody verifies a guest by saying so");
    assert_eq!(desk.rules.summary().guest.name.as_deref(), Some("Ada"));
    desk.act("a2", profile(""));
    assert_eq!(desk.rules.summary().guest.name, None);
    assert_eq!(desk.rules.summary().guest.id, Some(GuestId(uuid(1))));
}

#[test]
fn modes_and_statuses_start_as_the_contract_says() {
    let summary = Desk::new().rules.summary();
    assert_eq!((summary.mode, summary.status, summary.last_seq), (Mode::Ai, Status::Open, 0));
}
