//! Writes that come at once, each on a connection of its own, as from several servers.

use futures_util::future::BoxFuture;
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use frontdesk_domain::ids::{ConversationId, GuestId};
use frontdesk_domain::people::{GuestProfile, Role};
use frontdesk_domain::timestamp::Timestamp;

use super::super::fault::Fault;
use super::super::{access, accounts, audit, logins, verified};
use super::{Fresh, Place};
use crate::store::access::{Access, Invitation};
use crate::store::tests::accounts::account;
use crate::store::tests::audit::deed;
use crate::store::tests::{hotel, session};
use crate::store::verified::{Admitted, Named};
use crate::store::{Account, Accounts, GuestRow, Logins};

/// How often each is tried: that two meet is chance.
const ROUNDS: usize = 12;

/// Runs a write of each of two in transactions that overlap: both have begun before one is committed.
async fn at_once<T, F>(place: &Fresh, writes: [F; 2]) -> [Result<T, Fault>; 2]
where
    F: for<'c> FnOnce(&'c mut PgConnection) -> BoxFuture<'c, Result<T, Fault>>,
{
    let [one, other] = writes;
    let (mut first, mut second) = (place.other().await, place.other().await);
    tokio::join!(alone(&mut first, one), alone(&mut second, other)).into()
}

/// Has the compiler see what kind of function it is.
fn write<T, F>(write: F) -> F
where
    F: for<'c> FnOnce(&'c mut PgConnection) -> BoxFuture<'c, Result<T, Fault>>,
{
    write
}

async fn alone<T, F>(conn: &mut PgConnection, write: F) -> Result<T, Fault>
where
    F: for<'c> FnOnce(&'c mut PgConnection) -> BoxFuture<'c, Result<T, Fault>>,
{
    let mut tx = conn.begin().await?;
    sqlx::query("SELECT 1").execute(&mut *tx).await?;
    let done = write(&mut tx).await;
    match &done {
        Ok(_) => tx.commit().await?,
        Err(_) => tx.rollback().await?,
    }
    done
}

#[tokio::test]
#[ignore = "needs PostgreSQL: make test-postgres"]
async fn two_admins_cannot_demote_each_other() {
    let place = Fresh::new().await;
    let store = place.open().await;
    let property = hotel(&store).await;
    let pair = [account(property, "anna@hotel", Role::Admin), account(property, "ben@hotel", Role::Admin)];
    for one in &pair {
        store.add_account(one.clone()).await.expect("added");
    }
    for round in 0..ROUNDS {
        let demote = |one: &Account| {
            let demoted = Account { role: Role::Agent, ..one.clone() };
            write(move |conn| Box::pin(accounts::write_anew(conn, demoted)))
        };
        let [one, other] = at_once(&place, [demote(&pair[0]), demote(&pair[1])]).await;
        assert!(one.is_ok() != other.is_ok(), "round {round}: {one:?} {other:?}");
        let refused = if one.is_err() { one } else { other };
        assert!(matches!(refused, Err(Fault::Taken)), "{refused:?}");
        for one in &pair {
            store.put_account(one.clone()).await.expect("as before");
        }
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL: make test-postgres"]
async fn a_code_opens_for_one_of_two() {
    let place = Fresh::new().await;
    let store = place.open().await;
    let anna = account(hotel(&store).await, "anna@hotel", Role::Admin);
    store.add_account(anna.clone()).await.expect("added");
    store.begin_second_factor(anna.id, vec![1]).await.expect("begun");
    let codes = (0..ROUNDS).map(|n| [u8::try_from(n).expect("few"); 32]).collect::<Vec<_>>();
    store.confirm_second_factor(anna.id, 0, codes.clone()).await.expect("confirmed");
    for (step, code) in (1..).zip(codes) {
        let twice = || write(move |conn| Box::pin(logins::use_up_step(conn, anna.id, step)));
        let opened = at_once(&place, [twice(), twice()]).await.map(|done| done.expect("answers"));
        assert_eq!(opened.iter().filter(|opened| **opened).count(), 1, "step {step}");
        let twice = || write(move |conn| Box::pin(logins::use_up_code(conn, anna.id, code)));
        let opened = at_once(&place, [twice(), twice()]).await.map(|done| done.expect("answers"));
        assert_eq!(opened.iter().filter(|opened| **opened).count(), 1, "code {step}");
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL: make test-postgres"]
async fn an_invitation_makes_one_account() {
    let place = Fresh::new().await;
    let store = place.open().await;
    let property = hotel(&store).await;
    for n in 0..ROUNDS {
        let digest = [u8::try_from(n).expect("few"); 32];
        let invitation = Invitation {
            id: Uuid::now_v7(),
            property,
            digest,
            email: format!("{n}@hotel"),
            role: Role::Agent,
            made_by: "Anna".to_owned(),
            created_at: Timestamp(1),
            expires_at: Timestamp(1_000),
        };
        store.add_invitation(invitation).await.expect("added");
        let accept = |who: &str| {
            let account = account(property, &format!("{who}{n}@hotel"), Role::Agent);
            write(move |conn| Box::pin(access::accept(conn, digest, account)))
        };
        let [one, other] = at_once(&place, [accept("a"), accept("b")]).await;
        assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
        let refused = if one.is_err() { one } else { other };
        assert!(matches!(refused, Err(Fault::NotFound)), "{refused:?}");
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL: make test-postgres"]
async fn deeds_of_several_servers_are_one_chain() {
    let place = Fresh::new().await;
    place.open().await.close().await;
    for n in 0..ROUNDS {
        let append = |n| write(move |conn| Box::pin(audit::append(conn, deed(None, n))));
        for done in at_once(&place, [append(2 * n), append(2 * n + 1)]).await {
            done.expect("written");
        }
    }
    let url = place.url();
    let chain = audit::verify_audit(&url, None).await.expect("a chain");
    assert_eq!(chain.seq, 2 * i64::try_from(ROUNDS).expect("few"));
    let newest = audit::newest_audit(&url, 3).await.expect("reads");
    assert_eq!(newest.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [22, 23, 24]);

    // Nobody changes it in passing; and who goes to that length is found out.
    let mut other = place.other().await;
    let change = "UPDATE audit SET name = 'nobody' WHERE seq = 7";
    for refused in [change, "DELETE FROM audit WHERE seq = 24", "TRUNCATE audit"] {
        sqlx::query(refused).execute(&mut other).await.expect_err("append-only");
    }
    sqlx::query("ALTER TABLE audit DISABLE TRIGGER USER").execute(&mut other).await.expect("disabled");
    sqlx::query(change).execute(&mut other).await.expect("changed");
    audit::verify_audit(&url, None).await.expect_err("changed");
}

#[tokio::test]
#[ignore = "needs PostgreSQL: make test-postgres"]
async fn two_tokens_of_a_new_guest_make_one_guest() {
    let place = Fresh::new().await;
    let store = place.open().await;
    let property = hotel(&store).await;
    for n in 0..ROUNDS {
        let admit = |token: u8| {
            let named = Named {
                subject: format!("member {n}"),
                token: [token; 32],
                expires_at: Timestamp(1_000),
                fresh: GuestRow {
                    id: GuestId(Uuid::now_v7()),
                    property,
                    profile: GuestProfile::default(),
                    conversation: ConversationId(Uuid::now_v7()),
                },
                session: session(),
            };
            write(move |conn| Box::pin(verified::admit(conn, named, Timestamp(1))))
        };
        let n = u8::try_from(n).expect("few");
        let [one, other] =
            at_once(&place, [admit(2 * n), admit(2 * n + 1)]).await.map(|done| done.expect("admitted"));
        let id = |admitted: &Admitted| match admitted {
            Admitted::New(guest) | Admitted::Known(guest) => guest.id,
            Admitted::Replayed => panic!("both are good"),
        };
        assert_eq!(id(&one), id(&other));
        let [one, other] =
            at_once(&place, [admit(100 + n), admit(100 + n)]).await.map(|done| done.expect("answers"));
        let replayed = [one, other].iter().filter(|one| **one == Admitted::Replayed).count();
        assert_eq!(replayed, 1, "one token");
    }
}
