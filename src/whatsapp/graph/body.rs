//! Messages as the API takes them.

use frontdesk_actors::ports::whatsapp::{Letter, Recipient};
use frontdesk_domain::outgoing::{Parameter, Payload};
use serde_json::{Value, json};

/// The body of a request that sends a message. `media` is the API's id of the file, where there is one.
pub(super) fn letter(letter: &Letter, media: Option<(FileKind, &str)>) -> Value {
    let mut body = json!({
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "biz_opaque_callback_data": letter.tracker,
    });
    match &letter.to {
        // Without the plus, the API would put the hotel's own country in front.
        Recipient::Phone(digits) => body["to"] = json!(format!("+{}", digits.trim_start_matches('+'))),
        Recipient::UserId(id) => body["recipient"] = json!(id),
    }
    if let Some(quote) = &letter.quote {
        body["context"] = json!({"message_id": quote});
    }
    let (kind, content) = content(&letter.payload, media);
    body["type"] = json!(kind);
    body[kind] = content;
    body
}

fn content(payload: &Payload, media: Option<(FileKind, &str)>) -> (&'static str, Value) {
    match payload {
        // No previews: they would have the guest's phone fetch an address that somebody wrote.
        Payload::Text { text } => ("text", json!({"body": text, "preview_url": false})),
        Payload::Buttons { text, buttons } => {
            let buttons: Vec<Value> = buttons
                .iter()
                .map(|button| json!({"type": "reply", "reply": {"id": button.id, "title": button.title}}))
                .collect();
            let content = json!({"type": "button", "body": {"text": text}, "action": {"buttons": buttons}});
            ("interactive", content)
        }
        Payload::Template { name, language, parameters } => {
            let mut content = json!({"name": name, "language": {"code": language}});
            if !parameters.is_empty() {
                let parameters: Vec<Value> = parameters.iter().map(parameter).collect();
                content["components"] = json!([{"type": "body", "parameters": parameters}]);
            }
            ("template", content)
        }
        Payload::File { name, media_type, caption, .. } => {
            let (kind, id) = media.unwrap_or((FileKind::of(media_type, 0), ""));
            let mut content = json!({"id": id});
            if let Some(caption) = caption {
                content["caption"] = json!(caption);
            }
            if kind == FileKind::Document {
                content["filename"] = json!(name);
            }
            (kind.name(), content)
        }
    }
}

fn parameter(parameter: &Parameter) -> Value {
    let mut value = json!({"type": "text", "text": parameter.text});
    if let Some(name) = &parameter.name {
        value["parameter_name"] = json!(name);
    }
    value
}

/// As what a file is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileKind {
    Image,
    Audio,
    Video,
    Document,
}

impl FileKind {
    /// The kind for a file of this type and size. What WhatsApp does not show goes as a document.
    pub(super) fn of(media_type: &str, bytes: usize) -> Self {
        const MIB: usize = 1024 * 1024;
        match media_type.split(';').next().unwrap_or_default().trim() {
            "image/jpeg" | "image/png" if bytes <= 5 * MIB => Self::Image,
            "video/mp4" | "video/3gpp" if bytes <= 16 * MIB => Self::Video,
            "audio/ogg" | "audio/mpeg" | "audio/aac" | "audio/mp4" | "audio/amr" if bytes <= 16 * MIB => {
                Self::Audio
            }
            _ => Self::Document,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Audio => "audio",
            Self::Video => "video",
            Self::Document => "document",
        }
    }
}

#[cfg(test)]
mod tests {
    use frontdesk_domain::outgoing::Button;
    use uuid::Uuid;

    use super::*;

    fn sent(payload: Payload) -> Value {
        let to = Recipient::Phone("491511234".into());
        letter(&Letter { to, payload, quote: None, tracker: "t".into() }, Some((FileKind::Document, "m1")))
    }

    #[test]
    fn as_the_api_takes_them() {
        let text = sent(Payload::Text { text: "See https://hotel.example".into() });
        assert_eq!(text["text"], json!({"body": "See https://hotel.example", "preview_url": false}));
        assert_eq!((&text["to"], &text["type"]), (&json!("+491511234"), &json!("text")));
        assert_eq!(text["biz_opaque_callback_data"], "t");
        let buttons = vec![Button { id: "say:Yes".into(), title: "Yes".into() }];
        let tap = sent(Payload::Buttons { text: "Ok?".into(), buttons });
        assert_eq!(tap["interactive"]["action"]["buttons"][0]["reply"]["id"], "say:Yes");
        let parameters = vec![Parameter { name: Some("room".into()), text: "12".into() }];
        let template = sent(Payload::Template { name: "ready".into(), language: "en_US".into(), parameters });
        assert_eq!(template["template"]["components"][0]["parameters"][0]["parameter_name"], "room");
        let file = sent(Payload::File {
            attachment: Uuid::nil(),
            name: "bill.pdf".into(),
            media_type: "application/pdf".into(),
            caption: Some("Your bill".into()),
        });
        assert_eq!(file["document"], json!({"id": "m1", "caption": "Your bill", "filename": "bill.pdf"}));
    }

    #[test]
    fn a_guest_without_a_number_and_a_quote() {
        let to = Recipient::UserId("DE.123".into());
        let payload = Payload::Text { text: "x".into() };
        let body = letter(&Letter { to, payload, quote: Some("wamid.1".into()), tracker: "t".into() }, None);
        assert_eq!((&body["recipient"], body.get("to")), (&json!("DE.123"), None));
        assert_eq!(body["context"]["message_id"], "wamid.1");
    }

    #[test]
    fn what_whatsapp_does_not_show_goes_as_a_document() {
        for (media_type, bytes, kind) in [
            ("image/jpeg", 1, FileKind::Image),
            ("image/jpeg", 6 << 20, FileKind::Document),
            ("image/gif", 1, FileKind::Document),
            ("audio/ogg; codecs=opus", 1, FileKind::Audio),
            ("video/mp4", 1, FileKind::Video),
            ("application/pdf", 1, FileKind::Document),
        ] {
            assert_eq!(FileKind::of(media_type, bytes), kind, "{media_type}");
        }
    }
}
