//! Texts that say themselves where they belong: `run|conversation|author|n|hash words`.
//!
//! So nobody has to believe what the server says beside a text: a text under another conversation is
//! foreign, and one whose hash does not fit was altered. The AI's stand-in repeats the token of what it
//! answers before a fixed row of words, so that its texts say the same.

/// FNV-1a, 64 bit.
pub fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// A text of this run.
pub fn write(run: &str, conversation: &str, author: &str, n: &str, words: &str) -> String {
    let head = format!("{run}|{conversation}|{author}|{n}");
    let hash = hash(&format!("{head}|{words}"));
    format!("{head}|{hash:016x} {words}")
}

/// A text of a run, taken apart.
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
        && u64::from_str_radix(sum, 16) == Ok(hash(&format!("{run}|{conversation}|{author}|{n}|{words}")));
    Some(Token { run, conversation, author, n, whole })
}

/// The conversations that are named in any text, by tokens of this run.
pub fn conversations<'a>(run: &'a str, text: &'a str) -> impl Iterator<Item = &'a str> {
    text.match_indices(run).filter_map(move |(at, _)| {
        let rest = text[at + run.len()..].strip_prefix('|')?;
        rest.split_once('|').map(|(conversation, _)| conversation)
    })
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
                let expected = format!("w{n}");
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
        assert_eq!((token.run, token.conversation, token.author, token.n), ("r1", "c", "a", "m7"));
        assert!(token.whole);
        assert!(!read(&text.replace("pool", "bar")).expect("ours").whole);
        assert!(!read(&text.replace("|c|", "|d|")).expect("ours").whole);
        assert_eq!(read("hello there"), None);
        let frame = format!("{{\"a\":\"{text}\",\"b\":\"{}\"}}", write("r1", "d", "a", "m8", "x"));
        assert_eq!(conversations("r1", &frame).collect::<Vec<_>>(), ["c", "d"]);
    }

    #[test]
    fn answers_of_the_stand_in() {
        for good in [
            "",
            "Ab",
            "About r|c",
            "About r|c|a|m1|00: w1 w2 w3",
            "About r|c|a|m1|00: w1 w2 .",
            "About r|c|a|m1|00: w",
        ] {
            assert!(is_answer(good), "{good}");
        }
        for bad in [
            "Hello",
            "About r|c|a|m1|00: w1 w3",
            "About r|c: w1",
            "About r|c|a|m1|00: w2",
            "About r|c|a|m1|00: w1 x w3",
        ] {
            assert!(!is_answer(bad), "{bad}");
        }
        assert_eq!(answered("About r|c|a|m1|00: w1"), Some("c"));
    }
}
