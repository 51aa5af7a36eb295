//! The frame of the OpenAPI document; the routing table fills in the paths.

use std::collections::BTreeMap;

use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::request_body::RequestBody;
use utoipa::openapi::schema::{Schema, Type};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{
    Components, Content, Info, OpenApi, OpenApiBuilder, RefOr, Response, SecurityRequirement,
};

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
        let Operation { extensions, security, responses, request_body, .. } = operation;
        describe_refusals(&mut responses.responses, request_body.is_some());
        if let Some(RefOr::T(body)) = request_body {
            take_no_null(body);
        }
        extensions.get_or_insert_with(Extensions::default).insert("x-access".to_owned(), access.published());
        if let Some(scope) = access.scope {
            let integration = SecurityRequirement::new("integration", [scope.name()]);
            security.get_or_insert_with(Vec::new).push(integration);
        }
    }
}

/// A body that may be left out may not be null for that: it is an object or is not there.
fn take_no_null(body: &mut RequestBody) {
    let is_null = |schema: &RefOr<Schema>| matches!(schema, RefOr::T(Schema::Object(it)) if it.schema_type == Type::Null.into());
    for content in body.content.values_mut() {
        let RefOr::T(Content { schema: Some(schema), .. }) = content else { continue };
        let RefOr::T(Schema::OneOf(forms)) = schema else { continue };
        forms.items.retain(|form| !is_null(form));
        if let [only] = forms.items.as_slice() {
            *schema = only.clone();
        }
    }
}

/// Refusals are problems, whoever described them; and who sends a body may send too much, or something else.
fn describe_refusals(responses: &mut BTreeMap<String, RefOr<Response>>, takes_a_body: bool) {
    for (_, response) in responses.iter_mut().filter(|(status, _)| status.starts_with(['4', '5'])) {
        let RefOr::T(response) = response else { continue };
        if let Some(problem) = response.content.shift_remove("application/json") {
            response.content.insert("application/problem+json".to_owned(), problem);
        }
    }
    let Some(RefOr::T(bad)) = responses.get("400").cloned().filter(|_| takes_a_body) else { return };
    for (status, description) in
        [("413", "More bytes than are taken."), ("415", "Not of a kind that is taken.")]
    {
        let mut response = bad.clone();
        response.description = description.to_owned();
        responses.entry(status.to_owned()).or_insert(RefOr::T(response));
    }
}

/// As JSON text.
pub(super) fn json(document: &OpenApi) -> String {
    document.to_pretty_json().unwrap_or_default()
}
