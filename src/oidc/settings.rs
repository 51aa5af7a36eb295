//! What the operator says of the provider.

use secrecy::SecretString;

use super::RoleMap;

/// The path that the provider sends browsers back to.
pub const CALLBACK: &str = "/api/login/oidc/callback";

/// What the operator says of the provider.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The provider's name, exactly as it writes it itself: an address.
    pub issuer: String,
    /// Our name there.
    pub client_id: String,
    /// Our secret there.
    pub client_secret: SecretString,
    /// Who may do what.
    pub roles: RoleMap,
    /// Where it sends browsers back to.
    pub redirect: String,
}

/// The provider's name, as it stands: compared letter by letter, so nothing is made tidy.
pub fn issuer(text: &str) -> Option<String> {
    let uri: http::Uri = text.parse().ok()?;
    let web = matches!(uri.scheme_str(), Some("http" | "https"));
    let plain = uri.query().is_none() && !text.contains(['#', '@', ' ']);
    (web && plain && uri.host().is_some_and(|host| !host.is_empty())).then(|| text.to_owned())
}
