//! Every question to the AI has an outcome, and one only: an answer, or a human is asked.

use super::report::{Report, Rule};
use super::world::World;

pub(super) fn judge(world: &World<'_>, report: &mut Report) {
    for (conversation, events) in &world.truth {
        let (mut human, mut away, mut guest_spoke_last) = (false, false, None);
        // The guest's last word that nobody has answered.
        let mut owed = None;
        // How many answers the AI may still give.
        let mut asked: u64 = 0;
        for event in *events {
            if event.kind == "message" {
                guest_spoke_last = (event.by == "guest").then_some(event.seq);
            }
            match (event.kind.as_str(), event.by.as_str()) {
                ("message", "guest") if !human => {
                    owed = Some(event.seq);
                    asked += 1;
                }
                ("message", "ai") => {
                    owed = None;
                    match asked.checked_sub(1) {
                        Some(left) => asked = left,
                        None => {
                            let detail = format!("the answer at {} has no question", event.seq);
                            report.found(Rule::AnsweredTwice, conversation, detail);
                        }
                    }
                }
                ("mode", _) => {
                    let was_human = std::mem::replace(&mut human, event.silences_ai());
                    if human {
                        owed = None;
                    } else {
                        asked += 1;
                        // Who waited for people now waits for the AI.
                        if was_human && !away {
                            owed = guest_spoke_last;
                        }
                    }
                }
                ("status", _) => {
                    away = matches!(event.status.as_deref(), Some("closed" | "snoozed"));
                    if event.status.as_deref() == Some("closed") {
                        owed = None;
                    }
                }
                _ => {}
            }
        }
        if let Some(seq) = owed {
            report.found(Rule::NoOutcome, conversation, format!("the guest's {seq} is not answered"));
        }
    }
}
