//! Promise 6: once people answer, the AI is silent.

use std::collections::HashMap;

use super::report::{Report, Rule};
use super::world::{Key, Reading, Step, World};

pub(super) fn judge(world: &World<'_>, report: &mut Report) {
    for (conversation, events) in &world.truth {
        let mut human = None;
        for event in *events {
            if let Some(mode) = event.mode.as_deref() {
                human = (mode == "human").then_some(event.seq);
            } else if event.by == "ai"
                && let Some(since) = human
            {
                let detail = format!("at {}, though people answer since {since}", event.seq);
                report.found(Rule::AiAfterTakeOver, conversation, detail);
            }
        }
    }
    let seen_before = turns_seen(world);
    for reading in &world.readings {
        drafts(world, reading, &seen_before, report);
    }
}

/// Of each turn, the smallest place that any reader of its words held.
fn turns_seen<'a>(world: &World<'a>) -> HashMap<&'a str, u64> {
    let mut seen: HashMap<&str, u64> = HashMap::new();
    for reading in &world.readings {
        let mut held = reading.after.unwrap_or(0);
        for (_, step) in &reading.steps {
            match step {
                Step::Event(event, _) => held = held.max(event.seq),
                Step::Draft(turn, _) => {
                    seen.entry(turn).and_modify(|least| *least = held.min(*least)).or_insert(held);
                }
                Step::DraftEnd(..) => {}
            }
        }
    }
    seen
}

/// Words of the AI on a screen that has already said that people answer.
///
/// They may belong to a later time, when the AI was asked again, and have overtaken the events between. So
/// they are a breach if nobody had asked the AI again by then, or if their turn is from before.
fn drafts(world: &World<'_>, reading: &Reading<'_>, seen: &HashMap<&str, u64>, report: &mut Report) {
    let mut held = reading.after.unwrap_or(0);
    for (t, step) in &reading.steps {
        match step {
            Step::Event(event, _) => held = held.max(event.seq),
            Step::Draft(turn, _) => {
                let Some(since) = silenced_at(world, reading.conversation, held) else { continue };
                let old = seen.get(turn).is_some_and(|first| *first < since);
                if old || asked_again(world, reading.conversation, held).is_none_or(|asked| *t < asked) {
                    let detail = format!(
                        "words of turn {turn} on connection {}, which knew since {since} that people answer",
                        reading.conn
                    );
                    report.found(Rule::DraftAfterTakeOver, reading.conversation, detail);
                    return;
                }
            }
            Step::DraftEnd(..) => {}
        }
    }
}

/// The place since which people answer, for one who holds all up to `held`.
fn silenced_at(world: &World<'_>, conversation: &str, held: u64) -> Option<u64> {
    let events = world.truth.get(conversation)?;
    let known = events.get(..events.partition_point(|event| event.seq <= held))?;
    let last = known.iter().rev().find(|event| event.mode.is_some())?;
    last.silences_ai().then_some(last.seq)
}

/// The earliest time at which the AI may have been asked again after `held`.
fn asked_again(world: &World<'_>, conversation: &str, held: u64) -> Option<u64> {
    let events = world.truth.get(conversation)?;
    let at = events.iter().position(|event| event.seq > held && event.mode.as_deref() == Some("ai"))?;
    // Either its own attempt made it, or the one that is stored right after it (a guest who writes again).
    events.get(at..)?.iter().take(3).find_map(|event| {
        let (id, author) = (event.id.as_deref()?, event.by_id.as_deref()?);
        world.tries.get(&Key { conversation, author, id })?.iter().map(|one| one.t).min()
    })
}
