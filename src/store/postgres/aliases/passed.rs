//! Numbers that passed from one guest to another, of which staff are to be told.

use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};

use frontdesk_actors::ports::{PassedNumber, StoreError};
use frontdesk_domain::ids::{ConversationId, GuestId};
use frontdesk_domain::inbound::{Alias, AliasKind};
use frontdesk_domain::timestamp::Timestamp;

use crate::store::known;

use super::super::fault::Fault;
use super::super::{PostgresStore, rows};

const ADD: &str = "
    INSERT INTO passed_numbers (kind, value, passed_at, former, present)
    SELECT $1, $2, $3, $4, id FROM conversations WHERE guest = $5 AND channel = 'whatsapp'
        ON CONFLICT DO NOTHING";
const ALL: &str = "SELECT kind, value, passed_at, former, present FROM passed_numbers LIMIT $1";
const REMOVE: &str = "
    DELETE FROM passed_numbers
     WHERE kind = $1 AND value = $2 AND passed_at = $3 AND former = $4 AND present = $5";

/// Keeps those of the taken names of which staff are told, within the caller's transaction.
pub(super) async fn add(
    conn: &mut PgConnection,
    taken: &[(Alias, ConversationId)],
    by: GuestId,
    at: Timestamp,
) -> Result<(), Fault> {
    for (alias, former) in known::to_be_told(taken) {
        sqlx::query(ADD)
            .bind(rows::alias_kind(alias.kind))
            .bind(&alias.value)
            .bind(at.0)
            .bind(former.0)
            .bind(by.0)
            .execute(&mut *conn)
            .await?;
    }
    Ok(())
}

/// Those that are kept, at most `limit`.
pub(in super::super) async fn all(
    store: &PostgresStore,
    limit: u32,
) -> Result<Vec<PassedNumber>, StoreError> {
    let found = sqlx::query(ALL).bind(i64::from(limit)).fetch_all(&store.readers).await;
    let decode = |row: &PgRow| {
        let kind: &str = row.try_get("kind")?;
        let kind = if kind == "phone" { AliasKind::Phone } else { AliasKind::WaId };
        Ok(PassedNumber {
            alias: Alias { kind, value: row.try_get("value")? },
            at: rows::time_at(row, "passed_at")?,
            former: ConversationId(row.try_get("former")?),
            present: ConversationId(row.try_get("present")?),
        })
    };
    let found = found.map_err(Fault::from)?;
    Ok(found.iter().map(decode).collect::<Result<_, sqlx::Error>>().map_err(Fault::from)?)
}

/// Staff are told of this one.
pub(in super::super) async fn remove(store: &PostgresStore, number: PassedNumber) -> Result<(), StoreError> {
    let write = store.write(move |conn| {
        Box::pin(async move {
            sqlx::query(REMOVE)
                .bind(rows::alias_kind(number.alias.kind))
                .bind(&number.alias.value)
                .bind(number.at.0)
                .bind(number.former.0)
                .bind(number.present.0)
                .execute(conn)
                .await?;
            Ok(())
        })
    });
    Ok(write.await?)
}
