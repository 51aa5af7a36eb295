//! Who may send which frame and do which action: the one gate for all of them, over the socket and over HTTP.
//!
//! Every frame and every action has its row here: one that is added without does not compile.

use crate::frame::{Action, ClientFrame};
use crate::people::{Principal, Role};
use crate::refusal::Refusal;

/// Who may send a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Who {
    /// Guests, for their own conversation.
    pub guest: bool,
    /// Staff of this role or a higher one, for the conversations of their property.
    pub staff: Option<Role>,
}

/// Guests and staff alike.
const EVERYBODY: Who = Who { guest: true, staff: Some(Role::Viewer) };
/// Guests, and staff but viewers.
const WRITERS: Who = Who { guest: true, staff: Some(Role::Agent) };
/// Staff.
const STAFF: Who = Who { guest: false, staff: Some(Role::Viewer) };
/// Staff but viewers.
const AGENTS: Who = Who { guest: false, staff: Some(Role::Agent) };
/// Guests alone.
const GUESTS: Who = Who { guest: true, staff: None };

/// Who may send this frame.
pub fn frame(frame: &ClientFrame) -> Who {
    match frame {
        // A connection's own affairs.
        ClientFrame::Hello { .. } | ClientFrame::Read { .. } | ClientFrame::Ping => EVERYBODY,
        ClientFrame::Open { .. } | ClientFrame::Leave { .. } => STAFF,
        ClientFrame::Send { note: Some(true), .. } => AGENTS,
        ClientFrame::Send { .. } | ClientFrame::Typing { .. } => WRITERS,
        ClientFrame::Act { action: done, .. } => action(done),
    }
}

/// Who may do this.
pub fn action(action: &Action) -> Who {
    match action {
        Action::TakeOver
        | Action::HandBack
        | Action::Assign { .. }
        | Action::Acknowledge
        | Action::Close
        | Action::Reopen
        | Action::Snooze { .. }
        | Action::Tag { .. }
        | Action::Profile { .. }
        | Action::Template { .. }
        | Action::Request { .. } => AGENTS,
        Action::Rate { .. } => GUESTS,
    }
}

/// Refuses a frame that this principal may not send.
///
/// # Errors
/// `forbidden`.
pub fn check(principal: &Principal, sent: &ClientFrame) -> Result<(), Refusal> {
    let who = frame(sent);
    let allowed = match principal {
        Principal::Guest { .. } => who.guest,
        Principal::Agent { role, .. } => who.staff.is_some_and(|least| *role >= least),
    };
    if allowed { Ok(()) } else { Err(Refusal::forbidden()) }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::frame::parse;
    use crate::ids::{AgentId, ConversationId, GuestId, PropertyId};
    use crate::people::AgentRef;

    fn guest() -> Principal {
        Principal::Guest {
            property: PropertyId(Uuid::nil()),
            id: GuestId(Uuid::nil()),
            conversation: ConversationId(Uuid::nil()),
            name: None,
        }
    }

    fn agent(role: Role) -> Principal {
        Principal::Agent {
            property: PropertyId(Uuid::nil()),
            agent: AgentRef { id: AgentId(Uuid::nil()), name: "Mia".into() },
            role,
        }
    }

    #[test]
    fn the_whole_table() {
        let c = r#""conversation":"01890a5d-ac96-774b-bcce-b302099a8057""#;
        // frame, guest, viewer, agent
        let table = [
            (r#"{"type":"ping"}"#.to_owned(), true, true, true),
            (r#"{"type":"read","seq":1}"#.to_owned(), true, true, true),
            (format!(r#"{{"type":"open",{c}}}"#), false, true, true),
            (format!(r#"{{"type":"leave",{c}}}"#), false, true, true),
            (format!(r#"{{"type":"send","id":"a","text":"x",{c}}}"#), true, false, true),
            (format!(r#"{{"type":"send","id":"a","text":"x","note":true,{c}}}"#), false, false, true),
            (format!(r#"{{"type":"typing","on":true,{c}}}"#), true, false, true),
            (format!(r#"{{"type":"act","id":"a","action":"rate","stars":5,{c}}}"#), true, false, false),
            (format!(r#"{{"type":"act","id":"a","action":"take_over",{c}}}"#), false, false, true),
            (format!(r#"{{"type":"act","id":"a","action":"hand_back",{c}}}"#), false, false, true),
            (format!(r#"{{"type":"act","id":"a","action":"assign","agent":null,{c}}}"#), false, false, true),
            (format!(r#"{{"type":"act","id":"a","action":"close",{c}}}"#), false, false, true),
            (format!(r#"{{"type":"act","id":"a","action":"reopen",{c}}}"#), false, false, true),
            (
                format!(r#"{{"type":"act","id":"a","action":"snooze","until":"2030-01-01T00:00:00Z",{c}}}"#),
                false,
                false,
                true,
            ),
            (format!(r#"{{"type":"act","id":"a","action":"tag","add":["x"],{c}}}"#), false, false, true),
            (
                format!(
                    r#"{{"type":"act","id":"a","action":"request","request":"01890a5d-ac96-774b-bcce-b302099a8057","state":"done",{c}}}"#
                ),
                false,
                false,
                true,
            ),
            (format!(r#"{{"type":"act","id":"a","action":"profile","guest":{{}},{c}}}"#), false, false, true),
        ];
        for (text, by_guest, by_viewer, by_agent) in table {
            let frame = parse(&text).expect(&text);
            assert_eq!(check(&guest(), &frame).is_ok(), by_guest, "guest: {text}");
            assert_eq!(check(&agent(Role::Viewer), &frame).is_ok(), by_viewer, "viewer: {text}");
            for role in [Role::Agent, Role::Supervisor, Role::Admin] {
                assert_eq!(check(&agent(role), &frame).is_ok(), by_agent, "{role:?}: {text}");
            }
        }
    }
}
