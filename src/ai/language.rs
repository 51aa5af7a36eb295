//! The guest's language and the lines that are said in it: the answerer's, so that both models speak alike.

use frontdesk_domain::answerer::{self, Language, Template};

/// The language's tag, if the words show it; "ok", a name or a number do not.
pub fn detect(text: &str) -> Option<&'static str> {
    answerer::detect(text).language.map(Language::tag)
}

/// The language of a tag such as `de-AT`; English if it is not among ours.
pub fn of(tag: &str) -> Language {
    Language::from_tag(tag).unwrap_or(Language::En)
}

/// "I am passing this on to our team", in the language of the tag.
pub fn hand_over_line(tag: &str) -> &'static str {
    Template::HandOver.text(of(tag))
}

/// "I have passed this on; nothing is confirmed yet", in the language of the tag.
pub fn request_line(tag: &str) -> &'static str {
    Template::Request.text(of(tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_languages_apart_and_does_not_guess() {
        for (text, language) in [
            ("What time is breakfast?", "en"),
            ("Wann gibt es Frühstück?", "de"),
            ("À quelle heure est le petit-déjeuner ?", "fr"),
            ("¿A qué hora es el desayuno?", "es"),
            ("Hoe laat is het ontbijt?", "nl"),
            ("朝食は何時ですか", "ja"),
            ("早餐几点？", "zh"),
            ("Во сколько завтрак?", "ru"),
        ] {
            assert_eq!(detect(text), Some(language), "{text}");
        }
        for text in ["ok", "WiFi", "312", "", "Spa"] {
            assert_eq!(detect(text), None, "{text}");
        }
        assert_ne!(hand_over_line("de-AT"), hand_over_line("en"));
        assert_eq!(hand_over_line("xx"), hand_over_line("en"));
    }
}
