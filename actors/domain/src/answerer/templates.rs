//! The sentences around an answer, in the guest's language.

use std::collections::HashMap;
use std::sync::OnceLock;

use super::language::Language;

const SOURCE: &str = include_str!("../../data/templates.txt");

/// A sentence the answerer can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Template {
    /// A person will answer.
    HandOver,
    /// A wish was passed on; nothing is confirmed.
    Request,
    /// A complaint was passed on.
    Problem,
    /// The alarm was raised; holds the emergency number, see [`emergency`].
    Emergency,
    /// Not a matter for the hotel.
    Decline,
    /// "Did you mean ...?"
    Clarify,
    /// Hello.
    Greeting,
    /// You are welcome.
    Thanks,
    /// Goodbye.
    Goodbye,
    /// Still working on it.
    Hold,
    /// An automatic assistant answers (Art. 50 of the EU AI Act).
    AiNotice,
    /// Leads in an entry written in another language.
    OtherLanguage,
    /// One part was answered, the other goes to a person.
    RestToTeam,
    /// What a guest of the chat page is to type in there; holds the code, see [`link_code`].
    LinkCode,
}

impl Template {
    /// Every template.
    pub const ALL: &'static [Template] = &[
        Template::HandOver,
        Template::Request,
        Template::Problem,
        Template::Emergency,
        Template::Decline,
        Template::Clarify,
        Template::Greeting,
        Template::Thanks,
        Template::Goodbye,
        Template::Hold,
        Template::AiNotice,
        Template::OtherLanguage,
        Template::RestToTeam,
        Template::LinkCode,
    ];

    fn section(self) -> &'static str {
        match self {
            Template::HandOver => "hand_over",
            Template::Request => "request",
            Template::Problem => "problem",
            Template::Emergency => "emergency",
            Template::Decline => "decline",
            Template::Clarify => "clarify",
            Template::Greeting => "greeting",
            Template::Thanks => "thanks",
            Template::Goodbye => "goodbye",
            Template::Hold => "hold",
            Template::AiNotice => "ai_notice",
            Template::OtherLanguage => "other_language",
            Template::RestToTeam => "rest_to_team",
            Template::LinkCode => "link_code",
        }
    }

    /// The sentence in a language; English where it was not translated.
    pub fn text(self, language: Language) -> &'static str {
        let table = table();
        let of = |language| table.get(&(self.section(), language)).copied();
        of(language).or_else(|| of(Language::En)).unwrap_or_default()
    }
}

/// The emergency sentence with the local number, such as "112".
pub fn emergency(language: Language, number: &str) -> String {
    Template::Emergency.text(language).replace("{number}", number)
}

/// The message that brings a code over WhatsApp.
pub fn link_code(language: Language, code: &str) -> String {
    Template::LinkCode.text(language).replace("{code}", code)
}

type Table = HashMap<(&'static str, Language), &'static str>;

fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut table = HashMap::new();
        let mut section = "";
        for line in SOURCE.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
            if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
                section = name;
            } else if let Some((tag, text)) = line.split_once(':')
                && let Some(language) = Language::from_tag(tag)
            {
                table.insert((section, language), text.trim());
            }
        }
        table
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sentence_in_at_least_twelve_languages() {
        for template in Template::ALL {
            let known = Language::ALL
                .iter()
                .filter(|language| table().contains_key(&(template.section(), **language)))
                .count();
            assert!(known >= 12, "{template:?}: {known}");
        }
    }

    #[test]
    fn the_message_with_a_code_holds_it() {
        for language in Language::ALL {
            let text = link_code(*language, "1234 5678");
            assert!(text.contains("1234 5678") && text.contains("10") && !text.contains('{'), "{language:?}");
        }
    }

    #[test]
    fn the_emergency_sentence_holds_the_number() {
        for language in Language::ALL {
            let text = emergency(*language, "112");
            assert!(text.contains("112") && !text.contains('{'), "{language:?}");
        }
    }
}
