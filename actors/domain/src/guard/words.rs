//! The words that commit or promise, in all languages of the answerer.

use std::sync::OnceLock;

use super::amounts;
use crate::answerer::fold;

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

pub(super) struct Table {
    pub(super) stems: Vec<(usize, String)>,
    /// Folded, their words between hyphens.
    pub(super) promises: Vec<String>,
}

pub(super) fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| Table {
        stems: COMMITMENTS
            .iter()
            .enumerate()
            .flat_map(|(matter, line)| line.split(' ').map(move |stem| (matter, fold(stem))))
            .collect(),
        promises: PROMISES.iter().map(|words| fold(words)).collect(),
    })
}

/// The folded words between hyphens: "-i-will-ask-".
pub(super) fn joined(text: &str) -> String {
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
pub(super) fn holds(joined: &str, stem: &str) -> bool {
    if stem.chars().any(is_unspaced) { joined.contains(stem) } else { joined.contains(&format!("-{stem}")) }
}

pub(super) fn says(joined: &str, words: &str) -> bool {
    if words.chars().any(is_unspaced) {
        joined.contains(words)
    } else {
        joined.contains(&format!("-{words}-"))
    }
}

pub(super) fn mentions(sentence: &str) -> bool {
    let words = joined(sentence);
    amounts::mentions(&words)
        || table().stems.iter().any(|(_, stem)| holds(&words, stem))
        || table().promises.iter().any(|promise| says(&words, promise))
}

pub(super) fn is_unspaced(character: char) -> bool {
    matches!(character, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' | '\u{0e00}'..='\u{0e7f}')
}
