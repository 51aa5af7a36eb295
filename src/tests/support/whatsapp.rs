//! Meta, as far as it posts webhooks: bodies, signed.

use std::path::PathBuf;

use ring::hmac;
use serde_json::{Value, json};

use super::{Caller, Server};

/// The number that is the hotel's.
pub const NUMBER: &str = "106540352242922";
/// The app's secret.
pub const SECRET: &str = "frontdesk-dev-app-secret";

/// The settings of a server with the channel on.
pub const SETTINGS: &[(&str, &str)] = &[
    ("FRONTDESK_DEMO", "off"),
    ("WHATSAPP_VERIFY_TOKEN", "a verify token"),
    ("WHATSAPP_APP_SECRET", "frontdesk-dev-app-secret,the next secret"),
    ("WHATSAPP_ACCESS_TOKEN", "an access token"),
    ("WHATSAPP_PHONE_NUMBER_ID", NUMBER),
    // Nobody listens there: nothing of these tests may leave the machine.
    ("WHATSAPP_API_BASE", "http://127.0.0.1:9"),
];

/// Who posts webhooks.
pub struct Meta {
    http: reqwest::Client,
    address: String,
}

impl Meta {
    pub fn new(server: &Server) -> Self {
        Self { http: server.caller().http, address: server.address.clone() }
    }

    /// The same towards a server that was started anew.
    pub fn moved(&self, server: &Server) -> Self {
        Self { http: self.http.clone(), address: server.address.clone() }
    }

    /// Posts a body with a right signature, and answers the status.
    pub async fn post(&self, body: &[u8]) -> u16 {
        self.post_with(body, Some(&sign(SECRET, body))).await
    }

    pub async fn post_with(&self, body: &[u8], signature: Option<&str>) -> u16 {
        self.try_post(body, signature).await.expect("an answer")
    }

    /// The same, where the server may be killed meanwhile.
    pub async fn try_post(&self, body: &[u8], signature: Option<&str>) -> Option<u16> {
        let url = format!("http://{}/webhooks/whatsapp", self.address);
        let mut request = self.http.post(url).header("content-type", "application/json");
        if let Some(signature) = signature {
            request = request.header("x-hub-signature-256", signature);
        }
        Some(request.body(body.to_vec()).send().await.ok()?.status().as_u16())
    }

    /// Posts messages in one change.
    pub async fn messages(&self, messages: Value) -> u16 {
        self.post(body(json!({ "messages": messages })).to_string().as_bytes()).await
    }
}

/// The header's value.
pub fn sign(secret: &str, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let hex: String = hmac::sign(&key, body).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256={hex}")
}

/// A body around one value of the field `messages`.
pub fn body(value: Value) -> Value {
    let mut value = value;
    value["messaging_product"] = json!("whatsapp");
    value["metadata"] = json!({"display_phone_number": "15550100000", "phone_number_id": NUMBER});
    json!({"object": "whatsapp_business_account",
           "entry": [{"id": "1", "changes": [{"field": "messages", "value": value}]}]})
}

/// A text of now.
pub fn text(id: &str, from: &str, words: &str) -> Value {
    json!({"id": id, "from": from, "timestamp": now(), "type": "text", "text": {"body": words}})
}

/// Now, as WhatsApp writes it.
pub fn now() -> String {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    since.as_secs().to_string()
}

/// A folder of bodies beside this tree, if there is one.
pub fn collection() -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/fixtures/whatsapp");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: no collection of bodies at {}", folder.display());
    None
}

/// Everything that was said, by guest's phone (or name): texts of the guest's messages in order.
pub async fn said(admin: &mut Caller) -> Vec<(String, Vec<Value>)> {
    let mut all = Vec::new();
    let mut cursor = String::new();
    loop {
        let (status, page) = admin.get(&format!("/api/conversations?limit=200&cursor={cursor}")).await;
        assert_eq!(status, 200, "{page}");
        for summary in page["items"].as_array().unwrap() {
            let guest = &summary["guest"];
            let who = guest["phone"].as_str().or(guest["name"].as_str()).unwrap_or("?").to_owned();
            let history = admin.history(summary["id"].as_str().unwrap()).await;
            all.push((who, history));
        }
        match page["next"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => return all,
        }
    }
}

/// A server with the channel on, who posts to it, and its admin.
pub async fn start() -> (Server, Meta, Caller) {
    let server = Server::start(SETTINGS).await;
    let (meta, admin) = (Meta::new(&server), server.admin().await);
    (server, meta, admin)
}

/// The guests' messages, over all conversations.
pub fn messages(all: &[(String, Vec<Value>)]) -> Vec<&Value> {
    let said = |event: &&Value| event["kind"] == "message" && event["by"]["kind"] == "guest";
    all.iter().flat_map(|(_, history)| history.iter().filter(said)).collect()
}

/// Their words.
pub fn texts(all: &[(String, Vec<Value>)]) -> Vec<&str> {
    messages(all).into_iter().map(|event| event["text"].as_str().unwrap()).collect()
}
