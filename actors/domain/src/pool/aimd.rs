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

/// The limit of one endpoint.
#[derive(Debug)]
pub struct Aimd {
    limit: f64,
    ceiling: f64,
    /// No overload has been seen yet: it doubles.
    rising: bool,
    quickest: Option<Millis>,
    slow_in_a_row: u32,
    expected: f64,
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
            expected: 0.0,
            cut_at: None,
        }
    }

    /// Calls at once.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "1 to 2^32")]
    pub fn limit(&self) -> usize {
        self.limit as usize
    }

    /// How long a call that starts now will probably wait for its first word; too short while few calls were made.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "milliseconds of a call")]
    pub fn expected(&self) -> Millis {
        self.expected as Millis
    }

    /// A first word came after so long, while all `in_use` calls were under way.
    pub fn first_word(&mut self, after: Millis, in_use: usize) {
        let quickest = self.quickest.map_or(after, |quickest| quickest.min(after));
        self.quickest = Some(quickest);
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of a call")]
        let (took, least) = (after as f64, quickest as f64);
        self.expected += (took - self.expected) * WEIGHT;
        let slow = took > least * SLOW && after > quickest + SLOW_BY;
        self.slow_in_a_row = if slow { self.slow_in_a_row.saturating_add(1) } else { 0 };
        // A limit that is not reached says nothing.
        if slow {
            self.rising &= self.slow_in_a_row < SLOW_IN_A_ROW;
        } else if in_use >= self.limit() {
            self.limit += if self.rising { 1.0 } else { 1.0 / self.limit };
            self.limit = self.limit.min(self.ceiling);
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

    #[test]
    fn rises_quickly_falls_at_once_and_comes_back_slowly() {
        let mut aimd = Aimd::new(16);
        assert_eq!(aimd.limit(), 4);
        for _ in 0..12 {
            aimd.first_word(100, aimd.limit());
        }
        assert_eq!(aimd.limit(), 16, "and no higher");
        aimd.overload(0);
        aimd.overload(10);
        assert_eq!(aimd.limit(), 11, "once for one overload");
        for _ in 0..11 {
            aimd.first_word(100, aimd.limit());
        }
        assert_eq!(aimd.limit(), 12, "one more for a whole round");
        for second in 1..50 {
            aimd.overload(second * 1_000);
        }
        assert_eq!(aimd.limit(), 1, "never none");
    }

    #[test]
    fn a_server_that_queues_is_not_given_more() {
        let mut aimd = Aimd::new(100);
        aimd.first_word(100, 4);
        for _ in 0..50 {
            aimd.first_word(900, aimd.limit());
        }
        assert_eq!(aimd.limit(), 5);
        aimd.first_word(100, aimd.limit());
        assert_eq!(aimd.limit(), 5, "one more for a whole round from now on");
    }

    #[test]
    fn a_stumble_is_not_the_server_s() {
        let mut aimd = Aimd::new(100);
        for _ in 0..10 {
            aimd.first_word(100, aimd.limit());
            for _ in 0..3 {
                aimd.first_word(900, aimd.limit());
            }
        }
        assert_eq!(aimd.limit(), 14, "it goes on doubling");
    }

    #[test]
    fn what_is_expected_follows_what_came() {
        let mut aimd = Aimd::new(100);
        assert_eq!(aimd.expected(), 0);
        aimd.first_word(800, 1);
        assert_eq!(aimd.expected(), 100, "one call says little");
        for _ in 0..40 {
            aimd.first_word(2_000, 1);
        }
        assert!((1_980..=2_000).contains(&aimd.expected()), "{}", aimd.expected());
    }
}
