//! How a connection is closed: the code and the words of its Close frame.

use std::borrow::Cow;

use frontdesk_domain::frame::Close;

/// What a Close frame says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Farewell {
    /// The code; `None` for a Close frame without one.
    pub(crate) code: Option<u16>,
    /// Why, in words.
    pub(crate) reason: Cow<'static, str>,
}

impl Farewell {
    pub(crate) fn new(code: u16, reason: &'static str) -> Self {
        Self { code: Some(code), reason: Cow::Borrowed(reason) }
    }

    /// The code in metrics. A client may make up codes, but not names of our metrics.
    pub(crate) fn label(&self) -> &'static str {
        match self.code {
            None => "none",
            Some(1000) => "1000",
            Some(1001) => "1001",
            Some(1002) => "1002",
            Some(1003) => "1003",
            Some(1007) => "1007",
            Some(1009) => "1009",
            Some(1011) => "1011",
            Some(4400) => "4400",
            Some(4401) => "4401",
            Some(4403) => "4403",
            Some(4408) => "4408",
            Some(4429) => "4429",
            Some(4503) => "4503",
            Some(_) => "other",
        }
    }
}

impl From<Close> for Farewell {
    fn from(close: Close) -> Self {
        Self::new(close.code(), close.reason())
    }
}
