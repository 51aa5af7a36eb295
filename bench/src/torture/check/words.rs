//! What is stored was asked for, and stands as it was written.

use std::collections::HashSet;

use crate::torture::text;

use super::report::{Report, Rule};
use super::world::{Key, World};

pub(super) fn judge(world: &World<'_>, report: &mut Report) {
    for (conversation, events) in &world.truth {
        for event in *events {
            let at = |what: &str| format!("{what} at {}", event.seq);
            if event.is_ai_message() {
                let said = event.text.as_deref().unwrap_or_default();
                if said.starts_with(text::ABOUT) && !text::is_answer(said) {
                    report.found(Rule::Altered, conversation, at("the AI's words"));
                }
                continue;
            }
            if event.by == "guest" && event.kind == "message" && world.phone_of.contains_key(conversation) {
                // Judged by what WhatsApp delivered.
                continue;
            }
            let (Some(id), Some(author)) = (&event.id, &event.by_id) else {
                if matches!(event.kind.as_str(), "message" | "note") {
                    report.found(Rule::Invented, conversation, at("a text that nobody's id stands by"));
                }
                continue;
            };
            let key = Key { conversation, author, id };
            let Some(tries) = world.tries.get(&key) else {
                report.found(Rule::Invented, conversation, at("what nobody asked for"));
                continue;
            };
            let Some(said) = event.text.as_deref() else { continue };
            let asked: HashSet<&str> = tries.iter().filter_map(|one| one.body.text()).collect();
            let whole =
                text::read(said).is_some_and(|token| token.whole && token.author == text::spelled(author));
            if !whole || !asked.contains(said) {
                report.found(Rule::Altered, conversation, at(id));
            }
        }
    }
}
