//! What clients send that is not of the contract, and what the contract says of the connection itself.

use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use crate::support::{Client, Server};

const FRAME_MAX: usize = 64 * 1024;

/// A ping of this many bytes: fields that the server does not know are ignored.
fn long_ping(bytes: usize) -> String {
    let (head, tail) = (r#"{"type":"ping","x":""#, r#""}"#);
    format!("{head}{}{tail}", "x".repeat(bytes - head.len() - tail.len()))
}

fn piece(bytes: &str, data: Data, last: bool) -> Message {
    Message::Frame(Frame::message(bytes.as_bytes().to_vec(), OpCode::Data(data), last))
}

#[tokio::test]
async fn bad_frames_are_refused_by_name_and_the_socket_lives() {
    let server = Server::start(&[]).await;
    let (guest, mut page) = server.guest_page().await;
    let (_, mut desk) = server.dashboard().await;
    let c = &guest.conversation;
    for (frame, id) in [
        ("", None),
        ("hello", None),
        ("{", None),
        ("[]", None),
        ("null", None),
        ("7", None),
        ("\"ping\"", None),
        ("{}", None),
        (r#"{"type":7}"#, None),
        (r#"{"type":"dance","id":"d1"}"#, Some("d1")),
        (r#"{"type":"event","id":"d2","text":"x"}"#, Some("d2")),
        (r#"{"type":"send","text":"x"}"#, None),
        (r#"{"type":"send","id":"s1"}"#, Some("s1")),
        (r#"{"type":"send","id":"s2","text":7}"#, Some("s2")),
        (r#"{"type":"send","id":"s3","text":null}"#, Some("s3")),
        (r#"{"type":"send","id":"s4","text":"x","note":"yes"}"#, Some("s4")),
        (r#"{"type":"send","id":"s5","text":"x","reply_to":"first"}"#, Some("s5")),
        (r#"{"type":"send","id":"s6","text":"x","reply_to":-1}"#, Some("s6")),
        (r#"{"type":"send","id":"s7","text":"x","reply_to":99}"#, Some("s7")),
        (r#"{"type":"send","id":"s8","text":"x","conversation":"mine"}"#, Some("s8")),
        (r#"{"type":"send","id":"","text":"x"}"#, None),
        (r#"{"type":"send","id":"not good","text":"x"}"#, None),
        (r#"{"type":"send","id":7,"text":"x"}"#, None),
        (r#"{"type":"send","id":"s9","text":"\ud800"}"#, None),
        (r#"{"type":"typing"}"#, None),
        (r#"{"type":"typing","on":"yes"}"#, None),
        (r#"{"type":"read"}"#, None),
        (r#"{"type":"read","seq":1.5}"#, None),
        (r#"{"type":"read","seq":-1}"#, None),
    ] {
        page.send_text(frame).await;
        let error = page.expect("error").await;
        assert_eq!((&error["code"], error["id"].as_str()), (&json!("bad_frame"), id), "{frame}: {error}");
    }
    for frame in [
        json!({"type":"open"}),
        json!({"type":"open","conversation":7}),
        json!({"type":"open","conversation":"x"}),
        json!({"type":"open","conversation":c,"after":"0"}),
        json!({"type":"leave"}),
        json!({"type":"send","id":"a1","text":"no conversation"}),
        json!({"type":"typing","on":true}),
        json!({"type":"read","seq":1}),
        json!({"type":"act","id":"a2","action":"close"}),
        json!({"type":"act","conversation":c,"action":"close"}),
        json!({"type":"act","id":"a3","conversation":c}),
        json!({"type":"act","id":"a4","conversation":c,"action":"explode"}),
        json!({"type":"act","id":"a5","conversation":c,"action":"assign"}),
        json!({"type":"act","id":"a6","conversation":c,"action":"assign","agent":"me"}),
        json!({"type":"act","id":"a7","conversation":c,"action":"snooze"}),
        json!({"type":"act","id":"a8","conversation":c,"action":"snooze","until":"tomorrow"}),
        json!({"type":"act","id":"a9","conversation":c,"action":"tag","add":"vip"}),
        json!({"type":"act","id":"b1","conversation":c,"action":"profile"}),
        json!({"type":"act","id":"b2","conversation":c,"action":"profile","guest":{"room":12}}),
    ] {
        let error = desk.ask(frame.clone()).await;
        assert_eq!((&error["code"], &error["id"]), (&json!("bad_frame"), &frame["id"]), "{frame}: {error}");
    }
    assert!(page.settle().await.iter().all(|frame| frame["type"] != "event"), "nothing was stored");
    let good = json!({"type":"send","id":"g1","text":"x","colour":"ignored","conversation":c});
    assert_eq!(page.done(good).await, 1);
}

#[tokio::test]
async fn an_id_is_narrow() {
    let server = Server::start(&[]).await;
    let (_, mut page) = server.guest_page().await;
    for good in ["a", "A_b-9", &"x".repeat(64)] {
        page.done(json!({"type":"send","id":good,"text":"x"})).await;
    }
    for bad in ["", " ", "a b", "ü", "a/b", "a.b", "a\n", &"x".repeat(65)] {
        assert_eq!(page.refused(json!({"type":"send","id":bad,"text":"x"})).await, "bad_frame", "{bad:?}");
    }
}

#[tokio::test]
async fn more_than_twenty_bad_frames_a_minute_are_too_many() {
    let server = Server::start(&[("FRONTDESK_RATE_LIMITS", "on")]).await;
    for forbidden in [false, true] {
        let (guest, mut page) = server.guest_page().await;
        let bad = match forbidden {
            true => json!({"type":"open","conversation":guest.conversation}),
            false => json!({"type":"dance"}),
        };
        for n in 0..20 {
            let code = page.refused(bad.clone()).await;
            assert_eq!(code, if forbidden { "forbidden" } else { "bad_frame" }, "{n}");
        }
        page.settle().await;
        page.send(bad).await;
        assert_eq!(page.end().await, 4400, "the twenty-first");
    }
    let unlimited = Server::start(&[]).await;
    let (_, mut page) = unlimited.guest_page().await;
    for _ in 0..60 {
        page.refused(json!({"type":"dance"})).await;
    }
    page.settle().await;
}

#[tokio::test]
async fn binary_frames_are_not_our_protocol() {
    let server = Server::start(&[]).await;
    let (_, mut page) = server.guest_page().await;
    page.ws.send(Message::binary(br#"{"type":"ping"}"#.to_vec())).await.unwrap();
    assert_eq!(page.end().await, 4400);
    // Whatever else the end of a socket sets in motion, this is the reason that its client is told.
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..30 {
        let (_, mut page) = server.guest_page().await;
        tasks.spawn(async move {
            page.ws.send(Message::binary(vec![0])).await.unwrap();
            page.end().await
        });
    }
    while let Some(code) = tasks.join_next().await {
        assert_eq!(code.unwrap(), 4400);
    }
    let mut early = Client::connect(&server.address, "/ws/agent").await;
    early.ws.send(Message::binary(vec![0])).await.unwrap();
    assert_eq!(early.end().await, 4400);
}

#[tokio::test]
async fn a_frame_holds_64_kib_and_no_more() {
    let server = Server::start(&[]).await;
    let (_, mut page) = server.guest_page().await;
    page.send_text(&long_ping(FRAME_MAX)).await;
    page.expect("pong").await;
    page.send_text(&long_ping(FRAME_MAX + 1)).await;
    assert_eq!(page.end().await, 1009);
    // The same in pieces, however small each is.
    for (bytes, closed) in [(FRAME_MAX, false), (FRAME_MAX + 1, true)] {
        let (_, mut page) = server.guest_page().await;
        let text = long_ping(bytes);
        let pieces: Vec<&[u8]> = text.as_bytes().chunks(1_000).collect();
        for (n, bytes) in pieces.iter().enumerate() {
            let data = if n == 0 { Data::Text } else { Data::Continue };
            let text = std::str::from_utf8(bytes).unwrap();
            if page.ws.send(piece(text, data, n + 1 == pieces.len())).await.is_err() {
                break;
            }
        }
        if closed {
            assert_eq!(page.end().await, 1009);
        } else {
            page.expect("pong").await;
        }
    }
    let mut early = Client::connect(&server.address, "/ws/guest").await;
    early.send_text(&long_ping(1024 * 1024)).await;
    assert_eq!(early.end().await, 1009, "before hello as well");
}

#[tokio::test]
async fn a_message_may_come_in_pieces() {
    let server = Server::start(&[]).await;
    let (_, mut page) = server.guest_page().await;
    page.ws.send(piece(r#"{"type":"send","id":"p1","#, Data::Text, false)).await.unwrap();
    page.ws.send(Message::Ping("between".into())).await.unwrap();
    page.ws.send(piece(r#""text":"in "#, Data::Continue, false)).await.unwrap();
    page.ws.send(piece("", Data::Continue, false)).await.unwrap();
    page.ws.send(piece(r#"pieces"}"#, Data::Continue, true)).await.unwrap();
    assert_eq!(page.event("message").await["text"], "in pieces");
}

#[tokio::test]
async fn both_kinds_of_ping_are_answered() {
    let server = Server::start(&[]).await;
    let (_, mut page) = server.guest_page().await;
    page.send(json!({"type":"ping"})).await;
    page.expect("pong").await;
    page.ws.send(Message::Ping("are you there".into())).await.unwrap();
    loop {
        match page.ws.next().await.unwrap().unwrap() {
            Message::Pong(payload) => break assert_eq!(&payload[..], b"are you there"),
            Message::Text(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn what_breaks_the_connection_itself_is_closed_with_a_reason() {
    let server = Server::start(&[]).await;
    // Not masked, not UTF-8, a reserved bit, a continuation of nothing.
    for (bytes, code) in [
        (&[0x81, 0x02, b'{', b'}'][..], 1002),
        (&[0x81, 0x82, 0, 0, 0, 0, 0xC3, 0x28], 1007),
        (&[0xC1, 0x82, 0, 0, 0, 0, b'{', b'}'], 1002),
        (&[0x80, 0x82, 0, 0, 0, 0, b'{', b'}'], 1002),
    ] {
        let (_, mut page) = server.guest_page().await;
        page.ws.get_mut().write_all(bytes).await.unwrap();
        assert_eq!(page.end().await, code, "{bytes:x?}");
    }
    let (_, mut page) = server.guest_page().await;
    page.ws.close(None).await.unwrap();
    assert!(matches!(page.end().await, 1000 | 1005 | 1006), "a farewell is answered");
    let (_, mut page) = server.guest_page().await;
    page.settle().await;
}

/// Reads the bytes of the connection itself: a library would answer the pings for us.
#[tokio::test]
async fn a_silent_socket_is_asked_twice_and_then_closed() {
    let server = Server::start(&[]).await;
    let (_, mut page) = server.guest_page().await;
    page.settle().await;
    let began = Instant::now();
    let (mut pings, mut bytes) = (Vec::new(), vec![0; 256]);
    let close = loop {
        let wait = Duration::from_secs(80);
        let read = tokio::time::timeout(wait, page.ws.get_mut().read(&mut bytes)).await.unwrap().unwrap();
        assert!(read > 0, "gone without a word");
        match bytes[0] {
            0x89 => pings.push(began.elapsed().as_secs_f64()),
            0x88 => break u16::from_be_bytes([bytes[2], bytes[3]]),
            other => panic!("{other:x}"),
        }
    };
    assert_eq!(pings.len(), 2, "{pings:?}");
    assert!((24.0..28.0).contains(&pings[0]) && (49.0..54.0).contains(&pings[1]), "{pings:?}");
    assert!((58.0..66.0).contains(&began.elapsed().as_secs_f64()), "{:?}", began.elapsed());
    assert_eq!(close, 4503);
}
