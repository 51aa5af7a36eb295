//! Long texts are cut where a reader would pause: between paragraphs, lines, sentences, words.

/// How long a text is, in UTF-16 units.
pub fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// The text in pieces of at most `max` units, none of them blank. Whitespace at the cuts is dropped.
pub fn split(text: &str, max: usize) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut rest = text.trim();
    while units(rest) > max {
        let limit = end_within(rest, max);
        let cut = pause(&rest[..limit]).unwrap_or(limit);
        // At least one character goes, whatever the limit.
        let cut = if cut == 0 { rest.chars().next().map_or(rest.len(), char::len_utf8) } else { cut };
        let (piece, left) = rest.split_at(cut);
        pieces.push(piece.trim_end().to_owned());
        rest = left.trim_start();
    }
    if !rest.is_empty() {
        pieces.push(rest.to_owned());
    }
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

/// The text cut to at most `max` units, with an ellipsis in place of what is left out.
pub fn shorten_units(text: &str, max: usize) -> String {
    let text = text.trim();
    if units(text) <= max {
        return text.to_owned();
    }
    let end = end_within(text, max.saturating_sub(1));
    format!("{}…", text[..end].trim_end())
}

/// How many bytes fit into `max` units.
fn end_within(text: &str, max: usize) -> usize {
    let mut room = max;
    for (at, each) in text.char_indices() {
        match room.checked_sub(each.len_utf16()) {
            Some(left) => room = left,
            None => return at,
        }
    }
    text.len()
}

/// The best place to cut, if there is one that leaves at least half.
fn pause(text: &str) -> Option<usize> {
    let least = text.len() / 2;
    let after = |mark: &str| text.rfind(mark).map(|at| at + mark.len()).filter(|at| *at > least);
    after("\n\n")
        .or_else(|| after("\n"))
        .or_else(|| ["。", ". ", "! ", "? "].iter().filter_map(|mark| after(mark)).max())
        .or_else(|| text.rfind(char::is_whitespace).filter(|at| *at > least))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_text_stays_whole() {
        assert_eq!(split("  hello\n", 10), ["hello"]);
        assert!(split(" \n ", 10).is_empty());
    }

    #[test]
    fn cut_where_a_reader_pauses() {
        assert_eq!(split("one two three.\n\nfour five", 20), ["one two three.", "four five"]);
        assert_eq!(split("First line\nsecond line", 15), ["First line", "second line"]);
        assert_eq!(split("It is open. It is free.", 15), ["It is open.", "It is free."]);
        assert_eq!(split("alpha beta gamma", 12), ["alpha beta", "gamma"]);
        assert_eq!(split("abcdefghij", 4), ["abcd", "efgh", "ij"]);
    }

    #[test]
    fn nothing_is_lost_and_nothing_too_long() {
        let emoji = "🏨".repeat(3000);
        let prose = "The pool is open from seven. ".repeat(400);
        let mixed = format!("{prose}\n\n{emoji}\n{prose}");
        for text in [emoji, prose, mixed] {
            let pieces = split(&text, 4096);
            assert!(pieces.iter().all(|piece| units(piece) <= 4096 && !piece.is_empty()));
            let bare = |text: &str| text.split_whitespace().collect::<String>();
            assert_eq!(bare(&pieces.concat()), bare(&text));
        }
    }

    #[test]
    fn shortened_at_a_character() {
        assert_eq!(shorten_units("Breakfast", 20), "Breakfast");
        assert_eq!(shorten_units("Do you have a vegetarian menu?", 20), "Do you have a veget…");
        assert_eq!(units(&shorten_units(&"🏨".repeat(30), 20)), 19);
    }
}
