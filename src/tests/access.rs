//! Invitations and the tokens of integrations.

use serde_json::json;

use crate::support::server::PASSWORD;
use crate::support::stored::holds;
use crate::support::{Server, Stored};

#[tokio::test]
async fn invited_once_and_by_a_good_password() {
    let mut server = Server::start(&[("FRONTDESK_DEMO", "off")]).await;
    let mut admin = server.admin().await;
    let asked = json!({"email": "Mia@hotel.test", "role": "supervisor"});
    let (status, made) = admin.post("/api/invitations", asked.clone()).await;
    assert_eq!(status, 201, "{made}");
    let first = made["link"].as_str().unwrap().split_once('#').unwrap().1.to_owned();
    // A second one to the same address takes the first one's place.
    let (_, made) = admin.post("/api/invitations", asked).await;
    let link = made["link"].as_str().unwrap();
    let (page, token) = link.split_once('#').unwrap();
    assert_eq!(page, "/dashboard/join");
    let (status, list) = admin.get("/api/invitations").await;
    assert_eq!((status, list["items"].as_array().unwrap().len()), (200, 1), "{list}");
    assert!(!list.to_string().contains(token));
    let mut mia = server.caller();
    for dead in [first.as_str(), "made-up", "", "a b"] {
        for path in ["open", "accept"] {
            let body = json!({"token": dead, "name": "Mia", "password": PASSWORD});
            let path = format!("/api/invitations/{path}");
            let said = mia.refused("POST", &path, Some(body), (404, "not_found")).await;
            assert_eq!(said["detail"], "no such invitation");
        }
    }
    let (status, offer) = mia.post("/api/invitations/open", json!({"token": token})).await;
    assert_eq!(
        (status, &offer["email"], &offer["role"]),
        (200, &json!("mia@hotel.test"), &json!("supervisor"))
    );
    let accept =
        |password: &str| json!({"token": token, "name": "Mia", "password": password, "role": "admin"});
    for weak in ["short", "password123", "mia@hotel.test"] {
        mia.refused("POST", "/api/invitations/accept", Some(accept(weak)), (400, "bad_text")).await;
    }
    let (status, account) = mia.post("/api/invitations/accept", accept(PASSWORD)).await;
    assert_eq!(
        (status, &account["role"]),
        (201, &json!("supervisor")),
        "not the role that it asks for: {account}"
    );
    mia.login("mia@hotel.test", PASSWORD).await;
    let again = Some(accept(PASSWORD));
    server.caller().refused("POST", "/api/invitations/accept", again, (404, "not_found")).await;
    let taken = Some(json!({"email": "mia@hotel.test", "role": "agent"}));
    admin.refused("POST", "/api/invitations", taken, (409, "conflict")).await;

    let (_, made) =
        admin.post("/api/invitations", json!({"email": "jon@hotel.test", "role": "viewer"})).await;
    let withdrawn = made["link"].as_str().unwrap().split_once('#').unwrap().1.to_owned();
    assert_eq!(admin.delete(&format!("/api/invitations/{}", made["id"].as_str().unwrap())).await.0, 204);
    let body = Some(json!({"token": withdrawn}));
    mia.refused("POST", "/api/invitations/open", body, (404, "not_found")).await;
    for bad in [
        json!({"email": "no address", "role": "agent"}),
        json!({"email": "a@b.test", "role": "owner"}),
        json!({"email": "a@b.test", "role": "agent", "days": 31}),
        json!({"email": "a@b.test", "role": "agent", "days": 0}),
    ] {
        assert_eq!(admin.post("/api/invitations", bad.clone()).await.0, 400, "{bad}");
    }
    server.stop().await;
    for secret in [&first, &withdrawn, &token.to_owned()] {
        assert!(!holds(&server, secret.as_bytes()), "only digests are stored");
    }
}

#[tokio::test]
async fn an_integration_does_what_its_token_says_and_no_more() {
    let mut server = Server::start(&[("FRONTDESK_DEMO", "off")]).await;
    let (guest, mut page) = server.guest_page().await;
    page.done(json!({"type":"send","id":"g1","text":"hello"})).await;
    let mut admin = server.admin().await;
    let asked =
        json!({"name": "House system", "scopes": ["conversations:write", "conversations:read"], "days": 1});
    let (status, made) = admin.post("/api/tokens", asked).await;
    assert_eq!(
        (status, &made["scopes"]),
        (201, &json!(["conversations:read", "conversations:write"])),
        "{made}"
    );
    let mut system = server.caller();
    system.token = made["token"].as_str().unwrap().to_owned();
    assert!(system.token.starts_with("fdt_"), "scanners for secrets know it by its beginning");
    // The AI may have answered by now.
    assert_eq!(system.history(&guest.conversation).await[0]["id"], "g1");
    let path = format!("/api/conversations/{}/messages", guest.conversation);
    let said = json!({"id": "s1", "text": "Your room is ready"});
    assert_eq!(system.post(&path, said.clone()).await.0, 201);
    assert_eq!(system.post(&path, said).await.0, 201, "repeated, it is stored once");
    let event = page.find("the message", |frame| frame["text"] == "Your room is ready").await;
    assert_eq!((&event["by"]["name"], &event["by"]["id"]), (&json!("House system"), &made["id"]));
    system.refused("GET", "/api/knowledge", None, (403, "forbidden")).await;
    system.refused("GET", "/api/me", None, (403, "forbidden")).await;
    // It opens no socket.
    let mut socket = crate::support::Client::connect(&server.address, "/ws/agent").await;
    socket.send(json!({"type": "hello", "token": system.token})).await;
    assert_eq!(socket.end().await, 4401);
    let (_, list) = admin.get("/api/tokens").await;
    assert!(list["items"][0]["used_at"].is_string(), "{list}");
    assert!(!list.to_string().contains(&system.token));
    for bad in [
        json!({"name": "x", "scopes": []}),
        json!({"name": "x", "scopes": ["everything"]}),
        json!({"name": " ", "scopes": ["metrics"]}),
        json!({"name": "x", "scopes": ["metrics"], "days": 367}),
    ] {
        assert_eq!(admin.post("/api/tokens", bad.clone()).await.0, 400, "{bad}");
    }
    assert_eq!(admin.delete(&format!("/api/tokens/{}", made["id"].as_str().unwrap())).await.0, 204);
    system.refused("GET", "/api/conversations", None, (401, "unauthorized")).await;

    let (_, made) = admin.post("/api/tokens", json!({"name": "x", "scopes": ["knowledge:read"]})).await;
    system.token = made["token"].as_str().unwrap().to_owned();
    assert_eq!(system.get("/api/knowledge").await.0, 200);
    server.stop().await;
    assert!(!holds(&server, system.token.as_bytes()), "only a digest is stored");
    Stored::of(&server).await.execute("UPDATE api_tokens SET expires_at = 1").await;
    server.restart().await;
    system.address.clone_from(&server.address);
    system.refused("GET", "/api/knowledge", None, (401, "unauthorized")).await;
}
