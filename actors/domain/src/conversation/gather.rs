//! When a turn begins: quick messages make one, newer words start it anew, some cut it short.

use crate::answerer::{Interruption, ends_with_question};
use crate::event::{EventKind, Message};
use crate::ids::{Seq, TurnId};
use crate::people::Author;
use crate::timestamp::Timestamp;

use super::decide::Draft;
use super::decision::{Effect, Notice, TurnStep};
use super::ended::TurnOutcome;
use super::state::{Conversation, Turn};
use super::{GATHER_MAX_MILLIS, QUIET_MILLIS, RESTARTS_MAX, TYPING_MILLIS};

impl Draft<'_> {
    /// If the AI is speaking and the guest's new words make that pointless: what was shown is kept as
    /// `partial`, and the turn is over. True if so. Comes before the guest's message is added.
    pub(super) fn interrupt(&mut self, new: Option<Interruption>) -> bool {
        let Some(live) = self.state.turn.as_ref().filter(|live| !live.shown.trim().is_empty()) else {
            return false;
        };
        let Some(new) = new else { return false };
        let answer = self.keep_shown(live);
        self.decision.effects.push(Effect::Cancel(live.id));
        self.decision.turn = TurnStep::Close;
        self.record(live, TurnOutcome::Superseded, Some(new.code()), answer, live.through);
        true
    }

    /// The guest has said something to the AI. `interrupted`: what the AI was saying is over already.
    pub(super) fn ask_for_answer(
        &mut self,
        text: &str,
        through: Seq,
        news: Option<Interruption>,
        interrupted: bool,
    ) {
        let live = self.state.turn.as_ref().filter(|_| !interrupted);
        let typing = self.state.typing_until > self.at;
        let direct = matches!(news, Some(Interruption::Emergency(_) | Interruption::WantsHuman));
        let now = direct || interrupted || (ends_with_question(text) && !typing);
        match live {
            None => self.begin(Turn { direct, ..Turn::new(self.fresh, self.at) }, through, now),
            Some(live) if live.quiet_at.is_some() => {
                let turn = Turn { direct: direct || live.direct, ..live.clone() };
                self.grow(turn, through, now);
            }
            Some(live) if live.shown.is_empty() && (direct || live.restarts < RESTARTS_MAX) => {
                self.decision.effects.push(Effect::Cancel(live.id));
                self.carry(live, "newer_message");
                let turn = Turn {
                    restarts: live.restarts.saturating_add(1),
                    recoveries: live.recoveries,
                    after: live.after,
                    direct: direct || live.direct,
                    ..Turn::new(self.fresh, self.at)
                };
                self.begin(turn, through, now);
            }
            // It is answered next.
            Some(_) => {}
        }
    }

    /// Opens a turn at once for what is unanswered: nothing more is waited for.
    pub(super) fn open_turn(&mut self, recoveries: u8) {
        let through = self.state.last_seq();
        self.begin(Turn { recoveries, ..Turn::new(self.fresh, self.at) }, through, true);
    }

    fn begin(&mut self, turn: Turn, through: Seq, now: bool) {
        // The turn before it, if this decision ended one, has settled what was its own.
        let after = if turn.after > 0 { turn.after } else { self.settled };
        self.decision.notices.push(Notice::Typing { by: Author::ai(), on: true });
        self.grow(Turn { after, ..turn }, through, now);
    }

    /// The turn is to answer what was said up to `through`, now or after a moment of quiet.
    fn grow(&mut self, mut turn: Turn, through: Seq, now: bool) {
        turn.through = through;
        if now {
            turn.quiet_at = None;
            turn.asked_at = Some(self.at);
            self.decision.effects.push(Effect::Ask(turn.id));
        } else {
            let at = quiet(&turn, self.at, QUIET_MILLIS);
            turn.quiet_at = Some(at);
            self.decision.effects.push(Effect::QuietAt(turn.id, at));
        }
        self.decision.turn = TurnStep::Open(turn);
    }

    /// The moment of quiet is over, unless the guest has made it longer meanwhile.
    pub(super) fn quiet(&mut self, turn: TurnId, due: Timestamp) {
        let live = self.state.turn.as_ref();
        if live.is_some_and(|live| live.id == turn && live.quiet_at == Some(due)) {
            self.decision.effects.push(Effect::Ask(turn));
            self.decision.turn = TurnStep::Asked(self.at);
        }
    }

    /// Adds a message of the AI, of this turn.
    pub(super) fn push_ai(&mut self, live: &Turn, mut message: Message) -> Seq {
        message.turn = Some(live.id);
        self.push(Author::ai(), EventKind::Message(message))
    }
}

impl Conversation {
    /// Notes that the guest is writing, or no longer. Not stored. What comes back is to be carried out.
    pub fn note_typing(&mut self, on: bool, at: Timestamp) -> Option<Effect> {
        self.typing_until = if on { Timestamp(at.0 + TYPING_MILLIS) } else { Timestamp(0) };
        let question = self.question;
        let turn = self.turn.as_mut().filter(|turn| turn.quiet_at.is_some())?;
        let due = match (on, question) {
            (true, _) => quiet(turn, at, TYPING_MILLIS),
            // It was a question, and no more is coming.
            (false, true) => at,
            (false, false) => quiet(turn, at, QUIET_MILLIS),
        };
        turn.quiet_at = Some(due);
        Some(Effect::QuietAt(turn.id, due))
    }
}

/// When a moment of quiet ends that begins now; the guest who goes on writing does not put it off for ever.
fn quiet(turn: &Turn, now: Timestamp, millis: i64) -> Timestamp {
    Timestamp((now.0 + millis).min(turn.opened_at.0 + GATHER_MAX_MILLIS).max(now.0))
}
