//! The words go, the history stays.

use super::*;

const CANARY: &str = "canary-7f3a";

/// A conversation in which the word is everywhere.
fn told() -> (Desk, Vec<crate::event::Event>) {
    let mut desk = Desk::new();
    let mut events = Vec::new();
    let named = Author { name: Some(CANARY.to_owned()), ..guest() };
    events.extend(desk.ask(say(named, "g1", CANARY, false)).unwrap().events);
    events.extend(desk.delta(CANARY).events);
    events.extend(desk.act("a1", Action::TakeOver).events);
    events.extend(desk.agent("a2", CANARY).events);
    events.extend(desk.ask(say(mia(), "a3", CANARY, true)).unwrap().events);
    events.extend(desk.act("a4", Action::Tag { add: vec![CANARY.into()], remove: vec![] }).events);
    let profile = GuestProfile { name: Some(CANARY.into()), room: Some(CANARY.into()), ..Default::default() };
    events.extend(desk.act("a5", Action::Profile { guest: profile }).events);
    let rate = Action::Rate { stars: 4, comment: Some(CANARY.into()) };
    events.extend(desk.ask(act(guest(), "g2", rate)).unwrap().events);
    events.extend(desk.act("a6", Action::HandBack).events);
    events.extend(desk.guest("g3", CANARY).events);
    (desk, events)
}

#[test]
fn nothing_of_it_is_left_and_every_event_is_in_its_place() {
    let (mut desk, mut events) = told();
    let last = desk.rules.last_seq();
    let erased = desk.ask(Command::Erase { by: mia() }).unwrap();
    assert_eq!(short(&erased), ["agent erased"]);
    assert!(matches!(erased.turn, TurnStep::Close) && erased.effects.len() == 1, "the AI is told to stop");
    assert_eq!(erased.events[0].kind, EventKind::Erased { through: last });
    let snapshot = serde_json::to_string(desk.rules.snapshot()).unwrap();
    assert!(!snapshot.contains(CANARY), "{snapshot}");
    events.extend(erased.events);

    let kinds = |events: &[crate::event::Event]| -> Vec<_> {
        events
            .iter()
            .map(|event| (event.seq, event.guest_prev, event.at, std::mem::discriminant(&event.kind)))
            .collect()
    };
    let left: Vec<_> = events.iter().cloned().map(crate::event::Event::erased).collect();
    assert_eq!(kinds(&left), kinds(&events));
    assert_eq!(left.iter().map(|event| event.seq).collect::<Vec<_>>(), (1..=last + 1).collect::<Vec<_>>());
    let text = format!("{left:?}");
    assert!(!text.contains(CANARY), "{text}");

    // What is left, replayed, is the conversation as it stands.
    let mut replayed = Snapshot::clone(Desk::new().rules.snapshot());
    for event in &left {
        replayed.apply(event, false);
    }
    let mut stands = Snapshot::clone(desk.rules.snapshot());
    (replayed.unanswered, stands.unanswered) = (false, false);
    assert_eq!(replayed, stands);
}

#[test]
fn it_is_the_last_that_happens() {
    let (mut desk, _) = told();
    desk.ask(Command::Erase { by: Author::system() }).unwrap();
    for command in [
        say(guest(), "g9", "hello again", false),
        say(mia(), "a9", "hello", false),
        act(mia(), "a8", Action::Reopen),
        act(guest(), "g8", Action::Rate { stars: 1, comment: None }),
    ] {
        assert_eq!(desk.ask(command).unwrap_err().code, Code::Forbidden);
    }
    let again = desk.ask(Command::Erase { by: Author::system() }).unwrap();
    assert!(again.events.is_empty() && again.is_volatile());
    assert!(
        Desk::new().ask(Command::Erase { by: mia() }).unwrap().events.is_empty(),
        "nothing was ever said"
    );
}
