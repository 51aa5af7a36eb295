//! Either database, opened.

use std::sync::Arc;

use frontdesk_actors::ports::whatsapp::Deliveries;
use frontdesk_domain::letter::NodeId;

use crate::config::DatabaseUrl;

use super::Database;
use super::postgres::{self, PostgresStore};
use super::sqlite::{self, SqliteStore};

/// Why it was not opened. Each says in one line what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file.
    #[error(transparent)]
    Sqlite(#[from] sqlite::OpenError),
    /// The server.
    #[error(transparent)]
    Postgres(#[from] postgres::OpenError),
}

impl OpenError {
    /// A newer version made it: this one cannot open it, however often it is tried.
    pub fn is_of_a_newer_version(&self) -> bool {
        matches!(
            self,
            Self::Sqlite(sqlite::OpenError::Newer { .. }) | Self::Postgres(postgres::OpenError::Newer { .. })
        )
    }
}

/// The database that the settings name, which nobody else writes to as long as this is not closed. Cheap to clone.
#[derive(Clone, Debug)]
pub enum Opened {
    /// A file.
    Sqlite(Arc<SqliteStore>),
    /// A server.
    Postgres(Arc<PostgresStore>),
}

impl Opened {
    /// Opens it, made if there is none, and brings it to this version's schema. To be called within a tokio runtime,
    /// on which its writer then runs.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn open(url: &DatabaseUrl) -> Result<Self, OpenError> {
        Self::open_as(url, None).await
    }

    /// The same as one of several processes that share a server's database, with this name.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn open_as(url: &DatabaseUrl, node: Option<NodeId>) -> Result<Self, OpenError> {
        Ok(match url {
            DatabaseUrl::Sqlite(path) => Self::Sqlite(Arc::new(SqliteStore::open(path).await?)),
            DatabaseUrl::Postgres(url) => Self::Postgres(Arc::new(PostgresStore::open_as(url, node).await?)),
        })
    }

    /// As everybody works with it.
    pub fn database(&self) -> Arc<dyn Database> {
        match self {
            Self::Sqlite(store) => Arc::clone(store) as _,
            Self::Postgres(store) => Arc::clone(store) as _,
        }
    }

    /// What goes out over WhatsApp.
    pub fn deliveries(&self) -> Arc<dyn Deliveries> {
        match self {
            Self::Sqlite(store) => Arc::clone(store) as _,
            Self::Postgres(store) => Arc::clone(store) as _,
        }
    }

    /// Writes what is queued and lets go of it. What is asked for afterwards is refused as unavailable.
    pub async fn close(&self) {
        match self {
            Self::Sqlite(store) => store.close().await,
            Self::Postgres(store) => store.close().await,
        }
    }
}
