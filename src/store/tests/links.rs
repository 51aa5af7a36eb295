//! Guests who write in two places.

use uuid::Uuid;

use frontdesk_actors::ports::{Person, Store};
use frontdesk_domain::ids::{ConversationId, GuestId, PropertyId};
use frontdesk_domain::inbound::{Alias, AliasKind};
use frontdesk_domain::people::GuestProfile;
use frontdesk_domain::timestamp::Timestamp;

use super::{Place, conversation, hotel, on_both};
use crate::store::links::{Link, LinkCode, Links, TRIES_MAX};
use crate::store::{Accounts, Privacy};

on_both!(a_code_opens_once_and_in_time, a_guest_has_one_link, a_number_has_one_owner);

/// Who writes over WhatsApp from this number.
async fn writer(store: &impl Store, property: PropertyId, number: &str) -> ConversationId {
    let guest = GuestId(Uuid::now_v7());
    let person = Person {
        property,
        aliases: vec![Alias { kind: AliasKind::Phone, value: number.to_owned() }],
        seen_at: Timestamp(1_000),
        heir: Vec::new(),
        profile: GuestProfile { id: Some(guest), ..GuestProfile::default() },
        conversation: ConversationId(Uuid::now_v7()),
        at: Timestamp(1_000),
    };
    store.acquaint(person, true).await.expect("written").expect("made").conversation
}

fn code(guest: GuestId, property: PropertyId, number: &str, digit: u8) -> LinkCode {
    let number = number.to_owned();
    LinkCode { guest, property, number, digest: [digit; 32], expires_at: Timestamp(2_000) }
}

async fn a_code_opens_once_and_in_time<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    let property = hotel(&store).await;
    let phone = writer(&store, property, "491").await;
    let web = conversation(&store, property).await;
    let guest = web.guest_id().expect("a guest");
    let attempt =
        async |digit: u8, at| store.try_link_code(guest, [digit; 32], Timestamp(at)).await.expect("tried");
    assert_eq!(attempt(1, 1_000).await, None, "there is none");
    let put = async |number: &str, digit| {
        store.put_link_code(code(guest, property, number, digit), Timestamp(1_000)).await.expect("kept")
    };
    assert_eq!(put("491", 1).await, Some(phone));
    assert_eq!(attempt(1, 2_000).await, None, "too late");
    let link = Link { web: web.id(), whatsapp: phone, linked_at: Timestamp(1_999) };
    assert_eq!(attempt(1, 1_999).await, Some(link.clone()));
    assert_eq!(attempt(1, 1_999).await, None, "used up");
    for of in [web.id(), phone] {
        assert_eq!(store.links_of(of).await.expect("reads"), std::slice::from_ref(&link));
    }
    let export = store.export_guest(guest).await.expect("reads").expect("is there");
    assert_eq!(export["tables"]["guest_links"].as_array().map(Vec::len), Some(1), "{export}");
    assert_eq!(put("491", 1).await, Some(phone));
    for _ in 0..TRIES_MAX {
        assert_eq!(attempt(2, 1_500).await, None);
    }
    assert_eq!(attempt(1, 1_500).await, None, "tried too often");
    assert_eq!(put("492", 3).await, None, "nobody's number");
    assert_eq!(attempt(3, 1_500).await, None, "and its code opens nothing");
    P::close(&store).await;
}

async fn a_guest_has_one_link<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    let property = hotel(&store).await;
    let (first, second) = (writer(&store, property, "491").await, writer(&store, property, "492").await);
    let (mia, jon) = (conversation(&store, property).await, conversation(&store, property).await);
    let link = async |state: &frontdesk_domain::conversation::Conversation, number: &str, at| {
        let guest = state.guest_id().expect("a guest");
        store.put_link_code(code(guest, property, number, 1), Timestamp(1_000)).await.expect("kept");
        store.try_link_code(guest, [1; 32], Timestamp(at)).await.expect("tried").expect("linked")
    };
    link(&mia, "491", 1_100).await;
    let newer = link(&mia, "492", 1_200).await;
    assert_eq!((newer.web, newer.whatsapp), (mia.id(), second));
    assert_eq!(store.links_of(mia.id()).await.expect("reads"), std::slice::from_ref(&newer));
    assert_eq!(store.links_of(first).await.expect("reads"), []);
    // One phone, two browsers.
    let other = link(&jon, "492", 1_300).await;
    assert_eq!(store.links_of(second).await.expect("reads"), [other.clone(), newer]);
    assert_eq!(store.links_of(jon.id()).await.expect("reads"), [other]);
    P::close(&store).await;
}

async fn a_number_has_one_owner<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    let property = hotel(&store).await;
    writer(&store, property, "491").await;
    let elsewhere = store.property("other", "Other").await.expect("a property").0;
    let web = conversation(&store, elsewhere).await;
    let guest = web.guest_id().expect("a guest");
    let asked = code(guest, elsewhere, "491", 1);
    assert_eq!(
        store.put_link_code(asked, Timestamp(1_000)).await.expect("kept"),
        None,
        "another hotel's guest"
    );
    assert_eq!(store.try_link_code(guest, [1; 32], Timestamp(1_000)).await.expect("tried"), None);
    P::close(&store).await;
}
