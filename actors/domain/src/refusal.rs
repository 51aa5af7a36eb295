//! How a rule says no. A refusal is a value: it never ends an actor or a connection.

use serde::{Deserialize, Serialize};

/// The error codes of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Code {
    /// Not a frame or a body of ours, or one with a missing or mistyped field.
    BadFrame,
    /// The text breaks section 5 of the contract.
    BadText,
    /// Not logged in, or no longer.
    Unauthorized,
    /// Logged in, but not allowed.
    Forbidden,
    /// There is none, or it is somebody else's: the answer is the same.
    NotFound,
    /// The id was used for something else.
    Conflict,
    /// More bytes than the path takes.
    TooLarge,
    /// The sender is too fast.
    RateLimited,
    /// The server is too busy; nothing was stored.
    Overloaded,
    /// A part of the server is away; nothing was stored.
    Unavailable,
    /// A fault of ours.
    Internal,
}

impl Code {
    /// The code as the contract writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadFrame => "bad_frame",
            Self::BadText => "bad_text",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::TooLarge => "too_large",
            Self::RateLimited => "rate_limited",
            Self::Overloaded => "overloaded",
            Self::Unavailable => "unavailable",
            Self::Internal => "internal",
        }
    }
}

/// A refusal: why, in words that name neither SQL, paths, tokens nor another guest's data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{}: {message}", code.as_str())]
pub struct Refusal {
    /// The contract's code.
    pub code: Code,
    /// One sentence for the person who sees it.
    pub message: String,
    /// How long to wait before another try, in milliseconds.
    pub retry_ms: Option<u64>,
}

impl Refusal {
    /// A refusal with a message.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), retry_ms: None }
    }

    /// The same, with the least time to wait before another try.
    #[must_use]
    pub fn retry_in(mut self, millis: u64) -> Self {
        self.retry_ms = Some(millis);
        self
    }

    /// Missing and foreign look exactly alike.
    pub fn not_found() -> Self {
        Self::new(Code::NotFound, "no such conversation")
    }

    /// This principal may not do this.
    pub fn forbidden() -> Self {
        Self::new(Code::Forbidden, "not allowed")
    }

    /// A part of the server is away for the moment.
    pub fn unavailable() -> Self {
        Self::new(Code::Unavailable, "not available at the moment, please try again").retry_in(1_000)
    }

    /// The server is too busy.
    pub fn overloaded() -> Self {
        Self::new(Code::Overloaded, "too busy at the moment, please try again").retry_in(1_000)
    }
}
