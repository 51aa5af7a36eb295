//! Requests to departments, and what the rules say on a phone.

use super::*;
use crate::answerer::{Language, Template};
use crate::event::{Request, RequestState};
use crate::outgoing::Payload;

fn wants(department: &str, text: &str) -> TurnEnd {
    TurnEnd::Requested { department: department.into(), text: text.into() }
}

fn request(decision: &Decision) -> Request {
    let found = decision.events.iter().find_map(|event| match &event.kind {
        EventKind::Request { request } => Some(request.clone()),
        _ => None,
    });
    found.expect("a request")
}

/// A guest in room 7 has asked, and the AI has passed it on.
fn asked(desk: &mut Desk, client: &str, end: TurnEnd) -> Request {
    Arc::make_mut(&mut desk.rules.snapshot).guest.room = Some("7".into());
    desk.guest(client, "Could I have two towels?");
    desk.delta("Passed on.");
    let ended = desk.end(end);
    assert_eq!(ended.ended[0].outcome, TurnOutcome::RequestCreated);
    request(&ended)
}

#[test]
fn the_department_is_of_the_list_and_the_room_the_guests_own() {
    let mut desk = Desk::new();
    let towels = asked(&mut desk, "g1", wants("housekeeping", " two towels "));
    assert_eq!((towels.department.as_str(), towels.text.as_str()), ("housekeeping", "two towels"));
    assert_eq!((towels.room.as_deref(), towels.state), (Some("7"), RequestState::Open));
    assert_eq!((desk.rules.summary().mode, desk.rules.summary().status), (Mode::Ai, Status::Waiting));
    let odd = asked(&mut desk, "g2", wants("the bank; DROP TABLE", &"x".repeat(5_000)));
    assert_eq!((odd.department.as_str(), odd.text.chars().count()), ("front_desk", 501));
}

#[test]
fn colleagues_say_how_far_it_got() {
    let mut desk = Desk::new();
    let first = asked(&mut desk, "g1", wants("housekeeping", "towels"));
    let second = asked(&mut desk, "g2", wants("maintenance", "lamp"));
    let act = |request: &Request, state| Action::Request { request: request.id, state };
    let taken = desk.act("a1", act(&first, RequestState::Accepted));
    assert_eq!(request(&taken), Request { state: RequestState::Accepted, ..first });
    assert_eq!(taken.events.len(), 1, "the other one still waits");
    let done = desk.act("a2", act(&second, RequestState::Done));
    assert_eq!(short(&done), ["agent request", "system status(open)"]);
    assert_eq!(desk.act("a2", act(&second, RequestState::Done)).events.len(), 0, "a repeat");
    assert_eq!(desk.rules.summary().mode, Mode::Ai, "no take-over");
    let strange = Action::Request { request: uuid(9), state: RequestState::Done };
    let refused = desk.ask(super::act(mia(), "a3", strange));
    assert_eq!(refused.map_err(|refusal| refusal.code).err(), Some(Code::NotFound));
}

#[test]
fn requests_are_remembered_within_a_bound() {
    let mut desk = Desk::new();
    let first = asked(&mut desk, "g", wants("concierge", "a taxi"));
    for n in 0..REQUESTS_MAX {
        asked(&mut desk, &format!("g{n}"), wants("concierge", "a taxi"));
    }
    assert_eq!(desk.rules.snapshot.requests.len(), REQUESTS_MAX);
    let old = Action::Request { request: first.id, state: RequestState::Done };
    assert!(desk.ask(act(mia(), "a1", old)).is_err());
}

fn on_a_phone() -> Desk {
    let mut desk = Desk::new();
    Arc::make_mut(&mut desk.rules.snapshot).channel = Channel::Whatsapp;
    desk
}

fn sent(decision: &Decision) -> Vec<String> {
    let text = |payload: &Payload| match payload {
        Payload::Text { text } => text.clone(),
        other => panic!("no text: {other:?}"),
    };
    decision.deliveries.iter().map(|delivery| text(&delivery.payload)).collect()
}

#[test]
fn a_phone_is_told_once_that_an_assistant_answers_in_the_guests_language() {
    let mut desk = on_a_phone();
    desk.guest("g1", "Wann gibt es Frühstück?");
    let turn = desk.turn();
    let first = desk.delta("Ab ");
    let notice = Template::AiNotice.text(Language::De);
    assert_eq!(first.notices, [Notice::Draft { turn, text: format!("{notice}\n\nAb ") }]);
    desk.delta("sieben.");
    assert_eq!(sent(&desk.end(said())), [format!("{notice}\n\nAb sieben.")]);
    desk.guest("g2", "Und wann ist das Restaurant offen?");
    desk.delta("Ab zwölf.");
    assert_eq!(sent(&desk.end(said())), ["Ab zwölf."]);
}

#[test]
fn where_life_is_in_danger_the_notice_comes_last() {
    let mut desk = on_a_phone();
    desk.guest("g1", "There is a fire in the hall!");
    desk.delta("Call 112.");
    let over = TurnEnd::HandedOver { reason: "fire".into(), urgent: true };
    let notice = Template::AiNotice.text(Language::En);
    assert_eq!(sent(&desk.end(over)), [format!("Call 112.\n\n{notice}")]);
}

#[test]
fn a_phone_is_never_left_without_a_word() {
    let hold = Template::HandOver.text(Language::En);
    let notice = Template::AiNotice.text(Language::En);
    for shown in ["The pool is open un", ""] {
        let mut desk = on_a_phone();
        desk.guest("g1", "When does the pool close?");
        if !shown.is_empty() {
            desk.delta(shown);
        }
        let broken = desk.end(TurnEnd::Failed { reason: "interrupted".into() });
        assert_eq!(sent(&broken), [format!("{hold}\n\n{notice}")], "{shown}");
        let kinds: Vec<_> = short(&broken).into_iter().skip(usize::from(!shown.is_empty())).collect();
        assert_eq!(kinds[1..], ["system mode(human)", "system status(waiting)"], "{kinds:?}");
    }
    let mut web = Desk::new();
    web.guest("g1", "When does the pool close?");
    web.delta("The pool");
    let broken = web.end(TurnEnd::Failed { reason: "interrupted".into() });
    assert_eq!(short(&broken)[0], "ai partial(the pool)");
    assert_eq!(short(&broken)[1], "system mode(human)", "the page shows the rest by itself");
}
