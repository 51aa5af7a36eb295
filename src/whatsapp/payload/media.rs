//! Files that a message carries. Nothing that is said of them is believed: it is shown, and the digest compared.

use frontdesk_domain::inbound::Media;
use serde_json::Value;

use super::super::digest;
use super::field::{filled, text};
use crate::attachments::name;

/// The longest id of a file that is taken, in bytes.
const ID_MAX_BYTES: usize = 256;

/// The file of a message of this kind, if it can be asked for.
pub(super) fn read(own: &Value, kind: &str) -> Option<Media> {
    let id = filled(own, "id").filter(|id| is_id(id))?;
    let media_type = media_type(own);
    let name = match filled(own, "filename").map(name::safe) {
        Some(name) if !name.is_empty() => name,
        _ => format!("{}{}", plain(kind), name::extension(&media_type)),
    };
    let sha256 = filled(own, "sha256").and_then(digest::read);
    Some(Media { id: id.to_owned(), name, media_type, sha256 })
}

/// Words for a file that came without any.
pub(super) fn label(own: &Value, kind: &str) -> String {
    match kind {
        "image" => "[photo]".to_owned(),
        "video" => "[video]".to_owned(),
        "sticker" if own["animated"].as_bool() == Some(true) => "[animated sticker]".to_owned(),
        "sticker" => "[sticker]".to_owned(),
        "voice" => "[voice message]".to_owned(),
        "audio" if own["voice"].as_bool() == Some(true) => "[voice message]".to_owned(),
        "audio" => "[audio]".to_owned(),
        _ => match filled(own, "filename").map(name::safe).filter(|name| !name.is_empty()) {
            Some(name) => format!("[document: {name}]"),
            None => "[document]".to_owned(),
        },
    }
}

fn plain(kind: &str) -> &str {
    match kind {
        "image" => "photo",
        "voice" => "voice-message",
        other => other,
    }
}

/// It becomes part of an address: nothing that could make it another one.
fn is_id(id: &str) -> bool {
    id.len() <= ID_MAX_BYTES && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

fn media_type(own: &Value) -> String {
    let said = text(own, "mime_type").unwrap_or_default();
    let said = said.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let clean = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'+' | b'-' | b'_'))
    };
    match said.split_once('/') {
        Some((kind, sub)) if said.len() <= 100 && clean(kind) && clean(sub) => said,
        _ => "application/octet-stream".to_owned(),
    }
}
