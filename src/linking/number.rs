//! A phone number as people write it.

/// How many digits a number has with its country's code (ITU-T E.164), and the fewest that we believe.
const DIGITS: std::ops::RangeInclusive<usize> = 7..=15;
const TYPED_MAX_BYTES: usize = 40;

/// The digits of a number that was written with its country's code, such as `+49 (151) 234-56 78`; `None` if it cannot
/// be one, or is written as within its country: which that is nobody knows.
pub fn number(text: &str) -> Option<String> {
    let text = text.trim();
    if text.len() > TYPED_MAX_BYTES {
        return None;
    }
    let rest = text.strip_prefix('+').or_else(|| text.strip_prefix("00")).unwrap_or(text);
    let mut digits = String::new();
    for each in rest.chars() {
        match each {
            '0'..='9' => digits.push(each),
            ' ' | '\u{a0}' | '(' | ')' | '-' | '.' | '/' => {}
            _ => return None,
        }
    }
    (DIGITS.contains(&digits.len()) && !digits.starts_with('0')).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_people_write_it() {
        for text in [
            "+49 (151) 234-56 78",
            "0049 151 2345678",
            "491512345678",
            " +49.151.2345678 ",
            "+49/151/2345678",
        ] {
            assert_eq!(number(text).as_deref(), Some("491512345678"), "{text}");
        }
        let long = "1".repeat(16);
        for text in
            ["", "+", "0151 2345678", "+49", "00", "+49 151 x", "++491512345678", "491512345678;", &long]
        {
            assert_eq!(number(text), None, "{text}");
        }
    }
}
