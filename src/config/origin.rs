//! An origin: scheme, host and port, written in the one way that browsers write it.

use std::fmt;

/// An `http` or `https` origin in its normal form: lower case, no default port.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin(String);

impl Origin {
    /// Reads an origin; a path other than `/` is refused.
    pub fn parse(text: &str) -> Option<Self> {
        let uri: http::Uri = text.parse().ok()?;
        let scheme = uri.scheme_str().filter(|scheme| matches!(*scheme, "http" | "https"))?;
        let authority = uri.authority()?;
        let bare = uri.path().trim_start_matches('/').is_empty() && uri.query().is_none();
        // A port that is no number is no port left out.
        let odd = authority.port_u16().is_none() && authority.as_str().len() != authority.host().len();
        if !bare || odd || authority.host().is_empty() || authority.as_str().contains('@') {
            return None;
        }
        Some(Self::new(scheme, authority))
    }

    /// The origin of what is served under this authority.
    pub fn new(scheme: &str, authority: &http::uri::Authority) -> Self {
        let host = authority.host().to_ascii_lowercase();
        match (scheme, authority.port_u16()) {
            (_, None) | ("http", Some(80)) | ("https", Some(443)) => Self(format!("{scheme}://{host}")),
            (_, Some(port)) => Self(format!("{scheme}://{host}:{port}")),
        }
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is `https`.
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }

    /// Host and port.
    pub fn authority(&self) -> &str {
        self.0.split_once("://").map_or("", |(_, authority)| authority)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_form() {
        for (text, normal) in [
            ("https://Hotel.example", Some("https://hotel.example")),
            ("https://hotel.example:443/", Some("https://hotel.example")),
            ("http://127.0.0.1:8080", Some("http://127.0.0.1:8080")),
            ("http://[::1]:80", Some("http://[::1]")),
            ("https://hotel.example/path", None),
            ("https://user@hotel.example", None),
            ("https://", None),
            ("hotel.example", None),
            ("null", None),
            ("ftp://hotel.example", None),
        ] {
            assert_eq!(Origin::parse(text).as_ref().map(Origin::as_str), normal, "{text}");
        }
    }
}
