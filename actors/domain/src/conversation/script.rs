//! The conversation as the AI is shown it: what was said, what happened between, and last what is to be
//! answered.

use crate::event::{Event, EventKind, Mode};
use crate::ids::Seq;
use crate::people::{Author, AuthorKind};

/// One line of it. Those by `system` are no one's words: they tell what happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptLine {
    /// Who.
    pub by: Author,
    /// The words.
    pub text: String,
}

/// Writes the script for a turn that answers what the guest said after `after`, up to `through`. Where that
/// is nothing (people gave the conversation back), the guest's words stay open that no agent has answered.
///
/// `events`: those that the guest may see, oldest first.
pub fn script(events: &[Event], after: Seq, through: Seq) -> Vec<ScriptLine> {
    let after = if events.iter().any(|event| is_guests(event) && event.seq > after && event.seq <= through) {
        after
    } else {
        unanswered_after(events)
    };
    let (mut told, mut open) = (Vec::new(), Vec::new());
    let mut stretch: Option<Stretch> = None;
    for event in events {
        match &event.kind {
            EventKind::Message(message) => {
                let line = ScriptLine { by: event.by.clone(), text: message.text.clone() };
                match event.by.kind {
                    // Newer than the turn: it is answered by the next.
                    AuthorKind::Guest if event.seq > through => continue,
                    AuthorKind::Guest if event.seq > after => open.push(line),
                    _ => told.push(line),
                }
                if let Some(stretch) = stretch.as_mut().filter(|_| event.by.kind == AuthorKind::Agent) {
                    stretch.said(event.by.name.as_deref());
                }
            }
            EventKind::Mode { mode: Mode::Human, reason } if stretch.is_none() => {
                stretch = Some(Stretch { reason: reason.clone(), messages: 0, names: Vec::new() });
            }
            EventKind::Mode { mode: Mode::Ai, .. } => {
                if let Some(stretch) = stretch.take() {
                    told.push(ScriptLine { by: Author::system(), text: stretch.account() });
                }
            }
            _ => {}
        }
    }
    told.append(&mut open);
    told
}

fn is_guests(event: &Event) -> bool {
    event.by.kind == AuthorKind::Guest && matches!(event.kind, EventKind::Message(_))
}

/// The place after which the guest has had no answer: the last word of an agent, or the last of the AI that
/// did not hand over.
fn unanswered_after(events: &[Event]) -> Seq {
    let answers = |(nth, event): (usize, &Event)| match (&event.kind, event.by.kind) {
        (EventKind::Message(_), AuthorKind::Agent) => Some(event.seq),
        (EventKind::Message(message), AuthorKind::Ai) if !message.partial => {
            let next = events.get(nth + 1).map(|next| &next.kind);
            let handed_over = matches!(next, Some(EventKind::Mode { mode: Mode::Human, .. }));
            (!handed_over).then_some(event.seq)
        }
        _ => None,
    };
    events.iter().enumerate().rev().find_map(answers).unwrap_or(0)
}

/// A time in which people answered.
struct Stretch {
    reason: Option<String>,
    messages: usize,
    names: Vec<String>,
}

impl Stretch {
    fn said(&mut self, name: Option<&str>) {
        self.messages += 1;
        if let Some(name) = name
            && !self.names.iter().any(|known| known == name)
        {
            self.names.push(name.to_owned());
        }
    }

    fn account(&self) -> String {
        let why = match self.reason.as_deref() {
            Some("take_over") => "a member of staff took over".to_owned(),
            Some(reason) => format!("the conversation was handed to staff ({reason})"),
            None => "the conversation was handed to staff".to_owned(),
        };
        let done = match self.messages {
            0 => "staff wrote nothing to the guest".to_owned(),
            1 => format!("{} wrote one message, shown above", self.who()),
            many => format!("{} wrote {many} messages, shown above", self.who()),
        };
        format!(
            "What happened: {why}; {done}; then staff gave the conversation back. The hand-over is over: do \
             not announce it again, and do not be silent. Answer what the guest has left open."
        )
    }

    fn who(&self) -> String {
        if self.names.is_empty() { "staff".to_owned() } else { self.names.join(" and ") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Channel, Message};
    use crate::ids::{AgentId, ConversationId, GuestId};
    use crate::people::AgentRef;
    use crate::timestamp::Timestamp;
    use uuid::Uuid;

    fn events(kinds: Vec<(Author, EventKind)>) -> Vec<Event> {
        let event = |(nth, (by, kind))| Event {
            conversation: ConversationId(Uuid::nil()),
            seq: nth as Seq + 1,
            guest_prev: nth as Seq,
            id: None,
            fingerprint: None,
            at: Timestamp(0),
            by,
            kind,
        };
        kinds.into_iter().enumerate().map(event).collect()
    }

    fn said(by: &Author, text: &str) -> (Author, EventKind) {
        (by.clone(), EventKind::Message(Message::new(text, Channel::Web)))
    }

    fn mode(mode: Mode, reason: &str) -> (Author, EventKind) {
        (Author::system(), EventKind::Mode { mode, reason: Some(reason.into()) })
    }

    fn short(lines: &[ScriptLine]) -> Vec<String> {
        lines.iter().map(|line| format!("{:?}: {}", line.by.kind, line.text)).collect()
    }

    #[test]
    fn what_is_to_be_answered_stands_last() {
        let (guest, ai) = (Author::guest(GuestId(Uuid::nil()), None), Author::ai());
        let log = events(vec![
            said(&guest, "wifi"),
            said(&guest, "parking"),
            said(&ai, "wifi is free"),
            said(&guest, "later"),
        ]);
        let lines = script(&log, 1, 2);
        assert_eq!(short(&lines), ["Guest: wifi", "Ai: wifi is free", "Guest: parking"]);
    }

    #[test]
    fn the_human_stretch_is_told() {
        let guest = Author::guest(GuestId(Uuid::nil()), None);
        let mia = Author::agent(&AgentRef { id: AgentId(Uuid::nil()), name: "Mia".into() });
        let log = events(vec![
            said(&guest, "is the terrace open?"),
            said(&Author::ai(), "a colleague will answer"),
            mode(Mode::Human, "unsure"),
            said(&mia, "yes, until ten"),
            said(&guest, "and the pool?"),
            mode(Mode::Ai, "hand_back"),
        ]);
        let lines = short(&script(&log, 4, 6));
        assert_eq!(lines.last().map(String::as_str), Some("Guest: and the pool?"));
        let account = &lines[lines.len() - 2];
        assert!(account.starts_with("System: ") && account.contains("(unsure)"), "{account}");
        assert!(account.contains("Mia wrote one message"), "{account}");
    }

    #[test]
    fn handed_back_unanswered_the_question_is_open_again() {
        let guest = Author::guest(GuestId(Uuid::nil()), None);
        let log = events(vec![
            said(&guest, "hi"),
            said(&Author::ai(), "hello"),
            said(&guest, "is the terrace open?"),
            said(&Author::ai(), "a colleague will answer"),
            mode(Mode::Human, "unsure"),
            mode(Mode::Ai, "hand_back"),
        ]);
        let lines = short(&script(&log, 3, 5));
        assert_eq!(lines.last().map(String::as_str), Some("Guest: is the terrace open?"), "{lines:?}");
        assert!(lines[lines.len() - 2].contains("staff wrote nothing"), "{lines:?}");
    }
}
