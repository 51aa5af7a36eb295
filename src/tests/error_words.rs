//! What errors say: nothing of the inside, and nothing of what is other people's.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::document::Document;
use crate::support::server::ADMIN;
use crate::support::{Caller, Server};

/// In everything that belongs to somebody else than who asks.
const OTHERS: &str = "yellowbird";

/// Words of the inside, in lower case: the database's, the disk's, the program's own and its libraries'.
const INSIDE: &[&str] = &[
    "select ",
    "insert ",
    "update ",
    "delete from",
    "where ",
    "sqlite",
    "sqlx",
    "sql",
    "constraint",
    "unique",
    "table",
    "database",
    "/home",
    "/work",
    "/tmp",
    "/root",
    "/var",
    "/usr",
    "/etc",
    ".rs",
    ".db",
    "src/",
    "panic",
    "stack",
    "thread",
    "unwrap",
    "option",
    "rust",
    "axum",
    "hyper",
    "tokio",
    "serde",
    "tower",
    "utoipa",
    "ractor",
    "frontdesk_",
    "struct ",
    "deserialize",
    "poison",
    "errno",
    "os error",
    "127.0.0.1",
    env!("CARGO_PKG_VERSION"),
];

/// What is asked of every path: parts of paths, queries and bodies that others' programs stumbled over.
const ODD: &[&str] = &[
    "'",
    "1' OR '1'='1",
    "\u{0}",
    "%00",
    "..%2f..%2fetc%2fpasswd",
    "-1",
    "99999999999999999999",
    "\u{202e}",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tell_nothing_of_the_inside_nor_of_others() {
    let server = Server::start(&[("FRONTDESK_METRICS_TOKEN", "yellowbird-metrics")]).await;
    let mut other = server.caller();
    let about = json!({"name": OTHERS, "email": format!("{OTHERS}@guest.test"), "phone": "+4915100000099"});
    other.new_session(about).await;
    let mut page = server.page(&other, None).await.0;
    page.done(json!({"type":"send","id":"g1","text":format!("{OTHERS} says hello")})).await;
    let mut admin = server.admin().await;
    let entry = json!({"title": format!("{OTHERS} entry"), "body": OTHERS});
    assert_eq!(admin.post("/api/knowledge", entry).await.0, 201);
    let (guest, viewer) = (server.guest().await, server.agent("viewer").await);
    let nobody = server.caller();
    let document = Document::of(&server).await;
    let takers = document.takers(|_| other.conversation.clone());
    let mut samples: BTreeMap<(String, String), Value> = BTreeMap::new();
    for taker in takers {
        let sample = document.samples(&taker.schema, "").remove(0);
        samples.insert((taker.method, taker.path), sample);
    }
    let mut seen = Seen::default();
    let (_, whole) = server.caller().get("/api/openapi.json").await;
    for (path, item) in whole["paths"].as_object().unwrap() {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            let known = item.get(method.to_lowercase()).is_some();
            for who in [&nobody, &guest, &viewer] {
                let theirs = filled(path, &other.conversation);
                seen.ask(who, method, &theirs, None).await;
                if !known {
                    continue;
                }
                for odd in ODD {
                    seen.ask(who, method, &filled(path, &percent(odd)), None).await;
                    let query = percent(odd);
                    seen.ask(
                        who,
                        method,
                        &format!("{theirs}?limit={query}&cursor={query}&after={query}&q={query}"),
                        None,
                    )
                    .await;
                }
                for body in ["", "{", "[]", "null", "\"x\"", "{\"id\":1,\"text\":[]}", "\u{feff}{}"] {
                    seen.ask(who, method, &theirs, Some(body)).await;
                }
                if let Some(sample) = samples.get(&(method.to_owned(), theirs.clone())) {
                    seen.ask(who, method, &theirs, Some(&sample.to_string())).await;
                    let odd = sample.to_string().replace("sample", "' OR 1=1 --\\u0000");
                    seen.ask(who, method, &theirs, Some(&odd)).await;
                }
            }
        }
    }
    // An account that is there, asked for by somebody who is not.
    let taken = json!({"email": ADMIN.0, "password": "a wrong password"});
    seen.ask(&nobody, "POST", "/api/login", Some(&taken.to_string())).await;
    assert!(seen.errors > 1_000 && seen.codes.len() >= 5, "{} {:?}", seen.errors, seen.codes);
    println!("{} errors searched: {:?}", seen.errors, seen.codes);
}

fn percent(text: &str) -> String {
    if text.starts_with(['%', '.']) {
        return text.to_owned();
    }
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

/// A path with this in the place of its parameters.
fn filled(path: &str, id: &str) -> String {
    path.split('/').map(|part| if part.starts_with('{') { id } else { part }).collect::<Vec<_>>().join("/")
}

/// Errors that were looked at.
#[derive(Default)]
struct Seen {
    errors: usize,
    /// How many of each `code`.
    codes: BTreeMap<String, usize>,
}

impl Seen {
    async fn ask(&mut self, who: &Caller, method: &str, path: &str, body: Option<&str>) {
        if path.starts_with("/api/logout") {
            return;
        }
        let mut request = who.http.request(method.parse().unwrap(), who.url(path));
        request = if who.cookie.is_empty() {
            request.bearer_auth(&who.token)
        } else {
            request.header("cookie", &who.cookie)
        };
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_owned());
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let what = format!("{method} {path} {body:?}: {status}");
        let headers = format!("{:?}", answer.headers()).to_lowercase();
        let text = answer.text().await.unwrap();
        if status < 400 {
            return;
        }
        assert!(status < 500 || text.contains("\"unavailable\""), "{what} {text}");
        let problem: Value =
            serde_json::from_str(&text).unwrap_or_else(|_| panic!("{what}: no problem: {text}"));
        self.errors += 1;
        *self.codes.entry(problem["code"].as_str().unwrap().to_owned()).or_default() += 1;
        // The names of fields and of the query are part of the interface, and so is the kind of problem.
        let said = format!("{} {}", problem["title"], problem["detail"]).to_lowercase();
        for word in INSIDE {
            assert!(!said.contains(word), "{what}: {word:?} in {text}");
        }
        for word in [OTHERS, "4915100000099", ADMIN.0, "correct horse"] {
            assert!(!text.contains(word) && !headers.contains(word), "{what}: {word:?} in {text}");
        }
    }
}
