//! How many calls at once: more while the first words come quickly, fewer when the server groans.

use super::Millis;

/// Where it begins.
const START: f64 = 4.0;
/// What is left after a sign of overload.
const CUT: f64 = 0.7;
/// One overload makes many calls fail: it is answered once in this time.
const CUT_EVERY: Millis = 1_000;
/// First words this much slower than the quickest mean that the server queues.
const SLOW: f64 = 2.0;
/// And this much later at least: quick servers vary.
const SLOW_BY: Millis = 200;
/// So many slow ones in a row are the server's doing; fewer are a stumble of the network or of this machine.
const SLOW_IN_A_ROW: u32 = 4;
/// What one first word weighs in what is expected of the next.
const WEIGHT: f64 = 1.0 / 8.0;
/// Of fewer first words nothing is expected.
const HEARD_LEAST: u32 = 4;

/// The limit of one endpoint.
#[derive(Debug)]
pub struct Aimd {
    limit: f64,
    ceiling: f64,
    /// No overload has been seen yet: it doubles.
    rising: bool,
    quickest: Option<Millis>,
    slow_in_a_row: u32,
    /// First words so far, as far as it matters, and their moving mean.
    heard: u32,
    mean: f64,
    /// When the limit was raised last.
    raised_at: Millis,
    cut_at: Option<Millis>,
}

impl Aimd {
    /// At most `ceiling` calls at once, which is at least 1.
    pub fn new(ceiling: usize) -> Self {
        let ceiling = f64::from(u32::try_from(ceiling.max(1)).unwrap_or(u32::MAX));
        Self {
            limit: START.min(ceiling),
            ceiling,
            rising: true,
            quickest: None,
            slow_in_a_row: 0,
            heard: 0,
            mean: 0.0,
            raised_at: 0,
            cut_at: None,
        }
    }

    /// Calls at once.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "1 to 2^32")]
    pub fn limit(&self) -> usize {
        self.limit as usize
    }

    /// How long a call that starts now will probably wait for its first word; 0 while few calls were made.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "milliseconds of a call")]
    pub fn expected(&self) -> Millis {
        if self.heard < HEARD_LEAST { 0 } else { self.mean as Millis }
    }

    /// A first word came after so long, while all `in_use` calls were under way.
    pub fn first_word(&mut self, after: Millis, in_use: usize, now: Millis) {
        let quickest = self.quickest.map_or(after, |quickest| quickest.min(after));
        self.quickest = Some(quickest);
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of a call")]
        let (took, least) = (after as f64, quickest as f64);
        self.heard = self.heard.saturating_add(1);
        self.mean += (took - self.mean) * WEIGHT.max(1.0 / f64::from(self.heard));
        let slow = took > least * SLOW && after > quickest + SLOW_BY;
        self.slow_in_a_row = if slow { self.slow_in_a_row.saturating_add(1) } else { 0 };
        if slow {
            self.rising &= self.slow_in_a_row < SLOW_IN_A_ROW;
            return;
        }
        // A limit that is not reached says nothing, and neither does a call of before it was raised. What counts are rounds
        // and not calls: an answer holds its slot long after its first word.
        let of_this_round = now.saturating_sub(after) >= self.raised_at;
        if in_use >= self.limit() && of_this_round {
            self.limit = if self.rising { self.limit * 2.0 } else { self.limit + 1.0 };
            self.limit = self.limit.min(self.ceiling);
            self.raised_at = now;
        }
    }

    /// The server refused or failed for having too much to do.
    pub fn overload(&mut self, now: Millis) {
        self.rising = false;
        if self.cut_at.is_none_or(|at| now >= at + CUT_EVERY) {
            self.cut_at = Some(now);
            self.limit = (self.limit * CUT).max(1.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rounds of first words, each after so long, while all slots are taken.
    fn rounds(aimd: &mut Aimd, count: u64, after: Millis) {
        for _ in 0..count {
            let now = aimd.raised_at + after;
            aimd.first_word(after, aimd.limit(), now);
            // Another call of the round before.
            aimd.first_word(after, aimd.limit(), now + after / 2);
        }
    }

    #[test]
    fn rises_quickly_falls_at_once_and_comes_back_slowly() {
        let mut aimd = Aimd::new(60);
        assert_eq!(aimd.limit(), 4);
        rounds(&mut aimd, 3, 100);
        assert_eq!(aimd.limit(), 32, "doubled each round");
        rounds(&mut aimd, 2, 100);
        assert_eq!(aimd.limit(), 60, "and no higher");
        aimd.overload(10_000);
        aimd.overload(10_010);
        assert_eq!(aimd.limit(), 42, "once for one overload");
        rounds(&mut aimd, 2, 100);
        assert_eq!(aimd.limit(), 44, "one more for a round");
        for second in 11..80 {
            aimd.overload(second * 1_000);
        }
        assert_eq!(aimd.limit(), 1, "never none");
    }

    #[test]
    fn a_limit_that_is_not_reached_says_nothing() {
        let mut aimd = Aimd::new(100);
        for now in 1..50 {
            aimd.first_word(100, 3, now * 1_000);
        }
        assert_eq!(aimd.limit(), 4);
    }

    #[test]
    fn a_server_that_queues_is_not_given_more() {
        let mut aimd = Aimd::new(100);
        rounds(&mut aimd, 1, 100);
        for now in 1..50 {
            aimd.first_word(900, aimd.limit(), now * 1_000);
        }
        assert_eq!(aimd.limit(), 8);
        rounds(&mut aimd, 1, 100);
        assert_eq!(aimd.limit(), 9, "one more for a round from now on");
    }

    #[test]
    fn a_stumble_is_not_the_server_s() {
        let mut aimd = Aimd::new(100);
        for _ in 0..3 {
            rounds(&mut aimd, 1, 100);
            for _ in 0..3 {
                aimd.first_word(900, aimd.limit(), aimd.raised_at + 1_000);
            }
        }
        assert_eq!(aimd.limit(), 32, "it goes on doubling");
    }

    #[test]
    fn what_is_expected_follows_what_came() {
        let mut aimd = Aimd::new(100);
        for (heard, expected) in [(1, 0), (2, 0), (3, 0), (4, 400)] {
            aimd.first_word(400, 1, 0);
            assert_eq!(aimd.expected(), expected, "after {heard}");
        }
        for _ in 0..40 {
            aimd.first_word(2_000, 1, 0);
        }
        assert!((1_980..=2_000).contains(&aimd.expected()), "{}", aimd.expected());
    }
}
