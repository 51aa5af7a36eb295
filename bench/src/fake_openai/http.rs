//! As much of HTTP/1.1 as a client of Chat Completions uses.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

const HEAD_MAX: usize = 64 * 1024;
const BODY_MAX: usize = 16 * 1024 * 1024;

/// A request.
#[derive(Debug, Default)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) script: Option<String>,
    pub(super) authorized: bool,
    pub(super) body: Vec<u8>,
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
    let mut request = Request {
        method: first.next().unwrap_or_default().to_owned(),
        path: first.next().unwrap_or_default().to_owned(),
        ..Request::default()
    };
    let mut length = 0;
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().map_err(io::Error::other)?,
            "x-fake" => request.script = Some(value.trim().to_owned()),
            "authorization" => request.authorized = true,
            _ => {}
        }
    }
    if length > BODY_MAX {
        return Err(io::Error::other("the body is too long"));
    }
    while rest.len() < length {
        if from.read_buf(rest).await? == 0 {
            return Ok(None);
        }
    }
    request.body = rest.drain(..length).collect();
    Ok(Some(request))
}

/// A whole answer with a length.
pub(super) fn whole(status: u16, media_type: &str, headers: &[(String, String)], body: &[u8]) -> Vec<u8> {
    let mut out = head(status, media_type, headers);
    out.extend_from_slice(format!("content-length: {}\r\n\r\n", body.len()).as_bytes());
    out.extend_from_slice(body);
    out
}

/// The head of an answer whose body is to come, chunked or until the connection ends.
pub(super) fn streaming(headers: &[(String, String)], chunked: bool) -> Vec<u8> {
    let mut out = head(200, "text/event-stream", headers);
    out.extend_from_slice(if chunked {
        b"transfer-encoding: chunked\r\n\r\n"
    } else {
        b"connection: close\r\n\r\n"
    });
    out
}

/// Bytes as one chunk.
pub(super) fn chunk(bytes: &[u8]) -> Vec<u8> {
    let mut out = format!("{:x}\r\n", bytes.len()).into_bytes();
    out.extend_from_slice(bytes);
    out.extend_from_slice(b"\r\n");
    out
}

fn head(status: u16, media_type: &str, headers: &[(String, String)]) -> Vec<u8> {
    let mut out = format!("HTTP/1.1 {status} As-Told\r\ncontent-type: {media_type}\r\n");
    for (name, value) in headers {
        out.push_str(&format!("{name}: {value}\r\n"));
    }
    out.into_bytes()
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}
