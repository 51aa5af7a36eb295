//! Promises 4 and 5: a reader is shown exactly what it may see after what it holds, in order, and `prev`
//! names what stands before. What a reader may see is taken from the final history, never from `prev`: a
//! server that leaves an event out of both would pass.

use crate::torture::history::Seen;

use super::report::{Report, Rule};
use super::world::{Reading, Step, World};

/// How many events a reader without `after` is shown at first.
const NEWEST: usize = 50;
/// How many of those after `after` come at once.
const PAGE: usize = 200;

pub(super) fn judge(world: &World<'_>, report: &mut Report) {
    for reading in &world.readings {
        let visible = world.visible(reading.conversation, reading.audience);
        walk(reading, visible, report);
        opening(reading, visible, report);
    }
}

fn walk(reading: &Reading<'_>, visible: &[&Seen], report: &mut Report) {
    let who = format!("connection {}", reading.conn);
    let c = reading.conversation;
    // The place in `visible` that comes next; not known before the first event of one who held nothing.
    let mut next = reading.after.map(|after| visible.partition_point(|event| event.seq <= after));
    for (_, step) in &reading.steps {
        let Step::Event(event, at_first) = step else { continue };
        let Ok(place) = visible.binary_search_by_key(&event.seq, |event| event.seq) else { continue };
        let prev = place.checked_sub(1).and_then(|before| visible.get(before)).map_or(0, |event| event.seq);
        if event.prev != prev {
            let detail = format!("{who}: prev of {} is {}, not {prev}", event.seq, event.prev);
            report.found(Rule::WrongPrev, c, detail);
        }
        let expected = next.unwrap_or(place);
        if place < expected {
            report.found(Rule::Repeated, c, format!("{who}: {} again", event.seq));
            continue;
        }
        if place > expected {
            let missing = visible.get(expected).map_or(0, |event| event.seq);
            let rule = if *at_first { Rule::ResumeHole } else { Rule::Missed };
            report.found(rule, c, format!("{who}: {} came where {missing} belongs", event.seq));
        }
        next = Some(place + 1);
    }
    let held = next.unwrap_or(0);
    if reading.level && held < visible.len() {
        let detail = format!("{who}: {} of {} in the end", held, visible.len());
        report.found(Rule::Missed, c, detail);
    }
}

/// What an answer to `open` may hold.
fn opening(reading: &Reading<'_>, visible: &[&Seen], report: &mut Report) {
    let first: Vec<u64> = reading
        .steps
        .iter()
        .filter_map(|(_, step)| match step {
            Step::Event(event, true) => Some(event.seq),
            _ => None,
        })
        .collect();
    let most = if reading.after.is_some() { PAGE } else { NEWEST };
    let told = |detail: &str| format!("connection {}: {detail}", reading.conn);
    if first.len() > most {
        report.found(Rule::ResumeHole, reading.conversation, told("more at once than the contract says"));
    }
    if reading.after.is_none()
        && !reading.more
        && first.first().is_some_and(|seq| visible.first().is_some_and(|event| event.seq < *seq))
    {
        report.found(Rule::ResumeHole, reading.conversation, told("older events are not announced"));
    }
}
