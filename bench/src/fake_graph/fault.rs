//! The ways in which a message can fare badly.

use std::time::Duration;

/// What happens to one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing: it is taken.
    None,
    /// It is refused with this code.
    Refuse(i64),
    /// The same, after a while.
    RefuseLater(i64, Duration),
    /// The connection is cut before the message is looked at.
    CutBefore,
    /// The message is taken, and the connection cut before the answer.
    CutAfter,
    /// No answer ever, and the message is not taken.
    SilentBefore,
    /// The message is taken, and there is no answer ever.
    SilentAfter,
    /// It is taken after a while.
    Delay(Duration),
    /// A gateway says 502 in HTML, and the message is not taken.
    Gateway,
    /// The same, and it was taken.
    GatewayAfter,
    /// It is taken, and its statuses come before the answer.
    EarlyStatus,
    /// It is taken, and later reported as failed with this code.
    FailLater(i64),
}

/// The names under which faults are told over HTTP and on the command line.
pub const NAMES: &[(&str, &str)] = &[
    ("none", "the message is taken"),
    ("refuse:CODE", "refused with one of Meta's codes"),
    ("cut-before", "the connection is cut, the message not taken"),
    ("cut-after", "taken, and cut before the answer"),
    ("silent-before", "no answer, not taken"),
    ("silent-after", "taken, no answer"),
    ("delay:MS", "taken after a while"),
    ("gateway", "502 in HTML, not taken"),
    ("gateway-after", "502 in HTML, but taken"),
    ("early-status", "statuses before the answer"),
    ("fail-later:CODE", "taken, later a failed status"),
];

impl Fault {
    /// Reads a name.
    ///
    /// # Errors
    /// If it is none of [`NAMES`].
    pub fn parse(text: &str) -> Result<Self, String> {
        let (name, value) = text.trim().split_once(':').unwrap_or((text.trim(), ""));
        let number = || value.parse::<i64>().map_err(|_| format!("{text:?}: a number is missing"));
        Ok(match name {
            "none" => Self::None,
            "refuse" => Self::Refuse(number()?),
            "cut-before" => Self::CutBefore,
            "cut-after" => Self::CutAfter,
            "silent-before" => Self::SilentBefore,
            "silent-after" => Self::SilentAfter,
            "delay" => Self::Delay(Duration::from_millis(number()?.unsigned_abs())),
            "gateway" => Self::Gateway,
            "gateway-after" => Self::GatewayAfter,
            "early-status" => Self::EarlyStatus,
            "fail-later" => Self::FailLater(number()?),
            _ => return Err(format!("{text:?} is no fault")),
        })
    }

    /// True if the message is taken all the same.
    pub fn takes(self) -> bool {
        !matches!(
            self,
            Self::Refuse(_) | Self::RefuseLater(..) | Self::CutBefore | Self::SilentBefore | Self::Gateway
        )
    }
}
