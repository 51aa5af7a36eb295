//! Who may send which frame and do which action: the one gate for all of them.

use crate::frame::{Action, ClientFrame};
use crate::people::{Principal, Role};
use crate::refusal::Refusal;

/// Refuses a frame that this principal may not send.
///
/// # Errors
/// `forbidden`.
pub fn check(principal: &Principal, frame: &ClientFrame) -> Result<(), Refusal> {
    let allowed = match (principal, frame) {
        // Anyone: a connection's own affairs.
        (_, ClientFrame::Hello { .. } | ClientFrame::Read { .. } | ClientFrame::Ping) => true,
        (Principal::Guest { .. }, ClientFrame::Typing { .. }) => true,
        (Principal::Guest { .. }, ClientFrame::Send { note, .. }) => !note.unwrap_or(false),
        (Principal::Guest { .. }, ClientFrame::Act { action, .. }) => matches!(action, Action::Rate { .. }),
        (Principal::Guest { .. }, ClientFrame::Open { .. } | ClientFrame::Leave { .. }) => false,
        (Principal::Agent { .. }, ClientFrame::Open { .. } | ClientFrame::Leave { .. }) => true,
        (Principal::Agent { role, .. }, ClientFrame::Send { .. } | ClientFrame::Typing { .. }) => {
            *role >= Role::Agent
        }
        (Principal::Agent { role, .. }, ClientFrame::Act { action, .. }) => {
            *role >= Role::Agent && !matches!(action, Action::Rate { .. })
        }
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
