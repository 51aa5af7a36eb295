//! The frame of the OpenAPI document; the routing table fills in the paths.

use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Components, Info, OpenApi, OpenApiBuilder, SecurityRequirement};

use crate::auth::Kind;
use crate::auth::rights::Access;

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
    components.add_security_scheme("integration", bearer());
    components.add_security_scheme("metrics", bearer());
    let mut info = Info::new("Frontdesk", env!("CARGO_PKG_VERSION"));
    info.description = Some(env!("CARGO_PKG_DESCRIPTION").to_owned());
    OpenApiBuilder::new().info(info).components(Some(components)).build()
}

/// Says with each operation of a path who may use it.
pub(super) fn publish(path: &mut PathItem, access: Access) {
    let PathItem { get, put, post, delete, options, head, patch, trace, .. } = path;
    let operations = [get, put, post, delete, options, head, patch, trace];
    for operation in operations.into_iter().flatten() {
        let Operation { extensions, security, .. } = operation;
        extensions.get_or_insert_with(Extensions::default).insert("x-access".to_owned(), access.published());
        if let Some(scope) = access.scope {
            let integration = SecurityRequirement::new("integration", [scope.name()]);
            security.get_or_insert_with(Vec::new).push(integration);
        }
    }
}

/// As JSON text.
pub(super) fn json(document: &OpenApi) -> String {
    document.to_pretty_json().unwrap_or_default()
}
