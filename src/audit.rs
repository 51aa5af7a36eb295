//! Who did what: [`Audit::record`] is called by whoever lets something be done.
//!
//! What belongs here: logins good and bad, accounts and roles, sessions ended, second factors, invitations,
//! tokens, knowledge, settings, exports and erasures, backups, keys, and what was refused to staff. What is
//! said and done in a conversation has its author in the conversation's own log. Never a guest's words, never
//! a secret.

use std::net::IpAddr;
use std::sync::Arc;

use frontdesk_domain::ids::PropertyId;
use frontdesk_domain::people::Principal;
use frontdesk_domain::timestamp::Timestamp;
use uuid::Uuid;

use crate::http::now;
use crate::store::Account;
use crate::store::audit::{AuditLog, Deed};

/// The longest name, target and detail, in characters; what is longer is cut.
const TEXT_MAX_CHARS: usize = 300;

/// Who does something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    kind: &'static str,
    id: Option<Uuid>,
    property: Option<PropertyId>,
    name: String,
    address: Option<IpAddr>,
}

impl Actor {
    /// Whoever is behind a request. `token`: it is an integration's.
    pub fn of(who: &Principal, token: bool, address: IpAddr) -> Self {
        let address = Some(address);
        match who {
            Principal::Agent { property, agent, .. } => {
                let kind = if token { "token" } else { "agent" };
                Self {
                    kind,
                    id: Some(agent.id.0),
                    property: Some(*property),
                    name: agent.name.clone(),
                    address,
                }
            }
            // The name is what the guest says of itself.
            Principal::Guest { property, id, .. } => {
                let (name, property) = (String::new(), Some(*property));
                Self { kind: "guest", id: Some(id.0), property, name, address }
            }
        }
    }

    /// The owner of an account, who is just logging in.
    pub fn owner(account: &Account, address: IpAddr) -> Self {
        let (id, property) = (Some(account.id.0), Some(account.property));
        Self { kind: "agent", id, property, name: account.name.clone(), address: Some(address) }
    }

    /// Nobody we know. `property`: the hotel that it concerns, where there is one.
    pub fn nobody(property: Option<PropertyId>, address: IpAddr) -> Self {
        Self { kind: "nobody", id: None, property, name: String::new(), address: Some(address) }
    }

    /// Who sits at the server's command line.
    pub fn operator() -> Self {
        Self { kind: "operator", id: None, property: None, name: String::new(), address: None }
    }

    /// The server, by itself.
    pub fn server() -> Self {
        Self { kind: "server", id: None, property: None, name: String::new(), address: None }
    }

    /// The same, on behalf of a hotel.
    #[must_use]
    pub fn within(self, property: PropertyId) -> Self {
        Self { property: Some(property), ..self }
    }
}

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// What is done.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Action {
            $($(#[$doc])* $name,)*
        }

        impl Action {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The name in the log.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

actions! {
    /// Somebody logged in.
    Login = "login",
    /// Somebody showed a wrong password or code. The target is the account, if there is one.
    LoginFailed = "login_failed",
    /// Somebody logged out.
    Logout = "logout",
    /// Logins were ended, one's own or an agent's.
    SessionsEnded = "sessions_ended",
    /// An agent chose another password.
    PasswordChanged = "password_changed",
    /// A second factor was set up.
    SecondFactorOn = "second_factor_on",
    /// A second factor was turned off.
    SecondFactorOff = "second_factor_off",
    /// A login was reset at the command line.
    LoginReset = "login_reset",
    /// An account was made.
    AgentAdded = "agent_added",
    /// An account was changed; the detail says what of it.
    AgentChanged = "agent_changed",
    /// An account was removed.
    AgentRemoved = "agent_removed",
    /// Somebody was invited.
    InvitationMade = "invitation_made",
    /// An invitation was taken back.
    InvitationWithdrawn = "invitation_withdrawn",
    /// An invitation became an account.
    InvitationAccepted = "invitation_accepted",
    /// An integration's token was made.
    TokenMade = "token_made",
    /// An integration's token was revoked.
    TokenRevoked = "token_revoked",
    /// A knowledge entry was added.
    KnowledgeAdded = "knowledge_added",
    /// A knowledge entry was written anew.
    KnowledgeWritten = "knowledge_written",
    /// A knowledge entry was removed.
    KnowledgeRemoved = "knowledge_removed",
    /// Questions were asked again of changed knowledge or rules; the detail says how many.
    Rehearsed = "rehearsed",
    /// A setting was changed while running; the target names it.
    SettingsChanged = "settings_changed",
    /// A guest's data was given out.
    GuestExported = "guest_exported",
    /// A guest's data was erased.
    GuestErased = "guest_erased",
    /// What was older than it may be kept was erased.
    RetentionApplied = "retention_applied",
    /// An outgoing webhook was made.
    WebhookAdded = "webhook_added",
    /// An outgoing webhook was changed.
    WebhookChanged = "webhook_changed",
    /// An outgoing webhook was removed.
    WebhookRemoved = "webhook_removed",
    /// A webhook's delivery was sent again by hand.
    WebhookRedelivered = "webhook_redelivered",
    /// A backup was taken.
    BackupTaken = "backup_taken",
    /// A backup took the database's place.
    BackupRestored = "backup_restored",
    /// Stored secrets were sealed under a new key.
    KeyRotated = "key_rotated",
    /// Something was refused to somebody who is logged in.
    Denied = "denied",
}

/// The log of who did what. Cheap to clone.
#[derive(Clone)]
pub struct Audit {
    log: Arc<dyn AuditLog>,
}

impl Audit {
    /// Writes to this log.
    pub fn new(log: Arc<dyn AuditLog>) -> Self {
        Self { log }
    }

    /// Notes that something was done. On disk when this returns, unless the store fails: then the log of the
    /// process says so, for what was done is done. `target`: to what, as in `agent:<id>`; may be empty.
    pub async fn record(&self, actor: &Actor, action: Action, target: impl Into<String>) {
        self.record_detail(actor, action, target, "").await;
    }

    /// The same with a word more, as in `role viewer → agent`.
    pub async fn record_detail(
        &self,
        actor: &Actor,
        action: Action,
        target: impl Into<String>,
        detail: impl Into<String>,
    ) {
        let deed = deed(actor, action, &target.into(), &detail.into(), now());
        if let Err(error) = self.log.add_deed(deed).await {
            metrics::counter!("frontdesk_audit_lost_total").increment(1);
            tracing::error!(%error, action = action.name(), "an entry of the audit log was lost");
        }
    }
}

/// A deed, ready to be written.
pub fn deed(actor: &Actor, action: Action, target: &str, detail: &str, at: Timestamp) -> Deed {
    let address = actor.address.map_or(String::new(), |address| address.to_canonical().to_string());
    Deed {
        at,
        property: actor.property,
        actor: actor.kind.to_owned(),
        actor_id: actor.id,
        name: clean(&actor.name),
        address,
        action: action.name().to_owned(),
        target: clean(target),
        detail: clean(detail),
    }
}

/// One line, without anything that a terminal would obey, and not too long.
fn clean(text: &str) -> String {
    let plain = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    text.chars().take(TEXT_MAX_CHARS).map(plain).collect()
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use frontdesk_domain::ids::AgentId;
    use frontdesk_domain::people::{AgentRef, Role};

    use super::*;

    #[test]
    fn every_action_has_a_name_of_its_own() {
        let mut names: Vec<_> = Action::ALL.iter().map(|action| action.name()).collect();
        assert!(names.iter().all(|name| name.chars().all(|c| c.is_ascii_lowercase() || c == '_')));
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Action::ALL.len());
    }

    #[test]
    fn texts_are_bounded_lines() {
        let who = Principal::Agent {
            property: PropertyId(Uuid::nil()),
            agent: AgentRef { id: AgentId(Uuid::nil()), name: "Mia\r\n\u{1b}[31m".to_owned() },
            role: Role::Admin,
        };
        let actor = Actor::of(&who, true, Ipv4Addr::LOCALHOST.to_ipv6_mapped().into());
        let deed = deed(&actor, Action::Login, &"x".repeat(1_000), "", Timestamp(1));
        assert_eq!((deed.actor.as_str(), deed.address.as_str()), ("token", "127.0.0.1"));
        assert_eq!(deed.name, "Mia\u{fffd}\u{fffd}\u{fffd}[31m");
        assert_eq!(deed.target.len(), TEXT_MAX_CHARS);
    }
}
