//! The store on a real server: the one that `FRONTDESK_TEST_DATABASE` names, see `.ci/postgres`.

mod copies;
mod opening;
mod order;
mod owners;
mod races;
mod tables;
mod writing;

use std::str::FromStr;

use secrecy::SecretString;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, PgConnection};
use uuid::Uuid;

use super::PostgresStore;
use crate::store::tests::Place;

/// A database of one's own.
pub(in crate::store) struct Fresh {
    options: PgConnectOptions,
}

impl Fresh {
    fn url(&self) -> SecretString {
        self.options.to_url_lossy().to_string().into()
    }

    /// Somebody else who is connected to it.
    async fn other(&self) -> PgConnection {
        self.options.connect().await.expect("connects")
    }
}

impl Place for Fresh {
    type Store = PostgresStore;

    async fn new() -> Self {
        let server = std::env::var("FRONTDESK_TEST_DATABASE").expect("run by .ci/postgres");
        let options = PgConnectOptions::from_str(&server).expect("a URL");
        let name = format!("store_{}", Uuid::now_v7().simple());
        let make = AssertSqlSafe(format!("CREATE DATABASE {name}"));
        let mut conn = options.connect().await.expect("connects");
        sqlx::query(make).execute(&mut conn).await.expect("made");
        Self { options: options.database(&name) }
    }

    async fn open(&self) -> PostgresStore {
        PostgresStore::open(&self.url()).await.expect("opens")
    }

    async fn close(store: &PostgresStore) {
        store.close().await;
    }
}
