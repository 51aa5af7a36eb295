//! Every frame of the contract as it stands on the wire. A change here is a change of the contract.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use frontdesk_domain::event::{Channel, Event, EventKind, Message, Mode, Status};
use frontdesk_domain::frame::server::{Limits, Me, Presence};
use frontdesk_domain::frame::{Outcome, ServerFrame};
use frontdesk_domain::ids::{AgentId, ClientId, ConversationId, EntryId, GuestId, PropertyId, TurnId};
use frontdesk_domain::people::{AgentRef, Audience, Author, GuestProfile, Role};
use frontdesk_domain::refusal::{Code, Refusal};
use frontdesk_domain::summary::{LastMessage, Summary};
use frontdesk_domain::timestamp::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

const C: &str = "00000000-0000-0000-0000-000000000002";
const A: &str = "00000000-0000-0000-0000-000000000005";
const G: &str = "00000000-0000-0000-0000-000000000001";
const T: &str = "00000000-0000-0000-0000-000000000007";
const AT: &str = "2026-11-22T18:06:00.123Z";

fn uuid(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

fn conversation() -> ConversationId {
    ConversationId(uuid(2))
}

fn at() -> Timestamp {
    Timestamp::parse(AT).unwrap()
}

fn mia() -> AgentRef {
    AgentRef { id: AgentId(uuid(5)), name: "Mia".into() }
}

fn guest() -> Author {
    Author::guest(GuestId(uuid(1)), Some("Ada".into()))
}

fn summary() -> Summary {
    Summary {
        id: conversation(),
        property: PropertyId(uuid(3)),
        channel: Channel::Web,
        guest: GuestProfile {
            id: Some(GuestId(uuid(1))),
            name: Some("Ada".into()),
            room: Some("412".into()),
            ..GuestProfile::default()
        },
        mode: Mode::Human,
        status: Status::Waiting,
        assigned: Some(mia()),
        tags: vec!["vip".into()],
        urgency: frontdesk_domain::event::Urgency::Urgent,
        alarm: None,
        last_seq: 9,
        last_message: Some(LastMessage { text: "Hi".into(), by: guest(), at: at() }),
        waiting_since: Some(at()),
        unread: 2,
        window_until: None,
        created_at: at(),
        updated_at: at(),
    }
}

fn event(kind: EventKind, by: Author) -> Event {
    Event {
        conversation: conversation(),
        seq: 9,
        guest_prev: 6,
        id: Some(ClientId::try_from("c-1".to_owned()).unwrap()),
        fingerprint: Some(1),
        at: at(),
        by,
        kind,
    }
}

fn wire(frame: &ServerFrame) -> Value {
    serde_json::from_slice(&frame.encode()).unwrap()
}

#[test]
fn welcome() {
    let me = Me { author: Author::agent(&mia()), role: Some(Role::Supervisor) };
    let frame = ServerFrame::Welcome {
        me,
        conversation: None,
        time: at(),
        epoch: uuid(8),
        node: "n1".into(),
        limits: Limits { text: 4096 },
    };
    assert_eq!(
        wire(&frame),
        json!({"type":"welcome","self":{"kind":"agent","id":A,"name":"Mia","role":"supervisor"},"time":AT,
               "epoch":"00000000-0000-0000-0000-000000000008","node":"n1","limits":{"text":4096}})
    );
}

#[test]
fn summaries_for_agents_and_for_the_guest() {
    let full = json!({"id":C,"property":"00000000-0000-0000-0000-000000000003","channel":"web",
        "guest":{"id":G,"name":"Ada","room":"412"},"mode":"human","status":"waiting",
        "assigned":{"id":A,"name":"Mia"},"tags":["vip"],"urgency":"urgent","last_seq":9,
        "last_message":{"text":"Hi","by":{"kind":"guest","id":G,"name":"Ada"},"at":AT},
        "waiting_since":AT,"unread":2,"created_at":AT,"updated_at":AT});
    assert_eq!(
        wire(&ServerFrame::Inbox { upserts: vec![summary()] }),
        json!({"type":"inbox","upserts":[full]})
    );
    let seen = summary().seen_by(Audience::Guest);
    let opened = wire(&ServerFrame::Opened { conversation: seen, events: vec![], more: false });
    let c = &opened["conversation"];
    assert_eq!(c["tags"], json!([]));
    assert_eq!(c["urgency"], "normal");
    assert_eq!(c["unread"], 0);
    assert_eq!(c["guest"], json!({"id":G,"name":"Ada"}));
}

#[test]
fn events_of_every_kind() {
    let by = json!({"kind":"agent","id":A,"name":"Mia"});
    let head = json!({"conversation":C,"seq":9,"prev":8,"id":"c-1","at":AT,"by":by});
    let with = |fields: Value| {
        let mut whole = head.clone();
        whole.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        whole["type"] = json!("event");
        whole
    };
    let kind = |fields: Value| -> EventKind { serde_json::from_value(fields).unwrap() };
    for fields in [
        json!({"kind":"message","text":"Hi","channel":"web"}),
        json!({"kind":"message","text":"Hi","channel":"whatsapp","sent_at":AT,"reply_to":3,"partial":true,
               "citations":[{"id":T,"title":"Pool"}],
               "attachments":[{"id":T,"name":"a.png","media_type":"image/png","size":7}]}),
        json!({"kind":"note","text":"tired"}),
        json!({"kind":"mode","mode":"human","reason":"take_over"}),
        json!({"kind":"mode","mode":"ai"}),
        json!({"kind":"status","status":"snoozed","until":AT}),
        json!({"kind":"assigned","agent":{"id":A,"name":"Mia"}}),
        json!({"kind":"assigned","agent":null}),
        json!({"kind":"tags","tags":["a","b"]}),
        json!({"kind":"profile","guest":{"id":G,"room":"7"}}),
        json!({"kind":"delivery","of":4,"state":"failed","error":"outside the window"}),
        json!({"kind":"rating","stars":5,"comment":"lovely"}),
        json!({"kind":"request","request":{"id":T,"department":"housekeeping","text":"towels","room":"412",
               "state":"open","due_at":AT}}),
        json!({"kind":"reaction","of":4,"emoji":"👍"}),
        json!({"kind":"reaction"}),
        json!({"kind":"edited","of":4,"text":"at nine"}),
        json!({"kind":"deleted","of":4}),
        json!({"kind":"erased","through":4}),
        json!({"kind":"urgency","urgency":"urgent","reason":"fire"}),
    ] {
        let event = event(kind(fields.clone()), Author::agent(&mia()));
        let seen = ServerFrame::Event(event.view(Audience::Agents).unwrap());
        assert_eq!(wire(&seen), with(fields.clone()));
        let for_guest = event.view(Audience::Guest);
        let open =
            ["message", "mode", "status", "assigned", "request", "reaction", "edited", "deleted", "erased"];
        assert_eq!(for_guest.is_some(), open.contains(&fields["kind"].as_str().unwrap()), "{fields}");
        if let Some(view) = for_guest {
            assert_eq!(view.prev, 6, "a guest's events are chained past what it may not see");
        }
    }
}

#[test]
fn what_passes() {
    let turn = TurnId(uuid(7));
    let c = conversation();
    let ack = ServerFrame::Ack { id: ClientId::try_from("c-1".to_owned()).unwrap(), conversation: c, seq: 9 };
    for (frame, expected) in [
        (ack, json!({"type":"ack","id":"c-1","conversation":C,"seq":9})),
        (
            ServerFrame::refused(None, Refusal::new(Code::RateLimited, "slow down").retry_in(900)),
            json!({"type":"error","code":"rate_limited","message":"slow down","retry_ms":900}),
        ),
        (
            ServerFrame::Draft { conversation: c, turn, text: "Good ".into() },
            json!({"type":"draft","conversation":C,"turn":T,"text":"Good "}),
        ),
        (
            ServerFrame::DraftEnd { conversation: c, turn, outcome: Outcome::Cut, seq: Some(9) },
            json!({"type":"draft_end","conversation":C,"turn":T,"outcome":"cut","seq":9}),
        ),
        (
            ServerFrame::DraftEnd { conversation: c, turn, outcome: Outcome::Dropped, seq: None },
            json!({"type":"draft_end","conversation":C,"turn":T,"outcome":"dropped"}),
        ),
        (
            ServerFrame::Typing { conversation: c, by: Author::ai(), on: true },
            json!({"type":"typing","conversation":C,"by":{"kind":"ai"},"on":true}),
        ),
        (
            ServerFrame::Read { conversation: c, by: guest(), seq: 4 },
            json!({"type":"read","conversation":C,"by":{"kind":"guest","id":G,"name":"Ada"},"seq":4}),
        ),
        (
            ServerFrame::Presence {
                agents: vec![Presence { id: mia().id, name: "Mia".into(), online: true }],
            },
            json!({"type":"presence","agents":[{"id":A,"name":"Mia","online":true}]}),
        ),
        (ServerFrame::Pong, json!({"type":"pong"})),
    ] {
        assert_eq!(wire(&frame), expected);
    }
    let entry = EntryId(uuid(7));
    assert_eq!(entry.to_string(), T);
}

#[test]
fn a_message_keeps_its_words() {
    let text = " \u{202e}مرحبا <b>&\"'\\ 👩‍👩‍👧 \n";
    let event = event(EventKind::Message(Message::new(text, Channel::Web)), guest());
    let seen = wire(&ServerFrame::Event(event.view(Audience::Guest).unwrap()));
    assert_eq!(seen["text"], text);
}
