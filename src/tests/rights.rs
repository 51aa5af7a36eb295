//! Who may do what, and who sees it.

use serde_json::{Value, json};

use crate::support::Scene;

#[tokio::test]
async fn who_may_do_what() {
    let scene = Scene::new().await;
    let Scene { server, mut guest, mut page, c, .. } = scene;
    let mut viewer = server.agent("viewer").await;
    let mut desk = server.desk(&viewer).await;
    desk.open(&c, None).await;
    let act = |id: &str, action: &str| json!({"type":"act","id":id,"conversation":c,"action":action});
    let refused = [
        act("v1", "take_over"),
        act("v2", "hand_back"),
        act("v3", "close"),
        act("v4", "reopen"),
        json!({"type":"act","id":"v5","conversation":c,"action":"assign","agent":null}),
        json!({"type":"act","id":"v6","conversation":c,"action":"snooze","until":"2027-06-01T10:00:00Z"}),
        json!({"type":"act","id":"v7","conversation":c,"action":"tag","add":["a"]}),
        json!({"type":"act","id":"v8","conversation":c,"action":"profile","guest":{}}),
        json!({"type":"send","id":"v9","conversation":c,"text":"note","note":true}),
    ];
    for frame in &refused {
        for client in [&mut desk, &mut page] {
            let error = client.ask(frame.clone()).await;
            assert_eq!((&error["code"], &error["id"]), (&json!("forbidden"), &frame["id"]), "{frame}");
        }
    }
    assert_eq!(desk.refused(json!({"type":"send","id":"w1","conversation":c,"text":"x"})).await, "forbidden");
    assert_eq!(desk.refused(json!({"type":"typing","conversation":c,"on":true})).await, "forbidden");
    assert_eq!(page.refused(json!({"type":"open","conversation":c})).await, "forbidden");
    assert_eq!(page.refused(json!({"type":"leave","conversation":c})).await, "forbidden");
    let (actions, messages) =
        (format!("/api/conversations/{c}/actions"), format!("/api/conversations/{c}/messages"));
    for caller in [&mut viewer, &mut guest] {
        let body = Some(json!({"id":"h1","action":"close"}));
        caller.refused("POST", &actions, body, (403, "forbidden")).await;
        let note = Some(json!({"id":"h2","text":"x","note":true}));
        caller.refused("POST", &messages, note, (403, "forbidden")).await;
    }
    viewer.refused("POST", &messages, Some(json!({"id":"h3","text":"x"})), (403, "forbidden")).await;
    assert_eq!(viewer.history(&c).await, Vec::<Value>::new(), "a viewer reads, and nothing was stored");
    desk.send(json!({"type":"read","conversation":c,"seq":0})).await;
    desk.settle().await;
    let mut agent = server.agent("agent").await;
    let (status, _) = agent.post(&actions, json!({"id":"h4","action":"take_over"})).await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn a_note_never_reaches_the_guest() {
    let mut scene = Scene::new().await;
    for n in 0..5 {
        let note =
            json!({"type":"send","id":format!("n{n}"),"conversation":scene.c,"text":"SECRET","note":true});
        scene.desk.done(note).await;
        let reply = json!({"type":"send","id":format!("m{n}"),"conversation":scene.c,"text":"hello"});
        scene.desk.done(reply).await;
    }
    let note = scene.desk.settle().await;
    assert!(note.iter().all(|frame| frame["type"] != "error"));
    let mut seen = Vec::new();
    while seen.iter().filter(|frame: &&Value| frame["kind"] == "message").count() < 5 {
        seen.push(scene.page.next().await.unwrap());
    }
    let mut prev = json!(0);
    for event in seen.iter().filter(|frame| frame["type"] == "event") {
        assert_eq!(event["prev"], prev, "the guest's chain has no hole where a note is");
        prev = event["seq"].clone();
    }
    let (_, opened) = scene.server.page(&scene.guest, Some(0)).await;
    let (_, newest) = scene.server.page(&scene.guest, None).await;
    let over_http = scene.guest.history(&scene.c).await;
    let (_, session) = scene.guest.post("/api/guest/session", json!({})).await;
    for all in [json!(seen), opened, newest, json!(over_http), session] {
        assert!(!all.to_string().contains("SECRET"), "{all}");
    }
    assert!(json!(scene.admin.history(&scene.c).await).to_string().contains("SECRET"));
}

#[tokio::test]
async fn typing_and_read_are_passed_on_and_typing_is_not_stored() {
    let mut scene = Scene::new().await;
    scene.desk.send(json!({"type":"typing","conversation":scene.c,"on":true})).await;
    let typing = scene.page.expect("typing").await;
    assert_eq!((&typing["on"], &typing["by"]["kind"]), (&json!(true), &json!("agent")));
    assert_eq!(typing["conversation"], json!(scene.c));
    scene.page.send(json!({"type":"typing","on":false})).await;
    let typing = scene.desk.expect("typing").await;
    assert_eq!((&typing["on"], &typing["by"]["kind"]), (&json!(false), &json!("guest")));
    assert_eq!(scene.admin.history(&scene.c).await, Vec::<Value>::new());
    let seq = scene.desk.done(json!({"type":"send","id":"m1","conversation":scene.c,"text":"hello"})).await;
    scene.page.send(json!({"type":"read","seq":seq})).await;
    let read = scene.desk.expect("read").await;
    assert_eq!((&read["seq"], &read["by"]["kind"]), (&json!(seq), &json!("guest")));
    let seq = scene.page.done(json!({"type":"send","id":"g1","text":"hi"})).await;
    scene.desk.send(json!({"type":"read","conversation":scene.c,"seq":seq})).await;
    let read = scene.page.expect("read").await;
    assert_eq!((&read["seq"], &read["by"]["kind"]), (&json!(seq), &json!("agent")));
    // After leaving nothing of it comes any more.
    scene.desk.send(json!({"type":"leave","conversation":scene.c})).await;
    scene.desk.settle().await;
    scene.page.done(json!({"type":"send","id":"g2","text":"are you there?"})).await;
    scene.desk.summary(&scene.c, |summary| summary["last_message"]["text"] == "are you there?").await;
    let after = scene.desk.settle().await;
    assert!(after.iter().all(|frame| frame["type"] != "event"), "{after:?}");
}
