//! A command that is repeated is answered with the first one's `ack`, for ever.

use serde_json::json;

use crate::support::Scene;

#[tokio::test]
async fn repeats_are_answered_with_the_first_ack_and_conflicts_refused() {
    let mut scene = Scene::new().await;
    let c = scene.c.clone();
    let other = scene.server.guest().await;
    let path = format!("/api/conversations/{c}/actions");
    let commands = [
        json!({"type":"act","id":"x1","conversation":c,"action":"take_over"}),
        json!({"type":"act","id":"x2","conversation":c,"action":"hand_back"}),
        json!({"type":"act","id":"x3","conversation":c,"action":"assign","agent":scene.admin.id}),
        json!({"type":"act","id":"x4","conversation":c,"action":"close"}),
        json!({"type":"act","id":"x5","conversation":c,"action":"reopen"}),
        json!({"type":"act","id":"x6","conversation":c,"action":"snooze","until":"2027-06-01T10:00:00.000Z"}),
        json!({"type":"act","id":"x7","conversation":c,"action":"tag","add":["a"],"remove":[]}),
        json!({"type":"act","id":"x8","conversation":c,"action":"profile","guest":{"room":"7"}}),
        json!({"type":"send","id":"x9","conversation":c,"text":"hello"}),
        json!({"type":"send","id":"y1","conversation":c,"text":"hello","note":true}),
    ];
    let mut first = Vec::new();
    for command in &commands {
        first.push(scene.desk.done(command.clone()).await);
    }
    let before = scene.admin.history(&c).await;
    for (command, seq) in commands.iter().zip(&first) {
        assert_eq!(scene.desk.done(command.clone()).await, *seq, "{command}");
        if command["type"] == "act" {
            let (status, body) = scene.admin.post(&path, command.clone()).await;
            assert_eq!((status, &body), (200, &json!({"seq": seq, "id": command["id"]})), "over HTTP too");
        } else {
            let path = format!("/api/conversations/{c}/messages");
            let (status, body) = scene.admin.post(&path, command.clone()).await;
            assert_eq!((status, &body), (201, &json!({"seq": seq, "id": command["id"]})));
        }
        let another = json!({"type":"send","id":command["id"],"conversation":c,"text":"something else"});
        assert_eq!(scene.desk.refused(another).await, "conflict", "{command}");
        let body = Some(json!({"id": command["id"], "action": "tag", "add": ["other"]}));
        scene.admin.refused("POST", &path, body, (409, "conflict")).await;
    }
    assert_eq!(scene.admin.history(&c).await, before, "and made no event");
    // The key is (conversation, author, id): the same id of another author, or elsewhere, is free.
    scene.page.done(json!({"type":"send","id":"x9","text":"mine"})).await;
    let colleague = scene.server.agent("agent").await;
    let mut desk = scene.server.desk(&colleague).await;
    desk.done(json!({"type":"send","id":"x9","conversation":c,"text":"ours"})).await;
    let elsewhere = json!({"type":"send","id":"x9","conversation":other.conversation,"text":"there"});
    assert_eq!(scene.desk.done(elsewhere).await, 3, "mode, assigned, message");
}

/// The same command from many connections at the same time, as after a bad network.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn repeats_at_the_same_time_make_one_event() {
    let scene = Scene::new().await;
    let (c, path) = (scene.c.clone(), format!("/api/conversations/{}/messages", scene.c));
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..12 {
        let (path, mut page) = (path.clone(), scene.server.page(&scene.guest, None).await.0);
        let mut guest = scene.server.caller();
        guest.token.clone_from(&scene.guest.token);
        tasks.spawn(async move {
            let mut seqs = Vec::new();
            for round in 0..10 {
                let command = json!({"type":"send","id":format!("r{round}"),"text":format!("round {round}")});
                seqs.push(match n % 3 {
                    0 => guest.post(&path, command).await.1["seq"].as_u64().unwrap(),
                    _ => page.done(command).await,
                });
            }
            seqs
        });
    }
    let mut answers = Vec::new();
    while let Some(seqs) = tasks.join_next().await {
        answers.push(seqs.unwrap());
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "everybody has the same answers: {answers:?}");
    let mut admin = scene.admin;
    let history = admin.history(&c).await;
    assert_eq!(history.iter().filter(|event| event["by"]["kind"] == "guest").count(), 10);
}
