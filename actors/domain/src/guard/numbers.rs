//! Numbers in digits.

/// Numbers as they are compared: "07:00", "7.00" and "7" are one. "7 pm" and "19:00" are not: when in
/// doubt, a person answers.
pub(super) fn numbers(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut run = String::new();
    for character in text.chars().chain([' ']) {
        if let Some(digit) = character.to_digit(10).filter(|_| character.is_ascii_digit()) {
            run.push(char::from_digit(digit, 10).unwrap_or('0'));
        } else if character.is_numeric() {
            // Digits of other scripts cannot be compared: they stand for themselves.
            run.push(character);
        } else if !run.is_empty() {
            let bare = run.trim_start_matches('0').to_owned();
            // What follows a colon or a dot and is all zeros adds nothing.
            if !bare.is_empty() || found.is_empty() {
                found.push(if bare.is_empty() { "0".to_owned() } else { bare });
            }
            run.clear();
        }
    }
    found
}
