//! Webhooks as Meta sends them: bodies with messages, signed.

use std::time::{SystemTime, UNIX_EPOCH};

use ring::hmac;
use serde_json::{Value, json};

use crate::http::Http;

/// A business number of Meta's, and the secret of the app that gets its webhooks.
pub struct Webhooks {
    key: hmac::Key,
    number: String,
}

/// A text message from a number.
pub fn text(from: &str, id: &str, words: &str) -> Value {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    json!({"from": from, "id": id, "timestamp": now.to_string(), "type": "text", "text": {"body": words}})
}

impl Webhooks {
    /// Those of this number.
    pub fn new(secret: &str, number: &str) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), number: number.to_owned() }
    }

    /// A body with messages from one guest.
    pub fn body(&self, from: &str, name: &str, messages: &[Value]) -> String {
        let value = json!({
            "messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "15550100000", "phone_number_id": self.number},
            "contacts": [{"profile": {"name": name}, "wa_id": from}],
            "messages": messages,
        });
        let change = json!({"value": value, "field": "messages"});
        let entry = json!({"id": "110000000000001", "changes": [change]});
        json!({"object": "whatsapp_business_account", "entry": [entry]}).to_string()
    }

    /// The signature of a body, in hexadecimal digits.
    pub fn signature(&self, body: &[u8]) -> String {
        let digest = hmac::sign(&self.key, body);
        digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Sends a body; answers the status.
    ///
    /// # Errors
    /// No answer comes: what was sent may have been taken or not.
    pub async fn post(&self, http: &mut Http, body: &str) -> anyhow::Result<u16> {
        let signature = self.signature(body.as_bytes());
        let headers =
            format!("Content-Type: application/json\r\nX-Hub-Signature-256: sha256={signature}\r\n");
        Ok(http.call("POST", "/webhooks/whatsapp", &headers, body.as_bytes()).await?.status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_those_of_the_standard() {
        // RFC 4231, test case 2.
        let signature = Webhooks::new("Jefe", "1").signature(b"what do ya want for nothing?");
        assert_eq!(signature, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }
}
