//! Identifiers. Every noun has its own type, so that one cannot be passed for another.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        #[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(type = "string"))]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, format = Uuid))]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

id!(
    /// One hotel.
    PropertyId
);
id!(
    /// A person who writes to a property.
    GuestId
);
id!(
    /// A member of staff with a login.
    AgentId
);
id!(
    /// The one thread between a guest and a property on one channel.
    ConversationId
);
id!(
    /// One attempt of the AI to answer.
    TurnId
);
id!(
    /// One entry of a property's knowledge.
    EntryId
);

/// Position of an event in its conversation: 1, 2, 3 … 0 stands for "before the first".
pub type Seq = u64;

/// The longest client id, in characters.
pub const CLIENT_ID_MAX_CHARS: usize = 64;

/// The id that an author gave to a `send` or an `act`: 1 to 64 characters of `A-Za-z0-9_-`.
/// With the author and the conversation it names the command for ever.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(type = "string"))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, max_length = 64))]
pub struct ClientId(Box<str>);

impl ClientId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a text is not a client id.
#[derive(Debug, thiserror::Error)]
#[error("id must be 1 to 64 characters of A-Z a-z 0-9 _ -")]
pub struct BadClientId;

impl TryFrom<String> for ClientId {
    type Error = BadClientId;

    fn try_from(text: String) -> Result<Self, BadClientId> {
        let fits = (1..=CLIENT_ID_MAX_CHARS).contains(&text.len());
        let clean = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        if fits && clean { Ok(Self(text.into_boxed_str())) } else { Err(BadClientId) }
    }
}

impl From<ClientId> for String {
    fn from(id: ClientId) -> String {
        id.0.into()
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_ids_are_narrow() {
        for good in ["a", "A_b-9", &"x".repeat(64)] {
            assert!(ClientId::try_from(good.to_owned()).is_ok(), "{good}");
        }
        for bad in ["", " ", "a b", "ü", "a/b", &"x".repeat(65)] {
            assert!(ClientId::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }
}
