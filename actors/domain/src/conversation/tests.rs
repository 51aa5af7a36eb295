//! The rules as tables: given, command, expected events, effects or refusal.

use std::sync::Arc;

use uuid::Uuid;

use crate::event::{Channel, EventKind, Mode, Status};
use crate::frame::{Action, Outcome};
use crate::ids::{AgentId, ClientId, ConversationId, GuestId, PropertyId, TurnId};
use crate::people::{AgentRef, Author, AuthorKind, GuestProfile};
use crate::refusal::{Code, Refusal};
use crate::timestamp::Timestamp;

use super::*;

mod alarms;
mod erasure;
mod gathering;
mod requests;
mod vouched;

/// A conversation under test, with a clock and ids of its own.
struct Desk {
    rules: Conversation,
    now: i64,
}

impl Desk {
    fn new() -> Self {
        let guest = GuestProfile { id: Some(GuestId(uuid(1))), ..GuestProfile::default() };
        let (id, property) = (ConversationId(uuid(2)), PropertyId(uuid(3)));
        Self { rules: Conversation::new(id, property, Channel::Web, guest, Timestamp(0)), now: 0 }
    }

    fn ask(&mut self, command: Command) -> Result<Decision, Refusal> {
        self.now += 1_000;
        let fresh = TurnId(uuid(10_000 + u128::try_from(self.now).unwrap()));
        let decision = self.rules.decide(command, Timestamp(self.now), fresh)?;
        let next = self.rules.after(&decision);
        self.rules.apply(&decision, next);
        Ok(decision)
    }

    fn guest(&mut self, id: &str, text: &str) -> Decision {
        self.ask(say(guest(), id, text, false)).unwrap()
    }

    fn agent(&mut self, id: &str, text: &str) -> Decision {
        self.ask(say(mia(), id, text, false)).unwrap()
    }

    fn act(&mut self, id: &str, action: Action) -> Decision {
        self.ask(act(mia(), id, action)).unwrap()
    }

    fn turn(&self) -> TurnId {
        self.rules.turn().expect("a turn is open").id
    }

    fn delta(&mut self, text: &str) -> Decision {
        let turn = self.turn();
        self.ask(Command::Turn(turn, TurnNews::Delta(text.into()))).unwrap()
    }

    fn end(&mut self, end: TurnEnd) -> Decision {
        let turn = self.turn();
        self.ask(Command::Turn(turn, TurnNews::Ended(end))).unwrap()
    }
}

fn uuid(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

fn guest() -> Author {
    Author::guest(GuestId(uuid(1)), Some("Ada".into()))
}

fn mia() -> Author {
    Author::agent(&AgentRef { id: AgentId(uuid(50)), name: "Mia".into() })
}

fn jon() -> Author {
    Author::agent(&AgentRef { id: AgentId(uuid(51)), name: "Jon".into() })
}

fn id(text: &str) -> ClientId {
    ClientId::try_from(text.to_owned()).unwrap()
}

fn say(by: Author, client: &str, text: &str, note: bool) -> Command {
    Command::Say(Say {
        by,
        id: id(client),
        text: text.into(),
        note,
        reply_to: None,
        suggestions: vec![],
        attachments: vec![],
        files: vec![],
    })
}

fn act(by: Author, client: &str, action: Action) -> Command {
    Command::Act(Act { by, id: id(client), action, assignee: None })
}

fn said() -> TurnEnd {
    TurnEnd::Said { citations: vec![], suggestions: vec![] }
}

/// The events of a decision, in short.
fn short(decision: &Decision) -> Vec<String> {
    let brief = |kind: &EventKind| match kind {
        EventKind::Message(m) if m.partial => format!("partial({})", m.text),
        EventKind::Message(m) => format!("message({})", m.text),
        EventKind::Mode { mode, .. } => format!("mode({mode:?})"),
        EventKind::Status { status, .. } => format!("status({status:?})"),
        EventKind::Assigned { agent } => format!("assigned({})", agent.as_ref().map_or("-", |a| &a.name)),
        EventKind::Tags { tags } => format!("tags({})", tags.join(",")),
        other => format!("{other:?}").split([' ', '{', '(']).next().unwrap_or_default().to_lowercase(),
    };
    decision.events.iter().map(|e| format!("{:?} {}", e.by.kind, brief(&e.kind)).to_lowercase()).collect()
}

#[test]
fn a_question_is_answered() {
    let mut desk = Desk::new();
    let asked = desk.guest("g1", "When is breakfast?");
    assert_eq!(short(&asked), ["guest message(when is breakfast?)"]);
    assert_eq!(asked.ack, Some(Ack { id: id("g1"), seq: 1 }));
    assert_eq!(asked.effects, [Effect::Ask(desk.turn())]);
    let turn = desk.turn();
    for text in ["From ", "seven."] {
        let shown = desk.delta(text);
        assert!(shown.is_volatile());
        assert_eq!(shown.notices, [Notice::Draft { turn, text: text.into() }]);
    }
    let answered = desk.end(said());
    assert_eq!(short(&answered), ["ai message(from seven.)"]);
    assert!(answered.notices.contains(&Notice::DraftEnd { turn, outcome: Outcome::Sent, seq: Some(2) }));
    assert!(desk.rules.turn().is_none());
}

#[test]
fn take_over_in_mid_sentence_keeps_what_was_shown() {
    let mut desk = Desk::new();
    desk.guest("g1", "Hello?");
    desk.delta("Good mor");
    let turn = desk.turn();
    let taken = desk.act("a1", Action::TakeOver);
    assert_eq!(
        short(&taken),
        ["ai partial(good mor)", "agent mode(human)", "agent assigned(mia)", "system status(waiting)"],
        "half a sentence is no answer: the guest waits for a human"
    );
    assert_eq!(taken.ack, Some(Ack { id: id("a1"), seq: 3 }));
    assert_eq!(taken.effects, [Effect::Cancel(turn)]);
    assert!(taken.notices.contains(&Notice::DraftEnd { turn, outcome: Outcome::Cut, seq: Some(2) }));
    for late in [TurnNews::Delta("ning".into()), TurnNews::Ended(said())] {
        let dropped = desk.ask(Command::Turn(turn, late)).unwrap();
        assert!(dropped.events.is_empty() && dropped.notices.is_empty());
    }
}

#[test]
fn take_over_before_the_first_word_leaves_the_guest_waiting() {
    let mut desk = Desk::new();
    desk.guest("g1", "Hello?");
    let taken = desk.act("a1", Action::TakeOver);
    assert_eq!(short(&taken), ["agent mode(human)", "agent assigned(mia)", "system status(waiting)"]);
    assert!(desk.rules.summary().waiting_since.is_some());
    let answered = desk.agent("a2", "Good morning!");
    assert_eq!(short(&answered), ["agent message(good morning!)", "agent status(open)"]);
    assert_eq!(desk.rules.summary().waiting_since, None);
}

#[test]
fn any_message_of_an_agent_is_a_take_over() {
    let mut desk = Desk::new();
    desk.guest("g1", "Hello?");
    desk.delta("Let me");
    let written = desk.agent("a1", "I am here.");
    assert_eq!(
        short(&written),
        ["ai partial(let me)", "agent mode(human)", "agent assigned(mia)", "agent message(i am here.)"]
    );
    assert_eq!(written.ack.map(|ack| ack.seq), Some(5));
    let note = desk.ask(say(mia(), "a2", "He sounds tired.", true)).unwrap();
    assert_eq!(short(&note), ["agent note"]);
    assert!(!note.events[0].kind.seen_by(crate::people::Audience::Guest));
}

#[test]
fn a_colleague_who_writes_does_not_take_what_is_somebody_elses() {
    let mut desk = Desk::new();
    desk.act("a1", Action::TakeOver);
    let written = desk.ask(say(jon(), "j1", "Hi", false)).unwrap();
    assert_eq!(short(&written), ["agent message(hi)"]);
    let taken = desk.ask(act(jon(), "j2", Action::TakeOver)).unwrap();
    assert_eq!(short(&taken), ["agent mode(human)", "agent assigned(jon)"]);
}

#[test]
fn in_human_mode_the_ai_is_not_asked() {
    let mut desk = Desk::new();
    desk.act("a1", Action::TakeOver);
    let asked = desk.guest("g1", "Anyone?");
    assert_eq!(short(&asked), ["guest message(anyone?)", "system status(waiting)"]);
    assert_eq!(asked.ack.map(|ack| ack.seq), Some(3));
    assert!(asked.effects.is_empty());
}

#[test]
fn handing_back_lets_the_ai_answer_what_is_open() {
    let mut desk = Desk::new();
    desk.act("a1", Action::TakeOver);
    desk.guest("g1", "Is there a gym?");
    let back = desk.act("a2", Action::HandBack);
    assert_eq!(short(&back), ["agent mode(ai)", "system status(open)"]);
    assert_eq!(back.effects, [Effect::Ask(desk.turn())]);
    let mut quiet = Desk::new();
    quiet.act("a1", Action::TakeOver);
    quiet.agent("a2", "Done.");
    assert!(quiet.act("a3", Action::HandBack).effects.is_empty());
}

#[test]
fn hand_over_by_the_ai() {
    let mut desk = Desk::new();
    desk.guest("g1", "I want a person");
    desk.delta("One moment, please.");
    let end = TurnEnd::HandedOver { reason: "wants_person".into(), urgent: false };
    let handed = desk.end(end);
    assert_eq!(
        short(&handed),
        ["ai message(one moment, please.)", "system mode(human)", "system status(waiting)"]
    );
    assert!(desk.rules.summary().waiting_since.is_some());
}

#[test]
fn a_half_stream_is_never_passed_off_as_an_answer() {
    let mut desk = Desk::new();
    desk.guest("g1", "Hello?");
    desk.delta("The pool is op");
    let turn = desk.turn();
    let broke = desk.end(TurnEnd::Failed { reason: "interrupted".into() });
    assert_eq!(short(&broke), ["ai partial(the pool is op)", "system mode(human)", "system status(waiting)"]);
    assert!(broke.notices.contains(&Notice::DraftEnd { turn, outcome: Outcome::Cut, seq: Some(2) }));
}

#[test]
fn an_empty_answer_is_no_answer() {
    for shown in ["", "  \n"] {
        let mut desk = Desk::new();
        desk.guest("g1", "Hello?");
        desk.delta(shown);
        assert_eq!(short(&desk.end(said())), ["system mode(human)", "system status(waiting)"], "{shown:?}");
    }
}

#[test]
fn what_comes_while_the_ai_speaks_is_answered_next() {
    let mut desk = Desk::new();
    desk.guest("g1", "Wi-Fi?");
    desk.delta("The Wi-Fi");
    assert!(desk.guest("g2", "And parking?").effects.is_empty());
    desk.delta(" is free.");
    let ended = desk.end(said());
    assert_eq!(short(&ended), ["ai message(the wi-fi is free.)"]);
    assert_eq!(ended.effects, [Effect::Ask(desk.turn())]);
    desk.delta("So is parking.");
    assert!(desk.end(said()).effects.is_empty());
}

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
fn a_turn_left_open_by_a_crash_is_taken_up_once() {
    let mut desk = Desk::new();
    desk.guest("g1", "Hello?");
    let restore = |desk: &Desk| {
        let turn = desk.rules.turn().cloned().map(|turn| Turn { shown: String::new(), ..turn });
        Conversation::restore(desk.rules.snapshot().clone(), turn, desk.rules.receipts.clone())
    };
    let lost = desk.turn();
    desk.rules = restore(&desk);
    let recovered = desk.ask(Command::Recover).unwrap();
    assert_eq!(recovered.effects, [Effect::Ask(desk.turn())]);
    assert_ne!(desk.turn(), lost, "late words of the lost attempt are stale");
    desk.rules = restore(&desk);
    let given_up = desk.ask(Command::Recover).unwrap();
    assert_eq!(short(&given_up), ["system mode(human)", "system status(waiting)"]);
    assert!(desk.rules.turn().is_none());
    assert!(desk.ask(Command::Recover).unwrap().events.is_empty());
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

/// A conversation over WhatsApp in which an agent has just answered: message 4.
fn phone() -> Desk {
    let mut desk = Desk::new();
    Arc::make_mut(&mut desk.rules.snapshot).channel = Channel::Whatsapp;
    desk.guest("g1", "Hello?");
    desk.act("a1", Action::TakeOver);
    desk
}

#[test]
fn a_message_over_whatsapp_makes_its_deliveries_in_the_same_decision() {
    let mut desk = phone();
    let written = desk.agent("a2", "Good morning!");
    let seq = written.ack.as_ref().map(|ack| ack.seq);
    assert_eq!(written.deliveries.iter().map(|each| Some(each.seq)).collect::<Vec<_>>(), [seq]);
    let note = desk.ask(say(mia(), "a3", "A regular.", true)).unwrap();
    assert!(note.deliveries.is_empty());
    assert!(desk.ask(say(guest(), "g2", "Thanks", false)).unwrap().deliveries.is_empty());
}

#[test]
fn reports_in_any_order_end_at_the_highest() {
    use crate::event::DeliveryState::{Delivered, Failed, Read, Sent};
    // The answer to the send says "sent", as does the first status.
    let heard = [Sent, Sent, Delivered, Read, Failed, Delivered];
    let mut orders = vec![vec![]];
    for _ in 0..heard.len() {
        let longer = orders.iter().flat_map(|order: &Vec<usize>| {
            let left = (0..heard.len()).filter(|each| !order.contains(each)).collect::<Vec<_>>();
            left.into_iter().map(move |each| [order.clone(), vec![each]].concat())
        });
        orders = longer.collect();
    }
    assert_eq!(orders.len(), 720);
    for order in orders {
        let mut desk = phone();
        let of = desk.agent("a2", "Good morning!").ack.unwrap().seq;
        let mut told = Vec::new();
        for each in &order {
            let command = Command::Delivered { of, state: heard[*each], error: None };
            let decision = desk.ask(command).unwrap();
            assert!(decision.ack.is_some(), "whoever reports is answered");
            told.extend(decision.events.iter().map(|event| match event.kind {
                EventKind::Delivery { state, .. } => state,
                _ => panic!("only deliveries"),
            }));
        }
        assert!(told.is_sorted(), "{order:?}: {told:?}");
        assert_eq!(told.last(), Some(&Read), "{order:?}");
    }
}

#[test]
fn a_template_is_a_message_and_needs_no_window() {
    let mut desk = phone();
    desk.now += 48 * 3_600_000;
    let late = desk.ask(say(mia(), "a2", "Sorry for the wait", false));
    assert_eq!(late.map_err(|refusal| refusal.code).err(), Some(Code::Forbidden));
    let template = |text: &str| Action::Template {
        name: "may_we_reply".into(),
        language: "en_US".into(),
        parameters: vec![crate::outgoing::Parameter { name: None, text: text.into() }],
        text: format!("May we answer you, {text}?"),
    };
    let sent = desk.ask(act(mia(), "a3", template("Ada"))).unwrap();
    assert!(matches!(sent.deliveries[0].payload, crate::outgoing::Payload::Template { .. }));
    let empty = desk.ask(act(mia(), "a4", template(" ")));
    assert_eq!(empty.map_err(|refusal| refusal.code).err(), Some(Code::BadText));
    let mut web = Desk::new();
    let refused = web.ask(act(mia(), "a5", template("Ada")));
    assert_eq!(refused.map_err(|refusal| refusal.code).err(), Some(Code::Forbidden));
}
