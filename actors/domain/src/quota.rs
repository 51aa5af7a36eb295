//! How fast anybody may be: every limit with its name, its numbers and its message, in one table.

use crate::refusal::{Code, Refusal};

/// A limit on how often something may happen, counted apart for each key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Quota {
    /// Failed or successful logins from one address.
    LoginPerAddress,
    /// New guest sessions from one address.
    SessionPerAddress,
    /// Messages of one guest.
    MessagePerGuest,
    /// Messages and actions of one agent.
    CommandPerAgent,
    /// Files that one person sends.
    UploadPerPerson,
    /// Frames of any kind on one socket.
    FramePerSocket,
    /// Frames beyond that limit; who sends still more is not told any more but closed.
    FloodPerSocket,
    /// Requests to the API from one address.
    RequestPerAddress,
    /// New WebSocket connections from one address.
    ConnectPerAddress,
    /// Codes that one guest asks for, to be sent over WhatsApp.
    CodePerGuest,
    /// Codes that are sent to one number, whoever asks for them.
    CodePerNumber,
    /// Refusals of one person that are written into the audit log; the refusals themselves have no limit.
    NotedDenialPerPerson,
}

/// The numbers of a limit: `burst` at once, then one every `every_ms` milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many may come at once.
    pub burst: u32,
    /// How long until one more may come, in milliseconds.
    pub every_ms: u64,
}

impl Quota {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::LoginPerAddress,
        Self::SessionPerAddress,
        Self::MessagePerGuest,
        Self::CommandPerAgent,
        Self::UploadPerPerson,
        Self::FramePerSocket,
        Self::FloodPerSocket,
        Self::RequestPerAddress,
        Self::ConnectPerAddress,
        Self::CodePerGuest,
        Self::CodePerNumber,
        Self::NotedDenialPerPerson,
    ];

    /// The name in metrics and logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::LoginPerAddress => "login_per_address",
            Self::SessionPerAddress => "session_per_address",
            Self::MessagePerGuest => "message_per_guest",
            Self::CommandPerAgent => "command_per_agent",
            Self::UploadPerPerson => "upload_per_person",
            Self::FramePerSocket => "frame_per_socket",
            Self::FloodPerSocket => "flood_per_socket",
            Self::RequestPerAddress => "request_per_address",
            Self::ConnectPerAddress => "connect_per_address",
            Self::CodePerGuest => "code_per_guest",
            Self::CodePerNumber => "code_per_number",
            Self::NotedDenialPerPerson => "noted_denial_per_person",
        }
    }

    /// The numbers. A hotel's guests often share one address, so limits by address are wide.
    pub fn rate(self) -> Rate {
        let (burst, every_ms) = match self {
            Self::LoginPerAddress => (20, 3_000),
            Self::SessionPerAddress => (60, 1_000),
            Self::MessagePerGuest => (20, 1_000),
            Self::CommandPerAgent => (60, 100),
            Self::UploadPerPerson => (20, 6_000),
            Self::FramePerSocket => (300, 10),
            Self::FloodPerSocket => (500, 100),
            Self::RequestPerAddress => (300, 10),
            Self::ConnectPerAddress => (200, 50),
            Self::CodePerGuest | Self::CodePerNumber => (3, 1_200_000),
            Self::NotedDenialPerPerson => (20, 60_000),
        };
        Rate { burst, every_ms }
    }

    /// The refusal of one who is too fast.
    pub fn refusal(self, retry_ms: u64) -> Refusal {
        let message = match self {
            Self::LoginPerAddress => "too many logins, please wait",
            Self::SessionPerAddress | Self::ConnectPerAddress => "too many connections, please wait",
            Self::MessagePerGuest | Self::CommandPerAgent => "too many messages, please wait",
            Self::UploadPerPerson => "too many files, please wait",
            Self::CodePerGuest | Self::CodePerNumber => "too many codes, please wait",
            Self::FramePerSocket
            | Self::FloodPerSocket
            | Self::RequestPerAddress
            | Self::NotedDenialPerPerson => "too many requests, please wait",
        };
        Refusal::new(Code::RateLimited, message).retry_in(retry_ms)
    }
}
