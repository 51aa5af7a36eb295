//! From a command to a decision: the entry, and what all rules share.

use crate::event::{AlarmStep, Event, EventKind, Message, Mode, Status, Urgency};
use crate::frame::Outcome;
use crate::ids::{ClientId, Seq, TurnId};
use crate::outgoing;
use crate::people::{Audience, Author, AuthorKind};
use crate::refusal::{Code, Refusal};
use crate::timestamp::Timestamp;

use super::command::{Command, TurnNews};
use super::decision::{Ack, Decision, Effect, Notice, TurnStep};
use super::ended::{EndedTurn, TurnOutcome};
use super::receipts::Known;
use super::state::{Conversation, Turn};

impl Conversation {
    /// Decides what a command leads to at time `at`. `fresh` becomes the id of a turn, should one begin.
    ///
    /// # Errors
    /// The refusal of the rule that says no. Nothing has changed then.
    pub fn decide(&self, command: Command, at: Timestamp, fresh: TurnId) -> Result<Decision, Refusal> {
        self.check_not_erased(&command)?;
        let mut draft = Draft::new(self, at, fresh);
        match command {
            Command::Say(say) => draft.say(say)?,
            Command::Act(act) => draft.act(act)?,
            Command::Receive(receive) => draft.receive(*receive)?,
            Command::Turn(turn, news) => match self.turn.as_ref().filter(|live| live.id == turn) {
                Some(live) if self.snapshot.mode == Mode::Ai => draft.turn_news(live, news),
                // Late words of a turn that was cancelled, or of an AI that was told to be silent.
                _ => {}
            },
            Command::Quiet(turn, due) => draft.quiet(turn, due),
            Command::Escalate { since, rung, to } => draft.escalate(since, rung, &to),
            // Nothing is told of messages that are no more.
            Command::Delivered { .. } if self.is_erased() => {}
            Command::Delivered { of, state, error } => draft.delivered(of, state, error)?,
            Command::Booked(booked) => draft.booked(booked)?,
            Command::Erase { by } => draft.erase(by),
            Command::Wake => draft.wake(),
            Command::Recover => draft.recover(),
        }
        Ok(draft.decision)
    }
}

/// A decision in the making: numbers its events, and knows what the rules need to know.
pub(super) struct Draft<'a> {
    pub(super) state: &'a Conversation,
    pub(super) at: Timestamp,
    pub(super) decision: Decision,
    pub(super) fresh: TurnId,
    /// Up to here the guest's messages have their outcome, or are with people.
    pub(super) settled: Seq,
    pub(super) urgency: Urgency,
    /// An alarm rings.
    pub(super) alarm: bool,
    mode: Mode,
    status: Status,
    guest_head: Seq,
}

impl<'a> Draft<'a> {
    fn new(state: &'a Conversation, at: Timestamp, fresh: TurnId) -> Self {
        let now = &state.snapshot;
        Self {
            state,
            // The order of events never depends on the clock, but their times should not run backwards.
            at: at.max(now.updated_at),
            decision: Decision::default(),
            fresh,
            settled: now.settled,
            urgency: now.urgency,
            alarm: now.alarm.is_some(),
            mode: now.mode,
            status: now.status,
            guest_head: now.guest_head,
        }
    }

    /// Adds an event and returns its place.
    pub(super) fn push(&mut self, by: Author, kind: EventKind) -> Seq {
        let seq = self.state.snapshot.last_seq + self.decision.events.len() as Seq + 1;
        let guest_prev = self.guest_head;
        if kind.seen_by(Audience::Guest) {
            self.guest_head = seq;
        }
        match &kind {
            EventKind::Mode { mode, .. } => self.mode = *mode,
            EventKind::Status { status, .. } => self.status = *status,
            EventKind::Urgency { urgency, alarm, .. } => {
                self.urgency = *urgency;
                self.alarm = alarm.map_or(self.alarm, |step| step != AlarmStep::Acknowledged);
            }
            EventKind::Message(message) => {
                self.decision.deliveries.extend(outgoing::deliveries(seq, &by, message));
            }
            _ => {}
        }
        self.decision.events.push(Event {
            conversation: self.state.snapshot.id,
            seq,
            guest_prev,
            id: None,
            fingerprint: None,
            at: self.at,
            by,
            kind,
        });
        seq
    }

    /// Adds the event that the author's command becomes; a repeat of the command is answered with it.
    pub(super) fn push_own(&mut self, by: Author, id: ClientId, fingerprint: u64, kind: EventKind) -> Seq {
        let seq = self.push(by, kind);
        if let Some(event) = self.decision.events.last_mut() {
            event.id = Some(id.clone());
            event.fingerprint = Some(fingerprint);
        }
        self.decision.ack = Some(Ack { id, seq });
        seq
    }

    /// If the author's id was used before: the first `ack` again. True if so.
    ///
    /// # Errors
    /// `conflict` when it was used for something else; `unavailable` when nobody asked whether it was used.
    pub(super) fn is_repeat(
        &mut self,
        by: &Author,
        id: &ClientId,
        fingerprint: u64,
    ) -> Result<bool, Refusal> {
        match self.state.receipts.find(&by.key(), id) {
            Known::New => Ok(false),
            Known::Used(receipt) if receipt.fingerprint == fingerprint => {
                self.decision.ack = Some(Ack { id: id.clone(), seq: receipt.seq });
                Ok(true)
            }
            Known::Used(_) => Err(Refusal::new(Code::Conflict, "this id was used for something else")),
            // Whoever decides should have asked the store, see [`Conversation::doubt`].
            Known::Perhaps => Err(Refusal::unavailable()),
        }
    }

    /// The mode as it will be after the events so far.
    pub(super) fn mode(&self) -> Mode {
        self.mode
    }

    /// The status as it will be after the events so far.
    pub(super) fn status(&self) -> Status {
        self.status
    }

    /// Adds a status event where the status is another.
    pub(super) fn set_status(&mut self, by: Author, status: Status, reason: Option<&str>) {
        if self.status != status {
            self.push(by, EventKind::Status { status, until: None, reason: reason.map(str::to_owned) });
        }
    }

    /// Ends a live turn because people go on. What the guest was already shown of it is kept, marked
    /// `partial`; all that was said so far is with them now.
    pub(super) fn cut_turn(&mut self, reason: &str) {
        let Some(turn) = self.state.turn.as_ref() else { return };
        let answer = self.keep_shown(turn);
        self.decision.effects.push(Effect::Cancel(turn.id));
        self.decision.turn = TurnStep::Close;
        self.record(turn, TurnOutcome::Superseded, Some(reason), answer, self.state.last_seq());
    }

    /// Turns what was shown of a turn into a message marked `partial`, and tells what became of the draft.
    pub(super) fn keep_shown(&mut self, turn: &Turn) -> Option<Seq> {
        if turn.shown.trim().is_empty() {
            self.end_draft(turn, Outcome::Dropped, None);
            return None;
        }
        let mut message = self.message(&turn.shown);
        message.partial = true;
        let seq = self.push_ai(turn, message);
        self.end_draft(turn, Outcome::Cut, Some(seq));
        Some(seq)
    }

    /// Writes down that a turn is over, and which messages it has settled.
    pub(super) fn record(
        &mut self,
        turn: &Turn,
        outcome: TurnOutcome,
        reason: Option<&str>,
        answer: Option<Seq>,
        through: Seq,
    ) {
        self.decision.ended.push(EndedTurn {
            turn: turn.id,
            conversation: self.state.id(),
            episode: self.state.snapshot.episode,
            after: turn.after,
            through,
            outcome,
            reason: reason.map(str::to_owned),
            carried: false,
            answer,
            opened_at: turn.opened_at,
            asked_at: turn.asked_at,
            first_word_at: turn.first_word_at,
            ended_at: self.at,
            restarts: turn.restarts,
            recoveries: turn.recoveries,
        });
        self.settled = self.settled.max(through);
    }

    /// Writes down that a turn gave way to the next, which answers its messages as well.
    pub(super) fn carry(&mut self, turn: &Turn, reason: &str) {
        let settled = self.settled;
        self.record(turn, TurnOutcome::Superseded, Some(reason), None, turn.through);
        self.settled = settled;
        if let Some(ended) = self.decision.ended.last_mut() {
            ended.carried = true;
        }
    }

    pub(super) fn end_draft(&mut self, turn: &Turn, outcome: Outcome, seq: Option<Seq>) {
        self.decision.notices.push(Notice::Typing { by: Author::ai(), on: false });
        if !turn.shown.is_empty() {
            self.decision.notices.push(Notice::DraftEnd { turn: turn.id, outcome, seq });
        }
    }

    pub(super) fn message(&self, text: &str) -> Message {
        Message::new(text, self.state.snapshot.channel)
    }

    /// True if the last word is the guest's: somebody owes an answer.
    pub(super) fn guest_spoke_last(&self) -> bool {
        let last = self.state.snapshot.last_message.as_ref();
        last.is_some_and(|last| last.by.kind == AuthorKind::Guest)
    }

    fn wake(&mut self) {
        let due = self.state.snapshot.until.is_some_and(|until| until <= self.at);
        if self.status == Status::Snoozed && due {
            self.set_status(Author::system(), Status::Open, Some("snooze_over"));
        }
    }

    fn turn_news(&mut self, live: &Turn, news: TurnNews) {
        match news {
            TurnNews::Delta(text) => self.turn_delta(live, text),
            TurnNews::Ended(end) => self.turn_ended(live, end),
        }
    }
}

/// A digest of a command's body (FNV-1a, 64 bit): the same on every machine and in every version, since
/// it is stored. It tells an honest repeat from a mistake; nobody gains by forging a repeat of their own.
pub(super) fn fingerprint(parts: &[&str]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for part in parts {
        for byte in part.bytes().chain([0xff]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    hash
}
