//! Which new passwords are taken: long enough, and not among those that are tried first.

use zxcvbn::zxcvbn;

use super::password;

/// A password that is found within so many guesses (as a power of ten) is refused: the common ones, the words
/// around the account, and simple changes of either.
const GUESSES_MIN_LOG10: f64 = 5.0;
/// Words around every account.
const OUR_WORDS: [&str; 4] = ["frontdesk", "hotel", "reception", "dashboard"];

/// Why a new password is not taken, in words for the person who chose it; `None` if it is. `around`: the
/// account's e-mail address and name.
pub fn objection(password: &str, around: &[&str]) -> Option<&'static str> {
    if !password::fits(password) {
        return Some("password must have 8 to 128 characters");
    }
    let parts = around.iter().flat_map(|text| text.split('@'));
    let words = around.iter().flat_map(|text| text.split(|c: char| !c.is_alphanumeric()));
    let words: Vec<&str> = parts.chain(words).chain(around.iter().copied()).chain(OUR_WORDS).collect();
    // One of many characters is not made of one word; and to look for words takes longer, the longer it is.
    let long = password.chars().count() > 40;
    if !long && zxcvbn(password, &words).guesses_log10() < GUESSES_MIN_LOG10 {
        return Some("password is too easy to guess: it is a common one, or made of your name or address");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_table() {
        let around = ["mia.sommer@aurora.example", "Mia Sommer"];
        for (password, taken) in [
            ("", false),
            ("1234567", false),
            ("12345678", false),
            ("password", false),
            ("Password1", false),
            ("password123", false),
            ("qwertyuiop", false),
            ("qwerty123", false),
            ("iloveyou", false),
            ("11111111", false),
            ("abcdefgh", false),
            ("letmein1", false),
            ("sunshine", false),
            ("football1", false),
            ("welcome1", false),
            ("p@ssw0rd", false),
            ("trustno1", false),
            ("baseball", false),
            ("superman", false),
            ("princess1", false),
            ("frontdesk", false),
            ("Frontdesk1", false),
            ("reception", false),
            ("miasommer", false),
            ("mia.sommer", false),
            ("mia.sommer@aurora.example", false),
            ("aaaaaaaaaaaa", false),
            ("correct horse", true),
            ("a password for tests", true),
            ("battery staple", true),
            (" leading space", true),
            ("trailing space  ", true),
            ("pässwörter-öfter", true),
            ("パスワードは長い", true),
            ("🦊🐢🦉🐙🐝🦋🐌🐞", true),
            ("x7#Qm2!v", true),
            ("Zimmer-mit-Aussicht", true),
            (&"ab cd ef gh ".repeat(6), true),
            (&"x".repeat(129), false),
            (&"Ein sehr langer Satz. ".repeat(5), true),
        ] {
            assert_eq!(objection(password, &around).is_none(), taken, "{password:?}");
        }
    }

    #[test]
    fn nothing_is_cut_off() {
        let long = "y".repeat(71);
        let (one, other) = (format!("{long}1"), format!("{long}12"));
        assert!(objection(&one, &[]).is_none() && objection(&other, &[]).is_none());
    }
}
