//! Nobody is shown what is not theirs.

use crate::torture::history::Audience;
use crate::torture::text;

use super::report::{Report, Rule};
use super::world::{Step, World};

pub(super) fn judge(world: &World<'_>, report: &mut Report) {
    for (conversation, events) in &world.truth {
        for event in *events {
            text_of(world, conversation, event.text.as_deref(), &format!("stored at {}", event.seq), report);
        }
    }
    for reading in &world.readings {
        let who = format!("shown to connection {}", reading.conn);
        for (_, step) in &reading.steps {
            match step {
                Step::Event(event, _) => {
                    text_of(world, reading.conversation, event.text.as_deref(), &who, report);
                    let note = event.text.as_deref().and_then(text::read);
                    let note = note.is_some_and(|token| token.n.starts_with("note"));
                    if reading.audience == Audience::Guest && (note || !event.is_for_guests()) {
                        let detail = format!("a {} at {}, {who}", event.kind, event.seq);
                        report.found(Rule::StaffOnlyShown, reading.conversation, detail);
                    }
                }
                Step::Draft(_, words) => text_of(world, reading.conversation, Some(words), &who, report),
                Step::DraftEnd(..) => {}
            }
        }
    }
    for (conversation, read) in &world.for_guest {
        if let Some(event) = read.iter().find(|event| !event.is_for_guests()) {
            let detail = format!("a {} at {} in the guest's history", event.kind, event.seq);
            report.found(Rule::StaffOnlyShown, conversation, detail);
        }
    }
    for (conversation, frame) in &world.others {
        text_of(world, conversation, Some(frame), "in another frame", report);
        if frame.contains("|note") {
            report.found(Rule::StaffOnlyShown, conversation, "a note in another frame");
        }
    }
}

/// Every conversation that a text names must be its own. A guest on WhatsApp does not know it, and names its
/// number instead.
fn text_of(world: &World<'_>, conversation: &str, words: Option<&str>, place: &str, report: &mut Report) {
    let own: Vec<&str> =
        [Some(conversation), world.phone_of.get(conversation).copied()].into_iter().flatten().collect();
    let other = words.and_then(|words| text::names_another(world.run, words, &own));
    if let Some(other) = other {
        report.found(Rule::Foreign, conversation, format!("words of {other}, {place}"));
    }
}
