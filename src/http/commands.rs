//! Messages and actions over HTTP: the same commands, rules and answers as over the socket.

use axum::Json;
use axum::extract::State;
use frontdesk_domain::conversation::{Act, Command, Say};
use frontdesk_domain::frame::{Action, ClientFrame};
use frontdesk_domain::ids::{ClientId, ConversationId, Seq};
use frontdesk_domain::people::Principal;
use frontdesk_domain::permission;
use frontdesk_domain::refusal::Refusal;
use frontdesk_domain::strict;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::answers::{Refusals, Stored};
use super::extract::{Body, Segment};
use super::state::AppState;
use crate::auth::Caller;
use crate::error::ApiResult;

/// A message or a note.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct NewMessage {
    /// The sender's own id for it: sent again, it is answered again and stored once.
    id: ClientId,
    /// 1 to 4,096 characters.
    text: String,
    /// For staff only.
    #[serde(default)]
    note: Option<bool>,
    /// The message that is answered.
    #[serde(default)]
    reply_to: Option<Seq>,
    /// Uploads that go with it.
    #[serde(default)]
    attachments: Option<Vec<Uuid>>,
    /// Up to three quick replies to choose from (agents only).
    #[serde(default)]
    suggestions: Option<Vec<String>>,
}

/// An action and the sender's own id for it.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct NewAction {
    /// Sent again, it is answered again and done once.
    id: ClientId,
    #[serde(flatten, deserialize_with = "strict::tagged")]
    action: Action,
}

/// Adds a message or a note.
#[utoipa::path(post, path = "/api/conversations/{id}/messages", tag = "conversations",
    params(("id" = ConversationId, Path)), request_body = NewMessage,
    security(("agent" = []), ("guest" = []), ("guest_bearer" = [])),
    responses((status = 201, description = "Stored", body = Stored), Refusals))]
pub(super) async fn say(
    State(state): State<AppState>,
    Caller { who, .. }: Caller,
    Segment(conversation): Segment<ConversationId>,
    Body(NewMessage { id, text, note, reply_to, attachments, suggestions }): Body<NewMessage>,
) -> ApiResult<(StatusCode, Json<Stored>)> {
    theirs(&who, conversation)?;
    // The one gate knows frames; an empty one of this kind stands for ours.
    let frame = ClientFrame::Send {
        id: id.clone(),
        conversation: Some(conversation),
        text: String::new(),
        note,
        reply_to,
        attachments: None,
        suggestions: None,
    };
    permission::check(&who, &frame)?;
    let say = Say {
        by: who.author(),
        id,
        text,
        note: note.unwrap_or(false),
        reply_to,
        suggestions: suggestions.unwrap_or_default(),
        attachments: attachments.unwrap_or_default(),
        files: Vec::new(),
    };
    let ack = state.hub.perform(&who, conversation, Command::Say(say)).await?;
    Ok((StatusCode::CREATED, Json(ack.into())))
}

/// Does something to a conversation.
#[utoipa::path(post, path = "/api/conversations/{id}/actions", tag = "conversations",
    params(("id" = ConversationId, Path)), request_body = NewAction, security(("agent" = [])),
    responses((status = 200, description = "Stored", body = Stored), Refusals))]
pub(super) async fn act(
    State(state): State<AppState>,
    Caller { who, .. }: Caller,
    Segment(conversation): Segment<ConversationId>,
    Body(NewAction { id, action }): Body<NewAction>,
) -> ApiResult<Json<Stored>> {
    let frame = ClientFrame::Act { id: id.clone(), conversation: Some(conversation), action: action.clone() };
    permission::check(&who, &frame)?;
    let act = Act { by: who.author(), id, action, assignee: None };
    let ack = state.hub.perform(&who, conversation, Command::Act(act)).await?;
    Ok(Json(ack.into()))
}

/// A guest has one conversation; an agent's are looked up where the command is performed.
fn theirs(who: &Principal, id: ConversationId) -> Result<(), Refusal> {
    match who {
        Principal::Guest { conversation, .. } if *conversation != id => Err(Refusal::not_found()),
        _ => Ok(()),
    }
}
