//! The human wins, and hands back.

use super::*;

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
