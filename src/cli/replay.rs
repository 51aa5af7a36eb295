//! `frontdesk replay`: reads the database file; the server may be running.

use std::path::Path;
use std::process::ExitCode;

use anyhow::bail;
use frontdesk_domain::ids::ConversationId;

use super::offline;
use crate::replay;
use crate::store::sqlite::replay_file;

/// Prints a conversation as it happened.
pub(super) fn run(conversation: &str, brief: bool, json: bool, file: Option<&Path>) -> ExitCode {
    let Ok(id) = conversation.parse::<ConversationId>() else {
        return offline::failed(&"a conversation is named by its id, a UUID", ExitCode::FAILURE);
    };
    offline::run(file, async |_, database| {
        if !database.exists() {
            bail!("there is no database {}", database.display());
        }
        let Some(found) = replay_file(database, id).await? else { bail!("no such conversation: {id}") };
        Ok::<_, anyhow::Error>(if json {
            serde_json::to_string_pretty(&found)?
        } else {
            replay::text(&found, !brief)
        })
    })
}
