//! Promise 2: the places of a conversation are 1, 2, 3 … and everybody reads the same history.

use crate::torture::history::Audience;

use super::report::{Report, Rule};
use super::world::World;

pub(super) fn judge(world: &World<'_>, report: &mut Report) {
    for (conversation, events) in &world.truth {
        for (event, expected) in events.iter().zip(1..) {
            if event.seq != expected {
                report.found(
                    Rule::Hole,
                    conversation,
                    format!("{} stands where {expected} belongs", event.seq),
                );
                break;
            }
        }
    }
    for (conversation, read) in &world.for_guest {
        let visible = world.visible(conversation, Audience::Guest);
        let (read, visible): (Vec<_>, Vec<_>) = (
            read.iter().map(|event| (event.seq, event.digest)).collect(),
            visible.iter().map(|event| (event.seq, event.digest)).collect(),
        );
        if read != visible {
            let differ = read.iter().zip(&visible).position(|(one, other)| one != other);
            let at = differ.unwrap_or(read.len().min(visible.len()));
            let detail = format!("guest and staff differ at the {at}th event that the guest may see");
            report.found(Rule::FinalsDiffer, conversation, detail);
        }
    }
}
