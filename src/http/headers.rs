//! The headers that tell browsers what our answers may do.

use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::config::Server;

pub(super) const CORP: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const COOP: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");

/// Adds what the handler has not set itself.
pub(super) fn secure(path: &str, server: &Server, headers: &mut HeaderMap) {
    let mut default = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    default(X_CONTENT_TYPE_OPTIONS, "nosniff");
    default(REFERRER_POLICY, "no-referrer");
    default(COOP, "same-origin");
    default(CORP, "same-origin");
    default(
        PERMISSIONS_POLICY,
        "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
    );
    default(CONTENT_SECURITY_POLICY, "default-src 'none'; base-uri 'none'; frame-ancestors 'none'");
    if server.is_https() {
        default(STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    if path.starts_with("/api/") || matches!(path, "/healthz" | "/readyz" | "/metrics") {
        default(CACHE_CONTROL, "no-store");
    }
}

/// Which of our pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Page {
    /// The guest chat in its own window.
    Guest,
    /// The guest chat in another site's frame.
    Embedded,
    /// The agents' dashboard.
    Dashboard,
}

/// The content security policy of a page: its scripts are those that carry this nonce, and what they load.
pub(super) fn page_policy(page: Page, nonce: &str, server: &Server) -> String {
    let mut ancestors = String::from("'none'");
    if page == Page::Embedded {
        ancestors = String::from("'self'");
        for origin in &server.allowed_origins {
            ancestors.push(' ');
            ancestors.push_str(origin.as_str());
        }
    }
    // The dashboard positions its rows by style attributes.
    let attributes = if page == Page::Dashboard { "; style-src-attr 'unsafe-inline'" } else { "" };
    format!(
        "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic'; style-src 'self'{attributes}; img-src 'self' blob: data:; \
         media-src 'self'; \
         connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; \
         frame-ancestors {ancestors}; require-trusted-types-for 'script'"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Sources};

    fn server(pairs: &[(&str, &str)]) -> Server {
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Config::from_sources(&Sources::default().then(pairs)).expect("config").server
    }

    #[test]
    fn a_handlers_own_header_stays() {
        let mut headers = HeaderMap::new();
        headers.insert(CORP, HeaderValue::from_static("cross-origin"));
        secure("/widget.js", &server(&[]), &mut headers);
        assert_eq!(headers[CORP], "cross-origin");
        assert_eq!(headers[X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert!(!headers.contains_key(CACHE_CONTROL) && !headers.contains_key(STRICT_TRANSPORT_SECURITY));
    }

    #[test]
    fn tls_and_the_api_have_their_own() {
        let mut headers = HeaderMap::new();
        secure("/api/me", &server(&[("FRONTDESK_PUBLIC_URL", "https://a.example")]), &mut headers);
        assert_eq!(headers[CACHE_CONTROL], "no-store");
        assert!(headers.contains_key(STRICT_TRANSPORT_SECURITY));
    }

    #[test]
    fn only_the_embedded_page_may_be_framed() {
        let server = server(&[("FRONTDESK_ALLOWED_ORIGINS", "https://a.example,https://b.example")]);
        assert!(page_policy(Page::Guest, "n", &server).contains("frame-ancestors 'none';"));
        assert!(page_policy(Page::Dashboard, "n", &server).contains("style-src-attr 'unsafe-inline'"));
        let embedded = page_policy(Page::Embedded, "n", &server);
        assert!(embedded.contains("frame-ancestors 'self' https://a.example https://b.example;"));
        assert!(!embedded.contains("unsafe"));
    }
}
