//! Who may use a path. The routing table names one guard for each; here is what they mean.

use frontdesk_actors::messages::SessionKey;
use frontdesk_actors::ports::StoreError;
use frontdesk_domain::people::{AgentRef, Principal, Role};
use frontdesk_domain::refusal::{Code, Refusal};
use frontdesk_domain::timestamp::Timestamp;
use http::HeaderMap;

use super::cookie::{self, Kind};
use crate::config::Server;
use crate::error::from_store;
use crate::store::{Account, Database, GuestRow};

/// Who may use a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// No login is looked at.
    Anyone,
    /// Any agent, for what concerns its own account: also one that still owes a second factor.
    Myself,
    /// An agent of this role or a higher one.
    Agent(Role),
    /// Any agent, or a guest. Whether the conversation is theirs is the handler's to ask.
    AgentOrGuest,
}

/// Who is behind a request, once a guard has looked.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who.
    pub who: Principal,
    /// By which session.
    pub session: SessionKey,
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

impl Guard {
    /// The caller, if this guard lets it pass; `None` behind [`Guard::Anyone`].
    ///
    /// # Errors
    /// `unauthorized` without a good session, `forbidden` with one that does not suffice.
    pub async fn admit(
        self,
        db: &dyn Database,
        headers: &HeaderMap,
        server: &Server,
        now: Timestamp,
    ) -> Result<Option<Caller>, Refusal> {
        let https = server.is_https();
        let (least, myself) = match self {
            Self::Anyone => return Ok(None),
            Self::Myself => (Role::Viewer, true),
            Self::Agent(least) => (least, false),
            Self::AgentOrGuest => (Role::Viewer, false),
        };
        match self {
            Self::Anyone => Ok(None),
            Self::Myself | Self::Agent(_) => match by_agent_cookie(db, headers, https, now).await? {
                Some((_, account)) if !myself && owes_second_factor(&account, server) => Err(owed()),
                Some((caller, account)) if account.role >= least => Ok(Some(caller)),
                Some(_) => Err(Refusal::forbidden()),
                // A guest is somebody, but not the right one.
                None if by_guest(db, headers, https).await?.is_some() => Err(Refusal::forbidden()),
                None => Err(unauthorized()),
            },
            Self::AgentOrGuest => {
                // A bearer token is a guest's and was put there on purpose; a cookie just comes along.
                if cookie::in_bearer(headers).is_none()
                    && let Some((caller, account)) = by_agent_cookie(db, headers, https, now).await?
                {
                    return if owes_second_factor(&account, server) { Err(owed()) } else { Ok(Some(caller)) };
                }
                by_guest(db, headers, https).await?.map(Some).ok_or_else(unauthorized)
            }
        }
    }
}

/// Whether an account must set up a second factor before it may do anything else.
pub fn owes_second_factor(account: &Account, server: &Server) -> bool {
    !account.second_factor && server.second_factor_from.is_some_and(|least| account.role >= least)
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
    Ok(account.map(|account| (Caller { who: agent(&account), session }, account)))
}

async fn by_guest(db: &dyn Database, headers: &HeaderMap, https: bool) -> Result<Option<Caller>, Refusal> {
    let token = cookie::in_bearer(headers).or_else(|| cookie::in_cookie(headers, Kind::Guest, https));
    let Some(token) = token else { return Ok(None) };
    let session = token.key();
    let row = db.guest_session(session).await.map_err(|error| store(&error))?;
    Ok(row.map(|row| Caller { who: guest(&row), session }))
}

fn store(error: &StoreError) -> Refusal {
    from_store(error)
}
