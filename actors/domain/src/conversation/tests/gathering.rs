//! When a turn begins, begins anew, and what becomes of each message.

use super::*;

impl Desk {
    /// The same at a chosen number of milliseconds after the last.
    fn later(&mut self, millis: i64, command: Command) -> Decision {
        self.now += millis - 1_000;
        self.ask(command).unwrap()
    }

    fn says(&mut self, millis: i64, client: &str, text: &str) -> Decision {
        self.later(millis, say(guest(), client, text, false))
    }

    /// The end of the moment of quiet that the rules asked for last.
    fn quiet(&mut self) -> Decision {
        let turn = self.rules.turn().expect("a turn").clone();
        let due = turn.quiet_at.expect("it waits for quiet");
        let millis = due.0 - self.now;
        self.later(millis, Command::Quiet(turn.id, due))
    }

    fn due(&self) -> Option<i64> {
        self.rules.turn().and_then(|turn| turn.quiet_at).map(|at| at.0)
    }
}

#[test]
fn quick_messages_make_one_turn() {
    let mut desk = Desk::new();
    let first = desk.says(0, "g1", "Hi");
    let turn = desk.turn();
    assert_eq!(first.effects, [Effect::QuietAt(turn, Timestamp(desk.now + 600))]);
    assert_eq!(first.notices, [Notice::Typing { by: Author::ai(), on: true }], "a sign at once");
    let second = desk.says(500, "g2", "we come by car");
    assert_eq!((desk.turn(), desk.due()), (turn, Some(desk.now + 600)), "the same turn, a new wait");
    assert!(matches!(&second.turn, TurnStep::Open(turn) if turn.through == 2), "and it is stored");
    let stale = desk.later(100, Command::Quiet(turn, Timestamp(600)));
    assert!(stale.effects.is_empty(), "the first timer counts no more");
    let asked = desk.quiet();
    assert_eq!(asked.effects, [Effect::Ask(turn)]);
    assert!(asked.is_volatile());
    desk.delta("Welcome.");
    let ended = desk.end(said());
    assert_eq!(ended.ended.len(), 1);
    let (row, settled) = (&ended.ended[0], desk.rules.snapshot().settled);
    assert_eq!((row.after, row.through, row.outcome, row.carried), (0, 2, TurnOutcome::Answered, false));
    assert_eq!((settled, row.answer), (2, Some(3)));
}

#[test]
fn gathering_has_an_end_and_a_question_mark_is_one() {
    let mut desk = Desk::new();
    desk.says(0, "g0", "so");
    let opened = desk.now;
    for n in 1..8 {
        desk.says(550, &format!("g{n}"), "and");
    }
    assert_eq!(desk.due(), Some(opened + GATHER_MAX_MILLIS), "not put off for ever");
    let turn = desk.turn();
    assert_eq!(desk.says(10, "q", "Is there a pool?").effects, [Effect::Ask(turn)]);
    assert_eq!(desk.due(), None);
}

#[test]
fn who_is_writing_is_waited_for() {
    let mut desk = Desk::new();
    desk.rules.note_typing(true, Timestamp(0));
    desk.says(100, "g1", "Is there a pool?");
    assert_eq!(desk.due(), Some(desk.now + QUIET_MILLIS), "a question, but more may come");
    let due = Timestamp(desk.now + GATHER_MAX_MILLIS);
    let turn = desk.turn();
    assert_eq!(desk.rules.note_typing(true, Timestamp(desk.now + 50)), Some(Effect::QuietAt(turn, due)));
    let now = Timestamp(desk.now + 300);
    assert_eq!(desk.rules.note_typing(false, now), Some(Effect::QuietAt(turn, now)), "no more is coming");
    desk.quiet();
    assert_eq!(desk.rules.note_typing(true, now), None, "it was asked");
}

#[test]
fn a_newer_message_before_the_first_word_starts_anew_twice_at_most() {
    let mut desk = Desk::new();
    desk.guest("g1", "Is there a pool?");
    for n in 2..4 {
        let before = desk.turn();
        let again = desk.guest(&format!("g{n}"), "Is it warm?");
        assert_eq!(again.effects, [Effect::Cancel(before), Effect::Ask(desk.turn())]);
        let row = &again.ended[0];
        assert_eq!((row.outcome, row.carried), (TurnOutcome::Superseded, true));
    }
    let third = desk.turn();
    let fourth = desk.guest("g4", "And a sauna?");
    assert!(fourth.effects.is_empty(), "a guest who goes on writing must not keep the AI silent");
    assert_eq!(desk.turn(), third);
    desk.delta("Yes.");
    let ended = desk.end(said());
    assert_eq!((ended.ended[0].after, ended.ended[0].through), (0, 3));
    assert_eq!(ended.effects, [Effect::Ask(desk.turn())], "the fourth is answered next");
    desk.delta("That too.");
    let ended = desk.end(said());
    assert_eq!((ended.ended[0].after, ended.ended[0].through), (3, 4));
}

#[test]
fn what_makes_an_answer_pointless_cuts_it() {
    for (words, reason) in [
        ("No, I meant the sauna", "corrected"),
        ("Let me talk to a human please", "asked_for_person"),
        ("There is a fire in the hall", "emergency"),
    ] {
        let mut desk = Desk::new();
        desk.guest("g1", "Is there a pool?");
        desk.delta("The pool is");
        let turn = desk.turn();
        let cut = desk.guest("g2", words);
        let brief = short(&cut);
        assert_eq!(brief[0], "ai partial(the pool is)", "{words}");
        assert!(brief[1].starts_with("guest message("), "{words}: {brief:?}");
        assert_eq!(cut.effects.first(), Some(&Effect::Cancel(turn)), "{words}");
        assert_eq!(cut.effects.last(), Some(&Effect::Ask(desk.turn())), "{words}: at once");
        let row = &cut.ended[0];
        assert_eq!((row.reason.as_deref(), row.through, row.carried), (Some(reason), 1, false));
        let next = desk.rules.turn().unwrap();
        assert_eq!((next.after, next.through), (1, 3), "{words}");
    }
    let mut desk = Desk::new();
    desk.guest("g1", "Is there a pool?");
    desk.delta("The pool is");
    assert!(desk.guest("g2", "And parking?").ended.is_empty(), "all else waits its turn");
}

#[test]
fn people_take_over_all_that_is_open() {
    let mut desk = Desk::new();
    desk.guest("g1", "Wi-Fi?");
    desk.delta("The");
    desk.guest("g2", "And parking?");
    let taken = desk.act("a1", Action::TakeOver);
    let row = &taken.ended[0];
    assert_eq!((row.after, row.through, row.outcome), (0, 2, TurnOutcome::Superseded));
    assert_eq!(row.reason.as_deref(), Some("take_over"));
}

#[test]
fn each_end_has_its_outcome() {
    let request = TurnEnd::Requested { department: "housekeeping".into(), text: "two towels".into() };
    let suggest = TurnEnd::Said { citations: vec![], suggestions: vec!["Pool?".into()] };
    for (end, outcome) in [
        (said(), TurnOutcome::Answered),
        (suggest, TurnOutcome::Clarified),
        (TurnEnd::SmallTalk, TurnOutcome::Smalltalk),
        (TurnEnd::Declined, TurnOutcome::Declined),
        (request, TurnOutcome::RequestCreated),
        (TurnEnd::HandedOver { reason: "unsure".into(), urgent: false }, TurnOutcome::HandedOver),
        (TurnEnd::Failed { reason: "broken".into() }, TurnOutcome::FailedToHuman),
    ] {
        let mut desk = Desk::new();
        desk.guest("g1", "Towels?");
        desk.delta("Gladly.");
        let ended = desk.end(end);
        assert_eq!(ended.ended.iter().map(|row| row.outcome).collect::<Vec<_>>(), [outcome]);
        if outcome == TurnOutcome::RequestCreated {
            assert_eq!(short(&ended), ["ai message(gladly.)", "system request", "system status(waiting)"]);
            assert_eq!(desk.rules.summary().mode, Mode::Ai);
        }
    }
}

#[test]
fn handed_back_the_ai_answers_who_was_promised_a_person() {
    let mut desk = Desk::new();
    desk.guest("g1", "Is the roof terrace open?");
    desk.delta("A colleague will answer.");
    desk.end(TurnEnd::HandedOver { reason: "unsure".into(), urgent: false });
    let back = desk.act("a1", Action::HandBack);
    assert_eq!(back.effects, [Effect::Ask(desk.turn())], "not mute, though the last word was the AI's");
    assert_eq!(desk.rules.snapshot().episode, 1);
}
