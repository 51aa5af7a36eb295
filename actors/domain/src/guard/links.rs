//! Links and markup.

/// Hosts of links.
pub(super) fn hosts(lower: &str) -> impl Iterator<Item = String> + '_ {
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

pub(super) fn has_tag(lower: &str) -> bool {
    let letters = lower.char_indices().filter(|(_, c)| *c == '<');
    letters.into_iter().any(|(at, _)| {
        lower
            .get(at + 1..)
            .and_then(|rest| rest.chars().next())
            .is_some_and(|c| c.is_alphabetic() || matches!(c, '/' | '!'))
    })
}
