//! Promise 3: an id makes one event; promise 7: what was refused is not stored.

use std::collections::{HashMap, HashSet};

use crate::torture::history::Body;

use super::report::{Report, Rule};
use super::world::{Key, Try, World};

pub(super) fn judge(world: &World<'_>, report: &mut Report) {
    doubled(world, report);
    for (key, tries) in &world.tries {
        let mut bodies: HashMap<&Body, Vec<&Try<'_>>> = HashMap::new();
        for one in tries {
            bodies.entry(one.body).or_default().push(one);
        }
        let accepted = bodies.values().filter(|tries| tries.iter().any(|one| one.acked().is_some())).count();
        if accepted > 1 {
            let detail = format!("{} of {}: acknowledged for {accepted} things", key.id, key.author);
            report.found(Rule::ConflictAccepted, key.conversation, detail);
        }
        let invented = bodies.values().any(|tries| {
            let conflict = tries.iter().any(|one| one.refused() == Some("conflict"));
            conflict && (bodies.len() == 1 || tries.iter().any(|one| one.acked().is_some()))
        });
        if invented {
            report.found(Rule::ConflictInvented, key.conversation, format!("{} of {}", key.id, key.author));
        }
        refused(world, key, &bodies, report);
    }
}

fn doubled(world: &World<'_>, report: &mut Report) {
    for (conversation, events) in &world.truth {
        let mut ids = HashSet::new();
        let mut texts = HashSet::new();
        for event in *events {
            let again = |what: &str| format!("{} again at {}", what, event.seq);
            if let (Some(id), Some(author)) = (&event.id, &event.by_id)
                && !ids.insert((author, id))
            {
                report.found(Rule::Doubled, conversation, again(id));
            } else if let Some(text) = event.text.as_deref().filter(|_| event.by != "ai")
                && !texts.insert(text)
            {
                report.found(Rule::Doubled, conversation, again("a text"));
            }
        }
    }
}

/// A body of which every attempt was refused must not be there. One whose answer was lost may.
fn refused(world: &World<'_>, key: &Key<'_>, bodies: &HashMap<&Body, Vec<&Try<'_>>>, report: &mut Report) {
    let events = world.truth.get(key.conversation).copied().unwrap_or_default();
    let own = |event: &&crate::torture::history::Seen| {
        event.id.as_deref() == Some(key.id) && event.by_id.as_deref() == Some(key.author)
    };
    for (body, tries) in bodies {
        if !tries.iter().all(|one| one.refused().is_some()) {
            continue;
        }
        let stored = match body.text() {
            Some(text) => events.iter().find(|event| event.text.as_deref() == Some(text)),
            // An action has no words: it can only be told from another under its id if there was none.
            None if bodies.len() == 1 => events.iter().find(own),
            None => None,
        };
        if let Some(event) = stored {
            let detail = format!("{} of {} stands at {}", key.id, key.author, event.seq);
            report.found(Rule::RefusedStored, key.conversation, detail);
        }
    }
}
