//! Numbers that passed from one guest to another, of which staff are to be told.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use frontdesk_actors::ports::{PassedNumber, StoreError};
use frontdesk_domain::ids::{ConversationId, GuestId};
use frontdesk_domain::inbound::{Alias, AliasKind};
use frontdesk_domain::timestamp::Timestamp;

use crate::store::known;

use super::super::fault::Fault;
use super::super::{SqliteStore, rows};

const ADD: &str = "
    INSERT INTO passed_numbers (kind, value, passed_at, former, present)
    SELECT ?1, ?2, ?3, ?4, id FROM conversations WHERE guest = ?5 AND channel = 'whatsapp'
        ON CONFLICT DO NOTHING";
const ALL: &str = "SELECT kind, value, passed_at, former, present FROM passed_numbers LIMIT ?1";
const REMOVE: &str = "
    DELETE FROM passed_numbers
     WHERE kind = ?1 AND value = ?2 AND passed_at = ?3 AND former = ?4 AND present = ?5";

/// Keeps those of the taken names of which staff are told, within the caller's transaction.
pub(super) async fn add(
    conn: &mut SqliteConnection,
    taken: &[(Alias, ConversationId)],
    by: GuestId,
    at: Timestamp,
) -> Result<(), Fault> {
    for (alias, former) in known::to_be_told(taken) {
        sqlx::query(ADD)
            .bind(rows::alias_kind(alias.kind))
            .bind(&alias.value)
            .bind(at.0)
            .bind(rows::key(&former.0))
            .bind(rows::key(&by.0))
            .execute(&mut *conn)
            .await?;
    }
    Ok(())
}

/// Those that are kept, at most `limit`.
pub(in super::super) async fn all(store: &SqliteStore, limit: u32) -> Result<Vec<PassedNumber>, StoreError> {
    let found = sqlx::query(ALL).bind(limit).fetch_all(&store.readers).await.map_err(Fault::from)?;
    let decode = |row: &SqliteRow| {
        let kind: &str = row.try_get("kind")?;
        let kind = if kind == "phone" { AliasKind::Phone } else { AliasKind::WaId };
        Ok(PassedNumber {
            alias: Alias { kind, value: row.try_get("value")? },
            at: rows::time_at(row, "passed_at")?,
            former: ConversationId(rows::id_at(row, "former")?),
            present: ConversationId(rows::id_at(row, "present")?),
        })
    };
    Ok(found.iter().map(decode).collect::<Result<_, sqlx::Error>>().map_err(Fault::from)?)
}

/// Staff are told of this one.
pub(in super::super) async fn remove(store: &SqliteStore, number: PassedNumber) -> Result<(), StoreError> {
    let write = store.write(move |conn| {
        Box::pin(async move {
            sqlx::query(REMOVE)
                .bind(rows::alias_kind(number.alias.kind))
                .bind(&number.alias.value)
                .bind(number.at.0)
                .bind(rows::key(&number.former.0))
                .bind(rows::key(&number.present.0))
                .execute(conn)
                .await?;
            Ok(())
        })
    });
    Ok(write.await?)
}
