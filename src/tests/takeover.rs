//! The human wins: once people answer, the AI says no more, and what it had said is kept.

use serde_json::{Value, json};

use crate::support::{Ai, Caller, Client};

/// An answer of a hundred words, one every 15 ms.
const SLOWLY: &str = "delta=15,text=sand sea wind sun palm shell wave boat gull dune reef lamp path \
moon rain cloud star leaf stone grass sand sea wind sun palm shell wave boat gull dune \
reef lamp path moon rain cloud star leaf stone grass sand sea wind sun palm shell \
wave boat gull dune reef lamp path moon rain cloud star leaf stone grass";

/// What one reader was shown.
#[derive(Default)]
struct Screen {
    draft: String,
    turns: Vec<Value>,
    events: Vec<Value>,
    ends: Vec<Value>,
    /// A draft after the mode was `human`.
    late: Vec<Value>,
    human: bool,
}

impl Screen {
    fn show(&mut self, frame: &Value) {
        match frame["type"].as_str().unwrap() {
            "draft" => {
                self.draft.push_str(frame["text"].as_str().unwrap());
                if !self.turns.contains(&frame["turn"]) {
                    self.turns.push(frame["turn"].clone());
                }
                if self.human {
                    self.late.push(frame.clone());
                }
            }
            "draft_end" => self.ends.push(frame.clone()),
            "event" => {
                self.human |= frame["kind"] == "mode" && frame["mode"] == "human";
                self.events.push(frame.clone());
            }
            _ => {}
        }
    }

    /// Reads until a guest's message with this id is seen, which was sent after the take-over.
    async fn read_until(&mut self, client: &mut Client, id: &str) {
        loop {
            let frame = client.next().await.unwrap();
            self.show(&frame);
            if frame["type"] == "event" && frame["id"] == id {
                return;
            }
        }
    }

    /// What was shown is kept, exactly, just before the mode; nothing of the AI comes after.
    fn judge(&self, who: &str) {
        assert_eq!(self.late, Vec::<Value>::new(), "{who}: words after the take-over");
        let by_ai: Vec<usize> =
            (0..self.events.len()).filter(|n| self.events[*n]["by"]["kind"] == "ai").collect();
        if self.draft.trim().is_empty() {
            assert_eq!(by_ai, Vec::<usize>::new(), "{who}: nothing was shown, nothing is kept");
            return;
        }
        assert_eq!(by_ai.len(), 1, "{who}: {:?}", self.events);
        let kept = &self.events[by_ai[0]];
        assert_eq!((&kept["text"], &kept["partial"]), (&json!(self.draft), &json!(true)), "{who}");
        let next = &self.events[by_ai[0] + 1];
        assert!(next["kind"] == "mode" || next["status"] == "closed", "{who}: {next}");
        assert_eq!(next["seq"].as_u64(), kept["seq"].as_u64().map(|seq| seq + 1), "{who}: just before");
        assert_eq!(self.ends.len(), 1, "{who}: {:?}", self.ends);
        let end = &self.ends[0];
        assert_eq!(
            (&end["outcome"], &end["seq"], &end["turn"]),
            (&json!("cut"), &kept["seq"], &self.turns[0])
        );
    }
}

/// A guest's page and two dashboards, all of them open.
async fn stage(ai: &Ai) -> (Caller, Client, Client, Client) {
    let (guest, page) = ai.server.guest_page().await;
    let mut desk = ai.server.dashboard().await.1;
    desk.open(&guest.conversation, None).await;
    let mut watcher = ai.server.dashboard().await.1;
    watcher.open(&guest.conversation, None).await;
    (guest, page, desk, watcher)
}

/// Waits for so many words of the answer, takes over in one of the ways, and judges all three screens.
async fn interrupt(ai: &Ai, admin: &mut Caller, way: &str, words: usize) {
    let (guest, mut page, mut desk, mut watcher) = stage(ai).await;
    let c = guest.conversation.clone();
    let mut screens = [Screen::default(), Screen::default(), Screen::default()];
    page.say("question", "What time is breakfast?").await;
    let mut seen = 0;
    while seen < words {
        let frame = page.next().await.unwrap();
        seen += usize::from(frame["type"] == "draft");
        screens[0].show(&frame);
    }
    let path = format!("/api/conversations/{c}");
    match way {
        "act" => desk.send(json!({"type":"act","id":"x","conversation":c,"action":"take_over"})).await,
        "message" => desk.send(json!({"type":"send","id":"x","conversation":c,"text":"I am here."})).await,
        "close" => desk.send(json!({"type":"act","id":"x","conversation":c,"action":"close"})).await,
        "http action" => {
            let body = json!({"id":"x","action":"take_over"});
            assert_eq!(admin.post(&format!("{path}/actions"), body).await.0, 200);
        }
        _ => {
            let body = json!({"id":"x","text":"I am here."});
            assert_eq!(admin.post(&format!("{path}/messages"), body).await.0, 201);
        }
    }
    // A note of the agent's that comes after it all: whatever the AI would still say comes before it.
    desk.find("the answer", |frame| frame["kind"] == "mode" || frame["status"] == "closed").await;
    let last = json!({"id":"last","text":"goodbye"});
    assert_eq!(admin.post(&format!("{path}/messages"), last).await.0, 201);
    screens[0].read_until(&mut page, "last").await;
    screens[1].read_until(&mut watcher, "last").await;
    screens[0].judge(&format!("{way}, {words} words, guest"));
    screens[1].judge(&format!("{way}, {words} words, agent"));
    let history = admin.history(&c).await;
    let [page_screen, _, log] = &mut screens;
    log.draft.clone_from(&page_screen.draft);
    log.turns.clone_from(&page_screen.turns);
    log.ends.clone_from(&page_screen.ends);
    log.events = history;
    log.judge(&format!("{way}, {words} words, history"));
    assert!(page_screen.draft.split(' ').count() < 60, "it was cut");
}

#[tokio::test]
async fn every_way_of_taking_over_stops_it_in_mid_sentence() {
    let ai = Ai::start(SLOWLY, &[]).await;
    let mut admin = ai.server.admin().await;
    for way in ["act", "message", "close", "http action", "http message"] {
        interrupt(&ai, &mut admin, way, 4).await;
    }
    // The stream is not only unheard: it is closed, and costs nothing more.
    let entries = ai.model.journal().entries();
    assert_eq!(entries.len(), 5);
    for entry in entries {
        assert!(entry.finished_at_ms.is_none() && entry.client_closed_at_ms.is_some(), "{entry:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_times_at_random_moments() {
    let ai = std::sync::Arc::new(Ai::start(SLOWLY, &[("OPENAI_MAX_CONCURRENCY", "100")]).await);
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..50_usize {
        let ai = std::sync::Arc::clone(&ai);
        tasks.spawn(async move {
            let mut admin = ai.server.admin().await;
            let way = ["act", "message", "http action", "http message"][n % 4];
            interrupt(&ai, &mut admin, way, n * 7 % 18).await;
        });
        if tasks.len() >= 10 {
            tasks.join_next().await.unwrap().unwrap();
        }
    }
    while let Some(task) = tasks.join_next().await {
        task.unwrap();
    }
}

#[tokio::test]
async fn a_draft_that_is_finished_was_sent() {
    let ai = Ai::start("delta=1,text=Breakfast is at seven.", &[]).await;
    let (guest, mut page, _, mut watcher) = stage(&ai).await;
    page.say("question", "What time is breakfast?").await;
    for client in [&mut page, &mut watcher] {
        let mut shown = String::new();
        let event = loop {
            let frame = client.next().await.unwrap();
            match frame["type"].as_str().unwrap() {
                "draft" => shown.push_str(frame["text"].as_str().unwrap()),
                "event" if frame["by"]["kind"] == "ai" => break frame,
                "draft_end" => panic!("before its event: {frame}"),
                _ => {}
            }
        };
        assert_eq!((&event["text"], shown.as_str()), (&json!(shown), "Breakfast is at seven."));
        assert!(event.get("partial").is_none());
        let end = client.expect("draft_end").await;
        assert_eq!((&end["outcome"], &end["seq"]), (&json!("sent"), &event["seq"]));
        assert_eq!(end["conversation"], json!(guest.conversation));
    }
}

#[tokio::test]
async fn who_comes_in_the_middle_sees_the_draft_so_far() {
    let ai = Ai::start(SLOWLY, &[]).await;
    let (guest, mut page, _, _) = stage(&ai).await;
    page.say("question", "What time is breakfast?").await;
    let mut shown = page.expect("draft").await["text"].as_str().unwrap().to_owned();
    let (mut late, opened) = ai.server.page(&guest, Some(0)).await;
    assert_eq!(opened["events"].as_array().unwrap().len(), 1);
    let mut caught_up = String::new();
    for (client, text) in [(&mut page, &mut shown), (&mut late, &mut caught_up)] {
        loop {
            let frame = client.next().await.unwrap();
            match frame["type"].as_str().unwrap() {
                "draft" => text.push_str(frame["text"].as_str().unwrap()),
                "event" if frame["by"]["kind"] == "ai" => break assert_eq!(frame["text"], json!(text)),
                _ => {}
            }
        }
    }
    assert_eq!(shown, caught_up);
}

#[tokio::test]
async fn a_guest_who_goes_on_writing_is_answered_once() {
    let ai = Ai::start("slow-headers=300,delta=1,text=All at once.", &[]).await;
    let (guest, mut page, _, _) = stage(&ai).await;
    for n in 0..3 {
        page.done(json!({"type":"send","id":format!("q{n}"),"text":format!("part {n}")})).await;
    }
    page.find("the answer", |frame| frame["by"]["kind"] == "ai" && frame["type"] == "event").await;
    page.expect("draft_end").await;
    page.settle().await;
    let history = ai.server.admin().await.history(&guest.conversation).await;
    let answers = history.iter().filter(|event| event["by"]["kind"] == "ai").count();
    assert_eq!((answers, history.last().unwrap()["by"]["kind"].as_str()), (1, Some("ai")), "{history:?}");
    assert_eq!(ai.model.journal().entries().iter().filter(|entry| entry.finished_at_ms.is_some()).count(), 1);
}
