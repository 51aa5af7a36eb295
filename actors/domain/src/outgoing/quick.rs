//! Quick replies as buttons. A title is short, so the full text travels in the button's id and comes back
//! with the tap.

use super::split::{shorten_units, units};
use super::{BUTTONS_MAX, Button};

/// What the id of such a button begins with.
pub const SPOKEN: &str = "say:";
/// The longest title, in UTF-16 units.
const TITLE_MAX_UNITS: usize = 20;
/// The longest id.
const ID_MAX_UNITS: usize = 256;

/// The buttons of these quick replies: at most [`BUTTONS_MAX`], their titles all different.
pub fn buttons(replies: &[String]) -> Vec<Button> {
    let mut buttons: Vec<Button> = Vec::new();
    for reply in replies.iter().map(|reply| reply.trim()).filter(|reply| !reply.is_empty()) {
        if buttons.len() == BUTTONS_MAX {
            break;
        }
        let id = format!("{SPOKEN}{}", shorten_units(reply, ID_MAX_UNITS - SPOKEN.len()));
        if buttons.iter().any(|other| other.id == id) {
            continue;
        }
        let mut title = shorten_units(&one_line(reply), TITLE_MAX_UNITS);
        if buttons.iter().any(|other| other.title == title) {
            let place = format!(" {}", buttons.len() + 1);
            let room = TITLE_MAX_UNITS - units(&place);
            title = format!("{}{place}", shorten_units(title.trim_end_matches('…'), room));
        }
        buttons.push(Button { id, title });
    }
    buttons
}

/// What a guest says by tapping the button with this id; `None` if it is not one of ours.
pub fn spoken(id: &str) -> Option<&str> {
    id.strip_prefix(SPOKEN).filter(|text| !text.trim().is_empty())
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn titles(replies: &[&str]) -> Vec<String> {
        let replies: Vec<String> = replies.iter().map(|&reply| reply.to_owned()).collect();
        buttons(&replies).into_iter().map(|button| button.title).collect()
    }

    #[test]
    fn three_short_titles_and_the_full_text_behind_them() {
        assert_eq!(titles(&["Yes", " ", "No", "Yes", "Later", "Never"]), ["Yes", "No", "Later"]);
        let long = "When is breakfast served on Sundays?".to_owned();
        let made = buttons(std::slice::from_ref(&long));
        assert_eq!(made[0].title, "When is breakfast s…");
        assert_eq!(spoken(&made[0].id), Some(long.as_str()));
        assert_eq!(spoken("menu-1"), None);
    }

    #[test]
    fn titles_differ_and_nothing_is_too_long() {
        let same = ["Is there parking for a van?", "Is there parking for a bus?"];
        let made = titles(&same);
        assert_ne!(made[0], made[1]);
        let huge = "🏨".repeat(500);
        let made = buttons(&[huge.clone(), format!("{huge}x")]);
        assert!(made.iter().all(|button| units(&button.id) <= 256 && units(&button.title) <= 20));
    }
}
