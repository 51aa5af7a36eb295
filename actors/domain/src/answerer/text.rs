//! Folding and splitting of text: the one place that decides what a word is.
//!
//! Questions, entries, lexicon terms and cues all pass through [`tokens`], so they can be compared
//! by plain equality afterwards.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Longest text that is looked at, in characters; what lies beyond is ignored.
pub const MAX_CHARACTERS: usize = 4_096;

/// Folds case, width, accents and ligatures away: "Frühstück" and "FRUHSTUCK" become the same.
pub fn fold(text: &str) -> String {
    let end = text.char_indices().nth(MAX_CHARACTERS).map_or(text.len(), |(end, _)| end);
    let mut out = String::with_capacity(end);
    // No letter changes by what stands beyond a space, and most words need no tables.
    for (nth, word) in text[..end].split(' ').enumerate() {
        if nth > 0 {
            out.push(' ');
        }
        if word.is_ascii() {
            out.extend(word.bytes().map(|byte| char::from(byte.to_ascii_lowercase())));
        } else {
            out.push_str(&folded(word));
        }
    }
    out
}

fn folded(word: &str) -> String {
    word.to_lowercase().nfkd().filter(|&c| !is_removable(c)).flat_map(spell_out).flatten().nfc().collect()
}

/// Accents and marks without weight for matching. Kana voicing marks stay: they tell words apart.
fn is_removable(c: char) -> bool {
    let voicing = matches!(c, '\u{3099}' | '\u{309a}');
    let invisible = matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{00ad}' | '\u{0640}');
    invisible || (is_combining_mark(c) && !voicing && !is_unspaced(c))
}

/// Letters that Unicode does not decompose but that people type in two ways.
fn spell_out(c: char) -> [Option<char>; 2] {
    match c {
        'ß' => [Some('s'), Some('s')],
        'æ' => [Some('a'), Some('e')],
        'œ' => [Some('o'), Some('e')],
        'ø' => [Some('o'), None],
        'ł' => [Some('l'), None],
        'đ' => [Some('d'), None],
        'ı' => [Some('i'), None],
        'ة' => [Some('ه'), None],
        'ى' => [Some('ي'), None],
        other => [Some(other), None],
    }
}

/// Scripts written without spaces: each character is a token, phrases are runs of tokens.
pub fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' | '\u{3400}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{2fa1f}' | '\u{0e00}'..='\u{0e7f}')
}

/// Korean is written with spaces, but particles stick to the word.
pub fn is_hangul(c: char) -> bool {
    matches!(c, '\u{ac00}'..='\u{d7a3}')
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '\u{2019}' | '\u{02bc}' | '`' | '\u{00b4}')
}

/// Splits a text into folded tokens.
///
/// Hyphens split ("check-in" is two tokens). An apostrophe joins a short ending ("don't" is "dont")
/// and splits before a longer part ("l'hotel" is "l", "hotel").
pub fn tokens(text: &str) -> Vec<String> {
    if text.is_ascii() {
        return contract(plain_tokens(&text[..text.len().min(MAX_CHARACTERS)]));
    }
    // Some apostrophes decompose to a space and a mark: unify them before folding.
    let other_mark = |c| c != '\'' && is_apostrophe(c);
    let unified: Cow<'_, str> =
        if text.contains(other_mark) { text.replace(other_mark, "'").into() } else { text.into() };
    let folded = fold(&unified);
    let mut out = Vec::new();
    let mut word = String::new();
    for (at, c) in folded.char_indices() {
        if is_unspaced(c) {
            flush(&mut word, &mut out);
            out.push(c.to_string());
        } else if c.is_alphanumeric() {
            word.push(c);
        } else if c == '\'' && !word.is_empty() {
            let rest = folded[at + 1..].chars().take_while(|c| c.is_alphabetic()).take(3).count();
            if rest == 0 || rest > 2 {
                flush(&mut word, &mut out);
            }
        } else {
            flush(&mut word, &mut out);
        }
    }
    flush(&mut word, &mut out);
    contract(out)
}

/// The same for ASCII, as most messages are: every guest's message is read, so it counts.
fn plain_tokens(text: &str) -> Vec<String> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len() / 5);
    let mut word = String::new();
    for (at, &byte) in bytes.iter().enumerate() {
        if byte.is_ascii_alphanumeric() {
            word.push(char::from(byte.to_ascii_lowercase()));
        } else if is_apostrophe(char::from(byte)) && !word.is_empty() {
            let rest = bytes[at + 1..].iter().take(3).take_while(|byte| byte.is_ascii_alphabetic()).count();
            if rest == 0 || rest > 2 {
                flush(&mut word, &mut out);
            }
        } else {
            flush(&mut word, &mut out);
        }
    }
    flush(&mut word, &mut out);
    out
}

/// "does not" is read as "doesn't", so that a cue needs only one of them.
fn contract(words: Vec<String>) -> Vec<String> {
    const VERBS: &[&str] =
        &["is", "are", "was", "were", "do", "does", "did", "has", "have", "had", "could", "would"];
    if !words.iter().any(|word| word == "not" || word == "cannot") {
        return words;
    }
    let mut out: Vec<String> = Vec::with_capacity(words.len());
    for word in words {
        match out.last_mut() {
            Some(last) if word == "not" && VERBS.contains(&last.as_str()) => last.push_str("nt"),
            Some(last) if word == "not" && last == "can" => "cant".clone_into(last),
            Some(last) if word == "not" && last == "will" => "wont".clone_into(last),
            _ if word == "cannot" => out.push("cant".to_owned()),
            _ => out.push(word),
        }
    }
    out
}

fn flush(word: &mut String, out: &mut Vec<String>) {
    if !word.is_empty() {
        out.push(word.as_str().to_owned());
        word.clear();
    }
}

/// Splits a message into sentences, at end marks and line breaks; the marks stay with the sentence.
pub fn sentences(text: &str) -> Vec<&str> {
    text.split_inclusive(['?', '!', '.', '\n', '？', '！', '。', ';', '؟'])
        .filter(|part| part.chars().any(char::is_alphanumeric))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_and_splitting() {
        let cases: &[(&str, &[&str])] = &[
            ("Frühstück?", &["fruhstuck"]),
            ("Wi-Fi", &["wi", "fi"]),
            ("don't, l'hôtel", &["dont", "l", "hotel"]),
            ("it does not work", &["it", "doesnt", "work"]),
            ("prêt-à-porter", &["pret", "a", "porter"]),
            ("早餐几点", &["早", "餐", "几", "点"]),
            ("プール", &["プ", "ー", "ル"]),
            ("조식은 언제", &["조식은", "언제"]),
            ("Straße \u{202e}ＡＢＣ", &["strasse", "abc"]),
            ("", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(&tokens(text), expected, "{text}");
        }
    }

    #[test]
    fn plain_text_splits_as_any_other() {
        let long = "It's not-so 'Long' ".repeat(400);
        for text in [
            "don't, l'hotel `x` A1-b2\tc",
            "'tis rock'n'roll's o'",
            "it's the guests' 5'o",
            "cannot CAN NOT",
            "",
            &long,
        ] {
            let as_any_other = format!("{text}\u{200b}");
            let cut: String = text.chars().take(MAX_CHARACTERS - 1).collect();
            let text = if text.len() < MAX_CHARACTERS { text } else { &cut };
            let as_any_other =
                if as_any_other.len() < MAX_CHARACTERS { as_any_other } else { format!("{cut}\u{200b}") };
            assert_eq!(tokens(text), tokens(&as_any_other), "{text}");
        }
    }

    #[test]
    fn words_fold_by_themselves_as_they_do_together() {
        let whole = |text: &str| folded(&text.chars().take(MAX_CHARACTERS).collect::<String>());
        let long = "é a ".repeat(MAX_CHARACTERS);
        for text in [
            "ΟΔΟΣ ΣΑΣ Σ ΣΑΣ.",
            "a \u{301}b \u{3099}x か\u{3099} ",
            "  two  spaces ",
            "ﬁn Ａ１ ½ ´ ¨",
            "ᄀ ᅡ ᄀ\u{1161}",
            "İstanbul IĞDIR",
            "Straße\tÆØ\nx",
            "e\u{327}\u{301} \u{327}\u{301}e",
            "한국어 조식은",
            &long,
        ] {
            assert_eq!(fold(text), whole(text), "{text:?}");
        }
    }

    #[test]
    fn sentences_keep_their_marks() {
        assert_eq!(sentences("Hi. When? !"), vec!["Hi.", " When?"]);
    }
}
