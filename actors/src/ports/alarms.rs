//! To whom alarms go that nobody acknowledges.

use std::sync::Arc;
use std::time::Duration;

use frontdesk_domain::conversation::Page;
use frontdesk_domain::ids::{ConversationId, PropertyId};

/// Tells somebody outside of an alarm that nobody acknowledges.
pub trait Pager: Send + Sync + 'static {
    /// Sends it on its way, without waiting: repeats and time-outs are its own affair.
    fn page(&self, property: PropertyId, conversation: ConversationId, page: &Page);
}

/// One rung of the ladder by which alarms are passed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rung {
    /// How long after the alarm was raised.
    pub after: Duration,
    /// To whom, by a name of the operator's.
    pub to: String,
}

/// To whom alarms go that nobody acknowledges.
#[derive(Clone, Default)]
pub struct Ladder {
    /// The rungs, the first one first.
    pub rungs: Vec<Rung>,
    /// Who carries the word; none: the rungs are told in the conversation only.
    pub pager: Option<Arc<dyn Pager>>,
}
