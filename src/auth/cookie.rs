//! The cookies: their names, their attributes, and where they are found.

use http::HeaderMap;
use http::header::{AUTHORIZATION, COOKIE};

use super::login::DEVICE_SECS;
use super::token::Token;
use super::{AGENT_SESSION_SECS, ERRAND_SECS, GUEST_SESSION_SECS};

/// Whose cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A member of staff's.
    Agent,
    /// A guest's.
    Guest,
    /// A browser's own, from which an agent has logged in.
    Device,
    /// A browser's that is away at the provider of single sign-on.
    Errand,
}

impl Kind {
    /// The cookie's name. Under TLS the prefix binds it to this very host.
    pub fn cookie(self, https: bool) -> &'static str {
        match (self, https) {
            (Self::Agent, false) => "frontdesk_agent",
            (Self::Agent, true) => "__Host-frontdesk_agent",
            (Self::Guest, false) => "frontdesk_guest",
            (Self::Guest, true) => "__Host-frontdesk_guest",
            (Self::Device, false) => "frontdesk_device",
            (Self::Device, true) => "__Host-frontdesk_device",
            (Self::Errand, false) => "frontdesk_errand",
            (Self::Errand, true) => "__Host-frontdesk_errand",
        }
    }
}

/// The `Set-Cookie` line that hands a token out. `embedded`: the page stands in another site's frame,
/// where a browser keeps only cookies that say so; it can do that under TLS alone.
pub fn give(kind: Kind, token: &Token, https: bool, embedded: bool) -> String {
    let secs = match kind {
        Kind::Agent => AGENT_SESSION_SECS,
        Kind::Guest => GUEST_SESSION_SECS,
        Kind::Device => DEVICE_SECS,
        Kind::Errand => ERRAND_SECS,
    };
    line(kind, token.reveal(), https, embedded, secs)
}

/// The `Set-Cookie` line that takes a token back.
pub fn take(kind: Kind, https: bool) -> String {
    line(kind, "", https, false, 0)
}

fn line(kind: Kind, value: &str, https: bool, embedded: bool, max_age_secs: i64) -> String {
    let name = kind.cookie(https);
    let site = match kind {
        Kind::Agent | Kind::Device => "Strict",
        Kind::Guest if https && embedded => "None; Partitioned",
        // The provider's page sends the browser back: to a strict cookie that is another site.
        Kind::Guest | Kind::Errand => "Lax",
    };
    let secure = if https { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; Max-Age={max_age_secs}; HttpOnly; SameSite={site}{secure}")
}

/// The token in a cookie.
pub fn in_cookie(headers: &HeaderMap, kind: Kind, https: bool) -> Option<Token> {
    let name = kind.cookie(https);
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(found, _)| *found == name).and_then(|(_, value)| Token::shown(value))
}

/// The token in `Authorization: Bearer`.
pub fn in_bearer(headers: &HeaderMap) -> Option<Token> {
    bearer(headers).and_then(Token::shown)
}

/// What stands in `Authorization: Bearer`.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, value) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| value.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes() {
        let token = Token::shown("abc").expect("token");
        for (kind, https, embedded, line) in [
            (
                Kind::Guest,
                false,
                true,
                "frontdesk_guest=abc; Path=/; Max-Age=15552000; HttpOnly; SameSite=Lax",
            ),
            (
                Kind::Guest,
                true,
                true,
                "__Host-frontdesk_guest=abc; Path=/; Max-Age=15552000; HttpOnly; SameSite=None; Partitioned; Secure",
            ),
            (
                Kind::Agent,
                true,
                false,
                "__Host-frontdesk_agent=abc; Path=/; Max-Age=604800; HttpOnly; SameSite=Strict; Secure",
            ),
        ] {
            assert_eq!(give(kind, &token, https, embedded), line);
        }
        assert_eq!(
            take(Kind::Agent, false),
            "frontdesk_agent=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict"
        );
    }

    #[test]
    fn found_where_it_stands() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, "a=b; frontdesk_agent=tok-1".parse().expect("header"));
        headers.append(COOKIE, "frontdesk_guest=tok-2".parse().expect("header"));
        headers.insert(AUTHORIZATION, "bearer tok-3".parse().expect("header"));
        let seen = |kind, https| in_cookie(&headers, kind, https).map(|t| t.reveal().to_owned());
        assert_eq!(seen(Kind::Agent, false).as_deref(), Some("tok-1"));
        assert_eq!(seen(Kind::Guest, false).as_deref(), Some("tok-2"));
        assert_eq!(seen(Kind::Guest, true), None, "no prefix, no cookie");
        assert_eq!(in_bearer(&headers).map(|t| t.reveal().to_owned()).as_deref(), Some("tok-3"));
    }
}
