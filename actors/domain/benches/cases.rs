//! The pure work of one message, each kind by itself: timed by `rules`, counted by `instructions`.

#![allow(clippy::expect_used, reason = "a bench that cannot be set up says so by ending")]

use std::hint::black_box;

use frontdesk_domain::answerer::{Answerer, Entry, Question};
use frontdesk_domain::conversation::{Act, Command, Conversation, Decision, Say, TurnNews};
use frontdesk_domain::event::{Channel, Event};
use frontdesk_domain::frame::{Action, ServerFrame, parse};
use frontdesk_domain::ids::{AgentId, ClientId, ConversationId, GuestId, PropertyId, TurnId};
use frontdesk_domain::people::{AgentRef, Audience, Author, GuestProfile};
use frontdesk_domain::timestamp::Timestamp;
use uuid::Uuid;

/// One kind of work.
pub struct Case {
    /// What it is called in tables.
    pub name: &'static str,
    /// Sets it up; what comes back does it once.
    pub prepare: fn() -> Box<dyn FnMut()>,
}

/// All of them.
pub const CASES: [Case; 10] = [
    Case { name: "decide_guest_to_people", prepare: || decide(human(), guest_says(STATEMENT)) },
    Case { name: "decide_guest_to_ai", prepare: || decide(ai(), guest_says(QUESTION)) },
    Case { name: "decide_agent", prepare: || decide(human(), agent_says()) },
    Case { name: "decide_repeat", prepare: repeat },
    Case { name: "decide_delta", prepare: delta },
    Case { name: "apply_message", prepare: apply },
    Case { name: "encode_event", prepare: encode },
    Case { name: "parse_send", prepare: parse_send },
    Case { name: "retrieve_2000", prepare: retrieve },
    Case { name: "reply_2000", prepare: reply },
];

/// About 200 bytes, as a guest writes.
const STATEMENT: &str = "Good evening! We arrive tomorrow with the late train, at about half past eleven. We have two \
                         bicycles with us and would like to keep them inside, and we had asked for a quiet room.";
const QUESTION: &str =
    "Is somebody at the desk when we arrive at half past eleven, or is there a code for the door?";

fn guest() -> Author {
    Author::guest(GuestId(Uuid::from_u128(1)), Some("Ana Nova".to_owned()))
}

fn agent() -> Author {
    Author::agent(&AgentRef { id: AgentId(Uuid::from_u128(2)), name: "Ben".to_owned() })
}

fn id(n: u64) -> ClientId {
    ClientId::try_from(Uuid::from_u128(n.into()).to_string()).expect("an id")
}

fn say(by: Author, n: u64, text: &str) -> Command {
    Command::Say(Say {
        by,
        id: id(n),
        text: text.to_owned(),
        note: false,
        reply_to: None,
        suggestions: Vec::new(),
        attachments: Vec::new(),
        files: Vec::new(),
    })
}

fn guest_says(text: &str) -> Command {
    say(guest(), 1_000_000, text)
}

fn agent_says() -> Command {
    say(agent(), 1_000_000, STATEMENT)
}

fn new() -> Conversation {
    let profile = GuestProfile {
        id: Some(GuestId(Uuid::from_u128(1))),
        name: Some("Ana Nova".to_owned()),
        room: Some("12".to_owned()),
        ..GuestProfile::default()
    };
    let (id, property) = (ConversationId(Uuid::from_u128(3)), PropertyId(Uuid::from_u128(4)));
    Conversation::new(id, property, Channel::Web, profile, Timestamp(1_000))
}

const AT: Timestamp = Timestamp(2_000);
const TURN: TurnId = TurnId(Uuid::from_u128(5));

fn take(state: &mut Conversation, command: Command) -> Decision {
    let decision = state.decide(command, AT, TURN).expect("allowed");
    let next = state.after(&decision);
    state.apply(&decision, next);
    decision
}

/// A conversation in which the AI answers, with nothing said yet.
fn ai() -> Conversation {
    new()
}

/// One in which people answer, with fifty messages.
fn human() -> Conversation {
    let mut state = new();
    let act = Act { by: agent(), id: id(1), action: Action::TakeOver, assignee: None };
    take(&mut state, Command::Act(act));
    for n in 0..50 {
        let by = if n % 2 == 0 { guest() } else { agent() };
        take(&mut state, say(by, 10 + n, STATEMENT));
    }
    state
}

fn decide(state: Conversation, command: Command) -> Box<dyn FnMut()> {
    Box::new(move || {
        let decision = state.decide(black_box(command.clone()), AT, TURN);
        black_box(decision.expect("allowed"));
    })
}

fn repeat() -> Box<dyn FnMut()> {
    let mut state = human();
    take(&mut state, guest_says(STATEMENT));
    decide(state, guest_says(STATEMENT))
}

fn delta() -> Box<dyn FnMut()> {
    let mut state = ai();
    take(&mut state, guest_says(QUESTION));
    take(&mut state, Command::Turn(TURN, TurnNews::Delta(STATEMENT.to_owned())));
    decide(state, Command::Turn(TURN, TurnNews::Delta("breakfast ".to_owned())))
}

fn apply() -> Box<dyn FnMut()> {
    let mut state = human();
    let decision = state.decide(guest_says(STATEMENT), AT, TURN).expect("allowed");
    Box::new(move || {
        let next = state.after(black_box(&decision));
        state.apply(&decision, next);
    })
}

fn encode() -> Box<dyn FnMut()> {
    let event: Event = take(&mut human(), guest_says(STATEMENT)).events.swap_remove(0);
    Box::new(move || {
        let view = black_box(&event).view(Audience::Agents);
        black_box(view.map(|view| ServerFrame::Event(view).encode()));
    })
}

fn parse_send() -> Box<dyn FnMut()> {
    let frame = format!(r#"{{"type":"send","id":"{}","text":"{STATEMENT}"}}"#, id(9));
    Box::new(move || {
        black_box(parse(black_box(&frame)).is_ok());
    })
}

fn retrieve() -> Box<dyn FnMut()> {
    let answerer = Answerer::new(knowledge());
    Box::new(move || {
        let question = Question { text: black_box(ASKED), ..Question::default() };
        black_box(answerer.retrieve(&question, 5));
    })
}

fn reply() -> Box<dyn FnMut()> {
    let answerer = Answerer::new(knowledge());
    Box::new(move || {
        let question = Question { text: black_box(ASKED), ..Question::default() };
        black_box(answerer.reply(&question));
    })
}

const ASKED: &str = "Until when can we use the sauna of wing 77, and what does it cost?";

/// 2,000 entries that look alike: the hard case for an index.
fn knowledge() -> Vec<Entry> {
    let subjects = ["pool", "sauna", "breakfast", "parking", "Wi-Fi", "gym", "bar", "laundry", "taxi", "cot"];
    let entry = |n: usize| {
        let (subject, wing) = (subjects[n % 10], n / 10);
        Entry {
            id: n.to_string(),
            title: format!("When is the {subject} of wing {wing} open?"),
            body: format!("The {subject} of wing {wing} is open from 7:00 to 22:00 and costs {n} EUR."),
            aliases: vec![format!("{subject} {n}")],
            tags: vec![subject.to_owned()],
            locale: Some("en".to_owned()),
        }
    };
    (0..2_000).map(entry).collect()
}
