//! The account around the number: its state, its templates, its files.

use std::sync::Arc;

use ring::digest;
use serde_json::{Value, json};

use super::connection::{Answer, refusal};
use super::http::{self, Request};
use super::state::Shared;

/// The account that owns the number.
const ACCOUNT: &str = "200000000000002";
/// The app that is told of its messages.
pub(super) const APP: &str = "300000000000003";

/// Name, language, body and number of blanks of each template.
pub(super) const TEMPLATES: &[(&str, &str, &str, usize)] = &[
    ("room_ready", "en_US", "Dear {{1}}, your room {{2}} is ready. We look forward to seeing you.", 2),
    ("room_ready", "de", "Guten Tag {{1}}, Ihr Zimmer {{2}} ist bereit. Wir freuen uns auf Sie.", 2),
    ("may_we_reply", "en_US", "You asked us something earlier. May we answer you here?", 0),
];

pub(super) fn respond(request: &Request, parts: &[&str], shared: &Arc<Shared>) -> Answer {
    let number = shared.settings.number.as_str();
    match (request.method.as_str(), parts) {
        ("GET", [id]) if *id == number => Answer::Json(200, self::number(shared)),
        ("GET", [ACCOUNT, "message_templates"]) => Answer::Json(200, json!({"data": templates()})),
        ("GET", [ACCOUNT, "subscribed_apps"]) => Answer::Json(
            200,
            json!({"data": [{"whatsapp_business_api_data": {"id": APP, "name": "Fake app", "link": ""}}]}),
        ),
        ("POST", [id, "media"]) if *id == number => upload(request, shared),
        ("GET", [id]) => file(id, shared),
        ("GET", ["files", id]) => match shared.state().media.get(*id) {
            Some((media_type, bytes)) => Answer::Bytes(200, media_type.clone(), bytes.clone()),
            None => refusal(404, 131_052, "Media not found"),
        },
        _ => refusal(404, 100, "Unsupported request"),
    }
}

/// What the app is told of. Asked for with the app's own token, its id and its secret, and with no other.
pub(super) fn subscriptions(request: &Request, shared: &Arc<Shared>) -> Answer {
    if request.bearer.as_deref() != Some(format!("{APP}|{}", shared.settings.secret).as_str()) {
        return refusal(400, 190, "Invalid OAuth access token signature");
    }
    let fields: Vec<Value> =
        shared.settings.fields.iter().map(|name| json!({"name": name, "version": "v26.0"})).collect();
    let subscription = json!({"object": "whatsapp_business_account", "active": true, "fields": fields,
        "callback_url": shared.state().webhook});
    Answer::Json(200, json!({"data": [subscription]}))
}

fn number(shared: &Shared) -> Value {
    json!({"id": shared.settings.number, "display_phone_number": "+49 151 0000001", "verified_name": "Hotel Seeblick",
        "status": "CONNECTED", "name_status": "APPROVED", "quality_rating": "GREEN",
        "code_verification_status": shared.settings.verification, "whatsapp_business_account": {"id": ACCOUNT},
        "webhook_configuration": {"application": shared.state().webhook}})
}

fn templates() -> Vec<Value> {
    let template = |(name, language, body, _): &(&str, &str, &str, usize)| {
        json!({"name": name, "language": language, "status": "APPROVED", "category": "UTILITY",
            "components": [{"type": "BODY", "text": body}]})
    };
    TEMPLATES.iter().map(template).collect()
}

/// A template's text with its blanks filled in.
pub(super) fn rendered(content: &Value) -> String {
    let known = TEMPLATES
        .iter()
        .find(|(name, language, ..)| content["name"] == *name && content["language"]["code"] == *language);
    let Some((_, _, body, _)) = known else { return String::new() };
    let given = content["components"][0]["parameters"].as_array().cloned().unwrap_or_default();
    let fill = |text: String, (n, value): (usize, &Value)| {
        text.replace(&format!("{{{{{}}}}}", n + 1), value["text"].as_str().unwrap_or_default())
    };
    given.iter().enumerate().fold((*body).to_owned(), fill)
}

/// Keeps the part of a form that is the file.
fn upload(request: &Request, shared: &Shared) -> Answer {
    let Some(boundary) = request.content_type.split("boundary=").nth(1) else {
        return refusal(400, 100, "not a form");
    };
    let mark = format!("--{}", boundary.trim_matches('"'));
    let mut rest = &request.body[..];
    while let Some(at) = http::find(rest, mark.as_bytes()) {
        rest = &rest[at + mark.len()..];
        let part = &rest[..http::find(rest, mark.as_bytes()).unwrap_or(0)];
        let Some(head) = http::find(part, b"\r\n\r\n") else { continue };
        let words = String::from_utf8_lossy(&part[..head]).to_lowercase();
        if words.contains("name=\"file\"") {
            let media_type = words.split("content-type:").nth(1).and_then(|text| text.lines().next());
            let media_type = media_type.unwrap_or("application/octet-stream").trim().to_owned();
            let bytes = part[head + 4..].strip_suffix(b"\r\n").unwrap_or(&part[head + 4..]).to_vec();
            let mut state = shared.state();
            let id = state.fresh("9");
            state.media.insert(id.clone(), (media_type, bytes));
            return Answer::Json(200, json!({"id": id}));
        }
    }
    refusal(400, 100, "no file")
}

/// Where a file is.
fn file(id: &str, shared: &Shared) -> Answer {
    match shared.state().media.get(id) {
        Some((media_type, bytes)) => {
            let digest = digest::digest(&digest::SHA256, bytes);
            let sha256: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
            Answer::Json(
                200,
                json!({"id": id, "mime_type": media_type, "file_size": bytes.len(), "sha256": sha256,
                    "url": format!("http://{}/files/{id}", shared.address)}),
            )
        }
        None => refusal(400, 100, "Object does not exist"),
    }
}
