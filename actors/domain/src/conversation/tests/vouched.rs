//! What the hotel's own systems vouch for on a guest's card.

use crate::people::ProfileField::{Email, Name, Room};

use super::*;

#[test]
fn the_hotel_vouches_for_what_it_says_and_for_nothing_else() {
    let mut desk = Desk::new();
    let texts = |name: &str, room: &str| GuestProfile {
        name: Some(name.into()),
        room: Some(room.into()),
        ..GuestProfile::default()
    };
    let claim = GuestProfile { email: Some("ada@mail.example".into()), ..texts("Ada", "1") };
    let forged = GuestProfile { vouched: [Name, Email].into(), ..claim };
    desk.act("a1", Action::Profile { guest: forged });
    assert!(desk.rules.summary().guest.vouched.is_empty(), "nobody vouches by saying so");
    let booked = |id: &str, patch, sure| {
        Command::Booked(Booked { id: ClientId::try_from(id.to_owned()).expect("an id"), patch, sure })
    };
    desk.ask(booked("b1", texts("", "204"), false)).expect("told");
    assert!(desk.rules.summary().guest.vouched.is_empty(), "what only fits proves nothing");
    desk.ask(booked("b2", texts("Ada", "204"), true)).expect("told");
    let guest = desk.rules.summary().guest;
    assert!(guest.verified && guest.vouched == [Name, Room].into(), "{guest:?}");
    assert_eq!(guest.email.as_deref(), Some("ada@mail.example"), "still a claim");
    desk.act("a2", Action::Profile { guest: texts("Ada", "205") });
    let guest = desk.rules.summary().guest;
    assert!(guest.verified && guest.vouched == [Name].into(), "{guest:?}");
}
