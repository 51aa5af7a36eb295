//! What the AI pool decides by: a fair queue, budgets, limits and breakers. No clock, no runtime: the time is an
//! argument, in milliseconds of a clock that never goes back ([`Millis`]), so that an hour can be played in a
//! second and a run can be repeated.

mod aimd;
mod backoff;
mod breaker;
mod caps;
mod estimate;
mod ledger;
mod queue;
mod window;

pub use aimd::Aimd;
pub use backoff::{RetryBudget, pause};
pub use breaker::{Blame, Breaker, Pass};
pub use caps::Caps;
pub use estimate::Estimator;
pub use ledger::{Budget, Ledger, Price, Spent, Tokens};
pub use queue::{Class, FairQueue, Item};
pub use window::Window;

/// A time of a clock that never goes back.
pub type Millis = u64;
