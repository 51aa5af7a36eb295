//! The origin rule: what a browser sends on behalf of another site changes nothing here.

use frontdesk_domain::refusal::{Code, Refusal};
use http::header::{HOST, ORIGIN, UPGRADE};
use http::{HeaderMap, HeaderName, Method, Uri};

use crate::config::{Origin, Server};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Refuses a state-changing request or an upgrade that a browser sent from another site.
///
/// # Errors
/// `forbidden`.
pub fn check(method: &Method, uri: &Uri, headers: &HeaderMap, server: &Server) -> Result<(), Refusal> {
    let changes = !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
    if !changes && !headers.contains_key(UPGRADE) {
        return Ok(());
    }
    let allowed = match (headers.get(ORIGIN), headers.get(&SEC_FETCH_SITE)) {
        (Some(origin), _) => origin
            .to_str()
            .ok()
            .and_then(Origin::parse)
            .is_some_and(|origin| is_own(&origin, uri, headers, server) || is_named(&origin, server)),
        (None, Some(site)) => matches!(site.as_bytes(), b"same-origin" | b"none"),
        // No browser.
        (None, None) => true,
    };
    if allowed { Ok(()) } else { Err(Refusal::new(Code::Forbidden, "not from this site")) }
}

fn is_named(origin: &Origin, server: &Server) -> bool {
    server.allowed_origins.contains(origin)
}

/// The public URL, or the very host that was asked.
fn is_own(origin: &Origin, uri: &Uri, headers: &HeaderMap, server: &Server) -> bool {
    if server.public_url.as_ref() == Some(origin) {
        return true;
    }
    let host = uri.authority().cloned().or_else(|| headers.get(HOST)?.to_str().ok()?.parse().ok());
    let Some(host) = host else { return false };
    // Which scheme the host was asked by is hidden behind a proxy, so both will do; but where the public
    // URL says https, a plain page of the same host is somebody else's.
    let both = [Origin::new("http", &host), Origin::new("https", &host)];
    let public_host = server.public_url.as_ref().map(Origin::authority);
    both.contains(origin) && public_host != Some(origin.authority())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Sources};

    fn server(public: &str) -> Server {
        let pairs = [
            ("FRONTDESK_PUBLIC_URL".to_owned(), public.to_owned()),
            ("FRONTDESK_ALLOWED_ORIGINS".to_owned(), "https://hotel.example".to_owned()),
        ];
        Config::from_sources(&Sources::default().then(pairs)).expect("config").server
    }

    #[test]
    fn the_whole_table() {
        let chat = "https://chat.example";
        // method, public URL, Host, Origin, Sec-Fetch-Site, upgrade, allowed
        for (method, public, host, origin, site, upgrade, allowed) in [
            (Method::GET, "", "a:1", "https://evil.example", "cross-site", false, true),
            (Method::GET, "", "a:1", "https://evil.example", "", true, false),
            (Method::GET, "", "a:1", "http://a:1", "", true, true),
            (Method::POST, "", "a:1", "", "", false, true),
            (Method::POST, "", "a:1", "http://a:1", "same-origin", false, true),
            (Method::POST, "", "a:1", "https://a:1", "", false, true),
            (Method::POST, "", "a:1", "http://a:2", "same-site", false, false),
            (Method::POST, "", "a", "http://a:80", "", false, true),
            (Method::POST, "", "a:1", "http://a:1.evil.example", "", false, false),
            (Method::POST, "", "a:1", "null", "", false, false),
            (Method::POST, "", "a:1", "", "cross-site", false, false),
            (Method::POST, "", "a:1", "", "same-site", false, false),
            (Method::POST, "", "a:1", "", "same-origin", false, true),
            (Method::POST, "", "a:1", "", "none", false, true),
            (Method::DELETE, "", "a:1", "https://hotel.example", "cross-site", false, true),
            (Method::PUT, "", "a:1", "http://hotel.example", "cross-site", false, false),
            (Method::PATCH, chat, "inner:1", chat, "", false, true),
            (Method::POST, chat, "chat.example", "http://chat.example", "", false, false),
            (Method::POST, chat, "inner:1", "http://inner:1", "", false, true),
            (Method::POST, "", "", "http://a:1", "", false, false),
        ] {
            let mut headers = HeaderMap::new();
            for (name, value) in [(HOST, host), (ORIGIN, origin), (SEC_FETCH_SITE, site)] {
                if !value.is_empty() {
                    headers.insert(name, value.parse().expect("header"));
                }
            }
            if upgrade {
                headers.insert(UPGRADE, "websocket".parse().expect("header"));
            }
            let seen = check(&method, &Uri::from_static("/x"), &headers, &server(public)).is_ok();
            assert_eq!(seen, allowed, "{method} {public} {host} {origin} {site} {upgrade}");
        }
    }
}
