//! Amounts written in words: "twenty euros", "zwanzig Euro", "二十欧元".
//!
//! Number words alone are harmless ("two restaurants"). In a sentence that also names money, a per cent or
//! the hour they are compared like digits. A value that cannot be worked out right is withheld: that is the
//! safe side.

use std::collections::HashMap;
use std::sync::OnceLock;

use super::words::joined;
use crate::answerer::fold;

const WORDS: &str = include_str!("../../data/numbers.txt");

/// What makes a number word an amount, folded; with `*` the word may go on.
const UNITS: &str = "euro euros eur dollar* usd pound pounds quid gbp franc francs franken chf cents yen zloty* \
    zł евро рубл* доллар* lira* lire dirham* درهم يورو دولار peso pesos reais krone* kronor percent* prozent \
    procent* процент* porcento yüzde clock uhr heures";

/// The same in scripts without spaces; they follow the number directly.
const WIDE_UNITS: &[&str] = &[
    "欧元",
    "歐元",
    "元",
    "美元",
    "块",
    "塊",
    "人民币",
    "英镑",
    "ユーロ",
    "円",
    "ドル",
    "유로",
    "원",
    "달러",
];

/// Words of one number hang together with these.
const LINKS: &[&str] = &["and", "und", "et", "y", "e", "en"];

/// The longest word that is taken apart, in bytes.
const WORD_MAX: usize = 60;

struct Table {
    values: HashMap<String, u64>,
    units: Vec<(String, bool)>,
}

fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut values = HashMap::new();
        for line in WORDS.lines().filter(|line| !line.starts_with('#')) {
            let mut words = line.split_whitespace();
            let Some(value) = words.next().and_then(|value| value.parse().ok()) else { continue };
            values.extend(words.map(|word| (fold(word), value)));
        }
        let units = UNITS.split_whitespace().map(|unit| match unit.strip_suffix('*') {
            Some(stem) => (fold(stem), true),
            None => (fold(unit), false),
        });
        Table { values, units: units.collect() }
    })
}

fn is_unit(word: &str) -> bool {
    table().units.iter().any(|(unit, open)| word == unit || (*open && word.starts_with(unit.as_str())))
}

/// The values in one word: "fünfundzwanzig" holds 5 and 20.
fn values(word: &str) -> Option<Vec<u64>> {
    if let Some(value) = table().values.get(word) {
        return Some(vec![*value]);
    }
    if word.len() > WORD_MAX {
        return None;
    }
    // The longest beginning first: "sechzehn" before "sech".
    word.char_indices().rev().filter(|(at, _)| *at >= 3).find_map(|(at, _)| {
        let (first, rest) = word.split_at(at);
        let value = *table().values.get(first)?;
        let linked = ["und", "en"].iter().filter_map(|link| rest.strip_prefix(link)).find_map(values);
        let mut all = vec![value];
        all.extend(linked.or_else(|| values(rest))?);
        Some(all)
    })
}

/// Adds up the words of one number.
fn total(parts: &[u64]) -> u64 {
    let (mut thousands, mut current) = (0_u64, 0_u64);
    for part in parts {
        match part {
            1000 => {
                thousands = thousands.saturating_add(current.max(1).saturating_mul(1000));
                current = 0;
            }
            100 => current = current.max(1).saturating_mul(100),
            part => current = current.saturating_add(*part),
        }
    }
    thousands.saturating_add(current)
}

/// Whether a sentence holds a number word or a unit, so that it has to wait for its end.
pub(super) fn mentions(joined: &str) -> bool {
    words(joined).any(|word| is_unit(word) || values(word).is_some_and(|found| found != [1]))
}

/// Whether it ends with "one", which is an article in half of the languages: the next word decides.
pub(super) fn ends_with_one(joined: &str) -> bool {
    words(joined).next_back().is_some_and(|word| values(word).is_some_and(|found| found == [1]))
}

/// Whether an unfinished word may still become a number word or a unit.
pub(super) fn may_become(word: &str) -> bool {
    table()
        .values
        .keys()
        .any(|number| number.starts_with(word) || (number.len() > 2 && word.starts_with(number)))
        || table().units.iter().any(|(unit, _)| unit.starts_with(word))
}

fn words(joined: &str) -> impl DoubleEndedIterator<Item = &str> {
    joined.split('-').filter(|word| !word.is_empty())
}

/// The amounts that a text states in words, as digits.
pub(super) fn amounts(text: &str) -> Vec<String> {
    let joined = joined(text);
    let mut found = wide(text);
    let words: Vec<&str> = words(&joined).collect();
    if !words.iter().any(|word| is_unit(word)) {
        return found;
    }
    let mut parts: Vec<u64> = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| words.get(at)).copied().unwrap_or_default();
        let next = words.get(at + 1).copied().unwrap_or_default();
        if let Some(mut values) = values(word) {
            // "Quatre-vingts" multiplies.
            if word.starts_with("vingt") && parts.last() == Some(&4) && before == "quatre" {
                parts.pop();
                values = vec![80];
            }
            parts.extend(values);
        } else if !(LINKS.contains(word) && !parts.is_empty() && values(next).is_some()) {
            take(&mut parts, is_unit(word), &mut found);
        }
    }
    take(&mut parts, false, &mut found);
    found
}

/// Ends a number. A lone "one" counts only before a unit: elsewhere it is an article.
fn take(parts: &mut Vec<u64>, before_unit: bool, found: &mut Vec<String>) {
    if !parts.is_empty() && (before_unit || parts.as_slice() != [1]) {
        found.push(total(parts).to_string());
    }
    parts.clear();
}

/// Amounts in Chinese, Japanese and Korean numerals.
fn wide(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut parts: Vec<u64> = Vec::new();
    for (at, character) in text.char_indices() {
        if let Some(value) = numeral(character) {
            parts.push(value);
            continue;
        }
        let rest = text.get(at..).unwrap_or_default().trim_start();
        // "이 원하다" is a wish, no price.
        if !parts.is_empty()
            && !rest.starts_with("원하")
            && WIDE_UNITS.iter().any(|unit| rest.starts_with(unit))
        {
            found.push(wide_total(&parts).to_string());
        }
        parts.clear();
    }
    found
}

fn wide_total(parts: &[u64]) -> u64 {
    let (mut whole, mut section, mut digit) = (0_u64, 0_u64, 0_u64);
    for part in parts {
        match part {
            10_000 => {
                whole = whole.saturating_add(section.saturating_add(digit).max(1).saturating_mul(10_000));
                (section, digit) = (0, 0);
            }
            10 | 100 | 1000 => {
                section = section.saturating_add(digit.max(1).saturating_mul(*part));
                digit = 0;
            }
            part => digit = digit.saturating_mul(10).saturating_add(*part),
        }
    }
    whole.saturating_add(section).saturating_add(digit)
}

fn numeral(character: char) -> Option<u64> {
    Some(match character {
        '〇' | '零' | '영' => 0,
        '一' | '일' => 1,
        '二' | '两' | '兩' | '이' => 2,
        '三' | '삼' => 3,
        '四' | '사' => 4,
        '五' | '오' => 5,
        '六' | '육' => 6,
        '七' | '칠' => 7,
        '八' | '팔' => 8,
        '九' | '구' => 9,
        '十' | '십' => 10,
        '百' | '백' => 100,
        '千' | '천' => 1000,
        '万' | '萬' | '만' => 10_000,
        _ => return None,
    })
}
