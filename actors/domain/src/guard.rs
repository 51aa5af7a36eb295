//! The commitment guard: what a language model may not say unless a cited entry says it.
//!
//! Prices, times and other numbers, refunds, discounts, availability, bookings, guarantees, promises and
//! links are held back until their sentence ends; then each must be found in an entry that the answer
//! has cited. Harmless words pass at once, so that the guest sees the answer grow; a script written
//! without spaces is held for its whole sentence. Pure: the same text always gets the same verdict.

use std::sync::OnceLock;

use crate::answerer::fold;

/// What a sentence says without a source for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concern {
    /// An amount, a time, a date or another number.
    Number,
    /// A refund, a discount, something free of charge, something available, booked or guaranteed.
    Commitment,
    /// A promise in the hotel's name.
    Promise,
    /// A link, an image or markup.
    Link,
}

impl Concern {
    /// The code that staff see as the reason of the hand-over.
    pub fn code(self) -> &'static str {
        match self {
            Concern::Number => "withheld_number",
            Concern::Commitment => "withheld_commitment",
            Concern::Promise => "withheld_promise",
            Concern::Link => "withheld_link",
        }
    }
}

/// The longest sentence that is held, in characters: one that goes on is judged where it stands.
const HELD_MAX_CHARS: usize = 600;

/// Beginnings of words that commit, folded; one line is one matter, in all languages of the answerer.
/// A matter is covered when a cited entry holds a word of the same line.
const COMMITMENTS: &[&str] = &[
    "refund reimburs money-back erstatt ruckerstatt ruckzahl rembours reembols devolu rimbors terugbetal restitu zwrot zwroc возврат вернем вернут iade استرداد 退款 退钱 退还 返金 払い戻 환불",
    "discount rebate rabatt nachlass ermassig reduc remise descuento rebaja sconto korting descont znizk rabat скидк indirim خصم 折扣 打折 优惠 割引 値引 할인",
    "free complimentary gratis kostenlos kostenfrei umsonst gratuit grati inclu inbegriffen inklusiv im-preis compris incluid compres inbegrepen gratuita bezplatn darmow бесплатн включен ucretsiz bedava dahil مجان 免费 免費 无料 無料 含 무료 포함",
    "availab vacan verfugbar disponib beschikbaar dostepn wolne свободн доступн musait متاح متوفر 有空房 空室 空き 빈방 예약가능",
    "booked reserved confirm gebucht reserviert bestatig reserve reserva confirma prenotat geboekt gereserveerd bevestig zarezerw potwierdz заброниров подтвержд rezerve onayla محجوز مؤكد 已预订 已确认 确认 予約済 予約しました 確定 예약되 예약했 확정",
    "guarantee promise ensure versprech versprich garantier garanti promet promess garanzi belofte garandeer gwarant obiec гаранти обещ soz أضمن نعد 保证 承诺 保証 約束 보장 약속",
    "upgrade surclass upgrad hoherstuf mejora 升级 アップグレード 업그레이드",
    "cancelled canceled storniert annule cancelad annullat geannuleerd anulowan отменен iptal-edil 已取消 キャンセルしました 취소되",
];

/// Words that speak for the hotel's people, folded: a promise, whatever follows.
const PROMISES: &[&str] = &[
    "i-will",
    "i-ll",
    "ill",
    "we-will",
    "we-ll",
    "i-have-arranged",
    "i-have-booked",
    "i-have-reserved",
    "i-have-asked",
    "ich-werde",
    "wir-werden",
    "ich-habe",
    "je-vais",
    "nous-allons",
    "voy-a",
    "vamos-a",
    "provvedero",
    "provvederemo",
    "ik-zal",
    "we-zullen",
    "wij-zullen",
    "vou",
    "vamos",
    "zrobie",
    "zajmiemy-sie",
    "я-сделаю",
    "мы-сделаем",
    "я-забронирую",
    "我会",
    "我们会",
    "いたします",
    "しておきます",
    "해드리겠습니다",
    "해-드리겠습니다",
];

/// What became of a piece of text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Passed {
    /// What may be shown by now.
    pub shown: String,
    /// A sentence was withheld for this reason: nothing more of the answer may be shown.
    pub withheld: Option<Concern>,
}

/// The state between two pieces.
#[derive(Clone, Debug, Default)]
pub struct Guard {
    /// The sentence so far, shown or not.
    sentence: String,
    /// Its part that is not shown yet.
    held: String,
    risky: bool,
    /// A sentence mark was read: what follows decides if it was the end.
    ended: bool,
    closed: bool,
}

impl Guard {
    /// Takes words in; `cited` are the texts of the entries cited so far.
    pub fn push(&mut self, text: &str, cited: &[&str]) -> Passed {
        let mut passed = Passed::default();
        for character in text.chars() {
            if self.closed {
                break;
            }
            // "7.30" and "hotel.example" do not end at their dot.
            if self.ended && !is_closing(character) {
                let inside = !character.is_whitespace()
                    && !self.sentence.ends_with(is_wide_end)
                    && !self.sentence.ends_with(char::is_whitespace);
                if inside {
                    self.ended = false;
                } else if !character.is_whitespace() {
                    self.judge(cited, &mut passed);
                    if self.closed {
                        break;
                    }
                }
            }
            self.take(character, &mut passed);
            if self.sentence.chars().count() >= HELD_MAX_CHARS {
                self.judge(cited, &mut passed);
            }
        }
        if !self.closed && !self.risky && !self.may_turn_risky() {
            passed.shown.push_str(&std::mem::take(&mut self.held));
        }
        passed
    }

    /// The end of the answer: judges what is held.
    pub fn finish(&mut self, cited: &[&str]) -> Passed {
        let mut passed = Passed::default();
        if !self.closed {
            self.judge(cited, &mut passed);
        }
        passed
    }

    fn take(&mut self, character: char, passed: &mut Passed) {
        self.sentence.push(character);
        self.held.push(character);
        if is_end(character) {
            self.ended = true;
        }
        // A dot alone ends most sentences; after these letters it begins a link.
        self.risky = self.risky || is_risky(character) || self.sentence.ends_with("www.");
        // A word is whole: it goes, or it makes the sentence wait.
        if !self.risky && !character.is_alphanumeric() && character != '-' {
            self.risky = mentions(&self.sentence);
            if !self.risky {
                passed.shown.push_str(&std::mem::take(&mut self.held));
            }
        }
    }

    /// Whether the word at the end may still become one that commits.
    fn may_turn_risky(&self) -> bool {
        let last: String = self.sentence.chars().rev().take_while(|c| c.is_alphanumeric()).collect();
        let word = fold(&last.chars().rev().collect::<String>());
        if word.is_empty() {
            return false;
        }
        let begins = |stem: &&str| stem.starts_with(word.as_str()) || word.starts_with(*stem);
        table().stems.iter().any(|(_, stem)| begins(&stem.as_str()))
            || table().promises.iter().any(|words| {
                words.split('-').next_back().is_some_and(|end| end.starts_with(word.as_str()))
                    && joined(&self.sentence)
                        .contains(words.rsplit_once('-').map_or("", |(before, _)| before))
            })
    }

    fn judge(&mut self, cited: &[&str], passed: &mut Passed) {
        let sentence = std::mem::take(&mut self.sentence);
        let held = std::mem::take(&mut self.held);
        (self.risky, self.ended) = (false, false);
        match concern(&sentence, cited) {
            Some(concern) => {
                self.closed = true;
                passed.withheld = Some(concern);
            }
            None => passed.shown.push_str(&held),
        }
    }
}

/// What a sentence says that none of the cited texts holds.
pub fn concern(sentence: &str, cited: &[&str]) -> Option<Concern> {
    let lower = sentence.to_lowercase();
    if lower.contains("![") || lower.contains("](") || has_tag(&lower) {
        return Some(Concern::Link);
    }
    for host in hosts(&lower) {
        let known = |text: &&str| hosts(&text.to_lowercase()).any(|other| other == host);
        if !cited.iter().any(known) {
            return Some(Concern::Link);
        }
    }
    let held: Vec<String> = cited.iter().flat_map(|text| numbers(text)).collect();
    if numbers(sentence).into_iter().any(|number| !held.contains(&number)) {
        return Some(Concern::Number);
    }
    let matters = |text: &str| -> Vec<usize> {
        let words = joined(text);
        let found = table().stems.iter().filter(|(_, stem)| holds(&words, stem));
        found.map(|(matter, _)| *matter).collect()
    };
    let covered: Vec<usize> = cited.iter().flat_map(|text| matters(text)).collect();
    if matters(sentence).iter().any(|matter| !covered.contains(matter)) {
        return Some(Concern::Commitment);
    }
    let promises = |text: &str| table().promises.iter().any(|words| says(&joined(text), words));
    (promises(sentence) && !cited.iter().any(|text| promises(text))).then_some(Concern::Promise)
}

struct Table {
    stems: Vec<(usize, String)>,
    promises: Vec<&'static str>,
}

fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| Table {
        stems: COMMITMENTS
            .iter()
            .enumerate()
            .flat_map(|(matter, line)| line.split(' ').map(move |stem| (matter, fold(stem))))
            .collect(),
        promises: PROMISES.to_vec(),
    })
}

/// The folded words between hyphens: "-i-will-ask-".
fn joined(text: &str) -> String {
    let mut joined = String::from("-");
    for character in fold(text).chars() {
        if character.is_alphanumeric() {
            joined.push(character);
        } else if !joined.ends_with('-') {
            joined.push('-');
        }
    }
    if !joined.ends_with('-') {
        joined.push('-');
    }
    joined
}

/// A stem stands at the beginning of a word, or anywhere in a script without spaces.
fn holds(joined: &str, stem: &str) -> bool {
    if stem.chars().any(is_unspaced) { joined.contains(stem) } else { joined.contains(&format!("-{stem}")) }
}

fn says(joined: &str, words: &str) -> bool {
    let words = fold(words);
    if words.chars().any(is_unspaced) {
        joined.contains(&words)
    } else {
        joined.contains(&format!("-{words}-"))
    }
}

fn mentions(sentence: &str) -> bool {
    let words = joined(sentence);
    table().stems.iter().any(|(_, stem)| holds(&words, stem))
        || table().promises.iter().any(|promise| says(&words, promise))
}

/// Characters that make a sentence wait at once.
fn is_risky(character: char) -> bool {
    character.is_numeric()
        || is_unspaced(character)
        || matches!(character, '€' | '$' | '£' | '¥' | '₽' | '₺' | '%' | '<' | '!' | '[' | '/' | '@')
}

fn is_unspaced(character: char) -> bool {
    matches!(character, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' | '\u{0e00}'..='\u{0e7f}')
}

fn is_end(character: char) -> bool {
    matches!(character, '.' | '!' | '?' | '…' | '\n') || is_wide_end(character)
}

fn is_wide_end(character: char) -> bool {
    matches!(character, '。' | '！' | '？' | '؟' | '।')
}

fn is_closing(character: char) -> bool {
    matches!(character, '"' | '\'' | ')' | '”' | '’' | '»') || is_end(character)
}

/// Numbers as they are compared: "07:00", "7.00" and "7" are one. "7 pm" and "19:00" are not: when in
/// doubt, a person answers.
fn numbers(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut run = String::new();
    for character in text.chars().chain([' ']) {
        if let Some(digit) = character.to_digit(10).filter(|_| character.is_ascii_digit()) {
            run.push(char::from_digit(digit, 10).unwrap_or('0'));
        } else if character.is_numeric() {
            // Digits of other scripts cannot be compared: they stand for themselves.
            run.push(character);
        } else if !run.is_empty() {
            let bare = run.trim_start_matches('0').to_owned();
            // What follows a colon or a dot and is all zeros adds nothing.
            if !bare.is_empty() || found.is_empty() {
                found.push(if bare.is_empty() { "0".to_owned() } else { bare });
            }
            run.clear();
        }
    }
    found
}

/// Hosts of links.
fn hosts(lower: &str) -> impl Iterator<Item = String> + '_ {
    lower.split(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '<' | '>' | '"' | ',')).filter_map(
        |word| {
            let rest = word
                .split_once("://")
                .map(|(_, rest)| rest)
                .or_else(|| word.starts_with("www.").then_some(word))?;
            let host = rest.split(['/', '?', '#', ':']).next()?.trim_end_matches('.');
            Some(host.rsplit('@').next()?.trim_start_matches("www.").to_owned())
        },
    )
}

fn has_tag(lower: &str) -> bool {
    let letters = lower.char_indices().filter(|(_, c)| *c == '<');
    letters.into_iter().any(|(at, _)| {
        lower
            .get(at + 1..)
            .and_then(|rest| rest.chars().next())
            .is_some_and(|c| c.is_alphabetic() || matches!(c, '/' | '!'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPA: &str =
        "The sauna is open from 07:00 to 21:00 and free of charge. See https://spa.example/hours.";

    #[test]
    fn what_a_cited_entry_says_may_be_said() {
        for fine in [
            "The sauna opens at 7 and closes at 21:00.",
            "It is free for guests.",
            "See https://spa.example/hours for more.",
            "Hello! How can I help you?",
            "Gern geschehen!",
            "お手伝いできることはありますか。",
        ] {
            assert_eq!(concern(fine, &[SPA]), None, "{fine}");
        }
    }

    #[test]
    fn what_none_says_is_withheld() {
        for (sentence, expected) in [
            ("A massage costs 80 EUR.", Concern::Number),
            ("It closes at 22:00.", Concern::Number),
            ("Your refund is on its way.", Concern::Commitment),
            ("Sie bekommen einen Rabatt.", Concern::Commitment),
            ("La habitación está disponible.", Concern::Commitment),
            ("Votre table est réservée.", Concern::Commitment),
            ("Ваше бронирование подтверждено.", Concern::Commitment),
            ("房间已确认。", Concern::Commitment),
            ("返金いたします。", Concern::Commitment),
            ("I will bring towels.", Concern::Promise),
            ("Wir werden uns darum kümmern.", Concern::Promise),
            ("我会安排。", Concern::Promise),
            ("Click https://evil.example/x now.", Concern::Link),
            ("![x](https://spa.example/?q=secret)", Concern::Link),
            ("<img src=x onerror=alert(1)>", Concern::Link),
        ] {
            assert_eq!(concern(sentence, &[SPA]), Some(expected), "{sentence}");
        }
    }

    /// Many ways to cut a text in three: the verdict is always the same.
    fn run(text: &str, cited: &[&str]) -> (String, Option<Concern>) {
        let mut whole: Option<(String, Option<Concern>)> = None;
        let places: Vec<usize> =
            text.char_indices().map(|(at, _)| at).step_by(3).chain([text.len()]).collect();
        for first in &places {
            for second in places.iter().filter(|second| *second >= first) {
                let mut guard = Guard::default();
                let mut shown = String::new();
                let mut withheld = None;
                for piece in [&text[..*first], &text[*first..*second], &text[*second..]] {
                    let passed = guard.push(piece, cited);
                    shown.push_str(&passed.shown);
                    withheld = withheld.or(passed.withheld);
                }
                let passed = guard.finish(cited);
                shown.push_str(&passed.shown);
                withheld = withheld.or(passed.withheld);
                assert!(!shown.contains("80") && !shown.contains("refund"), "{shown}");
                match &whole {
                    Some((_, before)) => assert_eq!(*before, withheld, "{text} {first} {second}"),
                    None => whole = Some((shown, withheld)),
                }
            }
        }
        whole.expect("at least one way")
    }

    #[test]
    fn nothing_unfounded_is_ever_shown_wherever_the_text_is_cut() {
        let (shown, withheld) = run("The sauna is warm. It costs 80 EUR. Bye.", &[SPA]);
        assert!(shown.starts_with("The sauna is warm. "), "{shown}");
        assert_eq!(withheld, Some(Concern::Number));
        assert_eq!(run("You get a refund today", &[SPA]).1, Some(Concern::Commitment));
        let fine = "Hi! It opens at 7.00 and is free. See https://spa.example/hours. Enjoy";
        assert_eq!(run(fine, &[SPA]), (fine.to_owned(), None));
    }

    #[test]
    fn harmless_words_are_shown_as_they_come() {
        let mut guard = Guard::default();
        let mut shown = String::new();
        for word in ["one", " two", " three", " four"] {
            shown.push_str(&guard.push(word, &[]).shown);
        }
        assert_eq!(shown, "one two three four");
    }

    #[test]
    fn an_endless_sentence_is_judged_where_it_stands() {
        let mut guard = Guard::default();
        let passed = guard.push(&"7 ".repeat(2_000), &["7"]);
        assert!(passed.shown.len() > 3_000 && guard.held.len() <= HELD_MAX_CHARS);
    }
}
