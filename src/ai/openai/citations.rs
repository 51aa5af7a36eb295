//! Takes `[1]`, `[1, 2]` and `【1】` out of a stream of words and remembers the numbers.

/// Longer than any list of numbers that a model writes.
const MARK_MAX: usize = 24;

/// The state between two pieces of text.
#[derive(Default)]
pub(crate) struct Citations {
    /// Spaces and the beginning of what may be a mark.
    held: String,
    open: Option<char>,
    cited: Vec<usize>,
}

impl Citations {
    /// Takes words in, gives back what can be shown by now.
    pub(crate) fn push(&mut self, text: &str) -> String {
        let mut shown = String::with_capacity(self.held.len() + text.len());
        for character in text.chars() {
            self.step(character, &mut shown);
        }
        shown
    }

    /// What was held back at the end.
    pub(crate) fn finish(&mut self) -> String {
        self.open = None;
        std::mem::take(&mut self.held)
    }

    /// The numbers, in the order of their first mention.
    pub(crate) fn cited(&self) -> &[usize] {
        &self.cited
    }

    fn step(&mut self, character: char, shown: &mut String) {
        match (self.open, character) {
            (Some(close), found) if found == close => self.close(found, shown),
            (Some(_), '0'..='9' | ',' | ' ' | '^' | ';') if self.held.len() < MARK_MAX => {
                self.held.push(character)
            }
            _ => {
                // Spaces that are followed by a mark go with it; any other held text was no mark.
                if self.open.take().is_some() || !matches!(character, ' ' | '[' | '【') {
                    shown.push_str(&std::mem::take(&mut self.held));
                }
                match character {
                    '[' => self.open = Some(']'),
                    '【' => self.open = Some('】'),
                    ' ' if self.held.len() < MARK_MAX => {}
                    _ => {
                        shown.push_str(&std::mem::take(&mut self.held));
                        shown.push(character);
                        return;
                    }
                }
                self.held.push(character);
            }
        }
    }

    fn close(&mut self, close: char, shown: &mut String) {
        self.open = None;
        let held = std::mem::take(&mut self.held);
        let inside = held.trim_start().trim_start_matches(['[', '【']);
        let numbers: Vec<usize> =
            inside.split([',', ' ', ';', '^']).filter_map(|part| part.parse().ok()).collect();
        if numbers.is_empty() {
            shown.push_str(&held);
            shown.push(close);
        }
        for number in numbers {
            if !self.cited.contains(&number) {
                self.cited.push(number);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run<'a>(pieces: impl IntoIterator<Item = &'a str>) -> (String, Vec<usize>) {
        let mut citations = Citations::default();
        let mut shown: String = pieces.into_iter().map(|piece| citations.push(piece)).collect();
        shown.push_str(&citations.finish());
        (shown, citations.cited().to_vec())
    }

    const CASES: &[(&str, &str, &[usize])] = &[
        ("From 7 to 10 [1].", "From 7 to 10.", &[1]),
        ("A [1][3] and B [2, 1] [^4].", "A and B.", &[1, 3, 2, 4]),
        ("开放【2】。 ok", "开放。 ok", &[2]),
        ("See [the map] or a[i], [x](y) []", "See [the map] or a[i], [x](y) []", &[]),
        ("two  spaces [ and [[1]] end [12", "two  spaces [ and [] end [12", &[1]),
        ("trailing space ", "trailing space ", &[]),
        ("[1] first, é[2]ü\n[3]\n", " first, éü\n\n", &[1, 2, 3]),
    ];

    #[test]
    fn marks_go_wherever_the_text_is_split() {
        for (text, shown, cited) in CASES {
            assert_eq!(run([*text]), ((*shown).to_owned(), cited.to_vec()), "{text}");
            for first in (0..=text.len()).filter(|at| text.is_char_boundary(*at)) {
                for second in (first..=text.len()).filter(|at| text.is_char_boundary(*at)) {
                    let (shown_now, cited_now) = run([&text[..first], &text[first..second], &text[second..]]);
                    assert_eq!(
                        (shown_now.as_str(), cited_now.as_slice()),
                        (*shown, *cited),
                        "{text} {first} {second}"
                    );
                }
            }
        }
    }

    #[test]
    fn nothing_is_held_without_bound() {
        let mut citations = Citations::default();
        let text = format!("{}[{}", " ".repeat(1000), "1".repeat(1000));
        let mut shown = citations.push(&text);
        assert!(citations.held.len() <= MARK_MAX + 3);
        shown.push_str(&citations.finish());
        assert_eq!(shown, text);
    }
}
