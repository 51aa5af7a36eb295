//! The guest's language, as far as a few words show it, and the one line that is said in it.

/// Words that are frequent in one language and rare in the others listed.
const WORDS: &[(&str, &[&str])] = &[
    (
        "en",
        &[
            "the", "is", "what", "where", "when", "how", "can", "do", "you", "are", "there", "my", "have",
            "please", "and",
        ],
    ),
    (
        "de",
        &[
            "der", "die", "das", "ist", "wo", "wann", "wie", "kann", "ich", "gibt", "haben", "sie", "und",
            "bitte", "ein", "nicht",
        ],
    ),
    (
        "fr",
        &[
            "le", "les", "est", "où", "quand", "comment", "je", "vous", "avez", "il", "un", "une", "des",
            "et", "quelle", "heure",
        ],
    ),
    (
        "es",
        &[
            "el", "los", "es", "dónde", "donde", "cuándo", "hay", "puedo", "tienen", "qué", "y", "una",
            "hora", "está", "cómo",
        ],
    ),
    (
        "it",
        &[
            "il", "è", "dove", "quando", "come", "posso", "avete", "c'è", "che", "ora", "gli", "una",
            "vorrei", "per",
        ],
    ),
    (
        "pt",
        &[
            "o", "os", "é", "onde", "quando", "como", "posso", "vocês", "há", "que", "horas", "uma", "não",
            "tem", "são",
        ],
    ),
    (
        "nl",
        &[
            "het", "een", "waar", "wanneer", "hoe", "kan", "ik", "hebben", "jullie", "er", "zijn", "laat",
            "mijn", "van",
        ],
    ),
    (
        "pl",
        &[
            "jest", "gdzie", "kiedy", "jak", "czy", "mogę", "o", "której", "proszę", "nie", "się", "jaki",
            "macie",
        ],
    ),
    (
        "sv",
        &["är", "var", "när", "hur", "kan", "jag", "finns", "det", "ni", "och", "har", "inte", "en", "tid"],
    ),
    (
        "tr",
        &[
            "nerede", "ne", "zaman", "nasıl", "var", "mı", "mi", "saat", "kaçta", "bir", "için", "lütfen",
            "ve",
        ],
    ),
    ("cs", &["kde", "kdy", "jak", "je", "můžu", "máte", "prosím", "kolik", "mohu", "v", "jsou", "se"]),
];

/// The language of a text of the guest's, or `None` if it is too short to tell.
pub fn detect(text: &str) -> Option<&'static str> {
    by_script(text).or_else(|| by_words(text))
}

fn by_script(text: &str) -> Option<&'static str> {
    let mut han = false;
    for character in text.chars() {
        match character {
            '\u{3040}'..='\u{30ff}' => return Some("ja"),
            '\u{ac00}'..='\u{d7af}' => return Some("ko"),
            '\u{0600}'..='\u{06ff}' => return Some("ar"),
            '\u{0590}'..='\u{05ff}' => return Some("he"),
            '\u{0e00}'..='\u{0e7f}' => return Some("th"),
            '\u{0370}'..='\u{03ff}' => return Some("el"),
            'і' | 'ї' | 'є' | 'ґ' => return Some("uk"),
            '\u{4e00}'..='\u{9fff}' => han = true,
            _ => {}
        }
    }
    let cyrillic = text.chars().any(|character| matches!(character, '\u{0400}'..='\u{04ff}'));
    if han { Some("zh") } else { cyrillic.then_some("ru") }
}

fn by_words(text: &str) -> Option<&'static str> {
    let text = text.to_lowercase();
    let words: Vec<&str> =
        text.split(|c: char| !c.is_alphabetic() && c != '\'').filter(|word| !word.is_empty()).collect();
    let hits = |known: &[&str]| words.iter().filter(|word| known.contains(word)).count();
    let mut scores: Vec<(usize, &'static str)> =
        WORDS.iter().map(|(language, known)| (hits(known), *language)).collect();
    scores.sort_by_key(|score| std::cmp::Reverse(score.0));
    match scores.as_slice() {
        // A lead of two, or all there is: "ok" and names must not flip the language.
        [(best, language), (next, _), ..] if *best >= next + 2 || (*best > *next && words.len() >= 3) => {
            Some(language)
        }
        _ => None,
    }
}

/// "One moment, I am asking a colleague", in the language of the tag; English if it is not among ours.
pub fn hand_over_line(tag: &str) -> &'static str {
    match tag.split(['-', '_']).next().unwrap_or_default() {
        "de" => "Einen Moment bitte, ich gebe das an unser Team weiter.",
        "fr" => "Un instant, je transmets votre demande à notre équipe.",
        "es" => "Un momento, paso su consulta a nuestro equipo.",
        "it" => "Un momento, passo la richiesta al nostro team.",
        "pt" => "Um momento, vou passar o seu pedido à nossa equipa.",
        "nl" => "Een ogenblik, ik geef dit door aan ons team.",
        "pl" => "Chwileczkę, przekazuję sprawę naszemu zespołowi.",
        "sv" => "Ett ögonblick, jag lämnar över till vårt team.",
        "tr" => "Bir dakika lütfen, talebinizi ekibimize iletiyorum.",
        "cs" => "Okamžik prosím, předávám to našemu týmu.",
        "ru" => "Минуту, пожалуйста: передаю ваш вопрос нашим сотрудникам.",
        "uk" => "Хвилинку, будь ласка: передаю ваше запитання нашим працівникам.",
        "el" => "Μια στιγμή, παρακαλώ, προωθώ το αίτημά σας στην ομάδα μας.",
        "ja" => "少々お待ちください。スタッフにおつなぎします。",
        "zh" => "请稍等，我正在为您转接工作人员。",
        "ko" => "잠시만 기다려 주세요. 직원에게 전달하겠습니다.",
        "ar" => "لحظة من فضلك، سأحيل طلبك إلى فريقنا.",
        "he" => "רגע בבקשה, אני מעביר את הפנייה לצוות שלנו.",
        "th" => "กรุณารอสักครู่ เรากำลังส่งเรื่องให้พนักงานของเรา",
        _ => "One moment please, I am passing this on to our team.",
    }
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
        assert!(hand_over_line("de-AT").starts_with("Einen"));
        assert!(hand_over_line("xx").starts_with("One"));
    }
}
