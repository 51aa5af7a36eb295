//! A guest of the chat page shows, by a code that was sent there, that they also write over WhatsApp.
//!
//! What that opens is nothing: neither conversation is shown to the other. Staff see that the two are one person's.
//! A code goes only to who has written to this hotel, and nobody who asks for one is told whether it did.

mod code;
mod number;

pub use code::{Code, GOOD_FOR_MS};
pub use number::number;

use frontdesk_actors::hub::Hub;
use frontdesk_actors::ports::whatsapp::{Letter, Recipient, WhatsAppApi};
use frontdesk_domain::answerer::{Language, link_code};
use frontdesk_domain::conversation::{Command, Receive, Received};
use frontdesk_domain::ids::{ClientId, ConversationId};
use frontdesk_domain::outgoing::Payload;
use frontdesk_domain::people::Author;
use frontdesk_domain::timestamp::Timestamp;
use uuid::Uuid;

use crate::store::links::Link;

/// What its statuses come back with: none of the messages of a conversation.
const TRACKER: &str = "link-code";

/// Sends a code and tells staff that one was sent. At most once: who gets none asks for another. It is in no
/// conversation, so that nobody but the guest reads it.
pub async fn send(
    api: &impl WhatsAppApi,
    hub: &Hub,
    code: &Code,
    (number, conversation): (String, ConversationId),
    language: Language,
    at: Timestamp,
) {
    let text = link_code(language, &code.shown());
    let letter = Letter {
        to: Recipient::Phone(number),
        payload: Payload::Text { text },
        quote: None,
        tracker: TRACKER.to_owned(),
    };
    let sent = api.send(letter).await;
    let outcome = if sent.is_ok() { "sent" } else { "failed" };
    metrics::counter!("frontdesk_link_codes_total", "outcome" => outcome).increment(1);
    match sent {
        Ok(_) => {
            let text = "A code for the chat page was sent to this guest over WhatsApp, because somebody there says that \
                        this number is theirs.";
            note(hub, conversation, "code", at, text).await;
        }
        Err(error) => tracing::warn!(%conversation, %error, "a code could not be sent"),
    }
}

/// Tells staff, in both conversations, that they are one person's.
pub async fn tell(hub: &Hub, link: &Link) {
    let web = "This guest has shown, by a code that was sent there, to be a guest who writes over WhatsApp as well.";
    let whatsapp =
        "This guest has shown, by a code that was sent here, to be a guest of the chat page as well.";
    note(hub, link.web, "linked", link.linked_at, web).await;
    note(hub, link.whatsapp, "linked", link.linked_at, whatsapp).await;
}

/// A note that is lost is no harm: the card says the same.
async fn note(hub: &Hub, to: ConversationId, what: &str, at: Timestamp, text: &str) {
    let Ok(id) = ClientId::try_from(format!("{what}-{}", Uuid::now_v7())) else { return };
    let what = Received::Notice { text: text.to_owned() };
    let note = Receive { by: Author::system(), id, wamid: None, sent_at: at, what };
    if let Err(refusal) = hub.note(to, Command::Receive(Box::new(note))).await {
        tracing::warn!(conversation = %to, %refusal, "staff were not told of a link");
    }
}
