//! The frames of the WebSocket contract.

pub mod client;
pub mod server;

pub use client::{Action, ClientFrame, parse};
pub use server::{Outcome, ServerFrame};

/// The largest frame that a client may send, in bytes.
pub const FRAME_MAX_BYTES: usize = 64 * 1024;
/// How long a client may take to say `hello`, in seconds.
pub const HELLO_WITHIN_SECS: u64 = 10;
/// How often the server pings, in seconds.
pub const PING_EVERY_SECS: u64 = 25;
/// How long a socket may be silent before it is closed, in seconds.
pub const SILENT_AFTER_SECS: u64 = 60;
/// How many frames that are not of the contract one client may send a minute.
pub const BAD_FRAMES_A_MINUTE: u32 = 20;

/// Why a socket is closed: the close codes of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Close {
    /// Done.
    Done,
    /// The server is going away: come back at once, with `after`.
    GoingAway,
    /// A frame over [`FRAME_MAX_BYTES`].
    TooBig,
    /// A fault of ours.
    Fault,
    /// Not our protocol.
    NotOurProtocol,
    /// Not logged in, or no longer.
    NotLoggedIn,
    /// Not allowed.
    NotAllowed,
    /// No `hello` in time.
    NoHello,
    /// Too many connections or frames.
    TooMany,
    /// Too slow: come back with `after`.
    TooSlow,
}

impl Close {
    /// The code on the wire.
    pub fn code(self) -> u16 {
        match self {
            Self::Done => 1000,
            Self::GoingAway => 1001,
            Self::TooBig => 1009,
            Self::Fault => 1011,
            Self::NotOurProtocol => 4400,
            Self::NotLoggedIn => 4401,
            Self::NotAllowed => 4403,
            Self::NoHello => 4408,
            Self::TooMany => 4429,
            Self::TooSlow => 4503,
        }
    }

    /// The reason on the wire; `retry_ms=N` sets the least time before a client comes back.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::GoingAway => "going away",
            Self::TooBig => "frame too big",
            Self::Fault => "internal",
            Self::NotOurProtocol => "not this protocol",
            Self::NotLoggedIn => "not logged in",
            Self::NotAllowed => "not allowed",
            Self::NoHello => "no hello",
            Self::TooMany => "retry_ms=5000",
            Self::TooSlow => "too slow",
        }
    }
}
