//! What a message is: every kind becomes something that a person can read.

use frontdesk_domain::inbound::{Content, Media};
use serde_json::Value;

use super::field::{filled, list, number, text};
use super::{media, sender, words};

/// Reads one message.
///
/// # Errors
/// Why it is passed over.
pub(super) fn read(message: &Value) -> Result<Content, &'static str> {
    let kind = text(message, "type").unwrap_or("unknown");
    let own = &message[kind];
    let content = match kind {
        "text" => said(message, filled(own, "body").map(str::to_owned)),
        "image" | "video" | "audio" | "voice" | "document" | "sticker" => with_file(message, kind),
        "location" => said(message, words::location(own)),
        "contacts" => said(message, words::contacts(list(message, "contacts"))),
        "interactive" => said(message, words::interactive(own)),
        "button" => said(message, filled(own, "text").or(filled(own, "payload")).map(str::to_owned)),
        "order" => said(message, words::order(own)),
        "reaction" => reaction(own)?,
        "edit" => edit(own)?,
        "revoke" => {
            let of = filled(own, "original_message_id").ok_or("revoke")?;
            Content::Deleted { of: of.to_owned() }
        }
        "system" => system(message)?,
        // The guest opened the chat and has said nothing yet.
        "request_welcome" => return Err("request_welcome"),
        _ => said(message, None),
    };
    Ok(content)
}

/// What was said, or that something was said which cannot be shown.
fn said(message: &Value, text: Option<String>) -> Content {
    let text = text.unwrap_or_else(|| words::unsupported(message));
    Content::Said { text, files: Vec::new(), origin: words::origin(message) }
}

fn with_file(message: &Value, kind: &str) -> Content {
    let own = &message[kind];
    if !own.is_object() {
        return said(message, None);
    }
    let files: Vec<Media> = media::read(own, kind).into_iter().collect();
    let caption = filled(own, "caption").map(str::to_owned);
    let mut text = caption.unwrap_or_else(|| media::label(own, kind));
    if files.is_empty() || !list(message, "errors").is_empty() {
        text.push_str("\n[the file did not arrive]");
    }
    Content::Said { text, files, origin: words::origin(message) }
}

fn reaction(own: &Value) -> Result<Content, &'static str> {
    let of = filled(own, "message_id").ok_or("reaction")?;
    let emoji = filled(own, "emoji").map(|emoji| words::short(emoji, 16)).filter(|emoji| !emoji.is_empty());
    Ok(Content::Reacted { of: of.to_owned(), emoji })
}

fn edit(own: &Value) -> Result<Content, &'static str> {
    let of = filled(own, "original_message_id").ok_or("edit")?;
    match read_again(&own["message"]) {
        Some(text) => Ok(Content::Edited { of: of.to_owned(), text }),
        None => Err("edit"),
    }
}

/// The words of an edited message: text or caption.
fn read_again(message: &Value) -> Option<String> {
    let kind = text(message, "type")?;
    let own = message.get(kind)?;
    filled(own, "body").or_else(|| filled(own, "caption")).map(str::to_owned)
}

fn system(message: &Value) -> Result<Content, &'static str> {
    let own = &message["system"];
    let to = sender::changed(own);
    match text(own, "type") {
        Some("user_changed_number" | "customer_changed_number") if !to.is_empty() => {
            Ok(Content::Moved { to, text: words::new_number(message) })
        }
        Some("user_changed_user_id") if !to.is_empty() => {
            Ok(Content::Moved { to, text: words::NEW_USER_ID.to_owned() })
        }
        Some("customer_identity_changed" | "user_identity_changed") => {
            Ok(Content::Notice { text: words::NEW_IDENTITY.to_owned() })
        }
        _ => match filled(own, "body") {
            Some(body) => Ok(Content::Notice { text: format!("WhatsApp says: {}", words::short(body, 500)) }),
            None => Err("system"),
        },
    }
}

/// The code of a message's first error.
pub(super) fn error_code(message: &Value) -> Option<i64> {
    list(message, "errors").first().and_then(|error| number(error, "code"))
}
