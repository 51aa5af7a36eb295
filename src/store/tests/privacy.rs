//! Guests' data as a whole.

use uuid::Uuid;

use frontdesk_actors::ports::Store;
use frontdesk_domain::event::{EventKind, Status};
use frontdesk_domain::ids::TurnId;
use frontdesk_domain::people::GuestProfile;
use frontdesk_domain::timestamp::Timestamp;

use super::records::record;
use super::{Place, change, conversation, conversation_of, hotel, on_both, say};
use crate::store::help::Translation;
use crate::store::privacy::{Erasure, PrivacySettings};
use crate::store::{Helping, Privacy, Records};

on_both!(who_has_not_been_heard_of, a_guest_is_handed_out_and_goes, agents_read_in_their_language);

async fn who_has_not_been_heard_of<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    let property = hotel(&store).await;
    let (mut quiet, mut waits, mut late) = (
        conversation(&store, property).await,
        conversation(&store, property).await,
        conversation(&store, property).await,
    );
    let status = |status| EventKind::Status { status, until: None, reason: None };
    store.append(say(&mut quiet, "hello", 2_000)).await.expect("stored");
    store.append(say(&mut waits, "hello", 2_000)).await.expect("stored");
    store.append(change(&mut waits, 2_001, status(Status::Waiting))).await.expect("stored");
    store.append(say(&mut late, "hello", 9_000)).await.expect("stored");
    let past = store.guests_past(property, Timestamp(5_000)).await.expect("reads");
    assert_eq!(past, [quiet.guest_id().expect("a guest")]);
    let erasure =
        Erasure { guest: past[0], property, agent: None, asked_at: Timestamp(9_000), done_at: None };
    store.ask_erasure(erasure.clone()).await.expect("stored");
    assert_eq!(store.open_erasures().await.expect("reads"), [erasure]);
    assert!(store.guests_past(property, Timestamp(5_000)).await.expect("reads").is_empty(), "asked for once");
    let settings = PrivacySettings { conversation_days: Some(30), ..PrivacySettings::default() };
    store.put_privacy(property, settings.clone()).await.expect("stored");
    assert_eq!(store.privacy(property).await.expect("reads"), settings);
    assert_eq!(store.private_properties().await.expect("reads"), [property]);
    P::close(&store).await;
}

async fn a_guest_is_handed_out_and_goes<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    let property = hotel(&store).await;
    let profile = GuestProfile { name: Some("Rosalind".to_owned()), ..GuestProfile::default() };
    let mut state = conversation_of(&store, property, profile).await;
    let guest = state.guest_id().expect("a guest");
    store.append(say(&mut state, "a secret \u{0} of Rosalind's", 2_000)).await.expect("stored");
    store.put_consent(guest, Timestamp(7)).await.expect("written");
    store.put_consent(guest, Timestamp(8)).await.expect("written");
    assert_eq!(store.consent_of(guest).await.expect("reads"), Some(Timestamp(7)));
    let translation = Translation {
        conversation: state.id(),
        seq: 1,
        language: "de".to_owned(),
        text: "ein Geheimnis von Rosalind".to_owned(),
        by: None,
        at: Timestamp(9),
    };
    store.put_translation(translation.clone()).await.expect("written");
    store.add_records(vec![record(property, state.id(), TurnId(Uuid::now_v7()))]).await.expect("written");

    let data = store.export_guest(guest).await.expect("reads").expect("is there");
    assert_eq!(data["conversations"][0]["events"][0]["text"], "a secret \u{0} of Rosalind's");
    let tables = &data["tables"];
    assert_eq!(tables["guests"][0]["profile"]["name"], "Rosalind");
    assert_eq!(tables["guests"][0]["consented_at"], "1970-01-01T00:00:00.007Z");
    assert_eq!(tables["translations"][0]["text"], "ein Geheimnis von Rosalind");
    assert_eq!(tables["translations"][0]["conversation"], state.id().to_string());
    assert_eq!(tables["turn_records"][0]["record"]["question"], "what Rosalind asked");
    assert_eq!(tables["guest_sessions"].as_array().map(Vec::len), Some(1));

    let asked = Erasure { guest, property, agent: None, asked_at: Timestamp(10), done_at: None };
    store.ask_erasure(asked).await.expect("written");
    assert_eq!(store.end_guest_sessions(guest).await.expect("ended").len(), 1);
    store.redact(state.id(), state.last_seq()).await.expect("emptied");
    store.wipe_guest(guest, Timestamp(11)).await.expect("gone");
    store.pack().await.expect("packed");
    // What is written late is not written.
    store.put_translation(translation).await.expect("answers");
    store.add_records(vec![record(property, state.id(), TurnId(Uuid::now_v7()))]).await.expect("answers");
    let mut left = store.export_guest(guest).await.expect("reads").expect("is there");
    // The conversation's own row is emptied by its actor.
    left["tables"]["conversations"] = serde_json::Value::Null;
    assert!(!left.to_string().contains("Rosalind"), "{left}");
    assert_eq!(left["tables"]["turn_records"].as_array().map(Vec::len), Some(0));
    let done = store.erasure(guest).await.expect("reads").expect("is there").done_at;
    assert_eq!(done, Some(Timestamp(11)));
    assert!(store.open_erasures().await.expect("reads").is_empty());
    P::close(&store).await;
}

async fn agents_read_in_their_language<P: Place>() {
    let place = P::new().await;
    let store = place.open().await;
    let property = hotel(&store).await;
    let anna = super::accounts::account(property, "anna@hotel", frontdesk_domain::people::Role::Agent);
    crate::store::Accounts::add_account(&store, anna.clone()).await.expect("added");
    assert_eq!(store.reading_language(anna.id).await.expect("reads"), None);
    for language in [Some("pt-BR"), None, Some("de")] {
        store.put_reading_language(anna.id, language).await.expect("written");
        assert_eq!(store.reading_language(anna.id).await.expect("reads").as_deref(), language);
    }
    let state = conversation(&store, property).await;
    let text = |text: &str, by| Translation {
        conversation: state.id(),
        seq: 1,
        language: "de".to_owned(),
        text: text.to_owned(),
        by,
        at: Timestamp(1),
    };
    // An agent's own words are not replaced by a model's.
    for (put, stands) in
        [(text("one", None), "one"), (text("two", Some(anna.id)), "two"), (text("three", None), "two")]
    {
        store.put_translation(put).await.expect("written");
        let found = store.translation(state.id(), 1, "de").await.expect("reads").expect("is there");
        assert_eq!(found.text, stands);
    }
    assert_eq!(store.translations(state.id(), "de").await.expect("reads").len(), 1);
    assert!(store.translations(state.id(), "fr").await.expect("reads").is_empty());
    P::close(&store).await;
}
