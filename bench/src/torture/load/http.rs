//! One HTTP request at a time, a connection each.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long an answer may take.
const WITHIN: Duration = Duration::from_secs(10);
/// The largest answer that is read.
const MOST: u64 = 16 * 1024 * 1024;

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub enum As<'a> {
    /// Nobody.
    Nobody,
    /// A guest's session.
    Guest(&'a str),
    /// An agent's session.
    Agent(&'a str),
}

/// An answer: its status, its head, its JSON.
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// The lines before the body.
    pub head: String,
    /// The body; null if it is no JSON.
    pub body: Value,
}

impl Reply {
    /// The value of the agent's session cookie.
    pub fn cookie(&self) -> Option<&str> {
        let (_, rest) = self.head.split_once("frontdesk_agent=")?;
        rest.split([';', '\r']).next()
    }
}

/// Asks.
///
/// # Errors
/// There was no whole answer: what was asked for may have happened or not.
pub async fn call(
    at: SocketAddr,
    who: As<'_>,
    method: &str,
    path: &str,
    body: Option<&Value>,
) -> anyhow::Result<Reply> {
    timeout(WITHIN, exchange(at, who, method, path, body)).await.context("no answer in time")?
}

async fn exchange(
    at: SocketAddr,
    who: As<'_>,
    method: &str,
    path: &str,
    body: Option<&Value>,
) -> anyhow::Result<Reply> {
    let body = body.map(Value::to_string).unwrap_or_default();
    let who = match who {
        As::Nobody => String::new(),
        As::Guest(token) => format!("Authorization: Bearer {token}\r\n"),
        As::Agent(token) => format!("Cookie: frontdesk_agent={token}\r\n"),
    };
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {at}\r\n{who}Content-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(at).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut bytes = Vec::new();
    stream.take(MOST).read_to_end(&mut bytes).await?;
    read(&bytes)
}

fn read(bytes: &[u8]) -> anyhow::Result<Reply> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").context("an answer without a head")?;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let body = &bytes[end + 4..];
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .context("an answer without a status")?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok()).flatten()
    });
    if length.is_some_and(|length| length != body.len()) {
        bail!("an answer that was cut off");
    }
    Ok(Reply { status, head, body: serde_json::from_slice(body).unwrap_or_default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_whole_answers_only() {
        let good = b"HTTP/1.1 201 Created\r\nSet-Cookie: frontdesk_agent=abc; Path=/\r\nContent-Length: 9\r\n\r\n{\"seq\":7}";
        let reply = read(good).expect("whole");
        assert_eq!((reply.status, reply.cookie(), reply.body["seq"].as_u64()), (201, Some("abc"), Some(7)));
        assert!(read(&good[..good.len() - 1]).is_err());
        assert!(read(b"HTTP/1.1 200 OK\r\n").is_err());
    }
}
