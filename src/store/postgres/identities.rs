//! Who somebody is at the provider of single sign-on.

use async_trait::async_trait;

use frontdesk_actors::ports::StoreError;

use super::fault::Fault;
use crate::store::identities::Identities;
use crate::store::{Account, WriteError};

use super::accounts::{self, BY_IDENTITY};
use super::{PostgresStore, rows};

const ADD: &str = "INSERT INTO identities (issuer, subject, agent, created_at) VALUES ($1, $2, $3, $4)";

#[async_trait]
impl Identities for PostgresStore {
    async fn identity(&self, issuer: &str, subject: &str) -> Result<Option<Account>, StoreError> {
        let query = sqlx::query_as(BY_IDENTITY).bind(issuer).bind(rows::plain(subject));
        Ok(query.fetch_optional(&self.readers).await.map_err(Fault::from)?)
    }

    async fn add_identity(&self, issuer: &str, subject: &str, account: Account) -> Result<(), WriteError> {
        let (issuer, subject) = (issuer.to_owned(), subject.to_owned());
        let write = self.write(move |conn| {
            Box::pin(async move {
                accounts::insert(&mut *conn, &account).await?;
                sqlx::query(ADD)
                    .bind(issuer)
                    .bind(rows::plain(&subject))
                    .bind(account.id.0)
                    .bind(account.created_at.0)
                    .execute(conn)
                    .await?;
                Ok(())
            })
        });
        Ok(write.await?)
    }
}
