//! What an answer rests on, and which of it is about the same as a sentence: that towels are free makes no free breakfast.

use crate::answerer::Topics;

/// Topics that are what is committed rather than what it is for: a discount on one thing is none on another.
const COMMITTED: &[&str] = &["discount", "payment", "deposit", "value", "cancellation"];

/// An entry that is cited, or may be.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// Its question or heading.
    pub title: &'a str,
    /// Its answer.
    pub body: &'a str,
}

impl<'a> Source<'a> {
    /// All that it says.
    pub(super) fn whole(self) -> [&'a str; 2] {
        [self.title, self.body]
    }

    /// The sentences that are about one of these topics. One that names none itself is about what the title names, and
    /// where neither does, about anything.
    pub(super) fn on(self, about: &Topics) -> Vec<&'a str> {
        let title = subject(self.title);
        let titled = about.meet(&title);
        let sentences = passages(self.title).chain(passages(self.body));
        let fits = |sentence: &&str| {
            let own = subject(sentence);
            titled || about.meet(&own) || (own.is_empty() && title.is_empty())
        };
        sentences.filter(fits).collect()
    }
}

/// What a text is about.
pub(super) fn subject(text: &str) -> Topics {
    Topics::of(text, COMMITTED)
}

/// Sentences and lines; "7.30" is in one.
fn passages(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n').flat_map(|line| {
        let mut rest = line;
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let end = rest.char_indices().zip(rest.chars().skip(1)).find(|((_, mark), next)| {
                matches!(mark, '。' | '！' | '？')
                    || (matches!(mark, '.' | '!' | '?' | '؟') && next.is_whitespace())
            });
            let at = end.map_or(rest.len(), |((at, mark), _)| at + mark.len_utf8());
            let (sentence, after) = rest.split_at(at);
            rest = after;
            Some(sentence)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRY: Source<'_> = Source {
        title: "What does the spa offer?",
        body: "A sauna and massages.\nTowels are free. Breakfast is from 7.30 to 10. 早餐免费。毛巾免费。",
    };

    #[test]
    fn only_what_is_about_the_same_counts() {
        assert_eq!(
            ENTRY.on(&subject("Is breakfast free?")),
            [" Breakfast is from 7.30 to 10.", " 早餐免费。"]
        );
        assert_eq!(ENTRY.on(&subject("And the towels?")), ["Towels are free.", "毛巾免费。"]);
        assert!(ENTRY.on(&subject("May I bring my dog?")).is_empty());
        assert_eq!(
            ENTRY.on(&subject("Was kostet die Sauna im Spa?")).len(),
            6,
            "the title's matter: all of it"
        );
        let plain = Source { title: "Good to know", body: "It is free." };
        assert_eq!(plain.on(&subject("Is the pool free?")).len(), 2, "it names nothing");
    }
}
