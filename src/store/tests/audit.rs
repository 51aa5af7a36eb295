//! The audit log.

use frontdesk_domain::ids::PropertyId;
use frontdesk_domain::timestamp::Timestamp;
use futures_util::future::join_all;
use uuid::Uuid;

use super::{Place, hotel, on_both};
use crate::store::audit::{AuditLog, Chain, Deed};
use crate::store::{Accounts, PageRequest};

on_both!(deeds_are_chained_however_many_come_at_once);

pub(in crate::store) fn deed(property: Option<PropertyId>, n: usize) -> Deed {
    Deed {
        at: Timestamp(i64::try_from(n).expect("few")),
        property,
        actor: "agent".to_owned(),
        actor_id: Some(Uuid::now_v7()),
        name: "Zoë".to_owned(),
        address: "::1".to_owned(),
        action: "login".to_owned(),
        target: String::new(),
        detail: format!("deed {n}"),
    }
}

async fn deeds_are_chained_however_many_come_at_once<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    let property = hotel(&store).await;
    let elsewhere = store.property("other", "Other").await.expect("made").0;
    let of = |n: usize| [Some(property), None, Some(elsewhere)][n % 3];
    let all = join_all((0..30).map(|n| store.add_deed(deed(of(n), n)))).await;
    assert!(all.iter().all(Result::is_ok));
    let (mut entries, mut cursor) = (Vec::new(), None);
    loop {
        let page = store.deeds(property, PageRequest { limit: 7, cursor }).await.expect("reads");
        entries.extend(page.items);
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(entries.len(), 20, "this hotel's and the server's");
    assert!(entries.windows(2).all(|two| two[0].seq > two[1].seq));
    let more = store.deeds(elsewhere, PageRequest { limit: 200, cursor: None }).await.expect("reads");
    entries.extend(more.items);
    entries.sort_by_key(|entry| entry.seq);
    entries.dedup_by_key(|entry| entry.seq);
    let mut chain = Chain::new(None);
    entries.iter().try_for_each(|entry| chain.step(entry)).expect("a chain");
    assert_eq!(chain.seq, 30);
}
