//! Who comes without TLS is sent to where there is.

use axum::Router;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::header::{HOST, LOCATION};
use http::uri::Authority;
use http::{HeaderValue, StatusCode};

use crate::config::Origin;

/// Sends everybody to the same place under `https`: at the public URL, or at the host that was asked and `port`.
pub fn redirect(public: Option<Origin>, port: u16) -> Router {
    Router::new().fallback(async move |request: Request| answer(&request, public.as_ref(), port))
}

fn answer(request: &Request, public: Option<&Origin>, port: u16) -> Response {
    let base = match public {
        Some(origin) => Some(origin.to_string()),
        None => host(request).map(|host| {
            if port == 443 { format!("https://{host}") } else { format!("https://{host}:{port}") }
        }),
    };
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let place =
        base.and_then(|base| HeaderValue::try_from(format!("{}{path}", base.trim_end_matches('/'))).ok());
    match place {
        // 308: a POST stays one.
        Some(place) => (StatusCode::PERMANENT_REDIRECT, [(LOCATION, place)]).into_response(),
        None => StatusCode::BAD_REQUEST.into_response(),
    }
}

/// The host that was asked, without its port and without anything else that one may write there.
fn host(request: &Request) -> Option<String> {
    let asked: Authority = request.headers().get(HOST)?.to_str().ok()?.parse().ok()?;
    (!asked.as_str().contains('@')).then(|| asked.host().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(host: &str, path: &str, public: Option<&str>, port: u16) -> Option<String> {
        let request = Request::builder().uri(path).header(HOST, host).body(axum::body::Body::empty());
        let public = public.and_then(Origin::parse);
        let answer = answer(&request.expect("request"), public.as_ref(), port);
        Some(answer.headers().get(LOCATION)?.to_str().expect("text").to_owned())
    }

    #[test]
    fn the_same_place_under_https() {
        for (host, path, public, port, wanted) in [
            ("desk.example", "/", None, 443, Some("https://desk.example/")),
            ("desk.example:8080", "/a?b=c", None, 8443, Some("https://desk.example:8443/a?b=c")),
            ("[::1]:80", "/", None, 443, Some("https://[::1]/")),
            ("evil.example", "/x", Some("https://desk.example"), 8443, Some("https://desk.example/x")),
            ("a@evil.example", "/", None, 443, None),
            ("", "/", None, 443, None),
        ] {
            assert_eq!(place(host, path, public, port).as_deref(), wanted, "{host} {path}");
        }
    }
}
