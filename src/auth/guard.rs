//! Who may use a path. The routing table names one guard for each; here is what they mean.

use frontdesk_actors::messages::SessionKey;
use frontdesk_actors::ports::StoreError;
use frontdesk_domain::ids::AgentId;
use frontdesk_domain::people::{AgentRef, Principal, Role};
use frontdesk_domain::refusal::{Code, Refusal};
use frontdesk_domain::timestamp::Timestamp;
use http::HeaderMap;

use super::cookie::{self, Kind};
use super::rights::{Access, Scope};
use super::token::{self, ApiSecret};
use crate::config::Server;
use crate::error::from_store;
use crate::store::{Account, Database, GuestRow};

/// Who may use a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// No login is looked at.
    Anyone,
    /// No login is looked at here: the handler asks for a secret of its own.
    Handler,
    /// Any agent, for what concerns its own account: also one that still owes a second factor.
    Myself,
    /// An agent of this role or a higher one.
    Agent(Role),
    /// A guest. A login of staff in the same browser is not looked at.
    Guest,
    /// Any agent, or a guest. Whether the conversation is theirs is the handler's to ask.
    AgentOrGuest,
    /// The same for what viewers may not do.
    WriterOrGuest,
}

/// Who was turned away, and why.
#[derive(Debug)]
pub struct Turned {
    /// Why.
    pub refusal: Refusal,
    /// Who, where it is somebody that we know.
    pub who: Option<Caller>,
}

impl From<Refusal> for Turned {
    fn from(refusal: Refusal) -> Self {
        Self { refusal, who: None }
    }
}

/// Who is behind a request, once a guard has looked.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who.
    pub who: Principal,
    /// By which session.
    pub session: SessionKey,
    /// It is an integration, and the session is its token.
    pub token: bool,
}

/// The principal of an account.
pub fn agent(account: &Account) -> Principal {
    let agent = AgentRef { id: account.id, name: account.name.clone() };
    Principal::Agent { property: account.property, agent, role: account.role }
}

/// The principal of a guest.
pub fn guest(row: &GuestRow) -> Principal {
    Principal::Guest {
        property: row.property,
        id: row.id,
        conversation: row.conversation,
        name: row.profile.name.clone(),
    }
}

impl Access {
    /// The caller, if these rules let it pass; `None` where no login is looked at.
    ///
    /// # Errors
    /// `unauthorized` without a good session or token, `forbidden` with one that does not suffice.
    pub async fn admit(
        self,
        db: &dyn Database,
        headers: &HeaderMap,
        server: &Server,
        now: Timestamp,
    ) -> Result<Option<Caller>, Turned> {
        let https = server.is_https();
        let (least, guests) = match self.guard {
            Guard::Anyone | Guard::Handler => return Ok(None),
            Guard::Myself => (Some(Role::Viewer), false),
            Guard::Agent(least) => (Some(least), false),
            Guard::Guest => (None, true),
            Guard::AgentOrGuest => (Some(Role::Viewer), true),
            Guard::WriterOrGuest => (Some(Role::Agent), true),
        };
        if let Some(secret) = token::in_bearer(headers) {
            let (caller, scopes) = by_api_token(db, &secret, now).await?.ok_or_else(unauthorized)?;
            let granted = self.scope.is_some_and(|scope| scope.is_in(&scopes));
            return if granted { Ok(Some(caller)) } else { Err(turned(Refusal::forbidden(), caller)) };
        }
        if least.is_none()
            && let Some(guest) = by_guest(db, headers, https).await?
        {
            return Ok(Some(guest));
        }
        // Any other bearer token is a guest's and was put there on purpose; a cookie just comes along.
        if !(guests && cookie::in_bearer(headers).is_some())
            && let Some((caller, account)) = by_agent_cookie(db, headers, https, now).await?
        {
            return if self.guard != Guard::Myself && owes_second_factor(&account, server) {
                Err(turned(owed(), caller))
            } else if least.is_some_and(|least| account.role >= least) {
                Ok(Some(caller))
            } else {
                Err(turned(Refusal::forbidden(), caller))
            };
        }
        match by_guest(db, headers, https).await? {
            Some(guest) if guests => Ok(Some(guest)),
            // A guest is somebody, but not the right one.
            Some(_) => Err(Refusal::forbidden().into()),
            None => Err(unauthorized().into()),
        }
    }
}

fn turned(refusal: Refusal, who: Caller) -> Turned {
    Turned { refusal, who: Some(who) }
}

/// Whether an account must set up a second factor before it may do anything else.
pub fn owes_second_factor(account: &Account, server: &Server) -> bool {
    // At a provider that is the provider's to ask for.
    let asked = account.second_factor || account.single_sign_on;
    !asked && server.second_factor_from.is_some_and(|least| account.role >= least)
}

fn owed() -> Refusal {
    Refusal::new(Code::Forbidden, "set up a second factor first")
}

/// Nobody we know.
pub fn unauthorized() -> Refusal {
    Refusal::new(Code::Unauthorized, "not logged in")
}

async fn by_agent_cookie(
    db: &dyn Database,
    headers: &HeaderMap,
    https: bool,
    now: Timestamp,
) -> Result<Option<(Caller, Account)>, Refusal> {
    let Some(token) = cookie::in_cookie(headers, Kind::Agent, https) else { return Ok(None) };
    let session = token.key();
    let account = db.session(session, now).await.map_err(|error| store(&error))?;
    Ok(account.map(|account| (Caller { who: agent(&account), session, token: false }, account)))
}

/// The integration behind a token, and the names of what it may do. To the conversations it is an agent with a
/// name of its own, who answers or only reads.
pub async fn by_api_token(
    db: &dyn Database,
    secret: &ApiSecret,
    now: Timestamp,
) -> Result<Option<(Caller, String)>, Refusal> {
    let digest = secret.digest();
    let found = db.token(digest, now).await.map_err(|error| store(&error))?;
    Ok(found.map(|token| {
        let role = if Scope::ConversationsWrite.is_in(&token.scopes) { Role::Agent } else { Role::Viewer };
        let agent = AgentRef { id: AgentId(token.id), name: token.name };
        let who = Principal::Agent { property: token.property, agent, role };
        (Caller { who, session: SessionKey(digest), token: true }, token.scopes)
    }))
}

async fn by_guest(db: &dyn Database, headers: &HeaderMap, https: bool) -> Result<Option<Caller>, Refusal> {
    let token = cookie::in_bearer(headers).or_else(|| cookie::in_cookie(headers, Kind::Guest, https));
    let Some(token) = token else { return Ok(None) };
    let session = token.key();
    let row = db.guest_session(session).await.map_err(|error| store(&error))?;
    Ok(row.map(|row| Caller { who: guest(&row), session, token: false }))
}

fn store(error: &StoreError) -> Refusal {
    from_store(error)
}
