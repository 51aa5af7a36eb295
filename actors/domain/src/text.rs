//! What may be written: 1 to 4,096 characters, kept exactly as sent.

use crate::refusal::{Code, Refusal};

/// The longest message or note, in Unicode scalar values.
pub const TEXT_MAX_CHARS: usize = 4096;

/// Checks the text of a message or note.
///
/// # Errors
/// `bad_text` when it is empty after trimming, longer than [`TEXT_MAX_CHARS`], or holds NUL or
/// another C0 control than tab, newline and carriage return.
pub fn check_text(text: &str) -> Result<(), Refusal> {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Err(Refusal::new(Code::BadText, "text is empty"));
    }
    // Bytes bound characters from above: most texts are settled without counting.
    if trimmed.len() > TEXT_MAX_CHARS && trimmed.chars().count() > TEXT_MAX_CHARS {
        return Err(Refusal::new(Code::BadText, "text is longer than 4096 characters"));
    }
    if has_control(text) {
        return Err(Refusal::new(Code::BadText, "text holds a control character"));
    }
    Ok(())
}

/// Checks a short field (a name, a tag, a reason): at most `max` characters, no control characters.
///
/// # Errors
/// `bad_text`, naming `what`.
pub fn check_short(what: &str, text: &str, max: usize) -> Result<(), Refusal> {
    if text.chars().count() > max {
        return Err(Refusal::new(Code::BadText, format!("{what} is longer than {max} characters")));
    }
    if text.chars().any(char::is_control) {
        return Err(Refusal::new(Code::BadText, format!("{what} holds a control character")));
    }
    Ok(())
}

/// The first `max` characters of a text, with an ellipsis where something was left out.
pub fn shorten(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
    }
}

/// A text from elsewhere, made fit to be stored: without what [`check_text`] refuses, and cut where it is too
/// long. `None` if nothing is left.
pub fn mend(text: &str) -> Option<String> {
    let mut clean: String = text.chars().filter(|c| *c >= ' ' || matches!(c, '\t' | '\n' | '\r')).collect();
    if clean.trim().chars().count() > TEXT_MAX_CHARS {
        clean = shorten(clean.trim(), TEXT_MAX_CHARS - 1);
    }
    (!clean.trim().is_empty()).then_some(clean)
}

fn has_control(text: &str) -> bool {
    text.bytes().any(|b| b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_the_contract() {
        let longest = "ß".repeat(TEXT_MAX_CHARS);
        for good in ["a", " hello\r\n\tthere ", "中文 🏨 مرحبا", &longest, &format!("  {longest}  ")]
        {
            assert!(check_text(good).is_ok(), "{good:?}");
        }
        let too_long = "a".repeat(TEXT_MAX_CHARS + 1);
        for bad in ["", "  \n ", "a\0b", "\u{1b}[31m", "\u{8}", &too_long] {
            assert_eq!(check_text(bad).map_err(|r| r.code), Err(Code::BadText), "{bad:?}");
        }
    }

    #[test]
    fn mended_texts_are_fit_to_be_stored() {
        let long = "ß".repeat(TEXT_MAX_CHARS * 2);
        for text in ["a\0b", " hi ", &long, "\u{1b}[31mred", &format!(" {} ", "x".repeat(TEXT_MAX_CHARS))] {
            assert!(check_text(&mend(text).expect("something is left")).is_ok(), "{text:.20}");
        }
        assert_eq!(mend(" hi\u{7}\n"), Some(" hi\n".to_owned()));
        for nothing in ["", " \n", "\0\u{1}"] {
            assert_eq!(mend(nothing), None);
        }
    }

    #[test]
    fn shortened_at_a_character() {
        assert_eq!(shorten("été", 3), "été");
        assert_eq!(shorten("été ici", 4), "été…");
    }
}
