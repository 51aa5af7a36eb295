//! Words for what has none: places, cards, forms, orders, and what cannot be shown.

use frontdesk_domain::outgoing::spoken;
use serde_json::Value;

use super::content::error_code;
use super::field::{filled, list, text, written};

/// What staff are told when a guest's user id changed.
pub(super) const NEW_USER_ID: &str = "The guest's WhatsApp account changed; the conversation goes on here.";
/// What staff are told when a guest's phone or keys changed.
pub(super) const NEW_IDENTITY: &str = "The guest's WhatsApp identity changed (a new phone, or another person): make sure who it is before you \
     share anything private.";

/// The most cards, fields or items that are written out.
const LINES_MAX: usize = 30;
/// The longest value of a card, a form or an order, in characters.
const VALUE_MAX_CHARS: usize = 300;

/// A text on one line, without control characters, and cut.
pub(super) fn short(text: &str, max_chars: usize) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    frontdesk_domain::text::shorten(line.trim(), max_chars)
}

fn value(text: &str) -> String {
    short(text, VALUE_MAX_CHARS)
}

/// A place.
pub(super) fn location(own: &Value) -> Option<String> {
    let (latitude, longitude) = (written(own, "latitude")?, written(own, "longitude")?);
    let place: Vec<String> =
        ["name", "address"].into_iter().filter_map(|field| filled(own, field)).map(value).collect();
    let head =
        if place.is_empty() { "[location]".to_owned() } else { format!("[location] {}", place.join(", ")) };
    Some(format!("{head}\n{}, {}", value(&latitude), value(&longitude)))
}

/// Cards of people. Their numbers are content: nobody is written to because of them.
pub(super) fn contacts(cards: &[Value]) -> Option<String> {
    let lines: Vec<String> = cards.iter().take(LINES_MAX).map(card).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

fn card(card: &Value) -> String {
    let name = &card["name"];
    let name = filled(name, "formatted_name").or_else(|| filled(name, "first_name")).unwrap_or("no name");
    let mut parts = vec![value(name)];
    parts.extend(
        list(card, "phones")
            .iter()
            .take(5)
            .filter_map(|phone| filled(phone, "phone").or_else(|| filled(phone, "wa_id")).map(value)),
    );
    parts.extend(list(card, "emails").iter().take(5).filter_map(|email| filled(email, "email").map(value)));
    parts.extend(card.get("org").and_then(|org| filled(org, "company")).map(value));
    format!("[contact] {}", parts.join(", "))
}

/// What was tapped, chosen or filled in.
pub(super) fn interactive(own: &Value) -> Option<String> {
    let kind = text(own, "type")?;
    let reply = own.get(kind)?;
    match kind {
        // A button of ours carries the whole text that its title was cut from.
        "button_reply" => ours(reply).or_else(|| filled(reply, "title")).map(str::to_owned),
        "list_reply" => {
            let title = filled(reply, "title")?;
            Some(match filled(reply, "description") {
                Some(description) => format!("{title}\n{description}"),
                None => title.to_owned(),
            })
        }
        "nfm_reply" => Some(form(reply)),
        "call_permission_reply" => {
            filled(reply, "response").map(|response| format!("[call permission: {}]", value(response)))
        }
        _ => None,
    }
}

/// What a quick reply of ours says.
fn ours(reply: &Value) -> Option<&str> {
    text(reply, "id").and_then(spoken)
}

/// The id of what was tapped or chosen, where it says more than its title: for what was not sent from here.
fn tapped(message: &Value) -> Option<&str> {
    let interactive = &message["interactive"];
    let (tapped, id, title) = match text(message, "type")? {
        "button" => (&message["button"], "payload", "text"),
        "interactive" => match text(interactive, "type")? {
            kind @ ("button_reply" | "list_reply") => (&interactive[kind], "id", "title"),
            _ => return None,
        },
        _ => return None,
    };
    let id = filled(tapped, id)?;
    (ours(tapped).is_none() && Some(id) != text(tapped, title)).then_some(id)
}

/// A form: its answers are a text of JSON, or of whatever else.
fn form(reply: &Value) -> String {
    let mut lines = vec!["[form]".to_owned()];
    let answers = text(reply, "response_json").and_then(|json| serde_json::from_str::<Value>(json).ok());
    for (name, answer) in answers.as_ref().and_then(Value::as_object).into_iter().flatten() {
        // The token names the form that we sent, and is nothing that the guest said.
        if name != "flow_token" && lines.len() <= LINES_MAX {
            let answer = answer.as_str().map_or_else(|| answer.to_string(), str::to_owned);
            lines.push(format!("{}: {}", value(name), value(&answer)));
        }
    }
    if lines.len() == 1 {
        lines.extend(filled(reply, "body").map(value));
    }
    lines.join("\n")
}

/// An order from the catalogue.
pub(super) fn order(own: &Value) -> Option<String> {
    let items = list(own, "product_items");
    if items.is_empty() && filled(own, "text").is_none() {
        return None;
    }
    let mut lines = vec!["[order]".to_owned()];
    lines.extend(items.iter().take(LINES_MAX).map(|item| {
        let field = |name| written(item, name).map(|text| value(&text)).unwrap_or_default();
        let price = format!("{} {}", field("item_price"), field("currency"));
        format!("{} × {} ({})", field("quantity"), field("product_retailer_id"), price.trim())
    }));
    if items.len() > LINES_MAX {
        lines.push(format!("… and {} more", items.len() - LINES_MAX));
    }
    lines.extend(filled(own, "text").map(str::to_owned));
    Some(lines.join("\n"))
}

/// Something that came and cannot be shown.
pub(super) fn unsupported(message: &Value) -> String {
    let kind = text(message, "type").unwrap_or("unknown");
    let kind = match kind {
        "unsupported" | "unknown" => message["unsupported"].get("type").and_then(Value::as_str),
        other => Some(other),
    };
    match (kind, error_code(message)) {
        (Some(kind), _) => format!("[unsupported message: {}]", short(kind, 40)),
        (None, Some(code)) => format!("[unsupported message, code {code}]"),
        (None, None) => "[unsupported message]".to_owned(),
    }
}

/// Where a message comes from: forwarded, a product, an advertisement.
pub(super) fn origin(message: &Value) -> Option<String> {
    let context = &message["context"];
    let is = |field: &str| context[field].as_bool() == Some(true);
    let mut parts = Vec::new();
    if is("forwarded") || is("frequently_forwarded") {
        parts.push("forwarded".to_owned());
    }
    if let Some(product) = context.get("referred_product").and_then(|of| filled(of, "product_retailer_id")) {
        parts.push(format!("about product {}", value(product)));
    }
    parts.extend(tapped(message).map(|id| format!("button {}", value(id))));
    let referral = &message["referral"];
    if referral.is_object() {
        let mut part = "from an advertisement".to_owned();
        for field in ["headline", "source_id", "source_url"] {
            if let Some(text) = filled(referral, field) {
                part = format!("{part}, {}", value(text));
            }
        }
        parts.push(part);
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// What staff are told when a guest's number changed.
pub(super) fn new_number(message: &Value) -> String {
    let number = |text: Option<&str>| {
        text.map_or("another number".to_owned(), |digits| format!("+{}", short(digits, 40)))
    };
    let old = number(filled(message, "from"));
    let new = number(filled(&message["system"], "wa_id"));
    format!(
        "The guest's WhatsApp number changed from {old} to {new}; the conversation goes on here. Numbers pass \
         from person to person: make sure who it is before you share anything private."
    )
}
