//! Promise 6: once people answer, the AI is silent.

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
    for reading in &world.readings {
        drafts(world, reading, report);
    }
}

/// Words of the AI on a screen that has already said that people answer.
///
/// They may belong to a later time, when the AI was asked again, and have overtaken the events between. So
/// they are a breach if nobody had asked the AI again by then, or if their turn is from before; otherwise
/// they are counted.
fn drafts<'a>(world: &World<'a>, reading: &Reading<'a>, report: &mut Report) {
    let mut held = reading.after.unwrap_or(0);
    for (t, step) in &reading.steps {
        match step {
            Step::Event(event, _) => held = held.max(event.seq),
            Step::Draft(turn, _) => {
                let Some(since) = silenced_at(world, reading.conversation, held) else { continue };
                let old = world.is_before(turn, reading.conversation, since);
                if old || asked_again(world, reading.conversation, held).is_none_or(|asked| *t < asked) {
                    let detail = format!(
                        "words of turn {turn} on connection {}, which knew since {since} that people answer",
                        reading.conn
                    );
                    report.found(Rule::DraftAfterTakeOver, reading.conversation, detail);
                    return;
                }
                report.counts.early_drafts += 1;
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
