//! A guest of the chat page who also writes over WhatsApp: known by a code that was sent there, and by nothing else.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use frontdesk_bench::fake_graph::Fault;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::line::{GUEST, Line};
use crate::support::server::PATIENCE;
use crate::support::{Caller, Server, Stored};

/// As the guest writes the number.
const WRITTEN: &str = "+49 (151) 234-56 78";
/// Nobody's here.
const NOBODYS: &str = "+49 151 9999999";

impl Line {
    /// Asks for a code, and returns the digits that arrive on the phone.
    async fn code(&self, guest: &mut Caller, phone: &str) -> String {
        let before = self.codes().len();
        let (status, sent) =
            guest.post("/api/guest/whatsapp-code", json!({"phone": phone, "locale": "de"})).await;
        assert_eq!(status, 202, "{sent}");
        self.totals("the code arrives", |_| self.codes().len() > before).await;
        self.codes().pop().unwrap()
    }

    /// All codes that arrived.
    fn codes(&self) -> Vec<String> {
        let all = self.graph.accepted();
        let texts = all.iter().filter(|each| each.text.contains("Code für unsere Chat-Seite"));
        texts.map(|each| each.text.chars().filter(char::is_ascii_digit).take(8).collect()).collect()
    }

    async fn links(&mut self, conversation: &str) -> Vec<String> {
        let (status, found) = self.admin.get(&format!("/api/conversations/{conversation}/links")).await;
        assert_eq!(status, 200, "{found}");
        let others = found["items"].as_array().unwrap().iter();
        others.map(|other| other["conversation"]["id"].as_str().unwrap().to_owned()).collect()
    }
}

/// Tries a code: the status, and every byte of the refusal.
async fn tried(guest: &mut Caller, code: &str) -> (u16, String) {
    let (status, answer) = guest.post("/api/guest/whatsapp-link", json!({ "code": code })).await;
    (status, answer.to_string())
}

/// Another code than this one.
fn wrong(code: &str, by: u32) -> String {
    format!("{:08}", (code.parse::<u32>().unwrap() + by) % 100_000_000)
}

#[tokio::test]
async fn a_code_links_once_and_shows_neither_side_the_other() {
    let mut line = Line::open(&[]).await;
    let (mut mia, mut page) = line.server.guest_page().await;
    page.done(json!({"type":"send","id":"g1","text":"I also wrote over WhatsApp"})).await;
    let (web, phone) = (mia.conversation.clone(), line.conversation.clone());
    assert!(line.links(&web).await.is_empty() && line.links(&phone).await.is_empty());
    let code = line.code(&mut mia, WRITTEN).await;
    let mut refusals = BTreeSet::new();
    for by in 1..5 {
        refusals.insert(tried(&mut mia, &wrong(&code, by)).await);
    }
    // Somebody else's page, who has looked over the guest's shoulder.
    let mut jon = line.server.guest().await;
    refusals.insert(tried(&mut jon, &code).await);
    let spaced = format!("{} {}", &code[..4], &code[4..]);
    let (status, linked) = tried(&mut mia, &spaced).await;
    assert_eq!(status, 200, "{linked}");
    refusals.insert(tried(&mut mia, &code).await);
    assert_eq!(refusals.len(), 1, "guessed, another's, used: one refusal: {refusals:?}");
    assert_eq!(refusals.first().unwrap().0, 401);

    assert_eq!(line.links(&web).await, std::slice::from_ref(&phone));
    assert_eq!(line.links(&phone).await, std::slice::from_ref(&web));
    for (conversation, words) in [(&web, "sent there"), (&phone, "sent here")] {
        let events = line.admin.history(conversation).await;
        let told = events.iter().filter(|event| event["kind"] == "note");
        let told = told.filter(|event| event["text"].as_str().unwrap().contains(words)).count();
        assert_eq!(told, 1, "{events:?}");
        assert!(!json!(events).to_string().contains(&code), "no code in a conversation");
    }
    // The guest is shown nothing of the other side, not even that there is one.
    let (_, own) = mia.get(&format!("/api/conversations/{web}/events")).await;
    assert!(own["items"].as_array().unwrap().iter().all(|event| event["kind"] != "note"), "{own}");
    mia.refused("GET", &format!("/api/conversations/{phone}/events"), None, (404, "not_found")).await;
    mia.refused("GET", &format!("/api/conversations/{web}/links"), None, (403, "forbidden")).await;
}

#[tokio::test]
async fn five_tries_then_even_the_right_one_is_wrong() {
    let line = Line::open(&[]).await;
    let mut mia = line.server.guest().await;
    let code = line.code(&mut mia, GUEST).await;
    for by in 1..=5 {
        // What is no code at all counts as well.
        let guess = if by == 3 { "no code".to_owned() } else { wrong(&code, by) };
        assert_eq!(tried(&mut mia, &guess).await.0, 401);
    }
    assert_eq!(tried(&mut mia, &code).await.0, 401, "after five tries");
    let newer = line.code(&mut mia, GUEST).await;
    assert_eq!(tried(&mut mia, &code).await.0, 401, "there is a newer one");
    assert_eq!(tried(&mut mia, &newer).await.0, 200);
}

#[tokio::test]
async fn tries_at_once_count_each() {
    let line = Line::open(&[]).await;
    let mut mia = line.server.guest().await;
    // As many hands as there are guesses; how many of them were right.
    let right = async |mia: &Caller, guesses: Vec<String>| {
        let hands = guesses.into_iter().map(|guess| {
            let mut hand = line.server.caller();
            hand.token = mia.token.clone();
            async move { tried(&mut hand, &guess).await.0 }
        });
        join_all(hands).await.into_iter().filter(|status| *status == 200).count()
    };
    let code = line.code(&mut mia, GUEST).await;
    assert_eq!(right(&mia, (1..=5).map(|by| wrong(&code, by)).collect()).await, 0);
    assert_eq!(tried(&mut mia, &code).await.0, 401, "tried five times");
    let newer = line.code(&mut mia, GUEST).await;
    assert_eq!(right(&mia, vec![newer; 5]).await, 1, "one code links once");
}

#[tokio::test]
async fn a_code_is_good_for_ten_minutes() {
    let mut line = Line::open(&[]).await;
    let mut mia = line.server.guest().await;
    for (passed_ms, expected) in [(9 * 60_000 + 30_000, 200), (10 * 60_000, 401)] {
        let code = line.code(&mut mia, GUEST).await;
        line.server.stop().await;
        let mut stored = Stored::of(&line.server).await;
        stored.execute(&format!("UPDATE link_codes SET expires_at = expires_at - {passed_ms}")).await;
        drop(stored);
        line.server.restart().await;
        let mut again = line.server.caller();
        again.token = mia.token.clone();
        assert_eq!(tried(&mut again, &code).await.0, expected, "after {passed_ms} ms");
        mia = again;
    }
}

#[tokio::test]
async fn whether_a_number_is_a_guests_is_not_told() {
    let line = Line::open(&[]).await;
    let (mut mia, mut jon) = (line.server.guest().await, line.server.guest().await);
    line.code(&mut mia, GUEST).await;
    let shape = |answer: &Value| answer.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let (known, unknown) = (
        mia.post("/api/guest/whatsapp-code", json!({ "phone": GUEST })).await,
        jon.post("/api/guest/whatsapp-code", json!({ "phone": NOBODYS })).await,
    );
    assert_eq!((known.0, shape(&known.1)), (unknown.0, shape(&unknown.1)));
    assert_eq!((unknown.0, shape(&unknown.1)), (202, vec!["expires_at".to_owned()]));
    // Nor where the phone is out of reach.
    line.graph.always(Some(Fault::Refuse(131_026)));
    assert_eq!(mia.post("/api/guest/whatsapp-code", json!({ "phone": GUEST })).await.0, 202);
    line.totals("it was tried", |totals| totals.refused.contains_key(&131_026)).await;
    assert_eq!(tried(&mut mia, "12345678").await, tried(&mut jon, "12345678").await);
    let nobody = line.graph.accepted().iter().any(|each| each.to.contains("9999999"));
    assert!(!nobody, "nothing goes to a number that never wrote");
    assert_eq!(seen(&line.server, "nobody").await, 1);
}

/// How many codes ended like this.
async fn seen(server: &Server, outcome: &str) -> u64 {
    let give_up = Instant::now() + PATIENCE;
    loop {
        let text = server.caller().http.get(server.caller().url("/metrics")).send().await.unwrap();
        let text = text.text().await.unwrap();
        let name = format!("frontdesk_link_codes_total{{outcome=\"{outcome}\"}} ");
        let count = text.lines().find_map(|line| line.strip_prefix(&name)).and_then(|n| n.parse().ok());
        match count {
            Some(count) if count > 0 => return count,
            _ => assert!(Instant::now() < give_up, "{text}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn nobody_is_flooded_with_codes() {
    let line = Line::open_with(&[], &[("FRONTDESK_RATE_LIMITS", "on")]).await;
    let mut mia = line.server.guest().await;
    for _ in 0..3 {
        line.code(&mut mia, GUEST).await;
    }
    let ask = json!({ "phone": NOBODYS });
    mia.refused("POST", "/api/guest/whatsapp-code", Some(ask.clone()), (429, "rate_limited")).await;
    // Nor by many who ask for the same number.
    let mut jon = line.server.guest().await;
    let ask = json!({ "phone": WRITTEN });
    jon.refused("POST", "/api/guest/whatsapp-code", Some(ask.clone()), (429, "rate_limited")).await;
    assert_eq!(line.codes().len(), 3);
    for phone in ["", "0151 2345678", "+49", "my number", &"1".repeat(41), &"1".repeat(100_000)] {
        let ask = json!({ "phone": phone });
        jon.refused("POST", "/api/guest/whatsapp-code", Some(ask.clone()), (400, "bad_frame")).await;
    }
}

#[tokio::test]
async fn a_hotel_without_whatsapp_sends_none() {
    let server = Server::start(&[("FRONTDESK_DEMO", "off")]).await;
    let mut mia = server.guest().await;
    let ask = json!({ "phone": GUEST });
    mia.refused("POST", "/api/guest/whatsapp-code", Some(ask.clone()), (404, "not_found")).await;
    mia.refused("POST", "/api/guest/whatsapp-link", Some(json!({"code": "12345678"})), (401, "unauthorized"))
        .await;
    let mut nobody = server.caller();
    nobody.refused("POST", "/api/guest/whatsapp-code", Some(ask.clone()), (401, "unauthorized")).await;
    let mut admin = server.admin().await;
    admin.refused("POST", "/api/guest/whatsapp-code", Some(ask.clone()), (403, "forbidden")).await;
}

#[tokio::test]
async fn who_is_erased_is_linked_no_longer() {
    let mut line = Line::open(&[]).await;
    let mut mia = line.server.guest().await;
    let code = line.code(&mut mia, GUEST).await;
    assert_eq!(tried(&mut mia, &code).await.0, 200);
    let web = mia.conversation.clone();
    let (_, summary) = line.admin.get(&format!("/api/conversations/{}", line.conversation)).await;
    let guest = summary["guest"]["id"].as_str().unwrap();
    let (status, answer) = line.admin.delete(&format!("/api/guests/{guest}")).await;
    assert!((200..300).contains(&status), "{status} {answer}");
    let give_up = Instant::now() + PATIENCE;
    while !line.links(&web).await.is_empty() {
        assert!(Instant::now() < give_up, "still linked");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
