//! WhatsApp, promises 1 to 3: a message of which one webhook was answered 200 is there, once, however often it
//! was delivered, in the one conversation of its guest, after all that was taken before it was sent.

use std::collections::HashMap;

use crate::torture::history::Seen;
use crate::torture::text;

use super::order::after_acknowledged;
use super::report::{Report, Rule};
use super::world::{Post, World};

pub(super) fn judge(world: &World<'_>, report: &mut Report) {
    for (phone, conversations) in &world.phones {
        if let [_, more @ ..] = conversations.as_slice()
            && !more.is_empty()
        {
            report.found(Rule::TwoConversations, phone, conversations.join(", "));
        }
    }
    for (phone, messages) in &world.posts {
        let stored = stored(world, phone);
        let mut begins = Vec::new();
        let mut ends = Vec::new();
        for (id, posts) in messages {
            let text = posts.first().map_or("", |post| post.text);
            let taken = posts.iter().filter_map(Post::taken).min();
            match (stored.get(text).map_or(&[][..], Vec::as_slice), taken) {
                ([], Some(_)) => {
                    report.found(Rule::TakenLost, phone, format!("{id} was answered 200"));
                }
                ([seq], _) => {
                    begins.push((posts.iter().map(|post| post.t).min().unwrap_or(0), *seq, *id));
                    ends.extend(taken.map(|taken| (taken, *seq)));
                }
                ([], None) => {}
                (many, _) => {
                    report.found(Rule::Doubled, phone, format!("{id} stands {} times", many.len()));
                }
            }
        }
        // Places of two conversations cannot be compared; that there are two is said above.
        if world.phones.get(phone).is_some_and(|conversations| conversations.len() == 1) {
            after_acknowledged(phone, begins, ends, report);
        }
    }
    for (phone, conversations) in &world.phones {
        for conversation in conversations {
            asked_for(world, phone, conversation, report);
        }
    }
}

/// Where the guest's texts stand, over all of its conversations.
fn stored<'a>(world: &World<'a>, phone: &str) -> HashMap<&'a str, Vec<u64>> {
    let mut stored: HashMap<&str, Vec<u64>> = HashMap::new();
    for conversation in world.phones.get(phone).into_iter().flatten() {
        for event in world.truth.get(conversation).copied().unwrap_or_default().iter().filter(is_said) {
            stored.entry(event.text.as_deref().unwrap_or_default()).or_default().push(event.seq);
        }
    }
    stored
}

/// What the guest is said to have said was delivered, and stands as it was.
fn asked_for(world: &World<'_>, phone: &str, conversation: &str, report: &mut Report) {
    let none = std::collections::BTreeMap::new();
    let posts = world.posts.get(phone).unwrap_or(&none);
    for event in world.truth.get(conversation).copied().unwrap_or_default().iter().filter(is_said) {
        let said = event.text.as_deref().unwrap_or_default();
        if posts.values().flatten().any(|post| post.text == said) {
            continue;
        }
        let whole = text::read(said).is_some_and(|token| token.whole);
        let rule = if whole { Rule::Invented } else { Rule::Altered };
        report.found(rule, conversation, format!("a message of {phone} at {}", event.seq));
    }
}

fn is_said(event: &&Seen) -> bool {
    event.by == "guest" && event.kind == "message"
}
