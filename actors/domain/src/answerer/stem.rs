//! Snowball stemmers by language.

use rust_stemmers::{Algorithm, Stemmer};

use super::language::Language;

/// Reduces a folded token to its stem; languages without a stemmer keep the token.
pub fn stem(token: &str, language: Language) -> String {
    match algorithm(language) {
        Some(algorithm) => Stemmer::create(algorithm).stem(token).into_owned(),
        None => token.to_owned(),
    }
}

fn algorithm(language: Language) -> Option<Algorithm> {
    Some(match language {
        Language::En => Algorithm::English,
        Language::De => Algorithm::German,
        Language::Fr => Algorithm::French,
        Language::Es => Algorithm::Spanish,
        Language::It => Algorithm::Italian,
        Language::Nl => Algorithm::Dutch,
        Language::Pt => Algorithm::Portuguese,
        Language::Ru => Algorithm::Russian,
        Language::Tr => Algorithm::Turkish,
        Language::Ar => Algorithm::Arabic,
        Language::Sv => Algorithm::Swedish,
        Language::Da => Algorithm::Danish,
        Language::El => Algorithm::Greek,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stems_by_language() {
        assert_eq!(stem("parking", Language::En), stem("parked", Language::En));
        assert_eq!(stem("hunde", Language::De), stem("hunden", Language::De));
        assert_eq!(stem("早", Language::Zh), "早");
    }
}
