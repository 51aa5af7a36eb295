//! The domain's types as columns hold them, whichever database it is.

use frontdesk_domain::conversation::{CommandKey, Receipt, Snapshot};
use frontdesk_domain::event::{Channel, DeliveryState, Event, Status, Urgency};
use frontdesk_domain::ids::{ClientId, Seq};
use frontdesk_domain::inbound::AliasKind;
use frontdesk_domain::people::{AuthorKey, AuthorKind, Role};
use uuid::Uuid;

/// What was read, or why it cannot be understood.
pub(super) type Decoded<T> = Result<T, sqlx::Error>;

/// The error of a column that holds something else than was put there.
pub(super) fn undecodable(what: impl std::fmt::Display) -> sqlx::Error {
    sqlx::Error::Decode(what.to_string().into())
}

/// JSON to be bound.
pub(super) fn json<T: serde::Serialize>(value: &T) -> Decoded<String> {
    serde_json::to_string(value).map_err(|error| sqlx::Error::Encode(error.into()))
}

/// A number as databases count.
pub(super) fn stored(seq: Seq) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}

pub(super) fn author_kind(kind: AuthorKind) -> &'static str {
    match kind {
        AuthorKind::Guest => "guest",
        AuthorKind::Agent => "agent",
        AuthorKind::Ai => "ai",
        AuthorKind::System => "system",
    }
}

pub(super) fn author_kind_of(text: &str) -> Decoded<AuthorKind> {
    match text {
        "guest" => Ok(AuthorKind::Guest),
        "agent" => Ok(AuthorKind::Agent),
        "ai" => Ok(AuthorKind::Ai),
        "system" => Ok(AuthorKind::System),
        other => Err(undecodable(format!("no kind of author: {other}"))),
    }
}

pub(super) fn role(role: Role) -> &'static str {
    role.name()
}

pub(super) fn role_of(text: &str) -> Decoded<Role> {
    match text {
        "viewer" => Ok(Role::Viewer),
        "agent" => Ok(Role::Agent),
        "supervisor" => Ok(Role::Supervisor),
        "admin" => Ok(Role::Admin),
        other => Err(undecodable(format!("no role: {other}"))),
    }
}

pub(super) fn status(status: Status) -> &'static str {
    match status {
        Status::Open => "open",
        Status::Waiting => "waiting",
        Status::Snoozed => "snoozed",
        Status::Closed => "closed",
    }
}

pub(super) fn channel(channel: Channel) -> &'static str {
    match channel {
        Channel::Web => "web",
        Channel::Whatsapp => "whatsapp",
    }
}

/// What a search looks at. A search for something that is not in there finds nothing.
pub(super) fn searched<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut text = String::new();
    for part in parts {
        // The line break keeps a search from matching across two fields.
        text.push_str(part);
        text.push('\n');
    }
    lower(&text)
}

/// Lower case, quickly where the text is ASCII, as most are.
pub(super) fn lower(text: &str) -> String {
    if text.is_ascii() { text.to_ascii_lowercase() } else { text.to_lowercase() }
}

/// Since when a guest waits, as the list sorts by it: who must be looked at now stands before all who wait.
pub(super) fn waits_since(snapshot: &Snapshot) -> Option<i64> {
    match snapshot.urgency {
        Urgency::Normal => snapshot.waiting_since.map(|at| at.0),
        Urgency::Urgent => Some(snapshot.waiting_since.map_or(-1, |at| at.0.saturating_sub(i64::MAX / 2))),
    }
}

/// What a search for a conversation looks at.
pub(super) fn searched_of(snapshot: &Snapshot) -> String {
    let guest = &snapshot.guest;
    let fields = [&guest.name, &guest.email, &guest.phone, &guest.room];
    let said = snapshot.last_message.as_ref().map(|message| message.text.as_str());
    let tags = snapshot.tags.iter().map(String::as_str);
    searched(fields.into_iter().filter_map(Option::as_deref).chain(said).chain(tags))
}

/// A receipt as the loading statement writes it: kind and id of the author, client id, `seq`, fingerprint.
pub(super) type ReceiptRow = (String, Option<Uuid>, ClientId, Seq, i64);

/// The receipt in such a row.
pub(super) fn receipt_of_row(row: ReceiptRow) -> Decoded<(CommandKey, Receipt)> {
    let (kind, id, client_id, seq, fingerprint) = row;
    let author = AuthorKey { kind: author_kind_of(&kind)?, id };
    Ok(((author, client_id), Receipt { seq, fingerprint: fingerprint.cast_unsigned() }))
}

/// The receipt of the command that became this event, if it was one's own.
pub(super) fn receipt(event: &Event) -> Option<(CommandKey, Receipt)> {
    let receipt = Receipt { seq: event.seq, fingerprint: event.fingerprint? };
    Some(((event.by.key(), event.id.clone()?), receipt))
}

/// The kinds of WhatsApp's names.
pub(super) fn alias_kind(kind: AliasKind) -> &'static str {
    match kind {
        AliasKind::Bsuid => "bsuid",
        AliasKind::ParentBsuid => "parent_bsuid",
        AliasKind::WaId => "wa_id",
        AliasKind::Phone => "phone",
    }
}

/// How far a delivery got; a higher one is never taken back.
pub(super) fn delivery_rank(state: DeliveryState) -> i64 {
    match state {
        DeliveryState::Sent => 1,
        DeliveryState::Failed => 2,
        DeliveryState::Delivered => 3,
        DeliveryState::Read => 4,
    }
}

/// The same, as it is read. `None` for 0: it got nowhere yet.
pub(super) fn delivery_state(rank: i64) -> Option<DeliveryState> {
    match rank {
        1 => Some(DeliveryState::Sent),
        2 => Some(DeliveryState::Failed),
        3 => Some(DeliveryState::Delivered),
        4 => Some(DeliveryState::Read),
        _ => None,
    }
}

/// A wait in whole milliseconds.
pub(super) fn millis(wait: std::time::Duration) -> i64 {
    i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)
}
