//! Texts that say themselves where they belong: `run|conversation|author|n|hash words`.
//!
//! So nobody has to believe what the server says beside a text: a text under another conversation is
//! foreign, and one whose hash does not fit was altered. The AI's stand-in repeats the token of what it
//! answers before a fixed row of words, so that its texts say the same. Digits stand there as letters
//! ([`spelled`]): the server withholds a number of the AI's that no entry of the knowledge holds.

pub use crate::fake_openai::answer::spelled;

/// FNV-1a, 64 bit.
pub fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// A text of this run.
pub fn write(run: &str, conversation: &str, author: &str, n: &str, words: &str) -> String {
    let head = spelled(&format!("{run}|{conversation}|{author}|{n}"));
    let hash = spelled(&format!("{:016x}", hash(&format!("{head}|{words}"))));
    format!("{head}|{hash} {words}")
}

/// A text of a run, taken apart; its parts are spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token<'a> {
    /// The run.
    pub run: &'a str,
    /// The conversation it was written for.
    pub conversation: &'a str,
    /// Who wrote it.
    pub author: &'a str,
    /// The author's own number.
    pub n: &'a str,
    /// True if nothing of it was changed.
    pub whole: bool,
}

/// Reads a text; `None` if it is not one of ours.
pub fn read(text: &str) -> Option<Token<'_>> {
    let (token, words) = text.split_once(' ').unwrap_or((text, ""));
    let mut parts = token.split('|');
    let (run, conversation, author, n, sum) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let whole = parts.next().is_none()
        && sum == spelled(&format!("{:016x}", hash(&format!("{run}|{conversation}|{author}|{n}|{words}"))));
    Some(Token { run, conversation, author, n, whole })
}

/// Another conversation than these, if a token of this run in the text names one. A token may be cut, where the AI's words
/// were; in a frame other fields follow then.
pub fn names_another(run: &str, text: &str, own: &[&str]) -> Option<String> {
    let (run, own) = (spelled(run), own.iter().map(|name| spelled(name)).collect::<Vec<_>>());
    let named = text.match_indices(&run).filter_map(|(at, _)| {
        let rest = text[at + run.len()..].strip_prefix('|')?;
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '-').unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        let is_own = |own: &String| if after.starts_with('|') { own == name } else { own.starts_with(name) };
        (!own.iter().any(is_own)).then(|| name.to_owned())
    });
    named.into_iter().next()
}

/// The conversation of what the AI's stand-in repeats.
pub fn answered(text: &str) -> Option<&str> {
    text.strip_prefix(ABOUT)?.split('|').nth(1)
}

/// What the stand-in says before the token of the question.
pub const ABOUT: &str = "About ";

/// True if this is how the stand-in's answer begins: the question's token, a colon, and words that are
/// numbered from 1 without a hole. The last one may be cut.
pub fn is_answer(text: &str) -> bool {
    let Some(rest) = text.strip_prefix(ABOUT) else { return ABOUT.starts_with(text) };
    let Some((token, words)) = rest.split_once(": ") else { return !rest.contains(' ') };
    let mut n = 0;
    let mut words = words.split(' ').peekable();
    token.matches('|').count() == 4
        && std::iter::from_fn(|| words.next().map(|word| (word, words.peek().is_none()))).all(
            |(word, last)| {
                n += 1;
                let expected = format!("w{}", spelled(&n.to_string()));
                word == expected || (last && (expected.starts_with(word) || word == "." || word.is_empty()))
            },
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_where_it_belongs_and_whether_it_is_whole() {
        let text = write("r1", "c", "a", "m7", "is the pool open? é 🏨");
        let token = read(&text).expect("ours");
        assert_eq!((token.run, token.conversation, token.author, token.n), ("rH", "c", "a", "mW"));
        assert!(token.whole);
        assert!(!read(&text.replace("pool", "bar")).expect("ours").whole);
        assert!(!read(&text.replace("|c|", "|d|")).expect("ours").whole);
        assert_eq!(read("hello there"), None);
        let frame = format!("{{\"a\":\"{text}\",\"b\":\"{}\"}}", write("r1", "d", "a", "m8", "x"));
        assert_eq!(names_another("r1", &frame, &["c"]).as_deref(), Some("d"));
        assert_eq!(names_another("r1", &text, &["c"]), None);
        // The AI's words were cut in the token; what follows belongs to the frame.
        let cut =
            |token: &str| format!("{{\"text\":\"About {token}\",\"partial\":true,\"then\":\"{text}\"}}");
        for token in ["rH|", "rH|c"] {
            assert_eq!(names_another("r1", &cut(token), &["cK"]).as_deref(), Some("c"), "by the second");
            assert_eq!(names_another("r1", &cut(token), &["c", "cK"]), None, "{token}");
        }
        assert_eq!(names_another("r1", &cut("rH|d"), &["c"]).as_deref(), Some("d"));
    }

    #[test]
    fn answers_of_the_stand_in() {
        for good in [
            "",
            "Ab",
            "About r|c",
            "About r|c|a|m1|00: wH wJ wK",
            "About r|c|a|m1|00: wH wJ .",
            "About r|c|a|m1|00: w",
        ] {
            assert!(is_answer(good), "{good}");
        }
        for bad in [
            "Hello",
            "About r|c|a|m1|00: wH wK",
            "About r|c: wH",
            "About r|c|a|m1|00: wJ",
            "About r|c|a|m1|00: wH x wK",
        ] {
            assert!(!is_answer(bad), "{bad}");
        }
        assert_eq!(answered("About r|c|a|m1|00: wH"), Some("c"));
    }

    /// The server's guard lets every answer of the stand-in through, whatever the question's token is.
    #[test]
    fn nothing_in_an_answer_needs_a_source() {
        let words: Vec<String> = (1..=250).map(|n| format!("w{}", spelled(&n.to_string()))).collect();
        for n in 0..5_000_u64 {
            let id = format!("019abcde-{:04x}-7{:03x}-{:016x}", n % 65_536, n % 4_096, hash(&n.to_string()));
            let token = write(&format!("run{n:016x}"), &id, &id, &format!("mp0-{n}"), "");
            let answer = format!("{ABOUT}{}: {}", token.trim_end(), words.join(" "));
            assert_eq!(
                frontdesk_domain::guard::concern(
                    &answer,
                    &frontdesk_domain::answerer::Topics::default(),
                    &[]
                ),
                None,
                "{answer}"
            );
        }
    }
}
