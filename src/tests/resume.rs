//! Readers who come and go miss nothing and see nothing twice.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Caller, Client, Server};

/// What a reader holds of one conversation, over all of its connections.
#[derive(Default)]
struct Held {
    last: u64,
    events: Vec<Value>,
}

impl Held {
    /// Takes an event as a page would: the chain must not break.
    fn take(&mut self, event: &Value) {
        assert_eq!(event["prev"], self.last, "a hole or a repeat after {}: {event}", self.last);
        self.last = event["seq"].as_u64().unwrap();
        let mut event = event.clone();
        event.as_object_mut().unwrap().remove("type");
        self.events.push(event);
    }

    fn take_all(&mut self, opened: &Value) {
        opened["events"].as_array().unwrap().iter().for_each(|event| self.take(event));
    }
}

/// Writes notes and messages, one after the other, so that a guest's chain leaps.
async fn fill(desk: &mut Client, conversation: &str, from: usize, to: usize) {
    for n in from..to {
        let id = format!("f{n}");
        let text = format!("number {n}");
        desk.send(json!({"type":"send","id":id,"conversation":conversation,"text":text,"note":n % 3 == 0}))
            .await;
    }
    desk.find("the last ack", |frame| frame["type"] == "ack" && frame["id"] == format!("f{}", to - 1)).await;
}

#[tokio::test]
async fn who_missed_more_than_fits_at_once_comes_back_for_all_of_it() {
    let server = Server::start(&[("FRONTDESK_DEMO", "off")]).await;
    let guest = server.guest().await;
    let (_, mut desk) = server.dashboard().await;
    // Three times what may wait for one socket.
    for n in 0..250 {
        let text = "話".repeat(4_000);
        let frame = json!({"type":"send","id":format!("f{n}"),"conversation":guest.conversation,"text":text});
        desk.done(frame).await;
    }
    let history = server.admin().await.history(&guest.conversation).await;
    let last = history.last().unwrap()["seq"].as_u64().unwrap();
    for after in [0, 1, last - 100, last - 1] {
        let (mut page, opened) = server.page(&guest, Some(after)).await;
        let mut held = Held { last: after, events: Vec::new() };
        held.take_all(&opened);
        while held.last < last {
            let event = page.expect("event").await;
            held.take(&event);
        }
        let missed = history.iter().filter(|event| event["seq"].as_u64() > Some(after)).count();
        assert_eq!(held.events.len(), missed, "after {after}");
    }
    let (_, opened) = server.page(&guest, None).await;
    assert_eq!(opened["more"], true);
    assert_eq!(opened["events"].as_array().unwrap().last().unwrap()["seq"], last);
}

#[tokio::test]
async fn the_newest_fifty_or_everything_after() {
    let server = Server::start(&[("FRONTDESK_DEMO", "off")]).await;
    let guest = server.guest().await;
    let (_, mut desk) = server.dashboard().await;
    let c = guest.conversation.clone();
    fill(&mut desk, &c, 0, 20).await;
    let opened = desk.open(&c, None).await;
    assert_eq!((opened["events"].as_array().unwrap().len(), &opened["more"]), (22, &json!(false)));
    fill(&mut desk, &c, 20, 520).await;
    let history = server.admin().await.history(&c).await;
    assert_eq!(history.len(), 522, "mode and assigned, and what was written");
    // Without after: the newest fifty, and that there is more.
    let mut fresh = server.dashboard().await.1;
    let opened = fresh.open(&c, None).await;
    assert_eq!(
        (opened["events"].as_array().unwrap().as_slice(), &opened["more"]),
        (&history[472..], &json!(true))
    );
    let (_, opened) = server.page(&guest, None).await;
    let visible: Vec<&Value> = history.iter().filter(|event| event["kind"] != "note").collect();
    let (events, first) = (opened["events"].as_array().unwrap(), visible.len() - 50);
    assert_eq!((events.len(), &opened["more"]), (50, &json!(true)));
    for (event, expected) in events.iter().zip(&visible[first..]) {
        assert_eq!(event["seq"], expected["seq"]);
    }
    // With after: two hundred at once, and the rest as events, in order, before any live one.
    for after in [0_u64, 1, 321, 322, 323, 500, 522, 600] {
        let opened = fresh.open(&c, Some(after)).await;
        let missed = history.len().saturating_sub(usize::try_from(after).unwrap());
        let events = opened["events"].as_array().unwrap();
        assert_eq!((events.len(), &opened["more"]), (missed.min(200), &json!(missed > 200)), "after {after}");
        let mut held = Held { last: after.min(522), events: Vec::new() };
        held.take_all(&opened);
        while held.events.len() < missed {
            held.take(&fresh.expect("event").await);
        }
        assert_eq!(held.events, history[history.len() - missed..], "after {after}");
    }
    let (mut page, opened) = server.page(&guest, Some(0)).await;
    let mut held = Held::default();
    held.take_all(&opened);
    assert_eq!((held.events.len(), &opened["more"]), (200, &json!(true)));
    while held.events.len() < visible.len() {
        held.take(&page.expect("event").await);
    }
    assert!(held.events.iter().all(|event| event["kind"] != "note"));
}

/// A reader who is thrown off again and again, at random moments, while others write.
async fn read_with_breaks(
    address: String,
    path: &'static str,
    token: String,
    c: String,
    end: String,
) -> Vec<Value> {
    let (mut held, mut round, mut last_seen) = (Held::default(), 0_u64, false);
    while !last_seen {
        let mut client = Client::connect(&address, path).await;
        let after = held.last;
        if path == "/ws/guest" {
            client.send(json!({"type":"hello","token":token,"after":after})).await;
        } else {
            client.send(json!({"type":"hello","token":token})).await;
            client.expect("welcome").await;
            client.send(json!({"type":"open","conversation":c,"after":after})).await;
        }
        let opened = client.expect("opened").await;
        held.take_all(&opened);
        round += 1;
        // Another break in every round, with no regard to what is on its way.
        let stay = Duration::from_millis(5 + round * 37 % 60);
        let give_up = tokio::time::Instant::now() + stay;
        loop {
            last_seen = held.events.iter().any(|event| event["text"] == json!(end));
            let left = give_up.saturating_duration_since(tokio::time::Instant::now());
            match client.next_within(left).await {
                _ if last_seen => break,
                Ok(Some(frame)) if frame["type"] == "event" => held.take(&frame),
                Ok(Some(_)) => {}
                Ok(None) => panic!("closed: {:?}", client.closed),
                Err(()) => break,
            }
        }
        assert!(round < 5_000, "the end never came");
    }
    // What follows from the last message may have come along with it.
    let last = held.events.iter().position(|event| event["text"] == json!(end));
    held.events.truncate(last.map_or(0, |last| last + 1));
    held.events
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn resume_in_the_middle_of_a_busy_conversation() {
    let server = Server::start(&[("FRONTDESK_DEMO", "off")]).await;
    let guest = server.guest().await;
    let c = guest.conversation.clone();
    let admin = server.admin().await;
    let mut readers = Vec::new();
    for (path, token) in
        [("/ws/guest", &guest.token), ("/ws/agent", &admin.token), ("/ws/agent", &admin.token)]
    {
        let (address, token) = (server.address.clone(), token.clone());
        readers.push(tokio::spawn(read_with_breaks(address, path, token, c.clone(), "the end".into())));
    }
    let mut writers = Vec::new();
    for writer in 0..4 {
        let (mut client, c) = match writer {
            0 => (server.page(&guest, None).await.0, c.clone()),
            _ => (server.desk(&server.agent("agent").await).await, c.clone()),
        };
        writers.push(tokio::spawn(async move {
            for n in 0..100 {
                let note = writer != 0 && n % 3 == 0;
                let text = format!("{writer}/{n}");
                client
                    .done(
                        json!({"type":"send","id":format!("w{n}"),"conversation":c,"text":text,"note":note}),
                    )
                    .await;
            }
        }));
    }
    for writer in writers {
        writer.await.unwrap();
    }
    let mut caller: Caller = server.admin().await;
    let path = format!("/api/conversations/{c}/messages");
    assert_eq!(caller.post(&path, json!({"id":"end","text":"the end"})).await.0, 201);
    let mut history = caller.history(&c).await;
    let end = history.iter().position(|event| event["id"] == "end").unwrap();
    history.truncate(end + 1);
    let written =
        history.iter().filter(|event| event["text"].is_string() && event["by"]["kind"] != "ai").count();
    assert_eq!(written, 401, "everybody's, once");
    let mut seen = Vec::new();
    for reader in readers {
        seen.push(reader.await.unwrap());
    }
    assert_eq!(seen[1], history, "an agent has everything");
    assert_eq!(seen[2], history, "in the same order as every other");
    let visible: Vec<u64> = history
        .iter()
        .filter(|event| event["kind"] != "note")
        .map(|event| event["seq"].as_u64().unwrap())
        .collect();
    let held: Vec<u64> = seen[0].iter().map(|event| event["seq"].as_u64().unwrap()).collect();
    assert_eq!(held, visible, "the guest has everything but the notes");
    let authors: BTreeSet<String> = history.iter().map(|event| event["by"]["id"].to_string()).collect();
    assert!(authors.len() > 4);
}

#[tokio::test]
async fn a_reader_too_slow_for_its_room_is_closed_and_resumes() {
    let server = Server::start(&[("FRONTDESK_DEMO", "off")]).await;
    let (guest, mut page) = server.guest_page().await;
    let (_, mut slow) = server.dashboard().await;
    let (mut admin, mut quick) = server.dashboard().await;
    let c = guest.conversation.clone();
    quick.act(&c, "t", "take_over").await;
    for n in 0..50 {
        page.done(json!({"type":"send","id":format!("g{n}"),"text":"🏨".repeat(4096)})).await;
    }
    // Fifty megabytes for somebody who does not read: no system holds that many for one connection.
    for _ in 0..64 {
        slow.send(json!({"type":"open","conversation":c})).await;
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(slow.end().await, 4503);
    quick.settle().await;
    page.done(json!({"type":"send","id":"after","text":"the others go on"})).await;
    let history = admin.history(&c).await;
    let mut again = server.desk(&admin).await;
    let mut held = Held::default();
    held.take_all(&again.open(&c, Some(0)).await);
    while held.events.len() < history.len() {
        held.take(&again.expect("event").await);
    }
    assert_eq!(held.events, history);
}

#[tokio::test]
async fn history_in_pages_forwards_and_backwards() {
    let server = Server::start(&[("FRONTDESK_DEMO", "off")]).await;
    let mut guest = server.guest().await;
    let (mut admin, mut desk) = server.dashboard().await;
    let c = guest.conversation.clone();
    fill(&mut desk, &c, 0, 60).await;
    let all = admin.history(&c).await;
    let path = format!("/api/conversations/{c}/events");
    let (_, newest) = admin.get(&path).await;
    assert_eq!(newest["items"].as_array().unwrap()[..], all[all.len() - 50..], "fifty, the newest");
    for caller in [&mut admin, &mut guest] {
        let all = caller.history(&c).await;
        for (first, step) in [("?after=0&limit=7", 1), ("?limit=7", -1), ("?before=9999&limit=13", -1)] {
            let (mut found, mut query): (Vec<Value>, _) = (Vec::new(), first.to_owned());
            loop {
                let (status, page) = caller.get(&format!("{path}{query}")).await;
                assert_eq!(status, 200);
                let items = page["items"].as_array().unwrap().clone();
                if step > 0 {
                    found.extend(items);
                } else {
                    found.splice(0..0, items);
                }
                let Some(next) = page["next"].as_str() else { break };
                let limit = first.rsplit('=').next().unwrap();
                query = format!("?cursor={next}&limit={limit}");
            }
            assert_eq!(found, all, "{first}");
        }
    }
    let (_, some) = admin.get(&format!("{path}?after=3&before=7")).await;
    assert_eq!(some["items"].as_array().unwrap()[..], all[3..6]);
    for bad in ["?limit=0", "?limit=201", "?limit=x", "?after=-1", "?cursor=nonsense", "?before=a"] {
        admin.refused("GET", &format!("{path}{bad}"), None, (400, "bad_frame")).await;
    }
    assert_eq!(admin.get(&format!("{path}?limit=200")).await.0, 200);
}
