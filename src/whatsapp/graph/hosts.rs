//! Where the token may go, and which addresses are nobody's to call.

use std::net::{IpAddr, SocketAddr};

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::egress::address::is_public;

/// Meta's media hosts: these, and what is below the ones with a dot in front.
const MEDIA_HOSTS: [&str; 5] =
    ["lookaside.fbsbx.com", ".fbsbx.com", ".fbcdn.net", ".whatsapp.net", "graph.facebook.com"];

/// True if media may be fetched from there, with the token: the API's own place, or Meta's by TLS.
pub(super) fn may_serve_media(url: &Url, base: &Url) -> bool {
    if url.origin() == base.origin() {
        return true;
    }
    let Some(host) = url.domain() else { return false };
    let known = |pattern: &&str| match pattern.strip_prefix('.') {
        Some(zone) => host.strip_suffix(zone).is_some_and(|front| front.len() > 1 && front.ends_with('.')),
        None => host == *pattern,
    };
    url.scheme() == "https"
        && url.port_or_known_default() == Some(443)
        && url.username().is_empty()
        && MEDIA_HOSTS.iter().any(known)
}

/// True for an address on this machine, as stand-ins have it.
pub(super) fn is_local(url: &Url) -> bool {
    match url.host_str() {
        Some("localhost") => true,
        Some(host) => host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback()),
        None => false,
    }
}

/// Resolves names, and refuses every address that is not on the public internet; but for the one host
/// that the operator named, which may be anywhere.
pub(super) struct PublicOnly {
    named: Option<String>,
}

impl PublicOnly {
    pub(super) fn except(base: &Url) -> Self {
        Self { named: base.host_str().map(str::to_ascii_lowercase) }
    }
}

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let named = self.named.as_deref() == Some(&name.as_str().to_ascii_lowercase());
        let host = name.as_str().to_owned();
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((host.as_str(), 0)).await?.collect();
            if !named && found.iter().any(|address| !is_public(address.ip())) {
                return Err("the name leads to an address that is not public".into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_goes_to_meta_and_to_the_configured_place() {
        let meta = Url::parse("https://graph.facebook.com").unwrap();
        for good in [
            "https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1",
            "https://graph.facebook.com/v26.0/1",
            "https://scontent.xx.fbcdn.net/x",
            "https://mmg.whatsapp.net/x",
        ] {
            assert!(may_serve_media(&Url::parse(good).unwrap(), &meta), "{good}");
        }
        for bad in [
            "http://lookaside.fbsbx.com/x",
            "https://lookaside.fbsbx.com:8443/x",
            "https://lookaside.fbsbx.com.evil.example/x",
            "https://evilfbsbx.com/x",
            "https://fbsbx.com@evil.example/x",
            "https://a@lookaside.fbsbx.com/x",
            "https://127.0.0.1/x",
            "https://[::1]/x",
            "file:///etc/passwd",
        ] {
            assert!(!may_serve_media(&Url::parse(bad).unwrap(), &meta), "{bad}");
        }
        let local = Url::parse("http://127.0.0.1:9000").unwrap();
        assert!(may_serve_media(&Url::parse("http://127.0.0.1:9000/media/1").unwrap(), &local));
        assert!(!may_serve_media(&Url::parse("http://127.0.0.1:9001/media/1").unwrap(), &local));
    }
}
