//! Who is there: guests, agents, their roles, and the author of an event.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ids::{AgentId, ConversationId, GuestId, PropertyId};
use crate::refusal::Refusal;
use crate::strict;
use crate::text::check_short;

/// The longest field of a guest's profile, in characters.
pub const PROFILE_FIELD_MAX_CHARS: usize = 200;

/// What an agent may do. Each role includes those below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Role {
    /// Reads, writes nothing.
    Viewer,
    /// Answers guests.
    Agent,
    /// Also edits the knowledge.
    Supervisor,
    /// Also manages accounts.
    Admin,
}

impl Role {
    /// All of them, the lowest first.
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Agent, Self::Supervisor, Self::Admin];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Agent => "agent",
            Self::Supervisor => "supervisor",
            Self::Admin => "admin",
        }
    }
}

/// An agent as others see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AgentRef {
    /// The agent.
    pub id: AgentId,
    /// The name that guests and colleagues see.
    pub name: String,
}

/// A field of a guest's profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ProfileField {
    /// Name.
    Name,
    /// E-mail address.
    Email,
    /// Phone number.
    Phone,
    /// Room number.
    Room,
    /// Day of arrival.
    Arrival,
    /// Day of departure.
    Departure,
    /// Language tag.
    Locale,
}

/// What is known of a guest. Nothing of it is proved but what is `vouched` for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(optional_fields))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GuestProfile {
    /// The guest; absent in a `profile` action.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<GuestId>,
    /// Name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// E-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Phone number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Room number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room: Option<String>,
    /// Day of arrival.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arrival: Option<String>,
    /// Day of departure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub departure: Option<String>,
    /// Language tag, as in `de` or `pt-BR`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// The hotel itself vouches for the guest. Never taken from what anybody writes.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "typescript", ts(as = "Option<bool>"))]
    pub verified: bool,
    /// The fields that stand as the hotel's own systems gave them; all others are what somebody said or typed.
    /// Never taken from what anybody writes.
    #[serde(skip_serializing_if = "BTreeSet::is_empty", deserialize_with = "strict::words")]
    #[cfg_attr(feature = "typescript", ts(as = "Option<Vec<ProfileField>>"))]
    pub vouched: BTreeSet<ProfileField>,
}

impl GuestProfile {
    fn fields(&self) -> [(ProfileField, &'static str, &Option<String>); 7] {
        [
            (ProfileField::Name, "name", &self.name),
            (ProfileField::Email, "email", &self.email),
            (ProfileField::Phone, "phone", &self.phone),
            (ProfileField::Room, "room", &self.room),
            (ProfileField::Arrival, "arrival", &self.arrival),
            (ProfileField::Departure, "departure", &self.departure),
            (ProfileField::Locale, "locale", &self.locale),
        ]
    }

    /// Checks the length and characters of every field.
    ///
    /// # Errors
    /// `bad_text`, naming the field.
    pub fn check(&self) -> Result<(), Refusal> {
        for (_, name, value) in self.fields() {
            if let Some(value) = value {
                check_short(name, value, PROFILE_FIELD_MAX_CHARS)?;
            }
        }
        Ok(())
    }

    /// True when no field is given.
    pub fn is_empty(&self) -> bool {
        self.fields().iter().all(|(_, _, value)| value.is_none())
    }

    /// This profile with the given fields of `patch`; an empty text clears a field. What changes is vouched for by
    /// nobody.
    #[must_use]
    pub fn patched(&self, patch: &Self) -> Self {
        let pick = |old: &Option<String>, new: &Option<String>| match new.as_deref().map(str::trim) {
            None => old.clone(),
            Some("") => None,
            Some(text) => Some(text.to_owned()),
        };
        let mut after = Self {
            id: self.id,
            name: pick(&self.name, &patch.name),
            email: pick(&self.email, &patch.email),
            phone: pick(&self.phone, &patch.phone),
            room: pick(&self.room, &patch.room),
            arrival: pick(&self.arrival, &patch.arrival),
            departure: pick(&self.departure, &patch.departure),
            locale: pick(&self.locale, &patch.locale),
            verified: self.verified,
            vouched: BTreeSet::new(),
        };
        let same = self.fields().into_iter().zip(after.fields());
        let kept = same.filter(|((field, _, old), (_, _, new))| old == new && self.vouched.contains(field));
        after.vouched = kept.map(|((field, ..), _)| field).collect();
        after
    }

    /// The same with what the hotel's own systems say: it vouches for the guest, and for every field it gives.
    #[must_use]
    pub fn vouched_for(&self, patch: &Self) -> Self {
        let mut after = Self { verified: true, ..self.patched(patch) };
        let given = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.trim().is_empty());
        let fields = patch.fields().into_iter().filter(|(_, _, value)| given(value));
        after.vouched.extend(fields.map(|(field, ..)| field));
        after
    }
}

/// The four kinds of author.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum AuthorKind {
    /// The guest of the conversation.
    Guest,
    /// A member of staff.
    Agent,
    /// The AI.
    Ai,
    /// The rules themselves.
    System,
}

/// Who wrote or did something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(optional_fields))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Author {
    /// Which of the four.
    pub kind: AuthorKind,
    /// The guest's or agent's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(as = "Option<String>"))]
    pub id: Option<Uuid>,
    /// The name to show.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl Author {
    /// The AI as author.
    pub fn ai() -> Self {
        Self { kind: AuthorKind::Ai, id: None, name: None }
    }

    /// The rules as author.
    pub fn system() -> Self {
        Self { kind: AuthorKind::System, id: None, name: None }
    }

    /// A guest as author.
    pub fn guest(id: GuestId, name: Option<String>) -> Self {
        Self { kind: AuthorKind::Guest, id: Some(id.0), name }
    }

    /// An agent as author.
    pub fn agent(agent: &AgentRef) -> Self {
        Self { kind: AuthorKind::Agent, id: Some(agent.id.0), name: Some(agent.name.clone()) }
    }

    /// The part that makes a client id somebody's own.
    pub fn key(&self) -> AuthorKey {
        AuthorKey { kind: self.kind, id: self.id }
    }

    /// The agent behind the author, if it is one.
    pub fn as_agent(&self) -> Option<AgentRef> {
        match (self.kind, self.id) {
            (AuthorKind::Agent, Some(id)) => {
                Some(AgentRef { id: AgentId(id), name: self.name.clone().unwrap_or_default() })
            }
            _ => None,
        }
    }
}

/// Who an author is, without the name that may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AuthorKey {
    /// Which of the four.
    pub kind: AuthorKind,
    /// The guest's or agent's id.
    pub id: Option<Uuid>,
}

/// Who a connection is: of which property, with which rights.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Principal {
    /// A guest, bound to one conversation.
    Guest {
        /// The hotel.
        property: PropertyId,
        /// The guest.
        id: GuestId,
        /// The one conversation that the guest may see.
        conversation: ConversationId,
        /// The name the guest gave.
        name: Option<String>,
    },
    /// A member of staff.
    Agent {
        /// The hotel.
        property: PropertyId,
        /// The agent.
        agent: AgentRef,
        /// What the agent may do.
        role: Role,
    },
}

impl Principal {
    /// The property that the principal belongs to.
    pub fn property(&self) -> PropertyId {
        match self {
            Self::Guest { property, .. } | Self::Agent { property, .. } => *property,
        }
    }

    /// The principal as author of what it sends.
    pub fn author(&self) -> Author {
        match self {
            Self::Guest { id, name, .. } => Author::guest(*id, name.clone()),
            Self::Agent { agent, .. } => Author::agent(agent),
        }
    }

    /// Which events the principal may see.
    pub fn audience(&self) -> Audience {
        match self {
            Self::Guest { .. } => Audience::Guest,
            Self::Agent { .. } => Audience::Agents,
        }
    }
}

/// The two kinds of reader. Frames are encoded once for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Audience {
    /// The guest: sees what is said to the guest.
    Guest,
    /// Agents: see everything of their property.
    Agents,
}
