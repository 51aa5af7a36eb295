//! The AI's turns: what is answered, and what is not passed off as an answer.

use super::*;

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
