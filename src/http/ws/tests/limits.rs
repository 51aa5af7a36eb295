//! What a client may not do.

use frontdesk_domain::frame::FRAME_MAX_BYTES;

use super::*;

/// A `send` of exactly this many bytes.
fn send(length: usize) -> Vec<u8> {
    let (start, end) = (r#"{"type":"send","id":"a","text":""#, r#""}"#);
    format!("{start}{}{end}", "x".repeat(length - start.len() - end.len())).into_bytes()
}

/// Frames as first byte and payload, and the close code that they earn.
async fn earns(frames: &[(u8, &[u8])], code: u16) {
    let (mut client, _outbox) = Client::greeted().await;
    for (first, payload) in frames {
        client.raw(*first, payload).await;
    }
    assert_eq!(client.closed().await, code, "{frames:?}");
    assert!(matches!(client.message().await, Heard::Ended));
}

#[tokio::test(start_paused = true)]
async fn each_rule_has_its_code() {
    let half = send(FRAME_MAX_BYTES / 2);
    let big = send(FRAME_MAX_BYTES + 1);
    earns(&[(FINAL | 2, b"x")], 4400).await;
    earns(&[(2, b"x")], 4400).await;
    earns(&[(FINAL | TEXT, b"\xFF\xFE")], 1007).await;
    earns(&[(TEXT, b"\xC3"), (FINAL, b"(")], 1007).await;
    earns(&[(TEXT, b"\xC3"), (FINAL, b"")], 1007).await;
    earns(&[(TEXT, b"ok"), (0, b"\xFF")], 1007).await;
    earns(&[(FINAL | TEXT, &big)], 1009).await;
    earns(&[(TEXT, &half), (0, &half), (0, b"x")], 1009).await;
    earns(&[(FINAL, b"x")], 1002).await;
    earns(&[(TEXT, b"x"), (FINAL | TEXT, b"x")], 1002).await;
    earns(&[(FINAL | 0x40 | TEXT, b"x")], 1002).await;
    earns(&[(FINAL | 3, b"x")], 1002).await;
    earns(&[(9, b"x")], 1002).await;
    earns(&[(FINAL | 10, &[b'x'; 126])], 1002).await;
    earns(&[(FINAL | 8, b"x")], 1002).await;
    earns(&[(FINAL | 8, &1005_u16.to_be_bytes())], 1002).await;
    earns(&[(FINAL | 8, b"\x03\xE8\xFF")], 1007).await;
}

#[tokio::test(start_paused = true)]
async fn frames_must_be_masked() {
    let (mut client, _outbox) = Client::greeted().await;
    client.io.write_all(b"\x81\x02{}").await.expect("write");
    assert_eq!(client.closed().await, 1002);
}

#[tokio::test]
async fn the_largest_frame_is_taken() {
    let (mut client, _outbox) = Client::greeted().await;
    client.raw(FINAL | TEXT, &send(FRAME_MAX_BYTES)).await;
    assert!(matches!(client.message().await, Heard::Frame(ClientFrame::Send { .. }, _)));
}

#[tokio::test]
async fn fragments_are_put_together_around_control_frames() {
    let (mut client, _outbox) = Client::greeted().await;
    let text = r#"{"type":"send","id":"a","text":"ü"}"#.as_bytes();
    let cut = text.iter().position(|byte| *byte >= 0x80).expect("ü") + 1;
    client.raw(TEXT, &text[..cut]).await;
    client.raw(FINAL | 9, b"are you there").await;
    assert_eq!(client.frame().await, Some((10, b"are you there".to_vec())));
    client.raw(0, &text[cut..]).await;
    client.raw(FINAL, b"").await;
    let Heard::Frame(ClientFrame::Send { text, .. }, _) = client.message().await else {
        panic!("not the frame")
    };
    assert_eq!(text, "ü");
}

#[tokio::test]
async fn a_window_holds_the_sender_up() {
    let (mut client, _outbox) = Client::greeted().await;
    for _ in 0..200 {
        client.text(r#"{"type":"send","id":"a","text":"hi"}"#).await;
    }
    let mut held: Vec<Heard> = Vec::new();
    for _ in 0..128 {
        held.push(client.message().await);
    }
    tokio::task::yield_now().await;
    assert!(client.messages.try_recv().is_err(), "the window is full");
    held.truncate(100);
    for _ in 0..28 {
        assert!(matches!(client.message().await, Heard::Frame(..)));
    }
}
