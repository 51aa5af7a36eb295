//! The one place where the actors read the clock and draw ids.

use std::time::{SystemTime, UNIX_EPOCH};

use frontdesk_domain::ids::TurnId;
use frontdesk_domain::timestamp::Timestamp;
use uuid::Uuid;

/// The wall clock. Order never depends on it.
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// An id for a turn that may begin.
pub fn fresh_turn() -> TurnId {
    TurnId(Uuid::now_v7())
}
