//! What people use: a page that is a phone, and the same over HTTP for scripts and the command line.

use std::time::Duration;

use serde_json::{Value, json};

use super::connection::Answer;
use super::fault::Fault;
use super::http::Request;
use super::phone;
use super::state::Shared;

const PHONE: &str = include_str!("phone.html");
/// Who writes when nobody says who.
const GUEST: &str = "491512345678";

pub(super) async fn respond(request: &Request, parts: &[&str], shared: &Shared) -> Option<Answer> {
    let body = || serde_json::from_slice::<Value>(&request.body).unwrap_or_default();
    let done = |taken: bool| Answer::Json(if taken { 200 } else { 502 }, json!({"taken": taken}));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Some(match (request.method.as_str(), parts) {
        ("GET", []) => Answer::Bytes(200, "text/html; charset=utf-8".to_owned(), PHONE.as_bytes().to_vec()),
        ("GET", ["chat"]) => Answer::Json(200, chat(shared)),
        ("GET", ["journal"]) => {
            let state = shared.state();
            Answer::Json(
                200,
                json!({"totals": state.journal.totals, "accepted": state.journal.accepted,
                    "marks": state.journal.marks}),
            )
        }
        ("POST", ["say"]) => {
            let body = body();
            let from = body["from"].as_str().unwrap_or(GUEST);
            let ago = Duration::from_secs(body["seconds_ago"].as_u64().unwrap_or(0));
            done(phone::say(shared, from, &text(&body["text"]), ago).await)
        }
        ("POST", ["tap"]) => {
            let body = body();
            let from = body["from"].as_str().unwrap_or(GUEST);
            let (id, title, of) = (text(&body["id"]), text(&body["title"]), text(&body["of"]));
            done(phone::tap(shared, from, &id, &title, &of).await)
        }
        ("POST", ["faults"]) => faults(&body(), shared),
        _ => return None,
    })
}

fn chat(shared: &Shared) -> Value {
    let state = shared.state();
    let line = |(direction, number, text): &(&str, String, String)| json!({"by": direction, "number": number, "text": text});
    let buttons = state
        .journal
        .accepted
        .last()
        .map(|last| json!({"of": last.wamid, "to": last.to, "buttons": last.body["interactive"]["action"]["buttons"]}));
    json!({"lines": state.chat.iter().map(line).collect::<Vec<_>>(), "tap": buttons})
}

/// `{"next":["cut-after",…]}`, `{"always":"refuse:190"}` or `{"always":null}`.
fn faults(body: &Value, shared: &Shared) -> Answer {
    let names = body["next"].as_array().cloned().unwrap_or_default();
    let read = |name: &Value| Fault::parse(name.as_str().unwrap_or_default());
    let next: Result<Vec<Fault>, String> = names.iter().map(read).collect();
    let always = body.get("always").map(|name| if name.is_null() { Ok(None) } else { read(name).map(Some) });
    match (next, always.transpose()) {
        (Ok(next), Ok(always)) => {
            let mut state = shared.state();
            state.script.extend(next);
            if let Some(always) = always {
                state.always = always;
            }
            Answer::Json(200, json!({"success": true}))
        }
        (Err(why), _) | (_, Err(why)) => Answer::Json(400, json!({"error": why})),
    }
}
