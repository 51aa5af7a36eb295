//! What agents do to a conversation, and the one action that is the guest's.

use serde_json::{Value, json};

use crate::support::Scene;

fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["kind"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn take_over_and_hand_back() {
    let mut scene = Scene::new().await;
    let events = scene.act("t1", json!({"action":"take_over"})).await;
    assert_eq!(kinds(&events), ["mode", "assigned"]);
    assert_eq!((&events[0]["mode"], &events[0]["by"]["id"]), (&json!("human"), &json!(scene.admin.id)));
    assert_eq!(events[1]["agent"]["id"], json!(scene.admin.id));
    assert_eq!(scene.page.event("mode").await["mode"], "human", "the guest is told");
    assert_eq!(scene.page.event("assigned").await["agent"]["id"], json!(scene.admin.id));
    let summary = scene.summary().await;
    assert_eq!((&summary["mode"], &summary["assigned"]["id"]), (&json!("human"), &json!(scene.admin.id)));
    // Nobody answers but people now.
    scene.page.say("g1", "hello?").await;
    assert_eq!(scene.page.event("status").await["status"], "waiting");
    assert!(scene.summary().await["waiting_since"].is_string());
    let events = scene.act("t2", json!({"action":"hand_back"})).await;
    let back = events.iter().find(|event| event["id"] == "t2").unwrap();
    assert_eq!((&back["kind"], &back["mode"]), (&json!("mode"), &json!("ai")));
    assert_eq!(scene.page.event("mode").await["mode"], "ai");
}

#[tokio::test]
async fn assign_to_somebody_nobody_and_a_stranger() {
    let mut scene = Scene::new().await;
    let agent = scene.server.agent("agent").await;
    let events = scene.act("s1", json!({"action":"assign","agent":agent.id})).await;
    assert_eq!(kinds(&events), ["assigned"]);
    assert_eq!(events[0]["agent"], json!({"id": agent.id, "name": "The agent"}));
    assert_eq!(scene.page.event("assigned").await["agent"]["name"], "The agent");
    assert_eq!(scene.summary().await["mode"], "ai", "whose it is does not say who answers");
    let events = scene.act("s2", json!({"action":"assign","agent":null})).await;
    assert_eq!(events[0]["agent"], Value::Null);
    assert_eq!(scene.summary().await["assigned"], Value::Null);
    let stranger = uuid::Uuid::now_v7().to_string();
    let guest = scene.page.welcome["self"]["id"].as_str().unwrap().to_owned();
    for id in [stranger, guest] {
        let frame = json!({"type":"act","id":"s3","conversation":scene.c,"action":"assign","agent":id});
        assert_eq!(scene.desk.refused(frame).await, "not_found");
        let path = format!("/api/conversations/{}/actions", scene.c);
        let body = Some(json!({"id":"s3","action":"assign","agent":id}));
        scene.admin.refused("POST", &path, body, (404, "not_found")).await;
    }
    let path = format!("/api/agents/{}", agent.id);
    assert_eq!(scene.admin.patch(&path, json!({"disabled": true})).await.0, 200);
    let frame = json!({"type":"act","id":"s4","conversation":scene.c,"action":"assign","agent":agent.id});
    assert_eq!(scene.desk.refused(frame).await, "not_found", "who may not log in cannot be given work");
}

#[tokio::test]
async fn close_reopen_and_a_new_matter() {
    let mut scene = Scene::new().await;
    scene.act("t1", json!({"action":"take_over"})).await;
    let events = scene.act("c1", json!({"action":"close"})).await;
    assert_eq!((kinds(&events), &events[0]["status"]), (vec!["status"], &json!("closed")));
    assert_eq!(scene.page.event("status").await["status"], "closed");
    let events = scene.act("c2", json!({"action":"reopen"})).await;
    assert_eq!((kinds(&events), &events[0]["status"]), (vec!["status"], &json!("open")));
    scene.act("c3", json!({"action":"close"})).await;
    // The guest comes back with something new: it opens again, and the AI answers first.
    scene.page.say("g1", "one more thing").await;
    let written = scene.desk.event("message").await;
    assert_eq!(written["text"], "one more thing");
    let history = scene.admin.history(&scene.c).await;
    let place = history.iter().position(|event| event["id"] == "g1").unwrap();
    let before = &history[place - 2..place];
    assert!(before.iter().any(|event| event["kind"] == "status" && event["status"] == "open"), "{before:?}");
    assert!(before.iter().any(|event| event["kind"] == "mode" && event["mode"] == "ai"), "{before:?}");
}

#[tokio::test]
async fn a_snooze_ends_by_itself_also_over_a_restart() {
    let mut scene = Scene::new().await;
    let soon = |seconds: i64| {
        let at = time::OffsetDateTime::now_utc() + time::Duration::seconds(seconds);
        at.format(&time::format_description::well_known::Rfc3339).unwrap()
    };
    for until in [soon(-5), soon(3 * 366 * 24 * 3_600)] {
        let frame = json!({"type":"act","id":"z0","conversation":scene.c,"action":"snooze","until":until});
        assert_eq!(scene.desk.refused(frame).await, "bad_frame", "{until}");
    }
    let events = scene.act("z1", json!({"action":"snooze","until":soon(1)})).await;
    assert_eq!((kinds(&events), &events[0]["status"]), (vec!["status"], &json!("snoozed")));
    assert!(events[0]["until"].is_string());
    let woken = scene.desk.event("status").await;
    assert_eq!((&woken["status"], &woken["by"]["kind"]), (&json!("open"), &json!("system")));
    assert!(woken["at"].as_str() >= events[0]["until"].as_str(), "not before its time: {woken}");
    scene.act("z2", json!({"action":"snooze","until":soon(1)})).await;
    scene.server.crash().await;
    let mut page = scene.server.page(&scene.guest, Some(0)).await;
    let last = page.1["events"].as_array().unwrap().last().unwrap().clone();
    if last["status"] == "snoozed" {
        assert_eq!(page.0.event("status").await["status"], "open");
    }
    // A guest who writes wakes it as well.
    let mut desk = scene.server.desk(&scene.server.admin().await).await;
    desk.open(&scene.c, None).await;
    let until = soon(3_600);
    desk.done(json!({"type":"act","id":"z3","conversation":scene.c,"action":"snooze","until":until})).await;
    page.0.say("g1", "hello").await;
    page.0.find("open again", |frame| frame["kind"] == "status" && frame["status"] != "snoozed").await;
}

#[tokio::test]
async fn tags_are_clean_sorted_and_for_staff() {
    let mut scene = Scene::new().await;
    let events = scene.act("t1", json!({"action":"tag","add":["  VIP ","late","vip"]})).await;
    assert_eq!((kinds(&events), &events[0]["tags"]), (vec!["tags"], &json!(["late", "vip"])));
    let events = scene.act("t2", json!({"action":"tag","remove":["LATE","none"],"add":["spa"]})).await;
    assert_eq!(events[0]["tags"], json!(["spa", "vip"]));
    assert_eq!(scene.summary().await["tags"], json!(["spa", "vip"]));
    let many: Vec<String> = (0..21).map(|n| format!("t{n}")).collect();
    for (add, code) in [
        (json!([""]), "bad_text"),
        (json!(["x".repeat(33)]), "bad_text"),
        (json!(["a\u{7}b"]), "bad_text"),
        (json!(many), "bad_frame"),
    ] {
        let frame = json!({"type":"act","id":"t3","conversation":scene.c,"action":"tag","add":add});
        assert_eq!(scene.desk.refused(frame).await, code, "{add}");
    }
    assert_eq!(scene.summary().await["tags"], json!(["spa", "vip"]));
    scene.desk.done(json!({"type":"send","id":"m1","conversation":scene.c,"text":"marker"})).await;
    let seen = scene.page.event("message").await;
    assert_eq!(seen["text"], "marker");
    let (_, opened) = scene.server.page(&scene.guest, Some(0)).await;
    assert!(opened["events"].as_array().unwrap().iter().all(|event| event["kind"] != "tags"));
    assert_eq!(opened["conversation"]["tags"], json!([]), "nor in what a guest sees of the conversation");
}

#[tokio::test]
async fn an_agent_corrects_the_profile() {
    let mut scene = Scene::new().await;
    let all = json!({"name":"Ada","email":"a@x.test","phone":"+41","room":"12","arrival":"2026-12-01",
        "departure":"2026-12-05","locale":"de"});
    let events = scene.act("p1", json!({"action":"profile","guest":all})).await;
    assert_eq!(kinds(&events), ["profile"]);
    let summary = scene.summary().await;
    for (field, value) in all.as_object().unwrap() {
        assert_eq!((&events[0]["guest"][field], &summary["guest"][field]), (value, value), "{field}");
    }
    scene.act("p2", json!({"action":"profile","guest":{"room":"14"}})).await;
    let summary = scene.summary().await;
    assert_eq!((&summary["guest"]["room"], &summary["guest"]["name"]), (&json!("14"), &json!("Ada")));
    for bad in [json!({"name": "x".repeat(201)}), json!({"room": "a\u{0}"})] {
        let frame = json!({"type":"act","id":"p3","conversation":scene.c,"action":"profile","guest":bad});
        assert_eq!(scene.desk.refused(frame).await, "bad_text");
    }
}

#[tokio::test]
async fn a_guest_rates_and_staff_see_it() {
    let mut scene = Scene::new().await;
    let c = scene.c.clone();
    let rate = |id: &str, more: Value| {
        let mut frame = json!({"type":"act","id":id,"conversation":c,"action":"rate"});
        frame.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        frame
    };
    for bad in [json!({"stars":0}), json!({"stars":6}), json!({"stars":-1}), json!({"stars":"5"}), json!({})]
    {
        assert_eq!(scene.page.refused(rate("r0", bad.clone())).await, "bad_frame", "{bad}");
    }
    for bad in [json!({"stars":5,"comment":"a\u{0}"}), json!({"stars":5,"comment":"x".repeat(1_001)})] {
        assert_eq!(scene.page.refused(rate("r0", bad)).await, "bad_text");
    }
    let seq = scene.page.done(rate("r1", json!({"stars":4,"comment":"Good."}))).await;
    let rating = scene.desk.event("rating").await;
    assert_eq!((&rating["stars"], &rating["comment"]), (&json!(4), &json!("Good.")));
    assert_eq!((&rating["seq"], &rating["by"]["kind"]), (&json!(seq), &json!("guest")));
    assert_eq!(scene.page.done(rate("r1", json!({"stars":4,"comment":"Good."}))).await, seq, "a repeat");
    assert_eq!(scene.desk.refused(rate("r2", json!({"stars":5}))).await, "forbidden", "a guest's alone");
    assert_eq!(scene.guest.history(&scene.c).await, Vec::<Value>::new(), "not shown to the guest");
}
