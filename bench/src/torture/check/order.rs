//! Promise 2: what was asked for after an acknowledgement stands after it, and an author's messages stand
//! as they were sent.
//!
//! The server hands out the places, so that one pass in the order of the times is enough.

use std::collections::BTreeMap;

use super::report::{Report, Rule};
use super::world::{Key, Try, World};

/// Something that was acknowledged: its key, all attempts, its place.
type Acked<'w, 'a> = (Key<'a>, &'w [Try<'a>], u64);
/// Something that was sent: when, its place, its id.
type Sent<'a> = (u64, u64, &'a str);

pub(super) fn judge(world: &World<'_>, report: &mut Report) {
    let mut by_conversation: BTreeMap<&str, Vec<Acked<'_, '_>>> = BTreeMap::new();
    for (key, tries) in &world.tries {
        let Some(seq) = tries.iter().find_map(Try::acked) else { continue };
        by_conversation.entry(key.conversation).or_default().push((*key, tries, seq));
    }
    for (conversation, stored) in by_conversation {
        real_time(conversation, &stored, report);
        by_author(conversation, &stored, report);
    }
}

/// An event cannot have been stored before it was first asked for, and was by its first acknowledgement.
fn real_time(conversation: &str, stored: &[Acked<'_, '_>], report: &mut Report) {
    let begun = |tries: &[Try<'_>]| tries.iter().map(|one| one.t).min().unwrap_or(0);
    let acked = |tries: &[Try<'_>]| {
        tries.iter().filter(|one| one.acked().is_some()).filter_map(|one| one.answer).map(|(t, _)| t).min()
    };
    let begins = stored.iter().map(|(key, tries, seq)| (begun(tries), *seq, key.id)).collect();
    let ends = stored.iter().filter_map(|(_, tries, seq)| Some((acked(tries)?, *seq))).collect();
    after_acknowledged(conversation, begins, ends, report);
}

/// `begins`: when something was first asked for, its place, its id. `ends`: when something was first
/// acknowledged, and its place.
pub(super) fn after_acknowledged(
    conversation: &str,
    mut begins: Vec<Sent<'_>>,
    mut ends: Vec<(u64, u64)>,
    report: &mut Report,
) {
    begins.sort_unstable();
    ends.sort_unstable();
    let mut ends = ends.into_iter().peekable();
    let mut greatest = 0;
    for (begun, seq, id) in begins {
        while let Some((_, seq)) = ends.next_if(|(acked, _)| *acked < begun) {
            greatest = greatest.max(seq);
        }
        if seq < greatest {
            let detail = format!("{id} at {seq} was asked for after {greatest} was acknowledged");
            report.found(Rule::RealTime, conversation, detail);
        }
    }
}

/// What was sent once, on one connection, and acknowledged there, stands in the order of the sending.
fn by_author(conversation: &str, stored: &[Acked<'_, '_>], report: &mut Report) {
    let mut sent: BTreeMap<(u64, &str), Vec<Sent<'_>>> = BTreeMap::new();
    for (key, tries, seq) in stored {
        if let [only] = tries
            && only.conn != 0
        {
            sent.entry((only.conn, key.author)).or_default().push((only.t, *seq, key.id));
        }
    }
    for mut row in sent.into_values() {
        row.sort_unstable();
        for pair in row.windows(2) {
            if let [(_, first, _), (_, second, id)] = pair
                && second < first
            {
                let detail = format!("{id} at {second} was sent after what is at {first}");
                report.found(Rule::AuthorOrder, conversation, detail);
            }
        }
    }
}
