//! What Meta sends: signed, and again until it is taken.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ring::hmac;
use serde_json::{Value, json};

use super::http;
use super::state::Shared;

/// How often a webhook is sent before it is given up. Meta goes on for days.
const TRIES: u32 = 60;
/// The pause between.
const PAUSE: Duration = Duration::from_millis(250);

/// The time so long ago in seconds, as Meta writes it.
pub(super) fn time(ago: Duration) -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    since.saturating_sub(ago).as_secs().to_string()
}

/// The value of the signature header for a body.
pub fn signature(secret: &str, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let digest: String = hmac::sign(&key, body).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256={digest}")
}

/// Sends the value of one change of the field `messages`. True if it was taken.
pub(super) async fn deliver(shared: &Shared, mut value: Value) -> bool {
    value["messaging_product"] = json!("whatsapp");
    value["metadata"] =
        json!({"display_phone_number": "491510000001", "phone_number_id": shared.settings.number});
    let body = json!({"object": "whatsapp_business_account", "entry": [
        {"id": "200000000000002", "changes": [{"field": "messages", "value": value}]}]});
    let body = body.to_string();
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("x-hub-signature-256", signature(&shared.settings.secret, body.as_bytes())),
    ];
    for _ in 0..TRIES {
        let Some(url) = shared.state().webhook.clone() else { return false };
        if matches!(http::post(&url, &headers, body.as_bytes()).await, Ok(200)) {
            shared.state().journal.totals.webhooks += 1;
            return true;
        }
        tokio::time::sleep(PAUSE).await;
    }
    shared.state().journal.totals.webhooks_lost += 1;
    false
}
