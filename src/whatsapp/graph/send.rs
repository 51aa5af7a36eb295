//! Sending, and marking as read.

use async_trait::async_trait;
use frontdesk_actors::ports::whatsapp::{Letter, SendFault, WhatsAppApi};
use frontdesk_domain::outgoing::Payload;
use reqwest::Method;
use serde_json::{Value, json};

use super::body::{self, FileKind};
use super::{GraphClient, GraphError};

#[async_trait]
impl WhatsAppApi for GraphClient {
    async fn send(&self, letter: Letter) -> Result<String, SendFault> {
        let media = match &letter.payload {
            Payload::File { attachment, name, media_type, .. } => {
                Some(self.upload(*attachment, name, media_type).await?)
            }
            _ => None,
        };
        let media: Option<(FileKind, &str)> = media.as_ref().map(|(kind, id)| (*kind, id.as_str()));
        let body = body::letter(&letter, media);
        let request = self.request(Method::POST, &[&self.inner.number, "messages"]).json(&body);
        let answer = self.ask(request).await.inspect_err(log_refusal)?;
        let wamid = answer.pointer("/messages/0/id").and_then(Value::as_str);
        // Taken, but nobody knows as what: only a status can tell.
        wamid.filter(|id| !id.is_empty()).map(str::to_owned).ok_or(SendFault::Unclear)
    }

    async fn mark_read(&self, wamid: &str, typing: bool) -> Result<(), SendFault> {
        let mut body = json!({"messaging_product": "whatsapp", "status": "read", "message_id": wamid});
        if typing {
            body["typing_indicator"] = json!({"type": "text"});
        }
        let request = self.request(Method::POST, &[&self.inner.number, "messages"]).json(&body);
        self.ask(request).await?;
        Ok(())
    }
}

/// Codes and Meta's trace, for whoever asks Meta; its words may quote the guest and stay out.
fn log_refusal(error: &GraphError) {
    if let GraphError::Refused { code, subcode, trace, .. } = error {
        tracing::warn!(code, subcode, trace = trace.as_deref(), "WhatsApp refused a message");
    }
}
