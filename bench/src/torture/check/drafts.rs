//! Promise 6: what a reader was shown of an answer is what is stored, word for word.

use crate::torture::history::Seen;
use crate::torture::text;

use super::report::{Report, Rule};
use super::world::{Reading, Step, World};

pub(super) fn judge(world: &World<'_>, report: &mut Report) {
    for reading in &world.readings {
        if let Some(detail) = walk(world, reading) {
            let detail = format!("connection {}: {detail}", reading.conn);
            report.found(Rule::DraftNotKept, reading.conversation, detail);
        }
    }
}

/// What stands on a screen.
#[derive(Default)]
struct Screen<'a> {
    turn: &'a str,
    words: String,
    ended: Vec<&'a str>,
}

impl Screen<'_> {
    /// True if the event is what the words on the screen became.
    fn is_of(&self, event: &Seen) -> bool {
        !self.words.is_empty() && event.turn.as_deref().is_none_or(|turn| turn == self.turn)
    }
}

/// The first thing that is wrong.
///
/// A reader who is told a long backlog may be shown words before the events that precede them: what the
/// backlog says of other turns is not about those words.
fn walk<'a>(world: &World<'a>, reading: &Reading<'a>) -> Option<String> {
    let mut screen = Screen::default();
    for (_, step) in &reading.steps {
        match step {
            Step::Draft(turn, words) => {
                if screen.ended.contains(turn) {
                    return Some(format!("words of turn {turn} after its end"));
                }
                if screen.turn != *turn {
                    // A turn that gave way to another had shown nothing, or had an end.
                    if !screen.words.trim().is_empty() {
                        return Some(format!("turn {turn} speaks while {} has no end", screen.turn));
                    }
                    screen = Screen { turn, words: String::new(), ended: screen.ended };
                }
                screen.words.push_str(words);
            }
            Step::Event(event, _) if event.is_ai_message() && screen.is_of(event) => {
                if !keeps(event, &screen.words) {
                    return Some(format!("{} is not what was shown before it", event.seq));
                }
                screen.ended.push(screen.turn);
                screen.words.clear();
            }
            Step::Event(event, _)
                if event.silences_ai()
                    && !screen.words.trim().is_empty()
                    && world.is_before(screen.turn, reading.conversation, event.seq) =>
            {
                let before = event.seq.checked_sub(1).and_then(|seq| world.at(reading.conversation, seq));
                let kept =
                    before.is_some_and(|before| before.is_ai_message() && keeps(before, &screen.words));
                if !kept {
                    return Some(format!("what was shown is not kept before {}", event.seq));
                }
            }
            Step::Event(..) => {}
            Step::DraftEnd(turn, outcome, seq) => {
                screen.ended.push(turn);
                let stored = seq.and_then(|seq| world.at(reading.conversation, seq));
                match (*outcome, stored) {
                    ("dropped", _) => {}
                    ("sent" | "cut", Some(event)) if event.is_ai_message() => {
                        if event.partial != (*outcome == "cut") {
                            return Some(format!("turn {turn} was {outcome}, {} says otherwise", event.seq));
                        }
                    }
                    _ => {
                        return Some(format!("turn {turn} was {outcome} as {seq:?}, which is no such event"));
                    }
                }
                screen.words.clear();
            }
        }
    }
    None
}

/// True if the event holds what was shown: all of it, or its end where the beginning was not shown.
fn keeps(event: &Seen, shown: &str) -> bool {
    let stored = event.text.as_deref().unwrap_or_default();
    if shown.starts_with(text::ABOUT) { stored == shown } else { stored.ends_with(shown) }
}
