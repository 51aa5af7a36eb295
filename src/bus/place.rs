//! Where the NATS server is, and how it lets us in: both stand in one URL, which the client would not take apart.

use async_nats::{ConnectOptions, ServerAddr};
use percent_encoding::percent_decode_str;
use reqwest::Url;

/// The server of a URL such as `nats://user:password@host:4222` or `nats://token@host`, and options that show what
/// stands in it. The address holds neither: it is said in logs. `None` if it is no such URL.
pub(super) fn place(url: &str, options: ConnectOptions) -> Option<(ServerAddr, ConnectOptions)> {
    let mut url = Url::parse(url).ok()?;
    let decoded = |text: &str| percent_decode_str(text).decode_utf8().ok().map(String::from);
    let (user, password) = (decoded(url.username())?, url.password().map(decoded));
    url.set_username("").ok()?;
    url.set_password(None).ok()?;
    let options = match password {
        Some(password) => options.user_and_password(user, password?),
        None if !user.is_empty() => options.token(user),
        None => options,
    };
    Some((ServerAddr::from_url(url).ok()?, options))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_does_not_hold_what_lets_us_in() {
        for (url, host, port) in [
            ("nats://front:s3cr%40t@nats.inn:4333", "nats.inn", 4333),
            ("tls://s3cr%40t@nats.inn", "nats.inn", 4222),
            ("nats://[::1]:4222", "::1", 4222),
        ] {
            let (address, options) = place(url, ConnectOptions::new()).expect("a place");
            assert_eq!((address.host().trim_matches(['[', ']']), address.port()), (host, port), "{url}");
            assert!(
                !address.has_user_pass() && !format!("{address:?} {options:?}").contains("s3cr"),
                "{url}"
            );
            assert_eq!(address.tls_required(), url.starts_with("tls"), "{url}");
        }
        for url in ["nats://", "nats://%ff:x@h", "http://h", "no url"] {
            assert!(place(url, ConnectOptions::new()).is_none(), "{url}");
        }
    }
}
