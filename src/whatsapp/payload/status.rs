//! What became of a message of ours.

use frontdesk_domain::event::DeliveryState;
use frontdesk_domain::ids::PropertyId;
use frontdesk_domain::inbound::{DeliveryFailure, DeliveryReport};
use frontdesk_domain::timestamp::Timestamp;
use serde_json::Value;

use super::WAMID_MAX_BYTES;
use super::field::{filled, list, number, text, time};
use super::words::short;

/// The longest word of WhatsApp's about a failure that is kept, in characters.
const REASON_MAX_CHARS: usize = 500;
/// The longest tracker that can be ours, in bytes.
const TRACKER_MAX_BYTES: usize = 512;

/// Reads one status.
///
/// # Errors
/// Why it is passed over.
pub(super) fn read(
    status: &Value,
    property: PropertyId,
    now: Timestamp,
) -> Result<DeliveryReport, &'static str> {
    if text(status, "recipient_type") == Some("group") {
        return Err("group");
    }
    let wamid = text(status, "id").filter(|id| (1..=WAMID_MAX_BYTES).contains(&id.len())).ok_or("no_id")?;
    let state = match text(status, "status") {
        Some("sent") => DeliveryState::Sent,
        Some("delivered") => DeliveryState::Delivered,
        // Who heard a voice message has read it.
        Some("read" | "played") => DeliveryState::Read,
        Some("failed") => DeliveryState::Failed,
        _ => return Err("status"),
    };
    let tracker = text(status, "biz_opaque_callback_data").filter(|data| data.len() <= TRACKER_MAX_BYTES);
    Ok(DeliveryReport {
        property,
        wamid: wamid.to_owned(),
        state,
        at: time(status, "timestamp", now),
        error: list(status, "errors").first().map(failure),
        tracker: tracker.map(str::to_owned),
        recipient: filled(status, "recipient_id").map(str::to_owned),
        recipient_user_id: filled(status, "recipient_user_id").map(str::to_owned),
    })
}

fn failure(error: &Value) -> DeliveryFailure {
    let words = |text: &str| short(text, REASON_MAX_CHARS);
    let details = error.get("error_data").and_then(|data| filled(data, "details"));
    DeliveryFailure {
        code: number(error, "code").unwrap_or_default(),
        title: filled(error, "title").or_else(|| filled(error, "message")).map(words),
        details: details.or_else(|| filled(error, "details")).map(words),
    }
}
