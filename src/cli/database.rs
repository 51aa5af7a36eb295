//! What commands read of a database whose server may be running.

use anyhow::{Context, bail};
use serde_json::Value;

use frontdesk_domain::ids::{ConversationId, GuestId};

use crate::config::DatabaseUrl;
use crate::store::audit::{AuditEntry, AuditError, Chain};
use crate::store::logins::Digest;
use crate::store::records::Replay;
use crate::store::rehearsal::Recorded;
use crate::store::{postgres, sqlite};

/// See [`sqlite::verify_audit`].
pub(super) async fn verify_audit(
    database: &DatabaseUrl,
    noted: Option<(i64, Digest)>,
) -> Result<Chain, AuditError> {
    match database {
        DatabaseUrl::Sqlite(path) => sqlite::verify_audit(path, noted).await,
        DatabaseUrl::Postgres(url) => postgres::verify_audit(url, noted).await,
    }
}

/// See [`sqlite::newest_audit`].
pub(super) async fn newest_audit(database: &DatabaseUrl, count: u32) -> Result<Vec<AuditEntry>, AuditError> {
    match database {
        DatabaseUrl::Sqlite(path) => sqlite::newest_audit(path, count).await,
        DatabaseUrl::Postgres(url) => postgres::newest_audit(url, count).await,
    }
}

/// See [`sqlite::export_from`].
pub(super) async fn export(database: &DatabaseUrl, guest: GuestId) -> anyhow::Result<Option<Value>> {
    Ok(match database {
        DatabaseUrl::Sqlite(path) => sqlite::export_from(path, guest).await?,
        DatabaseUrl::Postgres(url) => postgres::export_from(url, guest).await?,
    })
}

/// See [`sqlite::replay_file`].
pub(super) async fn replay(
    database: &DatabaseUrl,
    conversation: ConversationId,
) -> anyhow::Result<Option<Replay>> {
    is_there(database)?;
    Ok(match database {
        DatabaseUrl::Sqlite(path) => sqlite::replay_file(path, conversation).await?,
        DatabaseUrl::Postgres(url) => postgres::replay_from(url, conversation).await?,
    })
}

/// See [`sqlite::recorded_file`].
pub(super) async fn recorded(database: &DatabaseUrl, turns: u32) -> anyhow::Result<Recorded> {
    is_there(database)?;
    match database {
        DatabaseUrl::Sqlite(path) => {
            let found = sqlite::recorded_file(path, turns).await;
            found.with_context(|| format!("the database {}", path.display()))
        }
        DatabaseUrl::Postgres(url) => {
            let found = postgres::recorded_from(url, turns).await;
            found.context("the database of DATABASE_URL")
        }
    }
}

fn is_there(database: &DatabaseUrl) -> anyhow::Result<()> {
    match database {
        DatabaseUrl::Sqlite(path) if !path.exists() => bail!("there is no database {}", path.display()),
        _ => Ok(()),
    }
}
