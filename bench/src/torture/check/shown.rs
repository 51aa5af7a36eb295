//! Promise 1: what somebody was shown is there; promise 2: everybody was shown it at the same place.

use std::collections::HashMap;

use crate::torture::history::Seen;
use crate::torture::text;

use super::report::{Report, Rule};
use super::world::{Step, World};

/// The final history is dated when it has been read, which takes less than this, in microseconds.
const READING_MAX_US: u64 = 1_000_000;

pub(super) fn judge(world: &World<'_>, report: &mut Report) {
    let mut places: HashMap<(&str, u64), u64> = HashMap::new();
    for (conversation, events) in &world.truth {
        for event in *events {
            places.insert((conversation, event.digest), event.seq);
        }
    }
    for reading in &world.readings {
        for (t, step) in &reading.steps {
            let Step::Event(event, _) = step else { continue };
            let there = world.at(reading.conversation, event.seq);
            if there.is_some_and(|there| there.digest == event.digest)
                || is_later(world, reading.conversation, event, *t)
            {
                continue;
            }
            let seq = event.seq;
            let whole = event.text.as_deref().and_then(text::read).is_none_or(|token| token.whole);
            let same_id = there.is_some_and(|there| event.id.is_some() && there.id == event.id);
            if let Some(place) = places.get(&(reading.conversation, event.digest)) {
                let detail = format!("shown at {seq} to connection {}, stands at {place}", reading.conn);
                report.found(Rule::TwoOrders, reading.conversation, detail);
            } else if !whole || same_id {
                let detail = format!("what connection {} was shown at {seq}", reading.conn);
                report.found(Rule::Altered, reading.conversation, detail);
            } else {
                let detail = format!("a {} at {seq}, shown to connection {}", event.kind, reading.conn);
                report.found(Rule::ShownGone, reading.conversation, detail);
            }
        }
    }
}

/// True for news of a message's delivery that came when the final history had been read: these go on.
fn is_later(world: &World<'_>, conversation: &str, event: &Seen, t: u64) -> bool {
    let last = world.truth.get(conversation).and_then(|events| events.last());
    let read = world.read_at.get(conversation).is_some_and(|read| t + READING_MAX_US > *read);
    event.is_delivery() && last.is_none_or(|last| last.seq < event.seq) && read
}
