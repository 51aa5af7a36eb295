//! News of the account, for operators: restrictions, the number's quality, templates.

use serde_json::Value;

use super::field::text;
use super::words::short;

/// What an operator should read of.
const WORTH_A_LINE: [&str; 7] = [
    "account_alerts",
    "account_review_update",
    "account_update",
    "message_template_status_update",
    "phone_number_name_update",
    "phone_number_quality_update",
    "security",
];

/// Logs what came under a field that is not about messages.
pub(super) fn log(field: &str, value: &Value) {
    let said = ["event", "decision", "alert_type"].into_iter().find_map(|name| text(value, name));
    let (field, said) = (short(field, 60), said.map(|said| short(said, 60)));
    if WORTH_A_LINE.contains(&field.as_str()) {
        tracing::warn!(field = field.as_str(), said = said.as_deref(), "WhatsApp has news of the account");
    } else {
        tracing::debug!(
            field = field.as_str(),
            said = said.as_deref(),
            "a webhook that is not about messages"
        );
    }
}
