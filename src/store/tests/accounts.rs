use uuid::Uuid;

use frontdesk_actors::messages::SessionKey;
use frontdesk_actors::ports::{Store, StoreError};
use frontdesk_domain::event::Channel;
use frontdesk_domain::ids::{AgentId, ConversationId, EntryId, GuestId, PropertyId};
use frontdesk_domain::people::{AgentRef, GuestProfile, Role};
use frontdesk_domain::timestamp::Timestamp;

use super::{Place, hotel, on_both, session};
use crate::store::logins::{Logins, Session};
use crate::store::{
    Account, Accounts, Database, Entry, GuestRow, Guests, Knowledge, ListError, PageRequest, WriteError,
};

on_both!(
    the_last_admin_stays,
    an_address_is_one_accounts_whatever_its_case,
    accounts_are_paged_by_name,
    sessions_expire_and_end,
    a_guest_is_known_by_its_session,
    guests_who_come_back_at_once_are_told_apart,
    knowledge_is_kept_and_found,
);

pub(in crate::store) fn account(property: PropertyId, email: &str, role: Role) -> Account {
    Account {
        id: AgentId(Uuid::now_v7()),
        property,
        email: email.to_owned(),
        name: email.split('@').next().unwrap_or_default().to_owned(),
        role,
        disabled: false,
        password_hash: "$argon2id$v=19$…".to_owned(),
        must_change: false,
        second_factor: false,
        single_sign_on: false,
        created_at: Timestamp(1),
        updated_at: Timestamp(2),
    }
}

async fn add_session(
    store: &impl Database,
    key: SessionKey,
    agent: AgentId,
    from: i64,
    to: i64,
) -> Result<(), StoreError> {
    let (created_at, expires_at) = (Timestamp(from), Timestamp(to));
    let (address, browser) = ("127.0.0.1".to_owned(), "a browser".to_owned());
    let session = Session { key, agent, created_at, seen_at: created_at, expires_at, address, browser };
    store.add_session(session).await
}

async fn the_last_admin_stays<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    let property = hotel(&store).await;
    let anna = account(property, "anna@hotel", Role::Admin);
    let ben = account(property, "ben@hotel", Role::Agent);
    store.add_account(anna.clone()).await.expect("added");
    store.add_account(ben.clone()).await.expect("added");
    // The admin of another hotel is no help.
    let elsewhere = store.property("other", "Other").await.expect("made").0;
    store.add_account(account(elsewhere, "carl@other", Role::Admin)).await.expect("added");

    let demoted = Account { role: Role::Agent, ..anna.clone() };
    let disabled = Account { disabled: true, ..anna.clone() };
    for worse in [&demoted, &disabled] {
        assert!(matches!(store.put_account(worse.clone()).await, Err(WriteError::Taken)));
    }
    assert!(matches!(store.remove_account(property, anna.id).await, Err(WriteError::Taken)));
    assert_eq!(store.account(property, anna.id).await.expect("reads"), Some(anna.clone()));

    store.put_account(Account { role: Role::Admin, ..ben.clone() }).await.expect("promoted");
    store.put_account(disabled).await.expect("there is another now");
    assert!(matches!(store.remove_account(property, ben.id).await, Err(WriteError::Taken)));
    store.put_account(anna.clone()).await.expect("enabled");
    store.remove_account(property, ben.id).await.expect("removed");
    assert!(matches!(store.remove_account(property, ben.id).await, Err(WriteError::NotFound)));
    assert!(matches!(store.put_account(ben).await, Err(WriteError::NotFound)));
    assert!(matches!(store.remove_account(elsewhere, anna.id).await, Err(WriteError::NotFound)));
}

async fn an_address_is_one_accounts_whatever_its_case<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    let property = hotel(&store).await;
    let anna = account(property, "Anna@Hotel.example", Role::Viewer);
    store.add_account(anna.clone()).await.expect("added");
    assert!(matches!(
        store.add_account(account(property, "ANNA@hotel.EXAMPLE", Role::Agent)).await,
        Err(WriteError::Taken)
    ));
    let found = store.account_by_email("aNNa@hotel.example").await.expect("reads").expect("is there");
    assert_eq!(found, Account { email: "anna@hotel.example".to_owned(), ..anna.clone() });
    assert_eq!(store.account_by_email("nobody@hotel").await.expect("reads"), None);
    let ben = account(property, "ben@hotel", Role::Agent);
    store.add_account(ben.clone()).await.expect("added");
    let renamed = Account { email: "Anna@hotel.example".to_owned(), ..ben.clone() };
    assert!(matches!(store.put_account(renamed).await, Err(WriteError::Taken)));

    assert_eq!(store.assignable(property, anna.id).await.expect("reads"), None, "a viewer");
    let found = store.assignable(property, ben.id).await.expect("reads").expect("is there");
    assert_eq!((found.id, found.name.as_str()), (ben.id, "ben"));
    store.put_account(Account { disabled: true, ..ben.clone() }).await.expect("disabled");
    assert_eq!(store.assignable(property, ben.id).await.expect("reads"), None, "disabled");
}

async fn accounts_are_paged_by_name<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    let property = hotel(&store).await;
    for name in ["dora", "Anna", "carl", "Ben", "anna"] {
        let email = format!("{}@hotel", Uuid::now_v7());
        store
            .add_account(Account { name: name.to_owned(), ..account(property, &email, Role::Agent) })
            .await
            .expect("added");
    }
    let (mut names, mut cursor) = (Vec::new(), None);
    loop {
        let page = store.accounts(property, PageRequest { limit: 2, cursor }).await.expect("reads");
        names.extend(page.items.into_iter().map(|account| account.name));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(names, ["Anna", "anna", "Ben", "carl", "dora"]);
    let bad = PageRequest { limit: 2, cursor: Some("%".to_owned()) };
    assert!(matches!(store.accounts(property, bad).await, Err(ListError::BadCursor)));
}

async fn sessions_expire_and_end<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    let property = hotel(&store).await;
    let anna = account(property, "anna@hotel", Role::Agent);
    store.add_account(anna.clone()).await.expect("added");
    let keys: Vec<SessionKey> = (0..3).map(|_| session()).collect();
    for key in &keys {
        add_session(&store, *key, anna.id, 10, 100).await.expect("added");
    }
    let live =
        async |key: SessionKey, now| store.session(key, Timestamp(now)).await.expect("reads").is_some();
    assert!(live(keys[0], 99).await);
    assert!(!live(keys[0], 100).await);
    store.end_session(keys[0]).await.expect("ended");
    assert!(!live(keys[0], 50).await);
    store.end_sessions(anna.id, Some(keys[1])).await.expect("ended");
    assert!(live(keys[1], 50).await && !live(keys[2], 50).await);
    store.put_account(Account { disabled: true, ..anna.clone() }).await.expect("disabled");
    assert!(!live(keys[1], 50).await);
    store.put_account(anna.clone()).await.expect("enabled");
    assert!(live(keys[1], 50).await);
    store.end_sessions(anna.id, None).await.expect("ended");
    assert!(!live(keys[1], 50).await);

    // A new one sweeps out the expired one; one of nobody's is refused.
    add_session(&store, keys[0], anna.id, 10, 100).await.expect("added");
    add_session(&store, keys[2], anna.id, 100, 900).await.expect("added");
    assert!(!live(keys[0], 50).await && live(keys[2], 101).await);
    add_session(&store, session(), AgentId(Uuid::now_v7()), 1, 2).await.expect_err("nobody");
    store.remove_account(property, anna.id).await.expect("removed");
    assert!(!live(keys[2], 101).await);
}

async fn a_guest_is_known_by_its_session<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    let property = hotel(&store).await;
    let key = session();
    let mut guest = GuestRow {
        id: GuestId(Uuid::now_v7()),
        property,
        profile: GuestProfile { name: Some("O'Hara".to_owned()), ..GuestProfile::default() },
        conversation: ConversationId(Uuid::now_v7()),
    };
    store.add_guest(guest.clone(), Channel::Web, key, Timestamp(5)).await.expect("added");
    guest.profile.id = Some(guest.id);
    assert_eq!(store.guest_session(key).await.expect("reads"), Some(guest.clone()));
    assert_eq!(store.guest_session(session()).await.expect("reads"), None);
    let state = store.load(guest.conversation).await.expect("reads").expect("is there");
    assert_eq!((state.guest_id(), state.last_seq()), (Some(guest.id), 0));

    guest.profile.room = Some("12".to_owned());
    store.put_guest(guest.id, &guest.profile).await.expect("written");
    assert_eq!(store.guest_session(key).await.expect("reads"), Some(guest.clone()));
    // All or nothing: the session is taken, so there is no such guest either.
    let twin =
        GuestRow { id: GuestId(Uuid::now_v7()), conversation: ConversationId(Uuid::now_v7()), ..guest };
    store.add_guest(twin.clone(), Channel::Web, key, Timestamp(5)).await.expect_err("taken");
    assert_eq!(store.load(twin.conversation).await.expect("reads"), None);
}

/// More than fit into two questions, one of them twice, and some that nobody knows.
async fn guests_who_come_back_at_once_are_told_apart<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    let property = hotel(&store).await;
    let mut known = Vec::new();
    for _ in 0..600 {
        let (key, conversation) = (session(), ConversationId(Uuid::now_v7()));
        let profile = GuestProfile::default();
        let guest = GuestRow { id: GuestId(Uuid::now_v7()), property, profile, conversation };
        known.push((key, Some(conversation), guest));
    }
    let added =
        known.iter().map(|(key, _, guest)| store.add_guest(guest.clone(), Channel::Web, *key, Timestamp(5)));
    for done in futures_util::future::join_all(added).await {
        done.expect("added");
    }
    let mut asked: Vec<_> = known.into_iter().map(|(key, conversation, _)| (key, conversation)).collect();
    asked.push(asked[0]);
    asked.extend((0..50).map(|_| (session(), None)));
    let found = futures_util::future::join_all(asked.iter().map(|(key, _)| store.guest_session(*key))).await;
    for ((_, conversation), found) in asked.iter().zip(found) {
        assert_eq!(found.expect("reads").map(|guest| guest.conversation), *conversation);
    }
}

async fn knowledge_is_kept_and_found<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    let property = hotel(&store).await;
    let entry = |title: &str, tags: &[&str]| Entry {
        id: EntryId(Uuid::now_v7()),
        property,
        title: title.to_owned(),
        body: format!("All about {title}: 100%"),
        locale: Some("de".to_owned()),
        tags: tags.iter().map(|&tag| tag.to_owned()).collect(),
        aliases: Vec::new(),
        created_at: Timestamp(1),
        updated_at: Timestamp(1),
    };
    let mut pool = entry("Überdachter Pool", &["wellness"]);
    let parking = entry("parking", &[]);
    store.add_entries(vec![pool.clone(), parking.clone()], None).await.expect("added");
    store.add_entries(vec![entry("new", &[]), parking.clone()], None).await.expect_err("all or none");
    assert_eq!(store.all_entries(property).await.expect("reads"), [parking.clone(), pool.clone()]);
    let find = async |q: &str| {
        let page = PageRequest { limit: 10, cursor: None };
        let found = store.entries(property, Some(q), page).await.expect("reads");
        found.items.into_iter().map(|entry| entry.title).collect::<Vec<_>>()
    };
    assert_eq!(find("ÜBER").await, ["Überdachter Pool"]);
    assert_eq!(find("Wellness").await, ["Überdachter Pool"]);
    assert_eq!(find("100%").await.len(), 2);
    assert!(find("1%0").await.is_empty());

    let by = Some(AgentRef { id: AgentId(Uuid::now_v7()), name: "Ana".to_owned() });
    pool.body = "Heated".to_owned();
    store.put_entry(pool.clone(), by.clone()).await.expect("written");
    assert_eq!(store.entry(property, pool.id).await.expect("reads"), Some(pool.clone()));
    assert_eq!(find("heated").await.len(), 1);
    store.remove_entry(property, pool.id, by.clone(), Timestamp(9)).await.expect("removed");
    let versions = store.versions(property, pool.id).await.expect("reads");
    let told: Vec<_> =
        versions.iter().map(|v| (v.version, v.body.as_str(), v.removed, v.by.clone())).collect();
    let first = "All about Überdachter Pool: 100%";
    assert_eq!(
        told,
        [(3, "Heated", true, by.clone()), (2, "Heated", false, by.clone()), (1, first, false, None)]
    );
    assert!(matches!(
        store.remove_entry(property, pool.id, None, Timestamp(9)).await,
        Err(WriteError::NotFound)
    ));
    assert!(matches!(store.put_entry(pool, None).await, Err(WriteError::NotFound)));
}
