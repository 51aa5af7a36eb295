//! The built web pages, inside the binary, each in the forms that the web build left.

use std::borrow::Cow;
use std::fmt::Write as _;

use axum::body::Body;
use axum::response::Response;
use http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use http::{HeaderMap, HeaderValue, StatusCode};
use rust_embed::{EmbeddedFile, RustEmbed};

mod encoding;

use encoding::{Encoding, accepted};

#[derive(RustEmbed)]
#[folder = "web/dist/"]
struct Dist;

const FOREVER: &str = "public, max-age=31536000, immutable";
const ASK_AGAIN: &str = "no-cache";

/// A file of the built pages in the form that suits the client; `None` if there is none of this name.
/// Names are keys, not paths: nothing outside the build can be named.
pub fn serve(name: &str, headers: &HeaderMap) -> Option<Response> {
    serve_from(Dist::get, name, headers)
}

/// The text of a page, to be made the answer's own before it is sent.
pub fn text(name: &str) -> Option<String> {
    String::from_utf8(Dist::get(name)?.data.into_owned()).ok()
}

fn serve_from(
    get: impl Fn(&str) -> Option<EmbeddedFile>,
    name: &str,
    headers: &HeaderMap,
) -> Option<Response> {
    let kind = content_type(name)?;
    let wanted = headers.get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    let (encoding, file) = accepted(wanted)
        .into_iter()
        .find_map(|encoding| Some((encoding, get(&format!("{name}{}", encoding.suffix()))?)))?;
    let tag = etag(&file);
    let mut response = if is_held(headers, &tag) {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response
    } else {
        let mut response = Response::new(match file.data {
            Cow::Borrowed(bytes) => Body::from(bytes),
            Cow::Owned(bytes) => Body::from(bytes),
        });
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        if encoding != Encoding::Identity {
            response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static(encoding.token()));
        }
        response
    };
    let caching = if name.starts_with("assets/") { FOREVER } else { ASK_AGAIN };
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(caching));
    response.headers_mut().insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    if let Ok(tag) = HeaderValue::try_from(tag) {
        response.headers_mut().insert(ETAG, tag);
    }
    Some(response)
}

/// Each form of a file has its own bytes, and so its own tag.
fn etag(file: &EmbeddedFile) -> String {
    let mut tag = String::from("\"");
    for byte in &file.metadata.sha256_hash()[..12] {
        let _ = write!(tag, "{byte:02x}");
    }
    tag + "\""
}

fn is_held(headers: &HeaderMap, tag: &str) -> bool {
    let lines = headers.get_all(IF_NONE_MATCH).iter().filter_map(|line| line.to_str().ok());
    let mut held = lines.flat_map(|line| line.split(',')).map(str::trim);
    held.any(|held| held == "*" || held.strip_prefix("W/").unwrap_or(held) == tag)
}

/// The type of what we serve; nothing else is, the compressed forms by their own names least of all.
fn content_type(name: &str) -> Option<&'static str> {
    let (_, ending) = name.rsplit_once('.')?;
    Some(match ending {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        "mp3" => "audio/mpeg",
        "ogg" => "audio/ogg",
        "wav" => "audio/wav",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A build with a script in all forms and a page in one.
    fn get(name: &str) -> Option<EmbeddedFile> {
        let bytes: &'static [u8] = match name {
            "assets/a-1.js" => b"plain",
            "assets/a-1.js.br" => b"br",
            "assets/a-1.js.gz" => b"gz",
            "index.html" => b"<!doctype html>",
            _ => return None,
        };
        let mut hash = [0; 32];
        hash[..bytes.len().min(32)].copy_from_slice(&bytes[..bytes.len().min(32)]);
        let metadata = rust_embed::Metadata::__rust_embed_new(hash, None, None);
        Some(EmbeddedFile { data: bytes.into(), metadata })
    }

    fn ask(name: &str, pairs: &[(http::HeaderName, &str)]) -> Option<Response> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(name, value.parse().expect("header"));
        }
        serve_from(get, name, &headers)
    }

    #[test]
    fn the_best_form_with_its_own_tag() {
        let plain = ask("assets/a-1.js", &[]).expect("file");
        assert!(!plain.headers().contains_key(CONTENT_ENCODING));
        let small = ask("assets/a-1.js", &[(ACCEPT_ENCODING, "gzip, br")]).expect("file");
        assert_eq!(small.headers()[CONTENT_ENCODING], "br");
        assert_ne!(small.headers()[ETAG], plain.headers()[ETAG]);
        for response in [&plain, &small] {
            assert_eq!(response.headers()[CACHE_CONTROL], FOREVER);
            assert_eq!(response.headers()[VARY], "Accept-Encoding");
            assert_eq!(response.headers()[CONTENT_TYPE], "text/javascript; charset=utf-8");
        }
        let page = ask("index.html", &[(ACCEPT_ENCODING, "br")]).expect("file");
        assert!(!page.headers().contains_key(CONTENT_ENCODING), "there is no smaller form");
        assert_eq!(page.headers()[CACHE_CONTROL], ASK_AGAIN);
    }

    #[test]
    fn what_a_client_holds_is_not_sent_again() {
        let tag = ask("index.html", &[]).expect("file").headers()[ETAG].to_str().expect("tag").to_owned();
        for (held, status) in [(tag.clone(), 304), (format!("\"x\", W/{tag}"), 304), ("\"x\"".into(), 200)] {
            let response = ask("index.html", &[(IF_NONE_MATCH, &held)]).expect("file");
            assert_eq!(response.status().as_u16(), status, "{held}");
            assert_eq!(response.headers()[ETAG], *tag);
        }
    }

    #[test]
    fn nothing_else_can_be_named() {
        for name in
            ["", "nothing.js", "assets/a-1.js.br", "../Cargo.toml", "assets/../index.html", "/etc/passwd"]
        {
            assert!(ask(name, &[]).is_none(), "{name}");
        }
    }
}
