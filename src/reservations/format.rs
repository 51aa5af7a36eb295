//! The neutral format, read and checked.

use frontdesk_domain::ids::{GuestId, PropertyId};
use frontdesk_domain::refusal::{Code, Refusal};
use frontdesk_domain::text::check_short;
use frontdesk_domain::timestamp::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::store::reservations::{Reservation, Stay};

/// Reservations in one request.
const RESERVATIONS_MAX: usize = 100;
/// The longest reference, in characters.
const REFERENCE_MAX_CHARS: usize = 64;
/// The longest of the other texts, in characters.
const FIELD_MAX_CHARS: usize = 200;

/// What a property system tells.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Told {
    /// 1 to 100.
    reservations: Vec<ToldReservation>,
}

/// One version of a reservation.
#[derive(Debug, Deserialize, ToSchema)]
struct ToldReservation {
    /// The property system's name for it: 1 to 64 characters.
    reference: String,
    /// Counts up with every change; one that is not higher than what is known is passed over.
    version: u32,
    /// Where the stay stands.
    status: Stay,
    #[serde(default)]
    guest: ToldGuest,
    #[serde(default)]
    room: Option<String>,
    /// As `2026-12-24`.
    #[serde(default)]
    arrival: Option<String>,
    /// As `2026-12-26`.
    #[serde(default)]
    departure: Option<String>,
}

/// Whose it is.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
struct ToldGuest {
    /// Our own id for the guest, where the property system knows it: nothing is looked up then.
    id: Option<GuestId>,
    name: Option<String>,
    email: Option<String>,
    /// With the country's code.
    phone: Option<String>,
    /// Language tag, as in `de` or `pt-BR`.
    locale: Option<String>,
}

/// Reads what was told, in the forms in which it is compared.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn read(body: &[u8], property: PropertyId, at: Timestamp) -> Result<Vec<Reservation>, Refusal> {
    let bad = |what: &str| Refusal::new(Code::BadFrame, what);
    let told: Told = serde_json::from_slice(body)
        .map_err(|_| bad("not JSON, or a field of a reservation is missing or mistyped"))?;
    if told.reservations.is_empty() || told.reservations.len() > RESERVATIONS_MAX {
        return Err(bad("reservations must hold 1 to 100 reservations"));
    }
    told.reservations.into_iter().map(|one| checked(one, property, at)).collect()
}

fn checked(one: ToldReservation, property: PropertyId, at: Timestamp) -> Result<Reservation, Refusal> {
    let reference = field("reference", Some(one.reference), REFERENCE_MAX_CHARS)?;
    let reference = reference.ok_or_else(|| Refusal::new(Code::BadText, "reference is empty"))?;
    let text = |name: &str, value: Option<String>| field(name, value, FIELD_MAX_CHARS);
    let phone = text("phone", one.guest.phone)?
        .map(|phone| phone.chars().filter(char::is_ascii_digit).collect::<String>())
        .filter(|digits| digits.len() >= 5);
    Ok(Reservation {
        property,
        reference,
        version: i64::from(one.version),
        guest: one.guest.id,
        status: one.status,
        name: text("name", one.guest.name)?,
        email: text("email", one.guest.email)?.map(|email| email.to_lowercase()),
        phone,
        room: text("room", one.room)?,
        arrival: day("arrival", one.arrival)?,
        departure: day("departure", one.departure)?,
        locale: text("locale", one.guest.locale)?,
        updated_at: at,
    })
}

/// A text without blanks around it; an empty one is none.
fn field(name: &str, value: Option<String>, most: usize) -> Result<Option<String>, Refusal> {
    let Some(value) = value else { return Ok(None) };
    let value = value.trim();
    check_short(name, value, most)?;
    Ok((!value.is_empty()).then(|| value.to_owned()))
}

fn day(name: &str, value: Option<String>) -> Result<Option<String>, Refusal> {
    let Some(value) = field(name, value, FIELD_MAX_CHARS)? else { return Ok(None) };
    let form = time::macros::format_description!("[year]-[month]-[day]");
    match time::Date::parse(&value, &form) {
        Ok(_) if value.len() == 10 => Ok(Some(value)),
        _ => Err(Refusal::new(Code::BadText, format!("{name} must be a day such as 2026-12-24"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use uuid::Uuid;

    fn read_one(one: &serde_json::Value) -> Result<Reservation, Refusal> {
        let body = json!({ "reservations": [one] }).to_string();
        read(body.as_bytes(), PropertyId(Uuid::nil()), Timestamp(1)).map(|mut all| all.remove(0))
    }

    #[test]
    fn forms_are_made_comparable() {
        let one = read_one(
            &json!({"reference":" R1 ","version":2,"status":"in_house","room":"","arrival":"2026-12-24",
            "guest":{"email":"Ana@Mail.Example","phone":"+49 (151) 234-56 78"},"unknown":1}),
        );
        let one = one.expect("good");
        assert_eq!((one.reference.as_str(), one.version, one.status), ("R1", 2, Stay::InHouse));
        assert_eq!(
            (one.email.as_deref(), one.phone.as_deref()),
            (Some("ana@mail.example"), Some("491512345678"))
        );
        assert_eq!((one.room, one.arrival.as_deref()), (None, Some("2026-12-24")));
    }

    #[test]
    fn what_is_refused() {
        let good = json!({"reference":"R","version":1,"status":"booked"});
        assert!(read_one(&good).is_ok());
        for (field, value) in [
            ("reference", json!("")),
            ("reference", json!("x".repeat(65))),
            ("reference", json!("a\nb")),
            ("version", json!(-1)),
            ("version", json!("1")),
            ("status", json!("here")),
            ("arrival", json!("24.12.2026")),
            ("arrival", json!("2026-02-30")),
            ("departure", json!("2026-12-24T00:00")),
            ("room", json!("x".repeat(201))),
            ("guest", json!({"id":"no id"})),
        ] {
            let mut one = good.clone();
            one[field] = value;
            assert!(read_one(&one).is_err(), "{one}");
        }
        let many = json!({ "reservations": vec![good; 101] }).to_string();
        for body in [many.as_str(), "{\"reservations\":[]}", "[]", "", "{"] {
            assert!(read(body.as_bytes(), PropertyId(Uuid::nil()), Timestamp(1)).is_err());
        }
    }
}
