//! The frame of the OpenAPI document; the routing table fills in the paths.

use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Components, Info, OpenApi, OpenApiBuilder};

use crate::auth::Kind;

/// A document without paths.
pub(super) fn frame() -> OpenApi {
    let cookie = |kind: Kind| {
        let key = ApiKeyValue::with_description(
            kind.cookie(false),
            "Under an https public URL the name begins with __Host-",
        );
        SecurityScheme::ApiKey(ApiKey::Cookie(key))
    };
    let bearer = || SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    let mut components = Components::new();
    components.add_security_scheme("agent", cookie(Kind::Agent));
    components.add_security_scheme("guest", cookie(Kind::Guest));
    components.add_security_scheme("guest_bearer", bearer());
    components.add_security_scheme("metrics", bearer());
    let mut info = Info::new("Frontdesk", env!("CARGO_PKG_VERSION"));
    info.description = Some(env!("CARGO_PKG_DESCRIPTION").to_owned());
    OpenApiBuilder::new().info(info).components(Some(components)).build()
}

/// As JSON text.
pub(super) fn json(document: &OpenApi) -> String {
    document.to_pretty_json().unwrap_or_default()
}
