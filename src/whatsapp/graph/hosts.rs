//! Where the token may go, and which addresses are nobody's to call.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

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

/// True if the address is on the public internet, in whichever form it is written.
pub(super) fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => match embedded_v4(ip) {
            Some(v4) => is_public_v4(v4),
            // Only 2000::/3 is given out, and of that not the part for documentation.
            None => {
                ip.segments()[0] & 0xe000 == 0x2000
                    && !(ip.segments()[0] == 0x2001 && ip.segments()[1] == 0xdb8)
            }
        },
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let carrier = a == 100 && (64..128).contains(&b);
    let benchmark = a == 198 && (18..20).contains(&b);
    let protocol = (a, b, c) == (192, 0, 0);
    !(ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_documentation()
        || ip.is_unspecified()
        || a == 0
        || a >= 224
        || carrier
        || benchmark
        || protocol)
}

/// The v4 address within a v6 one: mapped, 6to4, or NAT64.
fn embedded_v4(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let part = ip.segments();
    let v4 = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Ipv4Addr::new(a, b, c, d)
    };
    match part {
        [0, 0, 0, 0, 0, 0xffff | 0, high, low] => Some(v4(high, low)),
        [0x2002, high, low, ..] => Some(v4(high, low)),
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(v4(high, low)),
        _ => None,
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

    #[test]
    fn addresses_that_are_nobodys_to_call() {
        for bad in [
            "127.0.0.1",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "0.1.2.3",
            "100.64.0.1",
            "198.18.0.1",
            "192.0.0.8",
            "192.0.2.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "255.255.255.255",
            "240.0.0.1",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b::a00:1",
            "2002:7f00:1::",
            "2002:a00:1::",
            "fe80::1",
            "fc00::1",
            "fd00::1",
            "ff02::1",
            "2001:db8::1",
        ] {
            assert!(!is_public(bad.parse().unwrap()), "{bad}");
        }
        for good in ["157.240.1.1", "2a03:2880:f10c::1", "::ffff:157.240.1.1", "64:ff9b::9df0:101"] {
            assert!(is_public(good.parse().unwrap()), "{good}");
        }
    }
}
