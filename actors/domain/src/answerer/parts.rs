//! Two questions in one message.

use super::text;

/// Words that join two questions, after folding.
const JOINTS: &[&str] = &[
    "and", "und", "et", "y", "e", "en", "i", "oraz", "и", "ve", "also", "plus", "sowie", "aussi", "tambien",
];

/// The parts a message may be split into: at sentence ends, then at commas and joining words.
/// A message without a seam is one part.
pub fn split(message: &str) -> Vec<String> {
    let mut parts = Vec::new();
    for sentence in text::sentences(message) {
        let mut part = String::new();
        for piece in sentence.split_inclusive([',', '，', '、', '،']) {
            for word in piece.split_inclusive(' ') {
                let folded = text::tokens(word);
                let joins = folded.len() == 1 && JOINTS.contains(&folded[0].as_str());
                if joins && !part.trim().is_empty() {
                    parts.push(std::mem::take(&mut part));
                } else if !joins {
                    part.push_str(word);
                }
            }
            if piece.ends_with([',', '，', '、', '،']) && !part.trim().is_empty() {
                parts.push(std::mem::take(&mut part));
            }
        }
        if !part.trim().is_empty() {
            parts.push(part);
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seams() {
        let trimmed =
            |message| -> Vec<String> { split(message).iter().map(|part| part.trim().to_owned()).collect() };
        assert_eq!(
            trimmed("When is breakfast and where is the pool?"),
            ["When is breakfast", "where is the pool?"]
        );
        assert_eq!(trimmed("Pool? Sauna?"), ["Pool?", "Sauna?"]);
        assert_eq!(trimmed("When is breakfast?"), ["When is breakfast?"]);
        assert!(split("").is_empty());
    }
}
