//! What goes out over WhatsApp, and what becomes of it.

use super::*;

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
