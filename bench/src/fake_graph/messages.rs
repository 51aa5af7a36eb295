//! Messages of the hotel: checked as Meta checks them, taken or not, and reported on.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::connection::{Answer, refusal};
use super::fault::Fault;
use super::http::Request;
use super::journal::Accepted;
use super::state::Shared;
use super::webhook;

/// The kinds that are taken.
const KINDS: [&str; 10] = [
    "text",
    "interactive",
    "template",
    "image",
    "audio",
    "video",
    "document",
    "sticker",
    "location",
    "reaction",
];

pub(super) async fn post(request: &Request, shared: &Arc<Shared>) -> Answer {
    let Ok(body) = serde_json::from_slice::<Value>(&request.body) else {
        return refusal(400, 100, "Invalid parameter");
    };
    if body["messaging_product"] != "whatsapp" {
        return refusal(400, 100, "messaging_product is missing");
    }
    if body["status"] == "read" {
        let wamid = body["message_id"].as_str().unwrap_or_default();
        shared.state().journal.mark(wamid, body["typing_indicator"].is_object());
        return Answer::Json(200, json!({"success": true}));
    }
    let fault = {
        let mut state = shared.state();
        state.journal.totals.sends += 1;
        state.next_fault()
    };
    match fault {
        Fault::CutBefore => return Answer::Cut,
        Fault::SilentBefore => return Answer::Silence,
        Fault::Gateway => return gateway(),
        Fault::Refuse(code) => return refuse(shared, code, "as told"),
        Fault::RefuseLater(code, wait) => {
            tokio::time::sleep(wait).await;
            return refuse(shared, code, "as told");
        }
        Fault::Delay(wait) => tokio::time::sleep(wait).await,
        _ => {}
    }
    if let Err((code, why)) = check(&body) {
        return refuse(shared, code, why);
    }
    let to = recipient(&body);
    let accepted = {
        let mut state = shared.state();
        if let Err(code) = state.counters.take(&to, &shared.settings.limits) {
            state.journal.refuse(code);
            return refusal(400, code, "Too many messages");
        }
        let accepted = Accepted {
            wamid: state.fresh("wamid.FAKE"),
            to: to.clone(),
            tracker: body["biz_opaque_callback_data"].as_str().unwrap_or_default().to_owned(),
            kind: body["type"].as_str().unwrap_or_default().to_owned(),
            text: words(&body),
            body: body.clone(),
            at_ms: shared.now_ms(),
        };
        if state.known.contains(&accepted.tracker) {
            state.journal.totals.known_repeats += 1;
        }
        state.journal.accept(accepted.clone());
        state.show("hotel", &to, &accepted.text);
        accepted
    };
    let answer = Answer::Json(
        200,
        json!({"messaging_product": "whatsapp", "contacts": [{"input": to, "wa_id": to}],
            "messages": [{"id": accepted.wamid}]}),
    );
    if fault == Fault::EarlyStatus {
        report(shared, &accepted, fault, Duration::ZERO).await;
        return answer;
    }
    let (told, accepted) = (Arc::clone(shared), accepted);
    tokio::spawn(async move { report(&told, &accepted, fault, told.settings.status_after).await });
    match fault {
        Fault::CutAfter => Answer::Cut,
        Fault::SilentAfter => Answer::Silence,
        Fault::GatewayAfter => gateway(),
        _ => answer,
    }
}

fn gateway() -> Answer {
    Answer::Bytes(502, "text/html".to_owned(), b"<html>Bad Gateway</html>".to_vec())
}

fn refuse(shared: &Shared, code: i64, why: &str) -> Answer {
    shared.state().journal.refuse(code);
    let status = match code {
        190 | 0 => 401,
        131_000 | 131_016 => 500,
        2 | 133_004 => 503,
        131_005 | 368 => 403,
        _ => 400,
    };
    refusal(status, code, why)
}

fn recipient(body: &Value) -> String {
    let to = body["to"].as_str().map(|to| to.trim_start_matches('+'));
    to.or(body["recipient"].as_str()).unwrap_or_default().to_owned()
}

/// What Meta refuses by itself.
fn check(body: &Value) -> Result<(), (i64, &'static str)> {
    let units = |text: &str| text.encode_utf16().count();
    let within =
        |value: &Value, max: usize| value.as_str().is_some_and(|text| (1..=max).contains(&units(text)));
    let to = recipient(body);
    if to.len() < 5 {
        return Err((131_009, "Recipient is not valid"));
    }
    let kind = body["type"].as_str().unwrap_or("text");
    if !KINDS.contains(&kind) || !body[kind].is_object() {
        return Err((131_051, "Unsupported message type"));
    }
    let content = &body[kind];
    match kind {
        "text" if !within(&content["body"], 4096) => {
            return Err((100, "text.body must be 1 to 4096 characters"));
        }
        "interactive" => {
            if !within(&content["body"]["text"], 1024) {
                return Err((131_009, "interactive.body.text must be 1 to 1024 characters"));
            }
            let buttons = content["action"]["buttons"].as_array().map_or(&[][..], Vec::as_slice);
            let reply = |button: &Value| button["reply"].clone();
            let fits =
                |button: &Value| within(&reply(button)["title"], 20) && within(&reply(button)["id"], 256);
            let mut titles: Vec<String> =
                buttons.iter().map(|button| reply(button)["title"].to_string()).collect();
            titles.sort();
            titles.dedup();
            if !(1..=3).contains(&buttons.len()) || !buttons.iter().all(fits) || titles.len() != buttons.len()
            {
                return Err((131_009, "one to three buttons with titles of 20 characters, all different"));
            }
        }
        "template" => {
            let known = super::account::TEMPLATES.iter().find(|(name, language, ..)| {
                content["name"] == *name && content["language"]["code"] == *language
            });
            let Some((.., blanks)) = known else { return Err((132_001, "no such template")) };
            let given = content["components"][0]["parameters"].as_array().map_or(0, Vec::len);
            if given != *blanks {
                return Err((132_000, "Number of parameters does not match"));
            }
        }
        "image" | "audio" | "video" | "document" | "sticker"
            if !content["id"].is_string() && !content["link"].is_string() =>
        {
            return Err((131_008, "id or link is missing"));
        }
        _ => {}
    }
    Ok(())
}

/// What the guest reads.
fn words(body: &Value) -> String {
    let kind = body["type"].as_str().unwrap_or_default();
    let content = &body[kind];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    match kind {
        "text" => text(&content["body"]),
        "interactive" => {
            let buttons = content["action"]["buttons"].as_array().cloned().unwrap_or_default();
            let titles: Vec<String> =
                buttons.iter().map(|button| format!("[{}]", text(&button["reply"]["title"]))).collect();
            format!("{}\n{}", text(&content["body"]["text"]), titles.join(" "))
        }
        "template" => super::account::rendered(content),
        _ => format!("<{kind}> {}", text(&content["caption"])).trim().to_owned(),
    }
}

/// Sends the statuses of a message, one after the other.
async fn report(shared: &Arc<Shared>, accepted: &Accepted, fault: Fault, pause: Duration) {
    let statuses = match fault {
        Fault::FailLater(_) => vec!["failed".to_owned()],
        _ => shared.settings.statuses.clone(),
    };
    for status in statuses {
        tokio::time::sleep(pause).await;
        let mut report = json!({"id": accepted.wamid, "status": status, "timestamp": webhook::time(Duration::ZERO),
            "recipient_id": accepted.to, "biz_opaque_callback_data": accepted.tracker});
        if let Fault::FailLater(code) = fault {
            report["errors"] = json!([{"code": code, "title": "as told", "message": "as told"}]);
        }
        if webhook::deliver(shared, json!({"statuses": [report]})).await && !accepted.tracker.is_empty() {
            shared.state().known.insert(accepted.tracker.clone());
        }
    }
}
