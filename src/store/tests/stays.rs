//! Reservations, and guests whom the hotel has named.

use uuid::Uuid;

use frontdesk_actors::ports::Store;
use frontdesk_domain::ids::{ConversationId, GuestId, PropertyId};
use frontdesk_domain::people::GuestProfile;
use frontdesk_domain::timestamp::Timestamp;

use super::{Place, conversation_of, hotel, on_both, session};
use crate::store::reservations::{Reservation, Reservations, Stay};
use crate::store::verified::{Admitted, IdentityKey, Named, SealedKey, Verified};
use crate::store::{GuestRow, Guests};

on_both!(a_stay_finds_its_guest, newer_versions_win, a_token_opens_once, a_key_is_replaced);

fn stay(property: PropertyId, reference: &str, version: i64) -> Reservation {
    Reservation {
        property,
        reference: reference.to_owned(),
        version,
        guest: None,
        status: Stay::InHouse,
        name: None,
        email: None,
        phone: None,
        room: None,
        arrival: Some("2026-11-20".to_owned()),
        departure: Some("2026-11-28".to_owned()),
        locale: None,
        updated_at: Timestamp(5),
    }
}

async fn a_stay_finds_its_guest<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    let property = hotel(&store).await;
    let says = |name: &str, email: Option<&str>, phone: Option<&str>, room: Option<&str>| GuestProfile {
        name: Some(name.to_owned()),
        email: email.map(str::to_owned),
        phone: phone.map(str::to_owned),
        room: room.map(str::to_owned),
        ..GuestProfile::default()
    };
    let by_mail = conversation_of(&store, property, says("Ana", Some("Ana@Mail.example"), None, None)).await;
    let newer = conversation_of(&store, property, says("Ana", Some("ana@mail.example"), None, None)).await;
    let by_phone = conversation_of(&store, property, says("Bo", None, Some("+49 (30) 12-34"), None)).await;
    let by_room = conversation_of(&store, property, says("Cy Doe", None, None, Some("12a"))).await;
    let stays = vec![
        Reservation { email: Some("ana@mail.example".to_owned()), ..stay(property, "m", 1) },
        Reservation { phone: Some("49301234".to_owned()), ..stay(property, "p", 1) },
        Reservation {
            room: Some("12A".to_owned()),
            name: Some("CY DOE".to_owned()),
            ..stay(property, "r", 1)
        },
        Reservation { room: Some("12A".to_owned()), name: Some("Di".to_owned()), ..stay(property, "x", 1) },
        Reservation {
            email: Some("ana@mail.example".to_owned()),
            status: Stay::Departed,
            ..stay(property, "gone", 1)
        },
    ];
    assert_eq!(store.put_reservations(stays).await.expect("stored"), [true; 5]);
    assert_eq!(store.match_reservations().await.expect("matched"), 3);
    assert_eq!(store.match_reservations().await.expect("matched"), 0);
    let mut found: Vec<_> = store
        .untold_reservations()
        .await
        .expect("reads")
        .into_iter()
        .map(|untold| (untold.reservation.reference.clone(), untold.conversations, untold.sure))
        .collect();
    found.sort();
    assert_eq!(
        found,
        [
            ("m".to_owned(), vec![newer.id()], false),
            ("p".to_owned(), vec![by_phone.id()], false),
            ("r".to_owned(), vec![by_room.id()], false)
        ]
    );
    assert_ne!(by_mail.id(), newer.id());
    store.told_reservation(property, "m", 1).await.expect("written");
    assert_eq!(store.untold_reservations().await.expect("reads").len(), 2);

    // What the guest says now counts.
    let guest = by_mail.guest_id().expect("a guest");
    store.put_guest(guest, &says("Di", None, None, Some("12A"))).await.expect("written");
    assert_eq!(store.match_reservations().await.expect("matched"), 1);
}

async fn newer_versions_win<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    let property = hotel(&store).await;
    let guest = conversation_of(&store, property, GuestProfile::default()).await.guest_id();
    let named = Reservation { guest, ..stay(property, "b", 2) };
    let newer = store.put_reservations(vec![named, stay(property, "a", 7), stay(property, "b", 1)]).await;
    assert_eq!(newer.expect("stored"), [true, true, false], "in the order in which they were given");
    assert_eq!(store.put_reservations(vec![stay(property, "b", 3)]).await.expect("stored"), [true]);
    let untold = store.untold_reservations().await.expect("reads");
    let [one] = &untold[..] else { panic!("{untold:?}") };
    assert_eq!((one.reservation.version, one.reservation.guest, one.sure), (3, guest, true));
    assert_eq!(store.prune_reservations(Timestamp(6)).await.expect("pruned"), 2);
}

async fn a_token_opens_once<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    let property = hotel(&store).await;
    let named = |token: u8| Named {
        subject: "member 7".to_owned(),
        token: [token; 32],
        expires_at: Timestamp(1_000),
        fresh: GuestRow {
            id: GuestId(Uuid::now_v7()),
            property,
            profile: GuestProfile { name: Some("Ana".to_owned()), ..GuestProfile::default() },
            conversation: ConversationId(Uuid::now_v7()),
        },
        session: session(),
    };
    let first = named(1);
    let admitted = store.admit_named(first.clone(), Timestamp(10)).await.expect("admitted");
    assert_eq!(admitted, Admitted::New(first.fresh.clone()));
    let again = Named { session: session(), ..first.clone() };
    assert_eq!(store.admit_named(again, Timestamp(11)).await.expect("answers"), Admitted::Replayed);
    let Admitted::Known(known) = store.admit_named(named(2), Timestamp(12)).await.expect("admitted") else {
        panic!("the guest is known");
    };
    assert_eq!((known.id, known.conversation), (first.fresh.id, first.fresh.conversation));
    assert_eq!(store.named_as(known.id).await.expect("reads").as_deref(), Some("member 7"));
    assert!(store.load(known.conversation).await.expect("reads").is_some());
    // Once the token is worth nothing any more, it is forgotten that it was used.
    let late = Named { session: session(), ..first };
    let late = store.admit_named(late, Timestamp(1_001)).await.expect("answers");
    assert!(matches!(late, Admitted::Known(_)));
}

async fn a_key_is_replaced<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    let property = hotel(&store).await;
    let sealed = |n: u8| SealedKey { id: Uuid::now_v7(), secret: vec![n] };
    let first = IdentityKey { property, key: sealed(1), old: None, created_at: Timestamp(1) };
    store.put_identity_key(first.clone()).await.expect("written");
    let old = Some((first.key, Timestamp(99)));
    let second = IdentityKey { property, key: sealed(2), old, created_at: Timestamp(2) };
    store.put_identity_key(second.clone()).await.expect("written");
    assert_eq!(store.identity_key(property).await.expect("reads"), Some(second.clone()));
    assert_eq!(store.identity_keys().await.expect("reads"), [second]);
    assert!(store.remove_identity_key(property).await.expect("removed"));
    assert!(!store.remove_identity_key(property).await.expect("answers"));
}
