//! Nobody but the server writes a line of its log: whatever strangers plant where they can, no control character and no
//! word of theirs is in it.

use std::net::{Ipv4Addr, SocketAddr};

use frontdesk_bench::fake_openai::FakeOpenAi;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::whatsapp::{self, body, sign, text};
use crate::support::{Caller, Client, Teller};

/// In everything that is planted.
const MARK: &str = "yellowbird";

/// What makes a line of its own, paints over one, closes one or turns one around, each in a form of its own.
const HOSTILE: &[&str] = &[
    "\r\n2026-01-01T00:00:00.000000Z ERROR frontdesk: yellowbird",
    "\n{\"timestamp\":\"2026-01-01T00:00:00Z\",\"level\":\"ERROR\",\"message\":\"yellowbird\"}\n",
    "\u{1b}[2J\u{1b}[1;31myellowbird\u{1b}[0m",
    "\u{1b}]0;yellowbird\u{7}\u{8}\u{8}\u{8}",
    "\u{9b}31myellowbird\u{85}",
    "yellowbird\u{2028}yellowbird\u{2029}",
    "\u{202e}dribwolley yellowbird\u{2066}\u{2069}",
    "\"},\"message\":\"yellowbird\",\"x\":{\"y\":\"",
    "yellowbird\u{0}\u{7f}\u{b}\u{c}",
    "%0d%0ayellowbird %1b[31m",
];

#[tokio::test]
async fn nobody_else_writes_a_line() {
    for style in ["json", "pretty"] {
        // As it comes, and with all that it can say of itself.
        for filter in ["", "frontdesk=debug"] {
            let log = everything_planted(style, filter).await;
            let what = format!("{style} {filter:?}");
            let lines: Vec<&str> = log.lines().collect();
            assert!(lines.len() >= 5, "{what}: it says something: {log}");
            for line in &lines {
                if style == "json" {
                    let line: Value =
                        serde_json::from_str(line).unwrap_or_else(|_| panic!("{what}: {line:?}"));
                    assert!(line["timestamp"].is_string() && line["level"].is_string(), "{what}: {line}");
                } else {
                    assert!(line.starts_with("20") && line.as_bytes()[10] == b'T', "{what}: {line:?}");
                }
                let raw = line.chars().find(|c| c.is_control() || is_invisible(*c));
                assert!(raw.is_none(), "{what}: {raw:?} in {line:?}");
                for word in [MARK, "dribwolley", "4915100000077"] {
                    assert!(!line.contains(word), "{what}: {word} in {line}");
                }
            }
        }
    }
}

/// What turns text around, or ends a line for some.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Plants everything everywhere; the server's log.
async fn everything_planted(style: &str, filter: &str) -> String {
    let model = FakeOpenAi::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await.unwrap().url();
    let mut settings = whatsapp::SETTINGS.to_vec();
    // Failures are what a log tells most of.
    settings.extend([("OPENAI_BASE_URL", model.as_str()), ("OPENAI_MODEL", "fake:status=500")]);
    settings.push(("FRONTDESK_LOG", style));
    settings.push(("RUST_LOG", filter));
    let mut server = Teller::start(&settings).await;
    for hostile in HOSTILE {
        over_http(&server, hostile).await;
        over_a_socket(&server, hostile).await;
        over_whatsapp(&server, hostile).await;
        in_raw_requests(&server, hostile).await;
    }
    server.stop().await;
    server.log()
}

async fn over_http(server: &Teller, hostile: &str) {
    let mut stranger = Caller::new(&server.address);
    let login = json!({"email": format!("a{hostile}@hotel.test"), "password": hostile, "code": hostile});
    assert!((400..500).contains(&stranger.post("/api/login", login).await.0));
    let about = json!({"name": hostile, "email": format!("{hostile}@b.test"), "phone": hostile, "room": hostile,
        "locale": hostile});
    assert!(stranger.post("/api/guest/session", about).await.0 < 500);
    let opening = json!({"token": hostile, "name": hostile, "password": hostile});
    assert!((400..500).contains(&stranger.post("/api/invitations/accept", opening).await.0));
    let mut guest = Caller::new(&server.address);
    guest.new_session(json!({})).await;
    let path = format!("/api/conversations/{}/messages", guest.conversation);
    assert!(guest.post(&path, json!({"id": hostile, "text": hostile})).await.0 < 500);
    assert!(guest.post(&path, json!({"id": "m1", "text": format!("x{hostile}")})).await.0 < 500);
    let file = reqwest::multipart::Part::bytes(hostile.as_bytes().to_vec()).file_name(hostile.to_owned());
    let form = reqwest::multipart::Form::new().part("file", file);
    let request = guest.http.post(guest.url("/api/attachments")).bearer_auth(&guest.token).multipart(form);
    assert!(request.send().await.unwrap().status().as_u16() < 500);
}

async fn over_a_socket(server: &Teller, hostile: &str) {
    let mut guest = Caller::new(&server.address);
    guest.new_session(json!({})).await;
    let mut page = Client::hello(&server.address, "/ws/guest", &guest.token, None).await;
    for frame in [
        json!({"type":"send","id":hostile,"text":"hello"}),
        json!({"type":"send","id":"s1","text":format!("May I have a towel? {hostile}")}),
        json!({"type":"act","id":hostile,"action":hostile}),
        json!({"type":hostile,"id":hostile}),
        json!({"type":"send","id":"s2","text":"x","attachments":[hostile]}),
    ] {
        page.send(frame).await;
    }
    page.settle().await;
    page.send_text(hostile).await;
    page.send(json!({"type":"ping"})).await;
    let _ = page.next().await;
    let mut stranger = Client::connect(&server.address, "/ws/guest").await;
    stranger.send(json!({"type":"hello","token":hostile})).await;
    stranger.end().await;
}

async fn over_whatsapp(server: &Teller, hostile: &str) {
    let from = "4915100000077";
    let mut odd = text(&format!("wamid.{hostile}"), from, hostile);
    odd["type"] = json!(hostile);
    let value = json!({
        "contacts": [{"wa_id": from, "profile": {"name": hostile}}],
        "messages": [text(&format!("wamid.1{hostile}"), from, &format!("May I have a towel? {hostile}")), odd],
        "statuses": [{"id": format!("wamid.{hostile}"), "status": hostile, "recipient_id": from, "timestamp": hostile,
            "errors": [{"code": 131_026, "title": hostile, "message": hostile}]}],
    });
    let bytes = body(value).to_string();
    let http = reqwest::Client::new();
    for signature in [sign(whatsapp::SECRET, bytes.as_bytes()), format!("sha256={MARK}")] {
        let request = http.post(format!("http://{}/webhooks/whatsapp", server.address));
        let request = request.header("x-hub-signature-256", signature).body(bytes.clone());
        assert!(request.send().await.unwrap().status().as_u16() < 500);
    }
}

/// Byte for byte, where a library for clients would not send it.
async fn in_raw_requests(server: &Teller, hostile: &str) {
    let encoded: String = hostile.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let host = &server.address;
    for request in [
        format!("GET /api/{encoded}?q={encoded}&token={encoded} HTTP/1.1\r\nhost: {host}\r\n\r\n"),
        format!("GET /api/conversations/{encoded}/events?after={encoded} HTTP/1.1\r\nhost: {host}\r\n\r\n"),
        format!(
            "GET /webhooks/whatsapp?hub.mode={encoded}&hub.verify_token={encoded} HTTP/1.1\r\nhost: {host}\r\n\r\n"
        ),
        format!("GET /{hostile} HTTP/1.1\r\nhost: {host}\r\n\r\n"),
        format!("{MARK} /api/me HTTP/1.1\r\nhost: {host}\r\n\r\n"),
        format!("GET /api/me HTTP/1.1\r\nhost: {MARK}.example\r\nconnection: close\r\n\r\n"),
    ] {
        raw(host, &request).await;
    }
    for name in [
        "user-agent",
        "x-request-id",
        "origin",
        "referer",
        "x-forwarded-for",
        "forwarded",
        "traceparent",
        "cookie",
        "authorization",
        "content-type",
        "accept-language",
        "sec-fetch-site",
        "sec-websocket-protocol",
    ] {
        for value in [hostile, encoded.as_str()] {
            let request = format!(
                "POST /api/login HTTP/1.1\r\nhost: {host}\r\n{name}: {value}{MARK}\r\ncontent-length: 0\r\n\r\n"
            );
            raw(host, &request).await;
        }
    }
}

/// Sends it; whatever the answer is, it is no failure of the server's.
async fn raw(host: &str, request: &str) {
    let mut stream = TcpStream::connect(host).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = [0; 12];
    if stream.read_exact(&mut head).await.is_ok() {
        assert!(
            head.starts_with(b"HTTP/1.1 ") && head[9] != b'5',
            "{request:?}: {}",
            String::from_utf8_lossy(&head)
        );
    }
}
