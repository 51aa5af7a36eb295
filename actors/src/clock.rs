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

/// Random bits, for waits that are not to fall together.
pub fn fresh_bits() -> u32 {
    u32::try_from(Uuid::now_v7().as_u128() & u128::from(u32::MAX)).unwrap_or_default()
}

/// An id for a turn that may begin.
pub fn fresh_turn() -> TurnId {
    TurnId(Uuid::now_v7())
}

/// A number evenly between 0 and 1.
pub fn dice() -> f64 {
    let (_, random) = Uuid::now_v7().as_u64_pair();
    // Two bits name the variant, and the rest of these is random.
    f64::from(u32::try_from((random >> 16) & 0xffff_ffff).unwrap_or(0)) / f64::from(u32::MAX)
}
