//! A guest's phone.

use std::time::Duration;

use serde_json::json;

use super::state::Shared;
use super::webhook;

/// A guest says something; `ago` makes it a message that WhatsApp brings so much later.
pub(super) async fn say(shared: &Shared, from: &str, text: &str, ago: Duration) -> bool {
    let wamid = {
        let mut state = shared.state();
        state.show("guest", from, text);
        state.fresh("wamid.GUEST")
    };
    webhook::deliver(
        shared,
        json!({"contacts": [contact(from)], "messages": [
            {"from": from, "id": wamid, "timestamp": webhook::time(ago), "type": "text", "text": {"body": text}}]}),
    )
    .await
}

/// A guest taps a button below the message `of`.
pub(super) async fn tap(shared: &Shared, from: &str, id: &str, title: &str, of: &str) -> bool {
    let wamid = {
        let mut state = shared.state();
        state.show("guest", from, title);
        state.fresh("wamid.GUEST")
    };
    webhook::deliver(
        shared,
        json!({"contacts": [contact(from)], "messages": [
            {"from": from, "id": wamid, "timestamp": webhook::time(Duration::ZERO), "type": "interactive",
             "context": {"from": "491510000001", "id": of},
             "interactive": {"type": "button_reply", "button_reply": {"id": id, "title": title}}}]}),
    )
    .await
}

fn contact(from: &str) -> serde_json::Value {
    json!({"profile": {"name": format!("Guest {}", &from[from.len().saturating_sub(4)..])}, "wa_id": from})
}
