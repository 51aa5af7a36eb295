//! The stand-in as a client sees it that knows nothing of it.

use std::net::Ipv4Addr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;

async fn ask(fake: &FakeOpenAi, request: &str) -> String {
    let mut stream = TcpStream::connect(fake.address()).await.expect("connected");
    stream.write_all(request.as_bytes()).await.expect("sent");
    stream.shutdown().await.expect("half closed");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("read");
    String::from_utf8_lossy(&answer).into_owned()
}

async fn start() -> FakeOpenAi {
    FakeOpenAi::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await.expect("a port")
}

fn post(model: &str, header: &str) -> String {
    let body = format!("{{\"model\":\"{model}\",\"stream\":true,\"messages\":[]}}");
    format!("POST /v1/chat/completions HTTP/1.1\r\n{header}Content-Length: {}\r\n\r\n{body}", body.len())
}

/// The answer to a request whose client stays until the end.
async fn stay(fake: &FakeOpenAi, request: &str) -> String {
    let mut stream = TcpStream::connect(fake.address()).await.expect("connected");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    while !answer.ends_with("0\r\n\r\n") && !answer.contains("content-length") {
        let mut bytes = [0; 4096];
        let read = stream.read(&mut bytes).await.expect("read");
        assert!(read > 0, "closed after {answer}");
        answer.push_str(&String::from_utf8_lossy(&bytes[..read]));
    }
    answer
}

#[tokio::test]
async fn a_stream_with_role_words_finish_and_done() {
    let fake = start().await;
    let answer = stay(&fake, &post("gpt-4o-mini", "")).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    for part in ["\"role\":\"assistant\"", "\" stand-in\"", "\"finish_reason\":\"stop\"", "data: [DONE]\n\n"]
    {
        assert!(answer.contains(part), "{part} in {answer}");
    }
    let entry = &fake.journal().entries()[0];
    assert!(entry.status == 200 && entry.bytes_sent >= answer.len() && entry.client_closed_at_ms.is_none());
}

#[tokio::test]
async fn scripts_by_header_and_unknown_keys() {
    let fake = start().await;
    let answer = stay(&fake, &post("gpt-4o-mini", "X-Fake: status=503,retry-after=7\r\n")).await;
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("retry-after: 7"), "{answer}");
    assert!(stay(&fake, &post("fake:sloww", "")).await.starts_with("HTTP/1.1 400"));
}

#[tokio::test]
async fn the_journal_over_http() {
    let fake = start().await;
    stay(&fake, &post("gpt-4o-mini", "Authorization: Bearer x\r\n")).await;
    let journal = ask(&fake, "GET /journal HTTP/1.1\r\n\r\n").await;
    for part in ["\"requests\":1", "\"authorized\":true", "\"violations\":0"] {
        assert!(journal.contains(part), "{part} in {journal}");
    }
    assert!(ask(&fake, "GET /nothing HTTP/1.1\r\n\r\n").await.starts_with("HTTP/1.1 404"));
    assert!(ask(&fake, "GET /v1/models HTTP/1.1\r\n\r\n").await.contains("\"fake\""));
}

#[tokio::test]
async fn a_client_that_leaves_is_written_down() {
    let fake = start().await;
    ask(&fake, &post("fake:stall-at=2", "")).await;
    let entry = fake.journal().entries().pop().expect("an entry");
    assert!(entry.client_closed_at_ms.is_some() && entry.finished_at_ms.is_none());
}
