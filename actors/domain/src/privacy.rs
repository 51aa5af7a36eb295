//! What leaves the house: card numbers, bank accounts, addresses and phone numbers are blacked out first.

/// The text with card numbers (by their check digit), IBANs (by their checksum), e-mail addresses and
/// phone numbers replaced by a word in brackets.
pub fn redact(text: &str) -> String {
    let text = words(text);
    numbers(&text)
}

/// E-mail addresses and IBANs that stand as one word or in groups of four.
fn words(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_inclusive(char::is_whitespace) {
        let bare = word.trim_end();
        let core = bare.trim_matches(|c: char| !c.is_alphanumeric());
        let replaced = if is_email(core) {
            Some("[e-mail]")
        } else if is_iban(core) {
            Some("[iban]")
        } else {
            None
        };
        match replaced {
            Some(mark) => {
                out.push_str(&bare.replacen(core, mark, 1));
                out.push_str(&word[bare.len()..]);
            }
            None => out.push_str(word),
        }
    }
    grouped_ibans(&out)
}

/// "DE44 5001 0517 5407 3249 31".
fn grouped_ibans(text: &str) -> String {
    let words: Vec<&str> = text.split(' ').collect();
    let mut out: Vec<String> = Vec::with_capacity(words.len());
    let mut at = 0;
    while at < words.len() {
        let longest = (2..=9).rev().find(|count| {
            words.get(at..at + count).is_some_and(|group| {
                let tidy: String = group.concat().trim_end_matches(|c: char| !c.is_alphanumeric()).to_owned();
                group.iter().all(|word| !word.is_empty() && word.len() <= 5) && is_iban(&tidy)
            })
        });
        match longest {
            Some(count) => {
                out.push("[iban]".to_owned());
                at += count;
            }
            None => {
                out.push(words[at].to_owned());
                at += 1;
            }
        }
    }
    out.join(" ")
}

fn is_email(word: &str) -> bool {
    let Some((name, host)) = word.rsplit_once('@') else { return false };
    !name.is_empty()
        && host.contains('.')
        && host.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-'))
}

fn is_iban(word: &str) -> bool {
    let bytes = word.as_bytes();
    let shape = (15..=34).contains(&bytes.len())
        && bytes.iter().all(u8::is_ascii_alphanumeric)
        && bytes[..2].iter().all(u8::is_ascii_alphabetic)
        && bytes[2..4].iter().all(u8::is_ascii_digit);
    shape && {
        let rest = bytes[4..].iter().chain(&bytes[..4]).fold(0u32, |rest, byte| {
            let value = char::from(*byte).to_digit(36).unwrap_or(0);
            (rest * if value > 9 { 100 } else { 10 } + value) % 97
        });
        rest == 1
    }
}

/// Runs of digits with what people put between them.
fn numbers(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < characters.len() {
        let begins = characters[at].is_ascii_digit()
            || (matches!(characters[at], '+' | '(')
                && characters.get(at + 1).is_some_and(char::is_ascii_digit));
        let after_word = at > 0 && characters[at - 1].is_alphanumeric();
        if !begins || after_word {
            out.push(characters[at]);
            at += 1;
            continue;
        }
        let length = characters[at..]
            .iter()
            .take_while(|c| c.is_ascii_digit() || matches!(c, ' ' | '-' | '/' | '(' | ')' | '+' | '.'))
            .count();
        let run: String = characters[at..at + length].iter().collect();
        let kept = run.trim_end_matches(|c: char| !c.is_ascii_digit() && c != ')');
        let digits: String = kept.chars().filter(char::is_ascii_digit).collect();
        let mark = if (13..=19).contains(&digits.len()) && luhn(&digits) {
            Some("[card]")
        } else if is_phone(kept, &digits) {
            Some("[phone]")
        } else {
            None
        };
        match mark {
            Some(mark) => {
                out.push_str(mark);
                out.push_str(&run[kept.len()..]);
            }
            None => out.push_str(&run),
        }
        at += length;
    }
    out
}

/// A plus sign, a leading zero, or ten digits and more; dates and times are none.
fn is_phone(run: &str, digits: &str) -> bool {
    let many = (8..=15).contains(&digits.len());
    let international = run.starts_with('+') || run.starts_with("(+") || digits.starts_with("00");
    let national = digits.starts_with('0') && !run.contains('.') && digits.len() >= 9;
    many && (international || national || (digits.len() >= 10 && !run.contains('.')))
}

fn luhn(digits: &str) -> bool {
    let sum: u32 = digits
        .chars()
        .rev()
        .filter_map(|c| c.to_digit(10))
        .enumerate()
        .map(|(place, digit)| match (place % 2, digit) {
            (0, digit) => digit,
            (_, digit) if digit > 4 => 2 * digit - 9,
            (_, digit) => 2 * digit,
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::redact;

    #[test]
    fn what_is_personal_goes_and_the_rest_stays() {
        for (text, expected) in [
            ("card 4111 1111 1111 1111, thanks", "card [card], thanks"),
            ("4111-1111-1111-1111.", "[card]."),
            ("DE44500105175407324931", "[iban]"),
            ("IBAN DE44 5001 0517 5407 3249 31 please", "IBAN [iban] please"),
            ("write to ana.b+c@mail.example, ok?", "write to [e-mail], ok?"),
            ("call +49 170 1234567 or 0170/1234567", "call [phone] or [phone]"),
            (
                "booking 88231 on 24.12.2026 at 19:30 in room 304 for 2",
                "booking 88231 on 24.12.2026 at 19:30 in room 304 for 2",
            ),
            ("from 3 to 7 march, 180.50 EUR", "from 3 to 7 march, 180.50 EUR"),
            ("", ""),
            ("日本語 12", "日本語 12"),
        ] {
            assert_eq!(redact(text), expected, "{text}");
        }
    }
}
