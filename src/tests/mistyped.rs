//! What has the wrong type is refused with a 4xx, wherever it stands, and changes nothing.
//!
//! `FRONTDESK_MISTYPED` says how many tries there are (`make mistyped`: 100,000).

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use frontdesk_domain::frame::parse;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::document::{Document, Taker};
use crate::support::{Caller, Server};

/// Tries without a word from outside.
const TRIES: usize = 3_000;
/// Requests at a time.
const AT_ONCE: usize = 8;

fn tries() -> usize {
    std::env::var("FRONTDESK_MISTYPED").map_or(TRIES, |named| named.parse().unwrap())
}

/// A value of any type, from those that others got in with.
fn odd(random: &mut fastrand::Rng) -> Value {
    match random.u8(..17) {
        0 => Value::Null,
        1 => json!(random.bool()),
        2 => json!("1"),
        3 => json!(random.i64(..)),
        4 => json!(random.u64(u64::MAX / 2..)),
        5 => json!(random.f64() * 1e300),
        6 => json!([]),
        7 => json!({}),
        8 => json!({"$ne": null}),
        9 => json!({"$gt": ""}),
        10 => json!(["sample"]),
        11 => json!([[[[[[[[1]]]]]]]]),
        12 => json!({"toString": "x", "__proto__": {"role": "admin"}}),
        13 => json!([{"id": 1}]),
        14 => json!(""),
        // The number of a word in its list.
        15 => json!(random.u8(..4)),
        _ => json!(-0.5),
    }
}

/// Puts `value` somewhere into a body: at its top, or in any place below.
fn plant(body: &mut Value, value: Value, random: &mut fastrand::Rng) {
    let below = match body {
        Value::Object(fields) if !fields.is_empty() && random.u8(..20) > 0 => {
            let nth = random.usize(..fields.len());
            fields.values_mut().nth(nth)
        }
        Value::Array(items) if !items.is_empty() && random.bool() => {
            let nth = random.usize(..items.len());
            items.get_mut(nth)
        }
        _ => None,
    };
    if let Some(below) = below {
        return plant(below, value, random);
    }
    // A text may become the only field of an object or the only item of a list, too.
    *body = match body.as_str() {
        Some(text) if random.u8(..8) == 0 => json!({text: null}),
        Some(text) if random.u8(..8) == 0 => json!([text]),
        _ => value,
    };
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn is_refused_wherever_it_stands() {
    let server = Server::start(&[("FRONTDESK_DEMO", "off")]).await;
    let (guest, mut page) = server.guest_page().await;
    page.done(json!({"type":"send","id":"g1","text":"hello"})).await;
    page.find("an answer", |frame| frame["type"] == "event" && frame["by"]["kind"] != "guest").await;
    let admin = server.admin().await;
    let before = super::everywhere::rows(&server).await;
    let document = Document::of(&server).await;
    let nothing = "018f0000-0000-7000-8000-000000000000";
    let takers = document.takers(|path| {
        if path.starts_with("/api/conversations/") { guest.conversation.clone() } else { nothing.to_owned() }
    });
    let forms: Vec<(&Taker, Value)> = takers
        .iter()
        .flat_map(|taker| document.samples(&taker.schema, "").into_iter().map(move |sample| (taker, sample)))
        .collect();
    for (taker, sample) in &forms {
        assert!(document.fits(&taker.schema, sample), "{} {}: {sample}", taker.method, taker.path);
    }
    // The values of an object's fields without their names are no object.
    for (taker, sample) in forms.iter().filter(|(_, sample)| sample.is_object()) {
        let values: Value = sample.as_object().unwrap().values().cloned().collect();
        for list in [values, json!([])] {
            let status = ask(&admin, &taker.method, &taker.path, Some(&list)).await;
            assert!((400..500).contains(&status), "{} {} {list}: {status}", taker.method, taker.path);
        }
    }
    frames(&document, &forms);
    let (began, done, by_status) = (Instant::now(), AtomicUsize::new(0), std::sync::Mutex::new([0; 600]));
    join_all((0..AT_ONCE).map(|nth| {
        let (document, forms, admin, done, by_status) = (&document, &forms, &admin, &done, &by_status);
        async move {
            let mut random = fastrand::Rng::with_seed(nth as u64);
            while done.load(Ordering::Relaxed) < tries() {
                let (taker, sample) = &forms[random.usize(..forms.len())];
                let mut body = sample.clone();
                plant(&mut body, odd(&mut random), &mut random);
                if document.has_right_types(&taker.schema, &body) {
                    continue;
                }
                let status = ask(admin, &taker.method, &taker.path, Some(&body)).await;
                assert!((400..500).contains(&status), "{} {} {body}: {status}", taker.method, taker.path);
                by_status.lock().unwrap()[usize::from(status)] += 1;
                done.fetch_add(1, Ordering::Relaxed);
            }
        }
    }))
    .await;
    let by_status = by_status.into_inner().unwrap();
    let seen: Vec<_> = (400..500).filter(|status| by_status[*status] > 0).collect();
    let seen: Vec<_> = seen.into_iter().map(|status| (status, by_status[status])).collect();
    println!(
        "{} bodies of {} forms refused in {:?}: {seen:?}",
        done.into_inner(),
        forms.len(),
        began.elapsed()
    );
    assert!(
        by_status[400] * 2 > tries(),
        "most are refused for what they are, not for where they go: {seen:?}"
    );
    queries(&admin, &guest.conversation).await;
    let mut after = super::everywhere::rows(&server).await;
    // What was refused is on record.
    after.insert("audit".to_owned(), before["audit"]);
    // What is in the log is folded into its tables by itself.
    after.insert("places".to_owned(), before["places"]);
    assert_eq!(after, before);
}

/// The bodies of actions as frames of a socket.
fn frames(document: &Document, forms: &[(&Taker, Value)]) {
    let (mut random, mut refused) = (fastrand::Rng::with_seed(8), 0);
    let is_act = |(taker, _): &&(&Taker, Value)| taker.path.ends_with("/actions");
    let acts: Vec<_> = forms.iter().filter(is_act).collect();
    while refused < tries() {
        let (taker, sample) = acts[random.usize(..acts.len())];
        let mut frame = sample.clone();
        plant(&mut frame, odd(&mut random), &mut random);
        if document.has_right_types(&taker.schema, &frame) {
            continue;
        }
        if let Some(fields) = frame.as_object_mut() {
            fields.insert("type".to_owned(), json!("act"));
        }
        let text = frame.to_string();
        assert!(parse(&text).is_err(), "{text}");
        refused += 1;
    }
}

/// Queries, in the forms that turn into lists and objects elsewhere.
async fn queries(admin: &Caller, conversation: &str) {
    let mut asked = 0;
    for path in ["/api/agents", "/api/audit", "/api/conversations", "/api/knowledge"] {
        for (name, numeric) in
            [("limit", true), ("cursor", false), ("q", false), ("view", false), ("tag", false)]
        {
            for form in [
                "[$ne]=null",
                "[]=1",
                "[0]=1",
                "[__proto__]=1",
                "%5B$gt%5D=",
                "=%00",
                "=[]",
                "={}",
                "=null",
                "=-1",
                "=1e9",
            ] {
                let status = ask(admin, "GET", &format!("{path}?{name}{form}"), None).await;
                assert!(status == 200 || (400..500).contains(&status), "{path}?{name}{form}: {status}");
                let is_value = form.starts_with('=');
                assert!(!(numeric && is_value) || status == 400, "{path}?{name}{form}: {status}");
                asked += 1;
            }
        }
    }
    for name in ["after", "before", "limit"] {
        for value in ["-1", "1.5", "one", "[]", "{}", "null", "99999999999999999999", "%00"] {
            let status =
                ask(admin, "GET", &format!("/api/conversations/{conversation}/events?{name}={value}"), None)
                    .await;
            assert_eq!(status, 400, "{name}={value}");
            asked += 1;
        }
    }
    assert!(asked > 200);
}

async fn ask(who: &Caller, method: &str, path: &str, body: Option<&Value>) -> u16 {
    let mut request = who.http.request(method.parse().unwrap(), who.url(path)).header("cookie", &who.cookie);
    if let Some(body) = body {
        request = request.header("content-type", "application/json").body(body.to_string());
    }
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    // Read to the end, the connection serves again.
    answer.bytes().await.unwrap();
    status
}
