//! SIGTERM: the end comes within ten seconds, with exit code 0.

use super::report::{Report, Rule};
use super::world::World;

/// The contract's bound.
const WITHIN_MS: u64 = 10_000;

pub(super) fn judge(world: &World<'_>, report: &mut Report) {
    for (after_ms, code) in &world.goodbyes {
        if *after_ms > WITHIN_MS || *code != Some(0) {
            report.found(Rule::BadGoodbye, "", format!("exit {code:?} after {after_ms} ms"));
        }
    }
}
