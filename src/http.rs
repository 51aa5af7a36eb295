//! The routing table: every path with who may use it and how often.

#![allow(unused_qualifications, reason = "utoipa's macros write them")]

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::{self, Next};
use axum::routing::get;
use frontdesk_domain::people::Role;
use frontdesk_domain::quota::Quota;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

mod account;
mod agents;
mod answers;
mod attachments;
mod audit;
mod check;
pub mod client;
mod commands;
mod conversations;
mod document;
mod events;
mod extract;
mod guest;
mod headers;
mod health;
mod help;
mod identity;
mod invitations;
mod knowledge;
mod layers;
mod learning;
mod links;
mod oidc;
pub mod origin;
mod pages;
mod preferences;
mod privacy;
mod rehearsal;
mod replay;
mod reservations;
mod session;
pub mod sockets;
pub mod state;
mod templates;
mod tokens;
mod webhooks;
mod whatsapp;
mod ws;

pub use sockets::Sockets;
pub use state::{AppState, KnowledgeChanged, Started, now};
pub(crate) use ws::serve_pipe;

use crate::auth::Guard::{Agent, AgentOrGuest, Anyone, Guest, Handler, Myself, WriterOrGuest};
use crate::auth::rights::Access;
use crate::auth::rights::Scope::{
    ConversationsRead, ConversationsWrite, KnowledgeRead, KnowledgeWrite, Metrics,
};
use layers::Limit;

/// The largest body of a request.
const BODY_MAX_BYTES: usize = 256 * 1024;

const REQUESTS: Limit = Limit::Address(Quota::RequestPerAddress);
const SESSIONS: Limit = Limit::Address(Quota::SessionPerAddress);
const LOGINS: Limit = Limit::Address(Quota::LoginPerAddress);
const UNCOUNTED: Limit = Limit::None;

/// The paths of the interface, each with who may use it: people by their role, guests for what is theirs,
/// integrations by the scope of their token; always within their own property. What each may send within a path
/// is decided by [`frontdesk_domain::permission`]. `WebSocket` paths count connections themselves, because they refuse with a
/// close code; `login` slows down guesses at each account as well, and the hub counts the commands of each guest and agent.
#[rustfmt::skip]
fn table() -> Table {
    Table::new()
        .routes(row(Anyone,                                     UNCOUNTED, routes!(health::live)))
        .routes(row(Anyone,                                     UNCOUNTED, routes!(health::ready)))
        .routes(row(Handler.or(Metrics),                        UNCOUNTED, routes!(health::metrics)))
        .routes(row(Handler,                                    UNCOUNTED, routes!(ws::guest)))
        .routes(row(Handler,                                    UNCOUNTED, routes!(ws::agent)))
        .routes(row(Handler,                                    UNCOUNTED, routes!(whatsapp::verify, whatsapp::receive)))
        .routes(row(Anyone,                                     SESSIONS,  routes!(guest::session)))
        .routes(row(Guest,                                      SESSIONS,  routes!(links::send_code)))
        .routes(row(Guest,                                      SESSIONS,  routes!(links::link)))
        .routes(row(Anyone,                                     LOGINS,    routes!(session::login)))
        .routes(row(Anyone,                                     REQUESTS,  routes!(oidc::ways)))
        .routes(row(Anyone,                                     LOGINS,    routes!(oidc::begin)))
        .routes(row(Anyone,                                     LOGINS,    routes!(oidc::callback)))
        .routes(row(Myself,                                     REQUESTS,  routes!(session::logout)))
        .routes(row(Myself,                                     REQUESTS,  routes!(session::me)))
        .routes(row(Myself,                                     LOGINS,    routes!(account::password)))
        .routes(row(Myself,                                     REQUESTS,  routes!(account::sessions, account::end_sessions)))
        .routes(row(Myself,                                     REQUESTS,  routes!(account::end_session)))
        .routes(row(Myself,                                     LOGINS,    routes!(account::begin_second_factor)))
        .routes(row(Myself,                                     LOGINS,    routes!(account::confirm_second_factor)))
        .routes(row(Myself,                                     LOGINS,    routes!(account::remove_second_factor)))
        .routes(row(Agent(Role::Viewer).or(ConversationsRead),  REQUESTS,  routes!(conversations::list)))
        .routes(row(Agent(Role::Viewer).or(ConversationsRead),  REQUESTS,  routes!(conversations::one)))
        .routes(row(Agent(Role::Viewer).or(ConversationsRead),  REQUESTS,  routes!(links::list)))
        .routes(row(AgentOrGuest.or(ConversationsRead),         REQUESTS,  routes!(events::list)))
        .routes(row(WriterOrGuest.or(ConversationsWrite),       REQUESTS,  routes!(commands::say)))
        .routes(row(Agent(Role::Agent).or(ConversationsWrite),  REQUESTS,  routes!(commands::act)))
        .routes(row(WriterOrGuest.or(ConversationsWrite),       REQUESTS,  routes!(attachments::add)))
        .routes(row(AgentOrGuest.or(ConversationsRead),         REQUESTS,  routes!(attachments::one)))
        .routes(row(Agent(Role::Agent).or(ConversationsWrite),  REQUESTS,  routes!(templates::list)))
        .routes(row(Agent(Role::Agent),                         REQUESTS,  routes!(help::suggestion)))
        .routes(row(Agent(Role::Agent),                         REQUESTS,  routes!(help::summary)))
        .routes(row(Agent(Role::Agent),                         REQUESTS,  routes!(help::rewriting)))
        .routes(row(Agent(Role::Agent),                         REQUESTS,  routes!(help::translation)))
        .routes(row(Agent(Role::Viewer),                        REQUESTS,  routes!(help::translations)))
        .routes(row(Agent(Role::Agent),                         REQUESTS,  routes!(help::translate, help::keep_original)))
        .routes(row(Myself,                                     REQUESTS,  routes!(preferences::preferences, preferences::set_preferences)))
        .routes(row(Agent(Role::Supervisor),                    REQUESTS,  routes!(replay::replay)))
        .routes(row(Agent(Role::Admin),                         REQUESTS,  routes!(agents::list, agents::add)))
        .routes(row(Agent(Role::Admin),                         REQUESTS,  routes!(agents::change, agents::remove)))
        .routes(row(Agent(Role::Admin),                         REQUESTS,  routes!(account::sessions_of, account::end_sessions_of)))
        .routes(row(Agent(Role::Admin),                         REQUESTS,  routes!(account::end_session_of)))
        .routes(row(Agent(Role::Admin),                         REQUESTS,  routes!(account::remove_second_factor_of)))
        .routes(row(Agent(Role::Admin),                         REQUESTS,  routes!(webhooks::list, webhooks::add)))
        .routes(row(Agent(Role::Admin),                         REQUESTS,  routes!(webhooks::change, webhooks::remove)))
        .routes(row(Agent(Role::Admin),                         REQUESTS,  routes!(webhooks::new_key)))
        .routes(row(Agent(Role::Admin),                         REQUESTS,  routes!(webhooks::ping)))
        .routes(row(Agent(Role::Admin),                         REQUESTS,  routes!(webhooks::deliveries)))
        .routes(row(Agent(Role::Admin),                         REQUESTS,  routes!(webhooks::redeliver)))
        .routes(row(Agent(Role::Admin),                         REQUESTS,  routes!(audit::list)))
        .routes(row(Agent(Role::Admin),                         REQUESTS,  routes!(tokens::list, tokens::add)))
        .routes(row(Agent(Role::Admin),                         REQUESTS,  routes!(tokens::remove)))
        .routes(row(Agent(Role::Admin),                         REQUESTS,  routes!(invitations::list, invitations::add)))
        .routes(row(Agent(Role::Admin),                         REQUESTS,  routes!(invitations::remove)))
        .routes(row(Anyone,                                     LOGINS,    routes!(invitations::open)))
        .routes(row(Anyone,                                     LOGINS,    routes!(invitations::accept)))
        .routes(row(Handler,                                    REQUESTS,  routes!(reservations::receive)))
        .routes(row(Agent(Role::Admin),                         REQUESTS,  routes!(reservations::source, reservations::new, reservations::remove)))
        .routes(row(Agent(Role::Admin),                         REQUESTS,  routes!(identity::key, identity::new_key, identity::remove_key)))
        .routes(row(Agent(Role::Admin),                         REQUESTS,  routes!(privacy::settings, privacy::put_settings)))
        .routes(row(Agent(Role::Admin),                         REQUESTS,  routes!(privacy::export)))
        .routes(row(Agent(Role::Admin),                         REQUESTS,  routes!(privacy::erase)))
        .routes(row(Handler,                                    REQUESTS,  routes!(check::run)))
        .routes(row(Agent(Role::Viewer).or(KnowledgeRead),      REQUESTS,  routes!(knowledge::list)))
        .routes(row(Agent(Role::Supervisor).or(KnowledgeWrite), REQUESTS,  routes!(knowledge::add)))
        .routes(row(Agent(Role::Supervisor).or(KnowledgeWrite), REQUESTS,  routes!(learning::import)))
        .routes(row(Agent(Role::Supervisor),                    REQUESTS,  routes!(learning::remember)))
        .routes(row(Agent(Role::Supervisor),                    REQUESTS,  routes!(rehearsal::rehearse)))
        .routes(row(Agent(Role::Viewer).or(KnowledgeRead),      REQUESTS,  routes!(learning::versions)))
        .routes(row(Agent(Role::Viewer).or(KnowledgeRead),      REQUESTS,  routes!(knowledge::one)))
        .routes(row(Agent(Role::Supervisor).or(KnowledgeWrite), REQUESTS,  routes!(knowledge::write, knowledge::remove)))
}

/// Takes nothing but rows, so that a path without a rule does not compile.
struct Table(OpenApiRouter<AppState>);

/// Paths with their rule.
struct Row(UtoipaMethodRouter<AppState>);

impl Table {
    fn new() -> Self {
        Self(OpenApiRouter::with_openapi(document::frame()))
    }

    fn routes(self, row: Row) -> Self {
        Self(self.0.routes(row.0))
    }
}

fn row(access: impl Into<Access>, limit: Limit, routes: UtoipaMethodRouter<AppState>) -> Row {
    let access = access.into();
    let admit = move |request: Request, next: Next| layers::admit(access, limit, request, next);
    let (schemas, mut paths, methods) = routes.map(|methods| methods.route_layer(middleware::from_fn(admit)));
    paths.paths.values_mut().for_each(|path| document::publish(path, access));
    Row((schemas, paths, methods))
}

/// The whole HTTP side. Serve it with the peer's `SocketAddr` as connect info.
pub fn router(state: AppState) -> Router {
    let (paths, document) = table().0.split_for_parts();
    let json: Arc<str> = document::json(&document).into();
    #[cfg(feature = "echo")]
    let paths = paths.route("/ws/echo", get(ws::echo::path));
    paths
        .route("/api/openapi.json", get(async move || pages::document(&json)))
        .route("/", get(pages::guest))
        .route("/dashboard", get(pages::dashboard))
        .route("/dashboard/{*rest}", get(pages::dashboard))
        .route("/widget.js", get(pages::widget))
        .fallback(pages::other)
        .method_not_allowed_fallback(pages::wrong_method)
        .layer(DefaultBodyLimit::max(BODY_MAX_BYTES))
        .layer(CatchPanicLayer::custom(layers::panicked))
        .layer(middleware::from_fn_with_state(Arc::new(state.clone()), layers::around))
        .with_state(state)
}

/// The OpenAPI document.
pub fn openapi_json() -> String {
    document::json(&table().0.into_openapi())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_has_every_path_of_the_table() {
        let document: serde_json::Value = serde_json::from_str(&openapi_json()).expect("JSON");
        for (path, methods) in [
            ("/api/guest/session", &["post"][..]),
            ("/api/login", &["post"]),
            ("/api/conversations/{id}/events", &["get"]),
            ("/api/conversations/{id}/actions", &["post"]),
            ("/api/agents", &["get", "post"]),
            ("/api/agents/{id}", &["patch", "delete"]),
            ("/api/knowledge/{id}", &["get", "put", "delete"]),
            ("/ws/guest", &["get"]),
            ("/webhooks/whatsapp", &["get", "post"]),
            ("/api/attachments", &["post"]),
            ("/api/attachments/{id}", &["get"]),
        ] {
            for method in methods {
                assert!(document["paths"][path][method].is_object(), "{method} {path}");
            }
        }
        for schema in ["Summary", "Event", "Problem", "NewAction", "Stored"] {
            assert!(document["components"]["schemas"][schema].is_object(), "{schema}");
        }
        for (path, item) in document["paths"].as_object().expect("paths") {
            for (method, operation) in item.as_object().expect("an item") {
                assert!(operation["x-access"].is_object(), "{method} {path}");
            }
        }
        for scheme in ["agent", "guest", "guest_bearer", "integration", "metrics"] {
            assert!(document["components"]["securitySchemes"][scheme].is_object(), "{scheme}");
        }
    }
}
