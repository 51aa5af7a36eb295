//! Where a message goes: at which of a guest's names.

use frontdesk_actors::ports::whatsapp::Recipient;

/// How long a report about an unknown id is kept, in milliseconds.
pub(super) const EARLY_KEPT_MILLIS: i64 = 24 * 3_600_000;

/// A name, the user id beside which it was shown, and since when it is the newest.
pub(super) type Name = (String, Option<String>, i64);

/// The guest's newest names of each kind, as JSON of [`Name`]s.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Newest<'a> {
    pub(super) phone: Option<&'a str>,
    pub(super) wa_id: Option<&'a str>,
    pub(super) bsuid: Option<&'a str>,
}

/// The newest number, as WhatsApp answers at it first; the newest user id where there is none, or where it has
/// taken the place of the one that the number went with.
///
/// # Errors
/// A text that is no name.
pub(super) fn of(newest: Newest<'_>) -> Result<Option<Recipient>, sqlx::Error> {
    let number = name(newest.phone)?.or(name(newest.wa_id)?);
    Ok(choose(number, name(newest.bsuid)?))
}

fn name(text: Option<&str>) -> Result<Option<Name>, sqlx::Error> {
    let read = |text| serde_json::from_str(text).map_err(|error| sqlx::Error::Decode(error.into()));
    text.map(read).transpose()
}

fn choose(number: Option<Name>, user: Option<Name>) -> Option<Recipient> {
    let digits = |value: &str| !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    let number = number.filter(|(value, ..)| digits(value));
    match (number, user) {
        (Some((_, Some(beside), since)), Some((user, _, newer))) if newer > since && beside != user => {
            Some(Recipient::UserId(user))
        }
        (Some((number, ..)), _) => Some(Recipient::Phone(number)),
        (None, user) => user.map(|(user, ..)| Recipient::UserId(user)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_that_is_the_guests_still() {
        let name = |value: &str, beside: Option<&str>, since| {
            Some((value.to_owned(), beside.map(str::to_owned), since))
        };
        let number = |value: &str| Some(Recipient::Phone(value.to_owned()));
        let user = |value: &str| Some(Recipient::UserId(value.to_owned()));
        for (phone, bsuid, to) in [
            (None, None, None),
            (name("1", None, 5), None, number("1")),
            (None, name("US.1", None, 5), user("US.1")),
            // The user id was told later, or the number is hidden by now: it is the guest's still.
            (name("1", Some("US.1"), 5), name("US.1", None, 9), number("1")),
            (name("1", None, 5), name("US.1", None, 9), number("1")),
            // Another user id, and no number beside it.
            (name("1", Some("US.1"), 5), name("US.2", None, 9), user("US.2")),
            // Another number, and no user id beside it.
            (name("2", Some("US.0"), 9), name("US.1", None, 5), number("2")),
            (name("no number", None, 9), name("US.1", None, 5), user("US.1")),
        ] {
            assert_eq!(choose(phone.clone(), bsuid.clone()), to, "{phone:?} {bsuid:?}");
        }
    }
}
