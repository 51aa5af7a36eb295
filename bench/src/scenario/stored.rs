//! A database that is full before the server starts, and agents who open some of it.

use std::path::PathBuf;

use anyhow::Context;
use frontdesk_domain::ids::ConversationId;
use tempfile::TempDir;

use super::{run_name, seat};
use crate::load::frontdesk::{Frontdesk, Guest};
use crate::load::{Hall, Protocol, Seat};
use crate::start::fill;
use crate::target::{Target, Which};

/// Such a database, in a folder of its own.
pub struct Stored {
    folder: TempDir,
    /// The conversations, oldest first.
    pub conversations: Vec<ConversationId>,
}

impl Stored {
    /// Fills one with conversations of so many events each.
    ///
    /// # Errors
    /// There is no room for it, or no server that makes it.
    pub async fn make(which: &Which, conversations: u64, each: u64) -> anyhow::Result<Self> {
        let folder = which.folder()?;
        let mut stored = Self { folder, conversations: Vec::new() };
        // The schema, the property and the first admin are the server's to make.
        stored.open(which).await?.close().await?;
        let database = stored.data().join("frontdesk.db");
        let filled = fill::fill(&database, conversations, each).await;
        stored.conversations = filled.context("the database could not be filled")?;
        Ok(stored)
    }

    /// A server over it.
    ///
    /// # Errors
    /// It does not start.
    pub async fn open(&self, which: &Which) -> anyhow::Result<Target> {
        let data = self.data();
        std::fs::create_dir_all(&data)?;
        Target::over(which, &data).await
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Agents at their places; a room is one of `rooms`, counted from 0.
    ///
    /// # Errors
    /// Somebody is turned away.
    pub async fn seat(
        target: &Target,
        rooms: &[ConversationId],
        seats: Vec<Seat>,
    ) -> anyhow::Result<Hall<Box<dyn Protocol>>> {
        let guest = |id: &ConversationId| Guest { token: String::new(), conversation: id.to_string() };
        let token = target.agent().await?;
        let protocol = Frontdesk::new(rooms.iter().map(guest).collect(), token, &run_name(), 60);
        seat(target, Box::new(protocol), seats)
    }
}
