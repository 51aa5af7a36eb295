//! The rules as tables: given, command, expected events, effects or refusal.

use std::sync::Arc;

use uuid::Uuid;

use crate::event::{Channel, EventKind, Mode, Status};
use crate::frame::{Action, Outcome};
use crate::ids::{AgentId, ClientId, ConversationId, GuestId, PropertyId, TurnId};
use crate::people::{AgentRef, Author, GuestProfile};
use crate::refusal::{Code, Refusal};
use crate::timestamp::Timestamp;

use super::*;

mod alarms;
mod commands;
mod erasure;
mod gathering;
mod requests;
mod take_over;
mod turns;
mod vouched;
mod whatsapp;

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
