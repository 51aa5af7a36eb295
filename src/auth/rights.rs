//! Who may use a path. The routing table gives one [`Access`] to each; a path without one does not compile.
//!
//! What a role may send within a path (frames, actions) is decided by
//! [`permission`](frontdesk_domain::permission), for the socket and for HTTP alike.

use frontdesk_domain::people::Role;
use serde_json::{Value, json};

use super::Guard;

/// What the token of an integration may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Read conversations, their events and files.
    ConversationsRead,
    /// Write messages and notes, do actions, send files.
    ConversationsWrite,
    /// Read the knowledge.
    KnowledgeRead,
    /// Change it.
    KnowledgeWrite,
    /// Read the server's numbers.
    Metrics,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::ConversationsRead,
        Self::ConversationsWrite,
        Self::KnowledgeRead,
        Self::KnowledgeWrite,
        Self::Metrics,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::ConversationsRead => "conversations:read",
            Self::ConversationsWrite => "conversations:write",
            Self::KnowledgeRead => "knowledge:read",
            Self::KnowledgeWrite => "knowledge:write",
            Self::Metrics => "metrics",
        }
    }

    /// The scope of this name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }

    /// Whether a list of names, separated by spaces, holds this one.
    pub fn is_in(self, names: &str) -> bool {
        names.split(' ').any(|name| name == self.name())
    }
}

/// Who may use a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// People.
    pub guard: Guard,
    /// Integrations whose token has this scope.
    pub scope: Option<Scope>,
}

impl Guard {
    /// These, and integrations whose token has this scope.
    pub const fn or(self, scope: Scope) -> Access {
        Access { guard: self, scope: Some(scope) }
    }
}

impl From<Guard> for Access {
    fn from(guard: Guard) -> Self {
        Self { guard, scope: None }
    }
}

impl Access {
    /// As it stands in the OpenAPI document under `x-access`: `anyone`; or the least `role` of staff, `guest`
    /// if guests may as well, and the `scope` of tokens. `handler`: whoever shows a secret of its own there.
    pub fn published(&self) -> Value {
        let mut rule = match self.guard {
            Guard::Anyone => json!({"anyone": true}),
            Guard::Handler => json!({"handler": true}),
            Guard::Myself => json!({"role": Role::Viewer.name(), "own_account": true}),
            Guard::Agent(least) => json!({"role": least.name()}),
            Guard::Guest => json!({"guest": true}),
            Guard::AgentOrGuest => json!({"role": Role::Viewer.name(), "guest": true}),
            Guard::WriterOrGuest => json!({"role": Role::Agent.name(), "guest": true}),
        };
        if let Some(scope) = self.scope {
            rule["scope"] = scope.name().into();
        }
        rule
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_have_names_of_their_own() {
        for scope in Scope::ALL {
            assert_eq!(Scope::of(scope.name()), Some(scope));
            assert!(scope.is_in(&format!("x {} y", scope.name())));
        }
        assert_eq!(Scope::of("conversations"), None);
        assert!(!Scope::KnowledgeRead.is_in("knowledge:readers"));
        assert!(!Scope::KnowledgeRead.is_in(""));
    }

    #[test]
    fn as_published() {
        let rule = Guard::Agent(Role::Viewer).or(Scope::KnowledgeRead);
        assert_eq!(rule.published(), json!({"role": "viewer", "scope": "knowledge:read"}));
        assert_eq!(Access::from(Guard::AgentOrGuest).published(), json!({"role": "viewer", "guest": true}));
    }
}
