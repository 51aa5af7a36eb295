//! Bodies of every kind, read without a server.

mod collection;
mod mutations;

use frontdesk_domain::ids::PropertyId;
use frontdesk_domain::inbound::{AliasKind, Content};
use frontdesk_domain::timestamp::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;

const NUMBER: &str = "1065";
const NOW: Timestamp = Timestamp(1_800_000_000_000);

fn numbers() -> Numbers {
    Numbers::of([(NUMBER.to_owned(), PropertyId(Uuid::from_u128(1)))])
}

fn body(value: Value, field: &str) -> Value {
    let mut value = value;
    value["metadata"] = json!({"phone_number_id": NUMBER, "display_phone_number": "1 555"});
    json!({"object": "whatsapp_business_account",
           "entry": [{"id": "1", "changes": [{"field": field, "value": value}]}]})
}

fn read_json(body: &Value) -> Payload {
    read(body.to_string().as_bytes(), &numbers(), NOW).expect("JSON")
}

fn one(message: Value) -> Payload {
    let mut message = message;
    for (field, value) in [("id", "wamid.A"), ("from", "15550001"), ("timestamp", "1700000000")] {
        if message[field].is_null() {
            message[field] = json!(value);
        }
    }
    let contacts = json!([{"wa_id": "15550001", "profile": {"name": "Ana"}}]);
    read_json(&body(json!({"contacts": contacts, "messages": [message]}), "messages"))
}

/// The words of the one message, or why there is none.
fn words(message: Value) -> Result<String, Vec<&'static str>> {
    let payload = one(message);
    match payload.parcels.first().map(|parcel| &parcel.items[..]) {
        Some([item]) => match &item.content {
            Content::Said { text, .. } => Ok(text.clone()),
            other => Ok(format!("{other:?}")),
        },
        _ => Err(payload.ignored),
    }
}

/// Messages of every kind, and their words.
fn kinds() -> Vec<(Value, &'static str)> {
    vec![
        (json!({"type": "text", "text": {"body": " hi "}}), " hi "),
        (json!({"type": "image", "image": {"id": "1", "caption": "the pool"}}), "the pool"),
        (json!({"type": "image", "image": {"id": "1"}}), "[photo]"),
        (json!({"type": "image", "image": {}}), "[photo]\n[the file did not arrive]"),
        (json!({"type": "audio", "audio": {"id": "1", "voice": true}}), "[voice message]"),
        (json!({"type": "audio", "audio": {"id": "1", "voice": false}}), "[audio]"),
        (json!({"type": "voice", "voice": {"id": "1"}}), "[voice message]"),
        (json!({"type": "document", "document": {"id": "1", "filename": "../a.pdf"}}), "[document: a.pdf]"),
        (json!({"type": "sticker", "sticker": {"id": "1"}}), "[sticker]"),
        (
            json!({"type": "location", "location": {"latitude": 1.5, "longitude": -2, "name": "Bar"}}),
            "[location] Bar\n1.5, -2",
        ),
        (json!({"type": "location", "location": {"latitude": 1.5}}), "[unsupported message: location]"),
        (
            json!({"type": "contacts", "contacts": [{"name": {"formatted_name": "Bo"}, "phones": [{"phone": "+1 2"}]}, {}]}),
            "[contact] Bo, +1 2\n[contact] no name",
        ),
        (
            json!({"type": "interactive", "interactive": {"type": "button_reply", "button_reply": {"id": "x", "title": "Yes"}}}),
            "Yes",
        ),
        (
            json!({"type": "interactive", "interactive": {"type": "button_reply", "button_reply": {"id": "say:When does the spa open?", "title": "When does the spa o…"}}}),
            "When does the spa open?",
        ),
        (
            json!({"type": "interactive", "interactive": {"type": "list_reply", "list_reply": {"id": "x", "title": "Late", "description": "2 pm"}}}),
            "Late\n2 pm",
        ),
        (
            json!({"type": "interactive", "interactive": {"type": "nfm_reply", "nfm_reply": {"response_json": "{\"flow_token\":\"t\",\"stars\":4}"}}}),
            "[form]\nstars: 4",
        ),
        (
            json!({"type": "interactive", "interactive": {"type": "nfm_reply", "nfm_reply": {"body": "Sent", "response_json": "[nul"}}}),
            "[form]\nSent",
        ),
        (json!({"type": "interactive"}), "[unsupported message: interactive]"),
        (json!({"type": "button", "button": {"text": "Stop", "payload": "p"}}), "Stop"),
        (
            json!({"type": "order", "order": {"text": "please", "product_items": [{"product_retailer_id": "p", "quantity": 2, "item_price": 3.5, "currency": "EUR"}]}}),
            "[order]\n2 × p (3.5 EUR)\nplease",
        ),
        (json!({"type": "unsupported", "unsupported": {"type": "poll"}}), "[unsupported message: poll]"),
        (json!({"type": "unsupported", "errors": [{"code": 131051}]}), "[unsupported message, code 131051]"),
        (json!({"type": "hologram"}), "[unsupported message: hologram]"),
        (json!({"type": "text", "text": "a text"}), "[unsupported message: text]"),
        (json!({"type": 7}), "[unsupported message]"),
        (json!({}), "[unsupported message]"),
    ]
}

#[test]
fn every_kind_in_words() {
    for (message, expected) in kinds() {
        assert_eq!(words(message.clone()).as_deref(), Ok(expected), "{message}");
    }
}

#[test]
fn what_is_passed_over() {
    for (message, reason) in [
        (json!({"type": "text", "text": {"body": "x"}, "id": ""}), "no_id"),
        (json!({"type": "text", "text": {"body": "x"}, "id": "w".repeat(513)}), "no_id"),
        (json!({"type": "text", "text": {"body": "x"}, "group_id": "g"}), "group"),
        (json!({"type": "request_welcome"}), "request_welcome"),
        (json!({"type": "reaction", "reaction": {"emoji": "x"}}), "reaction"),
        (json!({"type": "revoke"}), "revoke"),
        (json!({"type": "edit", "edit": {"original_message_id": "w"}}), "edit"),
        (json!({"type": "system", "system": {"type": "new"}}), "system"),
    ] {
        assert_eq!(words(message.clone()), Err(vec![reason]), "{message}");
    }
    let message = json!({"id": "w", "from": "1", "type": "text", "text": {"body": "x"}});
    let value = json!({ "messages": [message] });
    for (body, reason) in [
        (json!([]), "object"),
        (json!({"object": "page"}), "object"),
        (body(value.clone(), "history"), "field"),
        (body(value.clone(), "holograms"), "field"),
        (
            json!({"object": "whatsapp_business_account", "entry": [{"changes": [{"value": value}]}]}),
            "no_field",
        ),
        (
            json!({"object": "whatsapp_business_account", "entry": [{"changes": [{"field": "messages", "value": value}]}]}),
            "foreign_number",
        ),
    ] {
        let payload = read_json(&body);
        assert!(payload.parcels.is_empty() && payload.reports.is_empty(), "{body}");
        assert_eq!(payload.ignored, [reason], "{body}");
    }
}

#[test]
fn names_by_id_and_not_by_position() {
    let text = |id: &str, from: &str| json!({"id": id, "from": from, "type": "text", "text": {"body": "x"}});
    let value = json!({
        "contacts": [{"wa_id": "2", "profile": {"name": "Bo"}}, {"wa_id": "1", "profile": {"name": "Ana"}}],
        "messages": [text("a", "1"), text("b", "2"), text("c", "1")],
    });
    let payload = read_json(&body(value, "messages"));
    let seen: Vec<_> =
        payload.parcels.iter().map(|parcel| (parcel.name.as_deref(), parcel.items.len())).collect();
    assert_eq!(seen, [(Some("Ana"), 2), (Some("Bo"), 1)]);
}

#[test]
fn a_guest_without_a_number() {
    let value = json!({
        "contacts": [{"user_id": "US.1", "profile": {"username": "@ana"}}],
        "messages": [{"id": "w", "from_user_id": "US.1", "type": "text", "text": {"body": "x"}}],
    });
    let payload = read_json(&body(value, "messages"));
    let [parcel] = &payload.parcels[..] else { panic!("one parcel") };
    assert_eq!(parcel.name.as_deref(), Some("@ana"));
    let kinds: Vec<_> = parcel.aliases.iter().map(|alias| (alias.kind, alias.value.as_str())).collect();
    assert_eq!(kinds, [(AliasKind::Bsuid, "US.1")]);
    // The id in the place of a number is still the id.
    let odd = one(json!({"from": "US.1", "type": "text", "text": {"body": "x"}}));
    assert_eq!(odd.parcels[0].aliases[0].kind, AliasKind::Bsuid);
}

#[test]
fn a_new_number_is_the_same_guest() {
    let payload =
        one(json!({"type": "system", "system": {"type": "user_changed_number", "wa_id": "15559999"}}));
    let Content::Moved { to, .. } = &payload.parcels[0].items[0].content else { panic!("moved") };
    assert!(to.iter().all(|alias| alias.value == "15559999") && to.len() == 2);
    assert!(payload.parcels[0].aliases.iter().all(|alias| alias.value == "15550001"));
}

#[test]
fn at_most_so_many() {
    let text = |n: usize| json!({"id": format!("w{n}"), "from": "1", "type": "text", "text": {"body": "x"}});
    let messages: Vec<Value> = (0..ITEMS_MAX + 5).map(text).collect();
    let payload = read_json(&body(json!({ "messages": messages }), "messages"));
    assert_eq!(payload.parcels[0].items.len(), ITEMS_MAX);
    assert_eq!(payload.ignored, ["too_many"; 5]);
}

#[test]
fn staff_on_the_hotels_own_phone() {
    let value = json!({"message_echoes": [{"id": "w", "from": "1", "to": "2", "type": "text", "text": {"body": "hello"}}]});
    let payload = read_json(&body(value, "smb_message_echoes"));
    let [parcel] = &payload.parcels[..] else { panic!("one parcel") };
    assert!(matches!(&parcel.items[0].content, Content::Echoed { text, .. } if text == "hello"));
    assert!(parcel.aliases.iter().all(|alias| alias.value == "2"));
}
