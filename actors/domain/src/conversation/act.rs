//! What happens when somebody does something.
//!
//! Every accepted action becomes exactly one event that carries its id, even where nothing changes: the
//! event is what a repeat is answered with.

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::event::{AlarmStep, EventKind, Mode, Request, RequestState, Status};
use crate::frame::Action;
use crate::ids::ClientId;
use crate::people::{Author, AuthorKind, GuestProfile};
use crate::refusal::{Code, Refusal};
use crate::text::check_short;
use crate::timestamp::Timestamp;

use super::command::Act;
use super::decide::{Draft, fingerprint};
use super::decision::Effect;
use super::{COMMENT_MAX_CHARS, SNOOZE_MAX_MILLIS, TAG_MAX_CHARS, TAGS_MAX};

/// Whose command it is, by which id, with which digest of its body.
struct Own {
    by: Author,
    id: ClientId,
    digest: u64,
}

impl Draft<'_> {
    pub(super) fn act(&mut self, act: Act) -> Result<(), Refusal> {
        let body = serde_json::to_string(&act.action).unwrap_or_default();
        let own = Own { by: act.by, id: act.id, digest: fingerprint(&["act", &body]) };
        if self.is_repeat(&own.by, &own.id, own.digest)? {
            return Ok(());
        }
        match act.action {
            Action::TakeOver => self.act_take_over(own),
            Action::HandBack => self.act_hand_back(own),
            Action::Assign { agent } => {
                if agent.is_some() && act.assignee.is_none() {
                    return Err(Refusal::new(Code::NotFound, "no such agent"));
                }
                self.own(own, EventKind::Assigned { agent: act.assignee });
            }
            Action::Acknowledge => self.act_acknowledge(own),
            Action::Close => self.act_close(own),
            Action::Reopen => self.own_status(own, Status::Open, None),
            Action::Snooze { until } => self.act_snooze(own, until)?,
            Action::Tag { add, remove } => self.act_tag(own, &add, &remove)?,
            Action::Profile { guest } => self.act_profile(own, &guest)?,
            action @ Action::Template { .. } => self.act_template(own.by, own.id, own.digest, action)?,
            Action::Request { request, state } => self.act_request(own, request, state)?,
            Action::Rate { stars, comment } => self.act_rate(own, stars, comment)?,
        }
        Ok(())
    }

    fn own(&mut self, own: Own, kind: EventKind) {
        self.push_own(own.by, own.id, own.digest, kind);
    }

    fn own_status(&mut self, own: Own, status: Status, until: Option<Timestamp>) {
        self.own(own, EventKind::Status { status, until, reason: None });
    }

    fn act_take_over(&mut self, own: Own) {
        // A guest whom the AI was still answering now waits for a human.
        let owed = self.mode() == Mode::Ai && self.guest_spoke_last();
        if self.status() == Status::Closed || self.status() == Status::Snoozed {
            self.set_status(own.by.clone(), Status::Open, None);
        }
        self.take_over(&own.by, Some((own.id, own.digest)));
        self.quell_alarm(&own.by);
        if owed {
            self.set_status(Author::system(), Status::Waiting, Some("take_over"));
        }
    }

    fn act_acknowledge(&mut self, own: Own) {
        let kind = EventKind::Urgency {
            urgency: self.urgency,
            reason: "acknowledged".to_owned(),
            alarm: Some(AlarmStep::Acknowledged),
        };
        self.own(own, kind);
    }

    fn act_hand_back(&mut self, own: Own) {
        let was_human = self.mode() == Mode::Human;
        // Who was promised a person and got none is owed an answer, though the last word was the AI's.
        let owed = self.guest_spoke_last() || self.status() == Status::Waiting;
        let kind = EventKind::Mode { mode: Mode::Ai, reason: Some("hand_back".to_owned()) };
        self.own(own, kind);
        if self.status() == Status::Waiting {
            self.set_status(Author::system(), Status::Open, Some("hand_back"));
        }
        if was_human && owed && self.status() == Status::Open {
            self.open_turn(0);
        }
    }

    fn act_close(&mut self, own: Own) {
        self.cut_turn("closed");
        let by = own.by.clone();
        self.own_status(own, Status::Closed, None);
        self.end_urgency(&by);
    }

    fn act_snooze(&mut self, own: Own, until: Timestamp) -> Result<(), Refusal> {
        if until <= self.at || until.0 - self.at.0 > SNOOZE_MAX_MILLIS {
            return Err(Refusal::new(Code::BadFrame, "until must be in the future, within a year"));
        }
        self.own_status(own, Status::Snoozed, Some(until));
        self.decision.effects.push(Effect::WakeAt(until));
        Ok(())
    }

    fn act_tag(&mut self, own: Own, add: &[String], remove: &[String]) -> Result<(), Refusal> {
        let clean = |tag: &String| tag.trim().to_lowercase();
        let mut tags: BTreeSet<String> = self.state.snapshot.tags.iter().cloned().collect();
        for tag in remove.iter().take(TAGS_MAX).map(clean) {
            tags.remove(&tag);
        }
        for tag in add.iter().map(clean) {
            check_short("tag", &tag, TAG_MAX_CHARS)?;
            if tag.is_empty() {
                return Err(Refusal::new(Code::BadText, "tag is empty"));
            }
            tags.insert(tag);
            if tags.len() > TAGS_MAX {
                return Err(Refusal::new(Code::BadFrame, format!("more than {TAGS_MAX} tags")));
            }
        }
        self.own(own, EventKind::Tags { tags: tags.into_iter().collect() });
        Ok(())
    }

    fn act_profile(&mut self, own: Own, patch: &GuestProfile) -> Result<(), Refusal> {
        patch.check()?;
        let guest = self.state.snapshot.guest.patched(patch);
        self.own(own, EventKind::Profile { guest });
        Ok(())
    }

    /// A colleague says how far a request got. Once none is left that nobody has taken, nobody waits for that.
    fn act_request(&mut self, own: Own, id: Uuid, state: RequestState) -> Result<(), Refusal> {
        let known = &self.state.snapshot.requests;
        let Some(request) = known.iter().find(|request| request.id == id) else {
            return Err(Refusal::new(Code::NotFound, "no such request"));
        };
        let request = Request { state, ..request.clone() };
        let is_open = |other: &Request| other.state == RequestState::Open;
        let open = is_open(&request) || known.iter().any(|other| other.id != id && is_open(other));
        self.own(own, EventKind::Request { request });
        if !open && self.mode() == Mode::Ai && self.status() == Status::Waiting {
            self.set_status(Author::system(), Status::Open, Some("request"));
        }
        Ok(())
    }

    fn act_rate(&mut self, own: Own, stars: u8, comment: Option<String>) -> Result<(), Refusal> {
        if own.by.kind != AuthorKind::Guest {
            return Err(Refusal::forbidden());
        }
        if !(1..=5).contains(&stars) {
            return Err(Refusal::new(Code::BadFrame, "stars must be 1 to 5"));
        }
        if let Some(comment) = &comment {
            if comment.chars().count() > COMMENT_MAX_CHARS {
                return Err(Refusal::new(Code::BadText, "comment is too long"));
            }
            if !comment.trim().is_empty() {
                crate::text::check_text(comment)?;
            }
        }
        let comment = comment.filter(|comment| !comment.trim().is_empty());
        self.own(own, EventKind::Rating { stars, comment });
        Ok(())
    }
}
