//! What a call will cost, before it is made.

use super::ledger::Tokens;

/// Characters a token, in scripts with letters.
const CHARS_A_TOKEN: f64 = 3.5;
/// How much one call moves what was learned.
const LEARNING: f64 = 0.1;
/// Instructions and sources, until it is known better.
const OVERHEAD: f64 = 1_200.0;

/// Learns from what calls really cost.
#[derive(Debug)]
pub struct Estimator {
    /// What a prompt costs beside the conversation's lines.
    overhead: f64,
    /// What an answer costs.
    answer: f64,
    answer_max: u64,
}

impl Estimator {
    /// `answer_max`: the most tokens of an answer.
    pub fn new(answer_max: u64) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
        Self { overhead: OVERHEAD, answer: answer_max as f64 * 0.7, answer_max }
    }

    /// Tokens of a text, roughly: one for each character of a script without letters, fewer for others.
    pub fn tokens(text: &str) -> u64 {
        let (mut letters, mut signs) = (0_u64, 0_u64);
        for character in text.chars() {
            let sign = matches!(u32::from(character), 0x3040..=0x30ff | 0x3400..=0x9fff | 0xac00..=0xd7a3 | 0xf900..=0xfaff);
            if sign { signs += 1 } else { letters += 1 }
        }
        #[expect(clippy::cast_precision_loss, reason = "a text's length")]
        let tokens = letters as f64 / CHARS_A_TOKEN;
        whole(tokens) + signs
    }

    /// Tokens of so many characters of a script with letters.
    pub fn of_chars(chars: usize) -> u64 {
        #[expect(clippy::cast_precision_loss, reason = "a text's length")]
        let tokens = chars as f64 / CHARS_A_TOKEN;
        whole(tokens)
    }

    /// What a call costs whose lines have so many tokens.
    pub fn estimate(&self, lines: u64) -> Tokens {
        // A little above the mean, so that what comes too short is seldom much.
        let completion = whole(self.answer * 1.3).min(self.answer_max);
        Tokens { prompt: lines + whole(self.overhead), completion }
    }

    /// What a call did cost whose lines had so many tokens.
    #[expect(clippy::cast_precision_loss, reason = "thousands")]
    pub fn learn(&mut self, lines: u64, actual: Tokens) {
        let overhead = actual.prompt.saturating_sub(lines) as f64;
        self.overhead += (overhead - self.overhead) * LEARNING;
        self.answer += (actual.completion as f64 - self.answer) * LEARNING;
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative, a few thousand")]
fn whole(tokens: f64) -> u64 {
    tokens.ceil().max(0.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_differ() {
        assert_eq!(Estimator::tokens("seven letters"), 4);
        assert_eq!(Estimator::tokens("早餐几点"), 4);
        assert_eq!(Estimator::tokens(""), 0);
    }

    #[test]
    fn it_learns_within_fifteen_in_a_hundred() {
        let mut estimator = Estimator::new(350);
        for n in 0..60 {
            estimator.learn(40, Tokens { prompt: 40 + 700 + n % 50, completion: 80 });
        }
        let guess = estimator.estimate(40);
        let (guess, actual) = (guess.prompt + guess.completion, 40 + 725 + 80);
        assert!(guess.abs_diff(actual) * 100 <= actual * 15, "{guess}");
    }
}
