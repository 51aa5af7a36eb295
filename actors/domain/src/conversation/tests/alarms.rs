//! Emergencies: told by the guest's own words, whatever the mode.

use super::*;
use crate::event::Urgency;

fn fire(desk: &mut Desk, client: &str) -> Decision {
    desk.guest(client, "There is a fire in the hall!")
}

#[test]
fn it_is_raised_in_the_commit_of_the_words() {
    for by_people in [false, true] {
        let mut desk = Desk::new();
        if by_people {
            desk.act("a1", Action::TakeOver);
        }
        let raised = fire(&mut desk, "g1");
        assert!(short(&raised).contains(&"system urgency".to_owned()), "{:?}", short(&raised));
        assert!(raised.effects.contains(&Effect::Alarm(Timestamp(desk.now))));
        let summary = desk.rules.summary();
        assert_eq!(summary.urgency, Urgency::Urgent);
        assert_eq!(summary.alarm.map(|alarm| alarm.reason).as_deref(), Some("fire"));
        let again = fire(&mut desk, "g2");
        assert!(!short(&again).contains(&"system urgency".to_owned()), "it rings already");
    }
}

#[test]
fn the_ais_word_for_it_counts_too() {
    let mut desk = Desk::new();
    desk.guest("g1", "Everything turns black");
    let end = TurnEnd::HandedOver { reason: "emergency".into(), urgent: true };
    let handed = desk.end(end);
    assert_eq!(short(&handed), ["system urgency", "system mode(human)", "system status(waiting)"]);
    assert!(desk.rules.summary().alarm.is_some());
}

#[test]
fn it_rings_until_somebody_sees_to_it() {
    let acts: [fn(&mut Desk); 3] = [
        |desk| drop(desk.act("a", Action::Acknowledge)),
        |desk| drop(desk.act("a", Action::TakeOver)),
        |desk| drop(desk.agent("a", "I am on my way.")),
    ];
    for act in acts {
        let mut desk = Desk::new();
        fire(&mut desk, "g1");
        act(&mut desk);
        let summary = desk.rules.summary();
        assert_eq!((summary.urgency, summary.alarm), (Urgency::Urgent, None));
        desk.act("c", Action::Close);
        assert_eq!(desk.rules.summary().urgency, Urgency::Normal, "what is done is not urgent");
    }
    let mut calm = Desk::new();
    let one = calm.act("a", Action::Acknowledge);
    assert_eq!(one.events.len(), 1, "every accepted action is one event");
    assert_eq!(calm.rules.summary().urgency, Urgency::Normal);
}

#[test]
fn it_is_passed_on_until_then() {
    let mut desk = Desk::new();
    fire(&mut desk, "g1");
    let since = Timestamp(desk.now);
    let rung = |rung| Command::Escalate { since, rung, to: "manager".into() };
    let first = desk.ask(rung(1)).unwrap();
    let page = Page { since, rung: 1, to: "manager".into(), reason: "fire".into() };
    assert_eq!(first.effects, [Effect::Page(page)]);
    assert!(desk.ask(rung(1)).unwrap().events.is_empty(), "each rung once");
    let stale = Command::Escalate { since: Timestamp(1), rung: 2, to: "manager".into() };
    assert!(desk.ask(stale).unwrap().events.is_empty(), "of another alarm");
    desk.act("a", Action::Acknowledge);
    assert!(desk.ask(rung(2)).unwrap().events.is_empty(), "somebody sees to it");
}
