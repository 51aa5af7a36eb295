//! Promises 1 and 3: what was acknowledged is there, at its place, and a repeat gets the same answer.

use super::report::{Report, Rule};
use super::world::World;

pub(super) fn judge(world: &World<'_>, report: &mut Report) {
    for (key, tries) in &world.tries {
        let mut acks = tries.iter().filter_map(|one| one.acked());
        let Some(first) = acks.next() else { continue };
        if let Some(other) = acks.find(|seq| *seq != first) {
            let detail = format!("{} of {}: acknowledged as {first} and as {other}", key.id, key.author);
            report.found(Rule::AckDiffers, key.conversation, detail);
        }
        let is_it = |event: &&crate::torture::history::Seen| {
            event.id.as_deref() == Some(key.id) && event.by_id.as_deref() == Some(key.author)
        };
        if world.at(key.conversation, first).filter(is_it).is_some() {
            continue;
        }
        let events = world.truth.get(key.conversation).copied().unwrap_or_default();
        match events.iter().find(is_it) {
            Some(event) => {
                let detail = format!("{}: acknowledged as {first}, stands at {}", key.id, event.seq);
                report.found(Rule::Moved, key.conversation, detail);
            }
            None => {
                let detail = format!("{} of {}: acknowledged as {first}", key.id, key.author);
                report.found(Rule::AckedLost, key.conversation, detail);
            }
        }
    }
}
