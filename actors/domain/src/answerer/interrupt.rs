//! What a message does to an answer that is on its way, told by its words alone.

use std::sync::OnceLock;

use super::cues::Cues;
use super::language;
use super::route::{self, Route, Urgency};
use super::text;

/// New words that make what the AI is just saying pointless.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interruption {
    /// Somebody must look at once.
    Emergency(Urgency),
    /// The guest asks for a person.
    WantsHuman,
    /// The guest meant something else.
    Correction,
}

impl Interruption {
    /// The kind as a short code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Emergency(_) => "emergency",
            Self::WantsHuman => "asked_for_person",
            Self::Correction => "corrected",
        }
    }
}

impl Urgency {
    /// The kind as a short code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Medical => "medical",
            Self::Fire => "fire",
            Self::Violence => "violence",
            Self::SelfHarm => "self_harm",
        }
    }
}

/// The lists that [`interruption`] asks for.
const ASKED: [&str; 11] = [
    "self_harm",
    "harmless",
    "medical",
    "fire",
    "violence",
    "human",
    "hostile",
    "correction",
    "greeting",
    "thanks",
    "goodbye",
];

/// Whether these words interrupt an answer. Reads them once: this is asked for every message of a guest.
pub fn interruption(text: &str) -> Option<Interruption> {
    static CUES: OnceLock<Cues> = OnceLock::new();
    let cues = CUES.get_or_init(|| Cues::shipped().only(&ASKED));
    let tokens = text::tokens(text);
    let signs = cues.look(&tokens, language::detect_read(text, &tokens).plausible);
    match route::person_at_once(&signs, &tokens, text) {
        Some(Route::Emergency(urgency)) => Some(Interruption::Emergency(urgency)),
        Some(_) => Some(Interruption::WantsHuman),
        None => (signs.has("correction") || mends(text)).then_some(Interruption::Correction),
    }
}

/// "*pool", the way to mend a typing error.
fn mends(text: &str) -> bool {
    let text = text.trim();
    text.chars().count() > 1 && text.starts_with('*') && !text.starts_with("**")
}

/// True if a question mark of any script ends the text; what may follow it are closing marks.
pub fn ends_with_question(text: &str) -> bool {
    const CLOSING: &[char] = &['"', '\'', ')', ']', '»', '”', '’', '」', '）', '!', '！', '.', '…'];
    let end = text.trim_end().trim_end_matches(CLOSING).trim_end();
    let Some(last) = end.chars().next_back() else { return false };
    match last {
        '?' | '？' | '؟' | '՞' | '፧' | '⸮' | '⁇' | '⁈' | '‽' | '꘏' | '꛷' | '𑅃' | '\u{37e}' => {
            true
        }
        // Greeks type their question mark as a semicolon.
        ';' => end.chars().any(|c| ('\u{370}'..='\u{3ff}').contains(&c)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_missed_for_looking_at_fewer_lists() {
        let questions = include_str!("../../data/questions.txt");
        let cues = include_str!("../../data/cues/emergency.txt").lines();
        for text in questions.lines().chain(cues.take(2_000)) {
            let tokens = text::tokens(text);
            let signs = Cues::shipped().look(&tokens, language::detect(text).plausible);
            let whole = match route::person_at_once(&signs, &tokens, text) {
                Some(Route::Emergency(urgency)) => Some(Interruption::Emergency(urgency)),
                Some(_) => Some(Interruption::WantsHuman),
                None => (signs.has("correction") || mends(text)).then_some(Interruption::Correction),
            };
            assert_eq!(interruption(text), whole, "{text}");
        }
    }

    #[test]
    fn question_marks_of_any_script() {
        for text in ["When?", "何時ですか？ ", "متى؟", "Πότε;", "(really?)", "what?!", "«Où ?»", "eh?..."]
        {
            assert!(ends_with_question(text), "{text}");
        }
        for text in ["", "Hello", "a; b;", "? no", "😀", "Yes."] {
            assert!(!ends_with_question(text), "{text}");
        }
    }

    #[test]
    fn corrections_and_what_is_none() {
        for text in [
            "No, I meant the sauna",
            "sorry, I mean tomorrow",
            "Nein, ich meine das Schwimmbad",
            "Non, je voulais dire demain",
            "No, quería decir mañana",
            "no, intendevo domani",
            "nee, ik bedoel morgen",
            "não, quis dizer amanhã",
            "nie, chodziło mi o basen",
            "нет, я имел в виду бассейн",
            "hayır, havuzu kastettim",
            "لا، أقصد المسبح",
            "不对，我是说泳池",
            "いえ、プールのことです",
            "아니요, 수영장 말이에요",
            "*pool",
            "stop",
        ] {
            assert_eq!(interruption(text), Some(Interruption::Correction), "{text}");
        }
        for text in ["And parking?", "Is there no pool?", "ok", "Danke", "No smoking room please", "**"] {
            assert_eq!(interruption(text), None, "{text}");
        }
        assert_eq!(interruption("I need a human, let me speak to a person"), Some(Interruption::WantsHuman));
        assert!(matches!(interruption("help, fire!"), Some(Interruption::Emergency(Urgency::Fire))));
    }
}
