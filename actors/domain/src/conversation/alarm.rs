//! Alarms: an emergency is told by the guest's own words, whatever the mode and whatever the model does.

use serde::{Deserialize, Serialize};

use crate::event::{AlarmStep, EventKind, Urgency};
use crate::people::Author;
use crate::timestamp::Timestamp;

use super::decide::Draft;
use super::decision::{Effect, Page};

/// An alarm that nobody has acknowledged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Alarm {
    /// When it was raised.
    pub since: Timestamp,
    /// Why, as a short code.
    pub reason: String,
    /// How often it was passed on since.
    pub rung: u32,
}

impl Draft<'_> {
    /// Raises the alarm, unless it is ringing already.
    pub(super) fn raise_alarm(&mut self, reason: &str) {
        if !self.alarm {
            self.push_alarm(Author::system(), Urgency::Urgent, reason, AlarmStep::Raised);
            self.decision.effects.push(Effect::Alarm(self.at));
        }
    }

    /// An agent sees to it.
    pub(super) fn quell_alarm(&mut self, by: &Author) {
        if self.alarm {
            self.push_alarm(by.clone(), Urgency::Urgent, "acknowledged", AlarmStep::Acknowledged);
        }
    }

    /// Nothing is urgent about what is done.
    pub(super) fn end_urgency(&mut self, by: &Author) {
        if self.urgency == Urgency::Urgent {
            self.push_alarm(by.clone(), Urgency::Normal, "closed", AlarmStep::Acknowledged);
        }
    }

    /// Nobody has acknowledged the alarm in time: it is passed on to the next.
    pub(super) fn escalate(&mut self, since: Timestamp, rung: u32, to: &str) {
        let Some(alarm) = self.state.snapshot.alarm.as_ref() else { return };
        if alarm.since == since && rung > alarm.rung {
            let page = Page { since, rung, to: to.to_owned(), reason: alarm.reason.clone() };
            self.push_alarm(
                Author::system(),
                Urgency::Urgent,
                &format!("escalated:{to}"),
                AlarmStep::Escalated,
            );
            self.decision.effects.push(Effect::Page(page));
        }
    }

    fn push_alarm(&mut self, by: Author, urgency: Urgency, reason: &str, step: AlarmStep) {
        self.push(by, EventKind::Urgency { urgency, reason: reason.to_owned(), alarm: Some(step) });
    }
}
