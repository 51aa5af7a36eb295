//! A guest whom the hotel has named comes with its token.

use frontdesk_domain::conversation::{Booked, Command};
use frontdesk_domain::ids::{ConversationId, GuestId};
use frontdesk_domain::people::GuestProfile;
use frontdesk_domain::refusal::{Code, Refusal};
use frontdesk_domain::timestamp::Timestamp;
use http::StatusCode;
use uuid::Uuid;

use super::{AppState, find, now};
use crate::auth::Token;
use crate::error::{ApiError, ApiResult};
use crate::identity::{Key, read};
use crate::store::GuestRow;
use crate::store::verified::{Admitted, Named, SealedKey};
use crate::webhooks::open_secret;

/// The session of the guest whom `shown` names at the hotel `slug`: `known` if it is this guest's, else a new one.
/// What was written before anybody was named stays with the session in which it was: whoever sat there then need
/// not be who sits there now.
pub(super) async fn admit(
    state: &AppState,
    slug: &str,
    shown: &str,
    known: Option<(Token, GuestRow)>,
) -> ApiResult<(StatusCode, Token, GuestRow)> {
    let (property, at) = (find(state, slug).await?, now());
    let key = state.db.identity_key(property).await?.ok_or_else(unnamed)?;
    let old = key.old.iter().filter(|(_, until)| *until > at).map(|(old, _)| old);
    let keys = std::iter::once(&key.key).chain(old);
    let open = |one: &SealedKey| open_secret(&state.vault, &one.secret, one.id).map(Key::from_bytes);
    let keys = keys.map(open).collect::<Result<Vec<_>, _>>()?;
    let named = read(shown, &keys, slug, at.0 / 1_000).ok_or_else(unnamed)?;
    if let Some((token, row)) = known
        && row.property == property
        && state.db.named_as(row.id).await?.as_deref() == Some(named.subject.as_str())
    {
        return Ok((StatusCode::OK, token, told(state, row, named.profile).await?));
    }
    let id = GuestId(Uuid::now_v7());
    let nobody = GuestProfile { id: Some(id), ..GuestProfile::default() };
    let fresh = GuestRow {
        id,
        property,
        profile: nobody.vouched_for(&named.profile),
        conversation: ConversationId(Uuid::now_v7()),
    };
    let token = Token::random()?;
    let named_now = Named {
        subject: named.subject,
        token: named.digest,
        expires_at: Timestamp(named.good_until.saturating_mul(1_000)),
        fresh,
        session: token.key(),
    };
    match state.db.admit_named(named_now, at).await? {
        Admitted::New(row) => Ok((StatusCode::CREATED, token, row)),
        Admitted::Known(row) => Ok((StatusCode::OK, token, told(state, row, named.profile).await?)),
        Admitted::Replayed => Err(unnamed()),
    }
}

/// What the hotel says anew is its own word, and not the guest's.
async fn told(state: &AppState, row: GuestRow, said: GuestProfile) -> ApiResult<GuestRow> {
    let profile = row.profile.vouched_for(&said);
    if profile == row.profile {
        return Ok(row);
    }
    let booked = Booked { id: super::new_id()?, patch: said, sure: true };
    state.hub.note(row.conversation, Command::Booked(booked)).await?;
    state.db.put_guest(row.id, &profile).await?;
    Ok(GuestRow { profile, ..row })
}

/// Whether the hotel has named this guest.
pub(super) async fn is(state: &AppState, row: &GuestRow) -> ApiResult<bool> {
    Ok(state.db.named_as(row.id).await?.is_some())
}

/// The same whatever is wrong with the token, or if there is nothing that could have signed it.
fn unnamed() -> ApiError {
    Refusal::new(Code::Unauthorized, "the identity is not one that the hotel has signed for now").into()
}
