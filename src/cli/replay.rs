//! `frontdesk replay`: reads the database; the server may be running.

use std::path::Path;
use std::process::ExitCode;

use anyhow::bail;
use frontdesk_domain::ids::ConversationId;

use super::{database, offline};
use crate::replay;

/// Prints a conversation as it happened.
pub(super) fn run(conversation: &str, brief: bool, json: bool, file: Option<&Path>) -> ExitCode {
    let Ok(id) = conversation.parse::<ConversationId>() else {
        return offline::failed(&"a conversation is named by its id, a UUID", ExitCode::FAILURE);
    };
    offline::run(file, async |_, of| {
        let Some(found) = database::replay(of, id).await? else { bail!("no such conversation: {id}") };
        Ok::<_, anyhow::Error>(if json {
            serde_json::to_string_pretty(&found)?
        } else {
            replay::text(&found, !brief)
        })
    })
}
