//! Characters that have no business in a prompt or in an answer.

/// The text without characters that cannot be seen or that reorder what can: controls (but for newline and
/// tab), bidirectional marks, tags, fillers and the like. Joiners stay: emoji and Persian need them.
pub fn clean(text: &str) -> String {
    text.chars().filter(|character| is_clean(*character)).collect()
}

/// True if the character may stay.
pub fn is_clean(character: char) -> bool {
    match character {
        '\n' | '\t' => true,
        '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' => false,
        // Soft hyphen, grapheme joiner, Arabic letter mark, fillers, Mongolian separator.
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}' => {
            false
        }
        // Zero-width space, direction marks; embeddings and overrides; invisible operators and isolates.
        '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => false,
        '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' => false,
        // Musical formatting; tags and the variation selectors that have carried hidden text.
        '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}' => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn hidden_text_goes_and_scripts_stay() {
        assert_eq!(clean("a\u{202e}b\u{0}c\u{e0041}\u{200b}\u{2066}d\u{7f}\r"), "abcd");
        for whole in ["één\n\tzwei", "مرحبا", "می\u{200c}خواهم", "👩\u{200d}🍳 ❤\u{fe0f}", "日本語", "हिन्दी"]
        {
            assert_eq!(clean(whole), whole);
        }
    }
}
