//! A small HTTP client: enough to prepare a run, and cheap enough to be part of one.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

const ANSWER_WITHIN: Duration = Duration::from_secs(30);
const HEAD_MAX_BYTES: usize = 64 * 1024;
const BODY_MAX_BYTES: usize = 16 * 1024 * 1024;

/// One connection that is used again and again.
pub struct Http {
    address: SocketAddr,
    stream: Option<TcpStream>,
    bytes: Vec<u8>,
    /// Header lines, each with its end, that go with every request.
    pub headers: String,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The header lines.
    pub head: String,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as JSON; `null` if it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(':'));
        lines.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

impl Http {
    /// Nothing is connected until it is needed.
    pub fn new(address: SocketAddr) -> Self {
        Self { address, stream: None, bytes: Vec::new(), headers: String::new() }
    }

    /// Reads a page or a resource.
    ///
    /// # Errors
    /// No answer comes, or one that is not HTTP.
    pub async fn get(&mut self, path: &str) -> anyhow::Result<Answer> {
        self.call("GET", path, "", b"").await
    }

    /// Sends JSON.
    ///
    /// # Errors
    /// No answer comes, or one that is not HTTP.
    pub async fn post(&mut self, path: &str, body: &Value) -> anyhow::Result<Answer> {
        self.call("POST", path, "Content-Type: application/json\r\n", body.to_string().as_bytes()).await
    }

    /// Any request, with header lines of its own.
    ///
    /// # Errors
    /// No answer comes, or one that is not HTTP.
    pub async fn call(
        &mut self,
        method: &str,
        path: &str,
        headers: &str,
        body: &[u8],
    ) -> anyhow::Result<Answer> {
        let call = self.exchange(method, path, headers, body);
        match timeout(ANSWER_WITHIN, call).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => {
                self.stream = None;
                Err(error)
            }
            Err(_) => {
                self.stream = None;
                bail!("no answer from http://{} within {} s", self.address, ANSWER_WITHIN.as_secs())
            }
        }
    }

    async fn exchange(
        &mut self,
        method: &str,
        path: &str,
        headers: &str,
        body: &[u8],
    ) -> anyhow::Result<Answer> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => {
                let stream = TcpStream::connect(self.address).await;
                let stream = stream.with_context(|| format!("nobody listens at http://{}", self.address))?;
                stream.set_nodelay(true)?;
                stream
            }
        };
        let mut request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\n{}{headers}\r\n",
            self.address,
            body.len(),
            self.headers
        )
        .into_bytes();
        request.extend_from_slice(body);
        stream.write_all(&request).await?;
        let answer = read(&mut stream, &mut self.bytes).await?;
        if !answer.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close")) {
            self.stream = Some(stream);
        }
        Ok(answer)
    }
}

async fn read(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> anyhow::Result<Answer> {
    bytes.clear();
    let end = loop {
        if let Some(end) = memchr::memmem::find(bytes, b"\r\n\r\n") {
            break end;
        }
        if bytes.len() > HEAD_MAX_BYTES || stream.read_buf(bytes).await? == 0 {
            bail!("the answer is not HTTP");
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let status = head.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5)?.parse().ok());
    let status = status.context("the answer is not HTTP")?;
    let mut answer = Answer { status, head, body: Vec::new() };
    let length = match answer.header("content-length") {
        Some(length) => length.parse().context("the answer is not HTTP")?,
        None if matches!(status, 204 | 304) => 0,
        None => bail!("an answer without a length"),
    };
    if length > BODY_MAX_BYTES {
        bail!("an answer of {length} bytes");
    }
    while bytes.len() < end + 4 + length {
        if stream.read_buf(bytes).await? == 0 {
            bail!("the answer broke off");
        }
    }
    answer.body = bytes[end + 4..end + 4 + length].to_vec();
    Ok(answer)
}
