//! The routing table: every path with its guard and its limit.

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
mod knowledge;
mod layers;
mod learning;
pub mod origin;
mod pages;
mod privacy;
mod replay;
mod reservations;
mod session;
pub mod sockets;
pub mod state;
mod templates;
mod webhooks;
mod whatsapp;
mod ws;

pub use sockets::Sockets;
pub use state::{AppState, KnowledgeChanged, Started, now};
pub(crate) use ws::serve_pipe;

use crate::auth::Guard::{self, Agent, AgentOrGuest, Anyone, Myself};
use layers::Limit;

/// The largest body of a request.
const BODY_MAX_BYTES: usize = 256 * 1024;

const REQUESTS: Limit = Limit::Address(Quota::RequestPerAddress);
const SESSIONS: Limit = Limit::Address(Quota::SessionPerAddress);
const LOGINS: Limit = Limit::Address(Quota::LoginPerAddress);
const UNCOUNTED: Limit = Limit::None;

/// The paths of the interface. `WebSocket` paths count connections themselves, because they refuse with a
/// close code; `login` slows down guesses at each account as well, and the hub counts the commands of each guest and agent.
#[rustfmt::skip]
fn table() -> OpenApiRouter<AppState> {
    let row = |guard, limit, routes| row(guard, limit, routes);
    OpenApiRouter::with_openapi(document::frame())
        .routes(row(Anyone,                  UNCOUNTED, routes!(health::live)))
        .routes(row(Anyone,                  UNCOUNTED, routes!(health::ready)))
        .routes(row(Anyone,                  UNCOUNTED, routes!(health::metrics)))
        .routes(row(Anyone,                  REQUESTS,  routes!(check::run)))
        .routes(row(Anyone,                  UNCOUNTED, routes!(ws::guest)))
        .routes(row(Anyone,                  UNCOUNTED, routes!(ws::agent)))
        .routes(row(Anyone,                  UNCOUNTED, routes!(whatsapp::verify, whatsapp::receive)))
        .routes(row(Anyone,                  REQUESTS,  routes!(reservations::receive)))
        .routes(row(Anyone,                  SESSIONS,  routes!(guest::session)))
        .routes(row(Anyone,                  LOGINS,    routes!(session::login)))
        .routes(row(Myself,                  REQUESTS,  routes!(session::logout)))
        .routes(row(Myself,                  REQUESTS,  routes!(session::me)))
        .routes(row(Myself,                  LOGINS,    routes!(account::password)))
        .routes(row(Myself,                  REQUESTS,  routes!(account::sessions, account::end_sessions)))
        .routes(row(Myself,                  REQUESTS,  routes!(account::end_session)))
        .routes(row(Myself,                  LOGINS,    routes!(account::begin_second_factor)))
        .routes(row(Myself,                  LOGINS,    routes!(account::confirm_second_factor)))
        .routes(row(Myself,                  LOGINS,    routes!(account::remove_second_factor)))
        .routes(row(Agent(Role::Viewer),     REQUESTS,  routes!(conversations::list)))
        .routes(row(Agent(Role::Viewer),     REQUESTS,  routes!(conversations::one)))
        .routes(row(AgentOrGuest,            REQUESTS,  routes!(events::list)))
        .routes(row(AgentOrGuest,            REQUESTS,  routes!(commands::say)))
        .routes(row(Agent(Role::Agent),      REQUESTS,  routes!(commands::act)))
        .routes(row(AgentOrGuest,            REQUESTS,  routes!(attachments::add)))
        .routes(row(AgentOrGuest,            REQUESTS,  routes!(attachments::one)))
        .routes(row(Agent(Role::Agent),      REQUESTS,  routes!(templates::list)))
        .routes(row(Agent(Role::Agent),      REQUESTS,  routes!(help::suggestion)))
        .routes(row(Agent(Role::Agent),      REQUESTS,  routes!(help::summary)))
        .routes(row(Agent(Role::Agent),      REQUESTS,  routes!(help::rewriting)))
        .routes(row(Agent(Role::Agent),      REQUESTS,  routes!(help::translation)))
        .routes(row(Agent(Role::Viewer),     REQUESTS,  routes!(help::translations)))
        .routes(row(Agent(Role::Agent),      REQUESTS,  routes!(help::translate, help::keep_original)))
        .routes(row(Myself,                  REQUESTS,  routes!(help::preferences, help::set_preferences)))
        .routes(row(Agent(Role::Supervisor), REQUESTS,  routes!(replay::replay)))
        .routes(row(Agent(Role::Admin),      REQUESTS,  routes!(agents::list, agents::add)))
        .routes(row(Agent(Role::Admin),      REQUESTS,  routes!(agents::change, agents::remove)))
        .routes(row(Agent(Role::Admin),      REQUESTS,  routes!(account::sessions_of, account::end_sessions_of)))
        .routes(row(Agent(Role::Admin),      REQUESTS,  routes!(account::remove_second_factor_of)))
        .routes(row(Agent(Role::Admin),      REQUESTS,  routes!(webhooks::list, webhooks::add)))
        .routes(row(Agent(Role::Admin),      REQUESTS,  routes!(webhooks::change, webhooks::remove)))
        .routes(row(Agent(Role::Admin),      REQUESTS,  routes!(webhooks::new_key)))
        .routes(row(Agent(Role::Admin),      REQUESTS,  routes!(webhooks::ping)))
        .routes(row(Agent(Role::Admin),      REQUESTS,  routes!(webhooks::deliveries)))
        .routes(row(Agent(Role::Admin),      REQUESTS,  routes!(webhooks::redeliver)))
        .routes(row(Agent(Role::Admin),      REQUESTS,  routes!(audit::list)))
        .routes(row(Agent(Role::Admin),      REQUESTS,  routes!(reservations::source, reservations::new)))
        .routes(row(Agent(Role::Admin),      REQUESTS,  routes!(privacy::settings, privacy::put_settings)))
        .routes(row(Agent(Role::Admin),      REQUESTS,  routes!(privacy::export)))
        .routes(row(Agent(Role::Admin),      REQUESTS,  routes!(privacy::erase)))
        .routes(row(Agent(Role::Viewer),     REQUESTS,  routes!(knowledge::list)))
        .routes(row(Agent(Role::Supervisor), REQUESTS,  routes!(knowledge::add)))
        .routes(row(Agent(Role::Supervisor), REQUESTS,  routes!(learning::import)))
        .routes(row(Agent(Role::Supervisor), REQUESTS,  routes!(learning::remember)))
        .routes(row(Agent(Role::Viewer),     REQUESTS,  routes!(learning::versions)))
        .routes(row(Agent(Role::Viewer),     REQUESTS,  routes!(knowledge::one)))
        .routes(row(Agent(Role::Supervisor), REQUESTS,  routes!(knowledge::write, knowledge::remove)))
}

fn row(guard: Guard, limit: Limit, routes: UtoipaMethodRouter<AppState>) -> UtoipaMethodRouter<AppState> {
    let admit = move |request: Request, next: Next| layers::admit(guard, limit, request, next);
    routes.map(|methods| methods.route_layer(middleware::from_fn(admit)))
}

/// The whole HTTP side. Serve it with the peer's `SocketAddr` as connect info.
pub fn router(state: AppState) -> Router {
    let (paths, document) = table().split_for_parts();
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
    document::json(&table().into_openapi())
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
        for scheme in ["agent", "guest", "guest_bearer", "metrics"] {
            assert!(document["components"]["securitySchemes"][scheme].is_object(), "{scheme}");
        }
    }
}
