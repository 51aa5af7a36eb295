//! Words for logs and reports, without what may be somebody's: for texts that we did not write ourselves, such
//! as the message of a panic or of a library's error.

/// More says nothing that the place does not.
const CHARS_MAX: usize = 400;
/// A word with so many digits may be a phone number.
const DIGITS_MAX: usize = 6;
/// A word of letters and digits this long may be a token.
const TOKEN_CHARS: usize = 20;

/// The text without quotations (they may be a guest's words), mail addresses, numbers as long as a phone's,
/// anything that looks like a token, and all but the host of an address on the net. Ids stay.
pub fn scrub(text: &str) -> String {
    let mut out = String::new();
    for word in without_quotations(text).split_inclusive(char::is_whitespace) {
        let bare = word.trim_end_matches(char::is_whitespace);
        out.push_str(&plain(bare));
        out.extend(word[bare.len()..].chars().map(|c| if c == ' ' { c } else { ' ' }));
    }
    match out.char_indices().nth(CHARS_MAX) {
        Some((cut, _)) => format!("{}…", &out[..cut]),
        None => out,
    }
}

/// Whatever stands between two of the same mark is left out; one that is not closed goes to the end.
fn without_quotations(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['"', '`', '\'']) {
        let mark = &rest[at..=at];
        // In "can't" it is no quotation.
        let in_word = mark == "'" && rest[..at].ends_with(char::is_alphanumeric);
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if in_word {
            out.push('\'');
            continue;
        }
        out.push('…');
        match rest.find(mark) {
            // A quotation may hold the mark itself: what follows the last one on the line is ours.
            Some(_) if mark == "'" => rest = rest.find(mark).map_or("", |end| &rest[end + 1..]),
            Some(_) => {
                let line = rest.find('\n').unwrap_or(rest.len());
                let end = if mark == "\"" { rest[..line].rfind(mark) } else { rest.find(mark) };
                rest = end.or_else(|| rest.find(mark)).map_or("", |end| &rest[end + 1..]);
            }
            None => return out,
        }
    }
    out.push_str(rest);
    out
}

fn plain(word: &str) -> String {
    if let Some(at) = word.find("://") {
        let host = word[at + 3..].find(['/', '?', '#', ')']).map_or(word.len(), |end| at + 3 + end);
        // What stands before an @ is a login.
        let named = word[..host].rfind('@').map_or(at + 3, |login| login + 1);
        let cut = if host < word.len() { "/…" } else { "" };
        return format!("{}{}{cut}", &word[..at + 3], &word[named..host]);
    }
    if word.contains('@') {
        return "[mail]".to_owned();
    }
    let core = word.trim_matches(|c: char| !c.is_alphanumeric() && c != '+');
    if is_id(core) {
        return word.to_owned();
    }
    let digits = core.chars().filter(char::is_ascii_digit).count();
    let letters = core.chars().filter(char::is_ascii_alphabetic).count();
    let token_like = |c: char| c.is_ascii_alphanumeric() || "-_+/=.:~".contains(c);
    if core.chars().count() >= TOKEN_CHARS && core.chars().all(token_like) && digits > 0 && letters > 0 {
        return "[token]".to_owned();
    }
    if digits > DIGITS_MAX { "[number]".to_owned() } else { word.to_owned() }
}

/// An id of ours: five groups of hexadecimal digits.
fn is_id(word: &str) -> bool {
    let groups: Vec<&str> = word.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|group| group.chars().all(|c| c.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::scrub;

    #[test]
    fn what_is_somebodys_is_left_out() {
        for (text, wanted) in [
            (
                "byte index 1 is not a char boundary; it is inside 'ü' (bytes 0..2) of `über uns`",
                "byte index 1 is not a char boundary; it is inside … (bytes 0..2) of …",
            ),
            (
                "called `Result::unwrap()` on an `Err` value: Bad(\"room \\\"12\\\" please\")",
                "called … on an … value: Bad(…)",
            ),
            ("mail to mia@hotel.test failed", "mail to [mail] failed"),
            ("no answer from +4915112345678.", "no answer from [number]"),
            ("Bearer EAAGm0PX4ZCpsBAKZC9x7 refused", "Bearer [token] refused"),
            (
                "error sending request for url (https://u:p@graph.example/v23/1?access_token=abc)",
                "error sending request for url (https://graph.example/…",
            ),
            (
                "conversation 0192f0c1-2b3c-7d4e-8f50-112233445566 is there",
                "conversation 0192f0c1-2b3c-7d4e-8f50-112233445566 is there",
            ),
            ("it can't be, within 500 ms", "it can't be, within 500 ms"),
            ("an open \"quotation", "an open …"),
            ("two\nlines", "two lines"),
        ] {
            assert_eq!(scrub(text), wanted);
        }
        assert_eq!(scrub(&"word ".repeat(200)).chars().count(), 401);
    }

    proptest::proptest! {
        #[test]
        fn nothing_breaks_it(text in ".{0,300}") {
            let once = scrub(&text);
            proptest::prop_assert!(!once.contains('\n') && !once.contains('@') || once.contains("://"));
        }
    }
}
