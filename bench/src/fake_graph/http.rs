//! As much of HTTP/1.1 as the Graph API's clients use, and a small client for webhooks.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const HEAD_MAX: usize = 64 * 1024;
const BODY_MAX: usize = 110 * 1024 * 1024;
/// How long a webhook may take.
const WEBHOOK_WITHIN: Duration = Duration::from_secs(20);

/// A request.
#[derive(Debug, Default)]
pub struct Request {
    /// The method.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// The query.
    pub query: String,
    /// The token, if one was sent as bearer.
    pub bearer: Option<String>,
    /// The media type.
    pub content_type: String,
    /// The body.
    pub body: Vec<u8>,
}

/// Reads one request; `None` when the client has closed.
pub(super) async fn read(
    from: &mut (impl AsyncRead + Unpin),
    rest: &mut Vec<u8>,
) -> io::Result<Option<Request>> {
    let end = loop {
        if let Some(end) = find(rest, b"\r\n\r\n") {
            break end;
        }
        if rest.len() > HEAD_MAX {
            return Err(io::Error::other("the head is too long"));
        }
        if from.read_buf(rest).await? == 0 {
            return Ok(None);
        }
    };
    let head = String::from_utf8_lossy(&rest[..end]).into_owned();
    rest.drain(..end + 4);
    let mut lines = head.lines();
    let mut first = lines.next().unwrap_or_default().split(' ');
    let method = first.next().unwrap_or_default().to_owned();
    let target = first.next().unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut request =
        Request { method, path: path.to_owned(), query: query.to_owned(), ..Request::default() };
    let (mut length, mut chunked) = (0_usize, false);
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().map_err(io::Error::other)?,
            "transfer-encoding" => chunked = value.eq_ignore_ascii_case("chunked"),
            "content-type" => request.content_type = value.to_owned(),
            "authorization" => request.bearer = value.strip_prefix("Bearer ").map(str::to_owned),
            _ => {}
        }
    }
    request.body = if chunked { chunks(from, rest).await? } else { exactly(from, rest, length).await? };
    Ok(Some(request))
}

async fn exactly(
    from: &mut (impl AsyncRead + Unpin),
    rest: &mut Vec<u8>,
    length: usize,
) -> io::Result<Vec<u8>> {
    if length > BODY_MAX {
        return Err(io::Error::other("the body is too long"));
    }
    while rest.len() < length {
        if from.read_buf(rest).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(rest.drain(..length).collect())
}

async fn chunks(from: &mut (impl AsyncRead + Unpin), rest: &mut Vec<u8>) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = loop {
            if let Some(end) = find(rest, b"\r\n") {
                let line = String::from_utf8_lossy(&rest[..end]).into_owned();
                rest.drain(..end + 2);
                break line;
            }
            if from.read_buf(rest).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        };
        let size = usize::from_str_radix(line.trim(), 16).map_err(io::Error::other)?;
        body.extend(exactly(from, rest, size).await?);
        exactly(from, rest, 2).await?;
        if size == 0 {
            return Ok(body);
        }
        if body.len() > BODY_MAX {
            return Err(io::Error::other("the body is too long"));
        }
    }
}

/// A whole answer.
pub(super) fn answer(status: u16, media_type: &str, body: &[u8]) -> Vec<u8> {
    let mut out = format!(
        "HTTP/1.1 {status} As-Told\r\ncontent-type: {media_type}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    out.extend_from_slice(body);
    out
}

/// Posts a body to a plain `http://` address and answers the status.
pub(super) async fn post(url: &str, headers: &[(&str, String)], body: &[u8]) -> io::Result<u16> {
    let rest = url.strip_prefix("http://").ok_or_else(|| io::Error::other("webhooks go to http:// only"))?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let mut head = format!("POST /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
    let call = async {
        let mut stream = TcpStream::connect(host).await?;
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(body).await?;
        let mut status = [0_u8; 12];
        stream.read_exact(&mut status).await?;
        let text = String::from_utf8_lossy(&status);
        text.rsplit(' ')
            .next()
            .and_then(|code| code.parse().ok())
            .ok_or_else(|| io::Error::other("no status"))
    };
    tokio::time::timeout(WEBHOOK_WITHIN, call).await?
}

pub(super) fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

/// Gets the body of a plain `http://` address.
pub(super) async fn get(url: &str) -> io::Result<Vec<u8>> {
    let rest = url.strip_prefix("http://").ok_or_else(|| io::Error::other("http:// only"))?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let mut stream = TcpStream::connect(host).await?;
    stream.write_all(format!("GET /{path} HTTP/1.1\r\nhost: {host}\r\n\r\n").as_bytes()).await?;
    stream.shutdown().await?;
    let mut answer = Vec::new();
    stream.take(BODY_MAX as u64).read_to_end(&mut answer).await?;
    let body = find(&answer, b"\r\n\r\n").ok_or_else(|| io::Error::other("no answer"))? + 4;
    Ok(answer.split_off(body))
}
