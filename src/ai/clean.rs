//! Characters that have no business in a prompt or in an answer.

/// The text without characters that cannot be seen or that reorder what can: controls (but for newline and
/// tab), bidirectional marks, tags, fillers, selectors and the like. What emoji and scripts need stays where they need
/// it: a joiner in a family or in Persian, a selector behind a heart.
pub fn clean(text: &str) -> String {
    let mut cleaner = Cleaner::default();
    text.chars().filter(|character| cleaner.keeps(*character)).collect()
}

/// Takes a text character by character.
#[derive(Default)]
pub struct Cleaner {
    /// The newest character that stayed.
    before: char,
}

impl Cleaner {
    /// True if the next character may stay.
    pub fn keeps(&mut self, character: char) -> bool {
        let keeps = match character {
            '\u{200c}' => joins(self.before),
            '\u{200d}' => joins(self.before) || is_emoji(self.before) || self.before == '\u{fe0f}',
            '\u{fe0e}' | '\u{fe0f}' => is_symbol(self.before),
            other => is_clean(other),
        };
        if keeps {
            self.before = character;
        }
        keeps
    }
}

fn is_clean(character: char) -> bool {
    match character {
        '\n' | '\t' => true,
        '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' => false,
        // Soft hyphen, grapheme joiner, Arabic letter mark, fillers, Mongolian selectors and separator.
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' => false,
        '\u{180b}'..='\u{180f}' => false,
        // Zero-width space, direction marks; embeddings and overrides; invisible operators and isolates.
        '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => false,
        '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' => false,
        // Variation selectors, which have carried hidden text; musical formatting; tags.
        '\u{fe00}'..='\u{fe0f}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}' => false,
        _ => true,
    }
}

/// A character that can be drawn as text or as a picture: the selector behind it says which.
fn is_symbol(character: char) -> bool {
    matches!(character, '#' | '*' | '0'..='9' | '©' | '®' | '\u{203c}'..='\u{3299}') || is_emoji(character)
}

fn is_emoji(character: char) -> bool {
    matches!(character, '\u{2190}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}')
}

/// A letter of a script in which joiners change how words are written: Arabic and Syriac, those of India and of its
/// neighbours.
fn joins(character: char) -> bool {
    let arabic = matches!(character, '\u{600}'..='\u{7ff}' | '\u{840}'..='\u{8ff}' | '\u{fb50}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}');
    let indic = matches!(character, '\u{900}'..='\u{dff}' | '\u{f00}'..='\u{109f}' | '\u{1780}'..='\u{18af}');
    arabic || indic
}

/// Fifty characters that nobody sees, of every kind.
#[cfg(test)]
pub(super) const HIDDEN: [char; 50] = [
    '\u{0}',
    '\u{1}',
    '\u{8}',
    '\u{b}',
    '\u{1b}',
    '\u{7f}',
    '\u{85}',
    '\u{9f}',
    '\u{ad}',
    '\u{34f}',
    '\u{61c}',
    '\u{115f}',
    '\u{1160}',
    '\u{17b4}',
    '\u{17b5}',
    '\u{180b}',
    '\u{180e}',
    '\u{200b}',
    '\u{200c}',
    '\u{200d}',
    '\u{200e}',
    '\u{200f}',
    '\u{2028}',
    '\u{2029}',
    '\u{202a}',
    '\u{202b}',
    '\u{202d}',
    '\u{202e}',
    '\u{2060}',
    '\u{2062}',
    '\u{2064}',
    '\u{2066}',
    '\u{2068}',
    '\u{2069}',
    '\u{206a}',
    '\u{3164}',
    '\u{fe00}',
    '\u{fe0e}',
    '\u{fe0f}',
    '\u{feff}',
    '\u{ffa0}',
    '\u{fff9}',
    '\u{fffb}',
    '\u{1d173}',
    '\u{1d17a}',
    '\u{e0001}',
    '\u{e0041}',
    '\u{e007f}',
    '\u{e0100}',
    '\u{e01ef}',
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Texts that lose nothing.
    const WHOLE: [&str; 10] = [
        "één\n\tzwei",
        "مرحبا بكم",
        "می\u{200c}خواهم",
        "👩\u{200d}🍳 ❤\u{fe0f} 1\u{fe0f}\u{20e3}",
        "👨\u{200d}👩\u{200d}👧\u{200d}👦 🏳\u{fe0f}\u{200d}🌈",
        "👩🏽\u{200d}💻",
        "日本語 한국어 中文",
        "हिन्दी क्\u{200d}ष",
        "ক্\u{200c}ষ",
        "שלום, ¿qué tal?",
    ];

    #[test]
    fn hidden_text_goes_and_scripts_stay() {
        for hidden in HIDDEN {
            assert_eq!(clean(&format!("a{hidden}b")), "ab", "{hidden:?}");
            assert_eq!(clean(&format!("{hidden}{hidden}ab{hidden}")), "ab", "{hidden:?}");
        }
        for whole in WHOLE {
            assert_eq!(clean(whole), whole);
        }
    }

    #[test]
    fn what_may_stay_once_carries_nothing_by_being_many() {
        let smuggled = "❤\u{fe0f}\u{fe0e}\u{fe0f}\u{fe0f} م\u{200c}\u{200d}\u{200c}\u{200c}";
        assert_eq!(clean(smuggled), "❤\u{fe0f} م\u{200c}");
    }
}
