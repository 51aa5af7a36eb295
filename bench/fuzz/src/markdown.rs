//! The AI's Markdown on its way to a phone.

use frontdesk_domain::outgoing::{TEXT_MAX_UNITS, buttons, plain, shorten_units, split, spoken, units};

/// Writes it as WhatsApp shows it, and cuts it into messages.
pub fn read(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let shown = plain(text);
    // The first byte says how small the messages are, so that small inputs are cut too.
    let max = data.first().map_or(TEXT_MAX_UNITS, |byte| 2 + usize::from(*byte));
    let pieces = split(&shown, max);
    assert!(pieces.iter().all(|piece| units(piece) <= max && !piece.trim().is_empty()));
    let solid = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
    assert_eq!(solid(&pieces.concat()), solid(&shown), "not a word is lost");
    assert!(units(&shorten_units(text, max)) <= max);
    let replies: Vec<String> = text.lines().map(str::to_owned).collect();
    let made = buttons(&replies);
    assert!(made.len() <= 3);
    for (n, button) in made.iter().enumerate() {
        assert!((1..=20).contains(&units(&button.title)) && units(&button.id) <= 256, "{button:?}");
        assert!(spoken(&button.id).is_some(), "a tap says something");
        assert!(made[..n].iter().all(|other| other.title != button.title && other.id != button.id));
    }
}
