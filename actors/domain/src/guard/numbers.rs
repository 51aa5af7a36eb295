//! Numbers in digits.

/// What joins hours and minutes in words, besides the marks: "7 h 30", "7 Uhr 30", "7時30分".
const HOURS: &[&str] = &["h", "uhr", "時", "点", "點", "시"];

/// Numbers as they are compared: "07:00", "7.00" and "7" are one, and so are "12,50" and "12.5", "1.200" and "1200".
/// "7 pm" and "19:00" are not: when in doubt, a person answers.
pub(super) fn numbers(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut groups: Vec<String> = Vec::new();
    let mut run = String::new();
    let mut between = String::new();
    for character in text.chars() {
        if character.is_numeric() {
            if run.is_empty() && !joins(&between) {
                found.append(&mut whole(&std::mem::take(&mut groups)));
            }
            between.clear();
            // Digits of other scripts cannot be compared: they stand for themselves.
            run.push(character);
        } else {
            if !run.is_empty() {
                groups.push(std::mem::take(&mut run));
            }
            between.push(character);
        }
    }
    groups.extend((!run.is_empty()).then_some(run));
    found.append(&mut whole(&groups));
    found
}

fn joins(between: &str) -> bool {
    let word = between.trim();
    matches!(between, "." | "," | ":" | "：" | "'" | "’") || HOURS.contains(&word.to_lowercase().as_str())
}

/// One number of its groups of digits, or several where they are a date or a list.
fn whole(groups: &[String]) -> Vec<String> {
    let bare = |group: &str| match group.trim_start_matches('0') {
        "" => "0".to_owned(),
        bare => bare.to_owned(),
    };
    let Some((first, rest)) = groups.split_first() else { return Vec::new() };
    let thousands = rest.iter().take_while(|group| group.len() == 3).count();
    let (thousands, rest) = rest.split_at(thousands);
    match rest {
        [] => vec![bare(&(first.clone() + &thousands.concat()))],
        [part] => {
            let whole = bare(&(first.clone() + &thousands.concat()));
            match part.trim_end_matches('0') {
                "" => vec![whole],
                part => vec![format!("{whole}.{part}")],
            }
        }
        _ => groups.iter().map(|group| bare(group)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_is_one_number_however_it_is_written() {
        for (texts, expected) in [
            (&["07:00", "7.00", "7", "7h", "7 Uhr", "7 h 00"][..], &["7"][..]),
            (&["7:30", "7.30", "7h30", "7 h 30", "7 Uhr 30", "7時30分", "07:30"], &["7.3"]),
            (&["12.50 EUR", "12,5", "€12.50."], &["12.5"]),
            (&["1.200 EUR", "1,200", "1'200", "1200", "1,200.00"], &["1200"]),
            (&["0.55", "type 0,55"], &["0.55"]),
            (&["1,200.50"], &["1200.5"]),
            (&["7:00–10:30", "from 7 to 10:30"], &["7", "10.3"]),
            (&["24.12.2026", "24, 12, 2026"], &["24", "12", "2026"]),
            (&["2 rooms, 0 beds. 3"], &["2", "0", "3"]),
            (&["no number"], &[]),
        ] {
            for text in texts {
                assert_eq!(numbers(text), expected, "{text}");
            }
        }
    }
}
