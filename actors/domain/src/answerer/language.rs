//! Languages and their detection from script, stop words and letters.

use std::collections::HashMap;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use super::hash::Fnv;
use super::text;

/// Common words for each language; see the head of the file for its format.
const WORDS: &str = include_str!("../../data/languages.txt");

macro_rules! languages {
    ($($name:ident $tag:literal),* $(,)?) => {
        /// A language that the answerer can tell apart.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "lowercase")]
        #[allow(missing_docs)]
        pub enum Language { $($name),* }

        impl Language {
            /// Every language, in the order of their bits in a [`LanguageSet`].
            pub const ALL: &'static [Language] = &[$(Language::$name),*];

            /// The ISO 639-1 tag.
            pub fn tag(self) -> &'static str {
                match self { $(Language::$name => $tag),* }
            }
        }
    };
}

languages! {
    En "en", De "de", Fr "fr", Es "es", It "it", Nl "nl", Pt "pt", Pl "pl", Ru "ru", Tr "tr",
    Ar "ar", Zh "zh", Ja "ja", Ko "ko", Sv "sv", Da "da", Cs "cs", Uk "uk", El "el", He "he",
    Th "th",
}

impl Language {
    /// Reads a tag such as "de", "pt-BR" or "zh_Hant"; the region is ignored.
    pub fn from_tag(tag: &str) -> Option<Language> {
        let primary = tag.split(['-', '_']).next()?.to_ascii_lowercase();
        Language::ALL.iter().copied().find(|language| language.tag() == primary)
    }

    fn bit(self) -> u32 {
        1 << (self as u32)
    }
}

/// A set of languages: which lexicon terms may match a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LanguageSet(u32);

impl LanguageSet {
    /// No language.
    pub const NONE: LanguageSet = LanguageSet(0);
    /// Every language.
    pub const ALL: LanguageSet = LanguageSet(u32::MAX);

    /// The set with one more language.
    #[must_use]
    pub fn with(self, language: Language) -> LanguageSet {
        LanguageSet(self.0 | language.bit())
    }

    /// Whether the two sets share a language.
    pub fn intersects(self, other: LanguageSet) -> bool {
        self.0 & other.0 != 0
    }
}

/// What the words and letters of a text say about its language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Detection {
    /// The language, when the text says enough; a short "ok" does not.
    pub language: Option<Language>,
    /// Languages whose lexicon terms may match: the plausible ones and English, whose terms
    /// travel ("check-in"), or all when the text gives no hint.
    pub plausible: LanguageSet,
}

type Owners = HashMap<String, Vec<Language>, Fnv>;

fn words() -> &'static Owners {
    static MAP: OnceLock<Owners> = OnceLock::new();
    MAP.get_or_init(|| {
        let mut map = Owners::default();
        for line in WORDS.lines() {
            let Some((tag, list)) = line.split_once(':') else { continue };
            let Some(language) = Language::from_tag(tag.trim()) else { continue };
            for word in text::tokens(list) {
                let owners = map.entry(word).or_default();
                if !owners.contains(&language) {
                    owners.push(language);
                }
            }
        }
        map
    })
}

/// Whether a folded token is a function word of a language in `languages`.
pub fn is_stop_word(token: &str, languages: LanguageSet) -> bool {
    words()
        .get(token)
        .is_some_and(|owners| owners.iter().any(|l| languages.intersects(LanguageSet::NONE.with(*l))))
}

/// Whether all of these tokens are function words: "the" is no tea and "was" no laundry, so no topic may claim them.
pub fn are_stop_words(tokens: &[String], positions: &[usize], languages: LanguageSet) -> bool {
    positions.iter().all(|at| tokens.get(*at).is_some_and(|token| is_stop_word(token, languages)))
}

/// Detects the language of a text.
pub fn detect(text: &str) -> Detection {
    detect_read(text, &text::tokens(text))
}

/// The same, where the text was split into its tokens already.
pub fn detect_read(text: &str, tokens: &[String]) -> Detection {
    let mut scores = [0.0f32; Language::ALL.len()];
    for token in tokens.iter().take(200) {
        if let Some(owners) = words().get(token) {
            #[allow(clippy::cast_precision_loss)]
            let share = 1.0 / owners.len() as f32;
            for language in owners {
                scores[*language as usize] += share;
            }
        }
    }
    if !text.is_ascii() {
        for c in text.chars().take(400).filter(|c| !c.is_ascii()) {
            for (language, weight) in letter_hints(c) {
                scores[*language as usize] += weight;
            }
        }
    }
    let (mut likeliest, mut best, mut second) = (Language::En, f32::NEG_INFINITY, f32::NEG_INFINITY);
    for language in Language::ALL {
        let score = scores[*language as usize];
        if score > best {
            (likeliest, best, second) = (*language, score, best);
        } else if score > second {
            second = score;
        }
    }
    if best < 0.3 {
        return Detection { language: None, plausible: LanguageSet::ALL };
    }
    let sure = best >= 0.9 && best >= 1.25 * second;
    let mut plausible = LanguageSet::NONE.with(Language::En);
    for language in Language::ALL {
        if scores[*language as usize] >= if sure { 0.6 } else { 0.3 } * best {
            plausible = plausible.with(*language);
        }
    }
    if best < 1.9 {
        // One word is a hint at most: keep every language in play.
        plausible = LanguageSet::ALL;
    }
    Detection { language: sure.then_some(likeliest), plausible }
}

/// Letters that point to a script or a language, with their weight.
fn letter_hints(c: char) -> &'static [(Language, f32)] {
    use Language::{Ar, Cs, Da, De, El, Es, Fr, He, It, Ja, Ko, Pl, Pt, Ru, Sv, Th, Tr, Uk, Zh};
    match c {
        'ß' => &[(De, 1.0)],
        'ä' | 'ö' | 'Ä' | 'Ö' => &[(De, 0.4), (Sv, 0.4)],
        'ü' | 'Ü' => &[(De, 0.4), (Tr, 0.3)],
        'ñ' | '¿' | '¡' | 'Ñ' => &[(Es, 1.0)],
        'ã' | 'õ' => &[(Pt, 1.0)],
        'ç' => &[(Fr, 0.3), (Pt, 0.4), (Tr, 0.4)],
        'é' => &[(Fr, 0.3), (Es, 0.2), (Pt, 0.2)],
        'ê' | 'â' | 'ô' => &[(Fr, 0.4), (Pt, 0.4)],
        'è' | 'à' | 'ù' => &[(Fr, 0.3), (It, 0.3)],
        'ò' | 'ì' => &[(It, 0.6)],
        'û' | 'î' | 'œ' => &[(Fr, 0.7)],
        'á' | 'í' | 'ó' | 'ú' => &[(Es, 0.3), (Pt, 0.3), (Cs, 0.2)],
        'ı' | 'ş' | 'ğ' | 'İ' | 'Ş' => &[(Tr, 1.0)],
        'ł' | 'ą' | 'ę' | 'ż' | 'ś' | 'ź' | 'ć' | 'ń' => &[(Pl, 1.0)],
        'ř' | 'ě' | 'ů' => &[(Cs, 1.0)],
        'å' | 'Å' => &[(Sv, 0.5), (Da, 0.5)],
        'ø' | 'æ' => &[(Da, 1.0)],
        'і' | 'ї' | 'є' | 'ґ' => &[(Uk, 1.0)],
        '\u{0400}'..='\u{04ff}' => &[(Ru, 0.3), (Uk, 0.2)],
        '\u{0370}'..='\u{03ff}' => &[(El, 1.0)],
        '\u{0590}'..='\u{05ff}' => &[(He, 1.0)],
        '\u{0600}'..='\u{06ff}' => &[(Ar, 1.0)],
        '\u{0e00}'..='\u{0e7f}' => &[(Th, 1.0)],
        '\u{3040}'..='\u{30ff}' => &[(Ja, 2.0)],
        '\u{4e00}'..='\u{9fff}' => &[(Zh, 1.0), (Ja, 0.5)],
        '\u{ac00}'..='\u{d7a3}' => &[(Ko, 1.0)],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_languages_apart() {
        let cases = [
            ("When is breakfast served on Sundays?", "en"),
            ("Wann gibt es denn Frühstück bei Ihnen?", "de"),
            ("À quelle heure est servi le petit déjeuner ?", "fr"),
            ("¿A qué hora es el desayuno?", "es"),
            ("A che ora è la colazione?", "it"),
            ("Hoe laat is het ontbijt bij jullie?", "nl"),
            ("A que horas é o café da manhã?", "pt"),
            ("O której godzinie jest śniadanie?", "pl"),
            ("Во сколько завтрак?", "ru"),
            ("Kahvaltı saat kaçta başlıyor?", "tr"),
            ("متى يكون الإفطار؟", "ar"),
            ("早餐几点开始？", "zh"),
            ("朝食は何時からですか？", "ja"),
            ("조식은 몇 시부터인가요?", "ko"),
            ("danke", "de"),
            ("bonjour", "fr"),
        ];
        for (text, tag) in cases {
            assert_eq!(detect(text).language.map(Language::tag), Some(tag), "{text}");
        }
    }

    #[test]
    fn a_short_ok_says_nothing() {
        assert_eq!(detect("ok").language, None);
        assert_eq!(detect("").language, None);
        assert_eq!(Language::from_tag("pt-BR"), Some(Language::Pt));
        assert_eq!(Language::from_tag("xx"), None);
    }
}
