//! From an HTTP request to a socket: the upgrade, and who says `hello`.

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use fastwebsockets::upgrade::{UpgradeFut, is_upgrade_request, upgrade};
use frontdesk_actors::messages::SessionKey;
use frontdesk_actors::outbox::Outbox;
use frontdesk_actors::ports::StoreError;
use frontdesk_actors::socket::Voice;
use frontdesk_domain::frame::Close;
use frontdesk_domain::ids::Seq;
use frontdesk_domain::people::Principal;
use frontdesk_domain::refusal::Code;
use http::header::SEC_WEBSOCKET_PROTOCOL;
use http::{HeaderMap, HeaderValue, StatusCode};

use super::reader::Gate;
use crate::auth::{Kind, Token, cookie, guard};
use crate::error::{ApiError, ApiResult};
use crate::http::state::{AppState, now};

/// The subprotocol of the contract.
pub(crate) const SUBPROTOCOL: &str = "frontdesk.v1";

/// Answers an upgrade request; the future gives the connection once the answer is out.
pub(crate) fn accept(mut request: Request) -> ApiResult<(Response, UpgradeFut)> {
    let refuse = |status| ApiError::with_status(status, Code::BadFrame, "this path takes WebSocket upgrades");
    if !is_upgrade_request(&request) {
        return Err(refuse(StatusCode::UPGRADE_REQUIRED));
    }
    let offered = offers(request.headers(), SUBPROTOCOL);
    let (answer, connection) = upgrade(&mut request).map_err(|_| refuse(StatusCode::BAD_REQUEST))?;
    let mut answer = answer.map(Body::new);
    if offered {
        answer.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
    }
    Ok((answer, connection))
}

fn offers(headers: &HeaderMap, protocol: &str) -> bool {
    let lines = headers.get_all(SEC_WEBSOCKET_PROTOCOL).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|offered| offered.trim() == protocol)
}

/// The door of `/ws/guest` or `/ws/agent`.
pub(crate) struct Door {
    /// Whom it is for.
    pub(crate) kind: Kind,
    /// The token that came in a cookie.
    pub(crate) cookie: Option<Token>,
    /// The server.
    pub(crate) state: AppState,
}

impl Door {
    pub(crate) fn new(kind: Kind, state: AppState, headers: &HeaderMap) -> Self {
        let cookie = cookie::in_cookie(headers, kind, state.config.server.is_https());
        Self { kind, cookie, state }
    }

    /// Who comes in, or how the connection is closed.
    async fn identify(&self, token: Option<String>) -> Result<(Principal, SessionKey), Close> {
        let token = match token {
            Some(text) => Token::shown(&text),
            None => self.cookie.clone(),
        };
        let session = token.ok_or(Close::NotLoggedIn)?.key();
        if let Some(who) = self.look_up(self.kind, session).await? {
            return Ok((who, session));
        }
        let other = if self.kind == Kind::Agent { Kind::Guest } else { Kind::Agent };
        match self.look_up(other, session).await? {
            Some(_) => Err(Close::NotAllowed),
            None => Err(Close::NotLoggedIn),
        }
    }

    async fn look_up(&self, kind: Kind, session: SessionKey) -> Result<Option<Principal>, Close> {
        let failed = |error: StoreError| {
            tracing::error!(%error, "a session could not be read");
            // The client comes back by itself, as after a restart.
            Close::GoingAway
        };
        match kind {
            Kind::Agent => {
                let account = self.state.db.session(session, now()).await.map_err(failed)?;
                let server = &self.state.config.server;
                if account.as_ref().is_some_and(|account| guard::owes_second_factor(account, server)) {
                    return Err(Close::NotAllowed);
                }
                Ok(account.as_ref().map(guard::agent))
            }
            Kind::Guest | Kind::Device | Kind::Errand => {
                let row = self.state.db.guest_session(session).await.map_err(failed)?;
                Ok(row.as_ref().map(guard::guest))
            }
        }
    }
}

impl Gate for Door {
    type Ear = Voice;

    async fn admit(&self, token: Option<String>, after: Option<Seq>, outbox: Outbox) -> Option<Voice> {
        let (who, session) = match self.identify(token).await {
            Ok(known) => known,
            Err(close) => {
                outbox.close(close);
                return None;
            }
        };
        match self.state.hub.attach(who, session, outbox, after).await {
            Ok(voice) => Some(voice),
            Err(refusal) => {
                tracing::warn!(error = %refusal, "a socket was not attached");
                None
            }
        }
    }

    fn is_strict(&self) -> bool {
        self.state.config.server.rate_limits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_subprotocol_is_one_of_those_offered() {
        let mut headers = HeaderMap::new();
        assert!(!offers(&headers, SUBPROTOCOL));
        headers.append(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static("chat, frontdesk.v1"));
        assert!(offers(&headers, SUBPROTOCOL));
        headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static("frontdesk.v10"));
        assert!(!offers(&headers, SUBPROTOCOL));
    }
}
