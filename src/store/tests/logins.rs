//! Second factors, known devices, invitations, tokens: what opens once and what ends.

use uuid::Uuid;

use frontdesk_domain::people::Role;
use frontdesk_domain::timestamp::Timestamp;

use super::accounts::account;
use super::{Place, hotel, on_both};
use crate::store::access::{Access, ApiToken, EACH_MAX, Invitation};
use crate::store::logins::{Digest, Logins};
use crate::store::{Accounts, Identities, WriteError};

on_both!(
    a_code_opens_once,
    the_newest_devices_are_known,
    an_invitation_is_used_once,
    tokens_end,
    a_person_is_known_by_the_providers_name,
);

fn digest(n: u8) -> Digest {
    [n; 32]
}

async fn a_code_opens_once<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    let property = hotel(&store).await;
    let anna = account(property, "anna@hotel", Role::Admin);
    store.add_account(anna.clone()).await.expect("added");
    assert!(store.begin_second_factor(anna.id, vec![1]).await.expect("begun"));
    assert!(store.begin_second_factor(anna.id, vec![2]).await.expect("begun anew"));
    store.confirm_second_factor(anna.id, 7, vec![digest(1), digest(2)]).await.expect("confirmed");
    assert!(!store.begin_second_factor(anna.id, vec![3]).await.expect("answers"), "it is confirmed");
    let factor = store.second_factor(anna.id).await.expect("reads").expect("is there");
    assert_eq!((factor.seed, factor.confirmed, factor.last_step), (vec![2], true, 7));
    assert!(store.account(property, anna.id).await.expect("reads").expect("is there").second_factor);
    assert!(!store.use_step(anna.id, 7).await.expect("answers"));
    assert!(store.use_step(anna.id, 8).await.expect("answers"));
    assert!(!store.use_step(anna.id, 8).await.expect("answers"));
    assert!(store.use_recovery_code(anna.id, digest(1)).await.expect("answers"));
    assert!(!store.use_recovery_code(anna.id, digest(1)).await.expect("answers"));
    store.put_sealed_seeds(vec![(anna.id, vec![9])]).await.expect("written");
    assert_eq!(store.sealed_seeds().await.expect("reads"), [(anna.id, vec![9])]);
    store.remove_second_factor(anna.id).await.expect("removed");
    assert!(!store.use_recovery_code(anna.id, digest(2)).await.expect("answers"));
    assert_eq!(store.second_factor(anna.id).await.expect("reads"), None);
}

async fn the_newest_devices_are_known<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    let property = hotel(&store).await;
    let anna = account(property, "anna@hotel", Role::Agent);
    store.add_account(anna.clone()).await.expect("added");
    for n in 0..12 {
        store.add_device(digest(n), anna.id, Timestamp(100 + i64::from(n))).await.expect("added");
    }
    let known = async |n, now| store.knows_device(digest(n), anna.id, Timestamp(now)).await.expect("answers");
    assert!(!known(1, 50).await && known(2, 50).await && known(11, 50).await);
    assert!(!known(11, 111).await, "it has expired");
    store.add_device(digest(11), anna.id, Timestamp(900)).await.expect("renewed");
    assert!(known(11, 111).await);
}

async fn an_invitation_is_used_once<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    let property = hotel(&store).await;
    let invitation = |n: u8, email: &str| Invitation {
        id: Uuid::now_v7(),
        property,
        digest: digest(n),
        email: email.to_owned(),
        role: Role::Agent,
        made_by: "Anna".to_owned(),
        created_at: Timestamp(10 + i64::from(n)),
        expires_at: Timestamp(1_000),
    };
    let (first, second) = (invitation(1, "ben@hotel"), invitation(2, "ben@hotel"));
    store.add_invitation(first).await.expect("added");
    store.add_invitation(second.clone()).await.expect("added");
    let third = invitation(3, "carl@hotel");
    store.add_invitation(third.clone()).await.expect("added");
    let open = store.invitations(property, Timestamp(20)).await.expect("reads");
    assert_eq!(open, [third.clone(), second.clone()], "one to each address, the newest first");
    assert!(store.invitations(property, Timestamp(1_000)).await.expect("reads").is_empty());
    assert_eq!(store.invitation(digest(2), Timestamp(20)).await.expect("reads"), Some(second));

    let ben = account(property, "ben@hotel", Role::Agent);
    store.accept_invitation(digest(2), ben.clone()).await.expect("accepted");
    let again = account(property, "other@hotel", Role::Agent);
    assert!(matches!(store.accept_invitation(digest(2), again).await, Err(WriteError::NotFound)));
    // Both or neither.
    let taken = account(property, "ben@hotel", Role::Agent);
    assert!(matches!(store.accept_invitation(digest(3), taken).await, Err(WriteError::Taken)));
    assert_eq!(store.invitation(digest(3), Timestamp(20)).await.expect("reads"), Some(third.clone()));
    store.remove_invitation(property, third.id).await.expect("removed");
    assert!(matches!(store.remove_invitation(property, third.id).await, Err(WriteError::NotFound)));
}

async fn tokens_end<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    let property = hotel(&store).await;
    let token = |n: u8| ApiToken {
        id: Uuid::now_v7(),
        property,
        digest: digest(n),
        name: format!("till {n}"),
        scopes: "read".to_owned(),
        made_by: "Anna".to_owned(),
        created_at: Timestamp(i64::from(n)),
        expires_at: Timestamp(10_000_000),
        used_at: None,
    };
    let first = token(0);
    store.add_token(first.clone()).await.expect("added");
    assert_eq!(store.token(digest(0), Timestamp(5_000_000)).await.expect("reads"), Some(first.clone()));
    let used = ApiToken { used_at: Some(Timestamp(5_000_000)), ..first.clone() };
    assert_eq!(store.token(digest(0), Timestamp(5_000_001)).await.expect("reads"), Some(used));
    assert_eq!(store.token(digest(0), Timestamp(10_000_000)).await.expect("reads"), None);
    for n in 1..u8::try_from(EACH_MAX).expect("few") {
        store.add_token(token(n)).await.expect("added");
    }
    assert!(matches!(store.add_token(token(200)).await, Err(WriteError::Taken)));
    store.remove_token(property, first.id).await.expect("removed");
    store.add_token(token(200)).await.expect("there is room");
    assert_eq!(store.tokens(property).await.expect("reads")[0].name, "till 200");
}

async fn a_person_is_known_by_the_providers_name<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    let property = hotel(&store).await;
    let anna = account(property, "anna@hotel", Role::Agent);
    store.add_identity("https://id.example", "42", anna.clone()).await.expect("added");
    let found = store.identity("https://id.example", "42").await.expect("reads").expect("is there");
    assert_eq!((found.id, found.single_sign_on), (anna.id, true));
    assert_eq!(store.identity("https://other.example", "42").await.expect("reads"), None);
    let ben = account(property, "ben@hotel", Role::Agent);
    assert!(matches!(
        store.add_identity("https://id.example", "42", ben.clone()).await,
        Err(WriteError::Taken)
    ));
    assert_eq!(store.account(property, ben.id).await.expect("reads"), None, "both or neither");
}
