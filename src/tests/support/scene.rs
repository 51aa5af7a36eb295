//! A guest and an agent who look at the same conversation.

use serde_json::{Value, json};

use super::{Caller, Client, Server};

/// A hotel without an answer for anything, a guest, and an agent who has the guest's conversation open.
pub struct Scene {
    pub server: Server,
    pub guest: Caller,
    pub page: Client,
    pub admin: Caller,
    pub desk: Client,
    pub c: String,
}

impl Scene {
    pub async fn new() -> Self {
        let server = Server::start(&[("FRONTDESK_DEMO", "off")]).await;
        let (guest, page) = server.guest_page().await;
        let (admin, mut desk) = server.dashboard().await;
        let c = guest.conversation.clone();
        desk.open(&c, None).await;
        Self { server, guest, page, admin, desk, c }
    }

    /// Does something; answers the events that came of it, up to the one that carries the id.
    pub async fn act(&mut self, id: &str, action: Value) -> Vec<Value> {
        let mut frame = json!({"type":"act","id":id,"conversation":self.c});
        frame.as_object_mut().unwrap().extend(action.as_object().unwrap().clone());
        self.desk.send(frame).await;
        let mut events = Vec::new();
        loop {
            let frame = self.desk.next().await.unwrap();
            match frame["type"].as_str().unwrap() {
                "event" => events.push(frame),
                "ack" => {
                    let own = events.iter().find(|event| event["id"] == id).expect("its own event first");
                    assert_eq!((&frame["id"], &frame["seq"]), (&json!(id), &own["seq"]));
                    return events;
                }
                "error" => panic!("{id}: {frame}"),
                _ => {}
            }
        }
    }

    pub async fn summary(&mut self) -> Value {
        self.admin.get(&format!("/api/conversations/{}", self.c)).await.1
    }
}
