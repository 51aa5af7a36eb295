//! The checker, checked: no false alarm on clean histories, and every planted fault is found.

use super::simulate::{self, PLANTS};
use super::{Report, check};

#[test]
fn two_hundred_clean_histories_raise_no_alarm() {
    let mut all = Report::default();
    for seed in 0..200 {
        let report = check(&simulate::run(seed, None));
        assert_eq!(report.violations, [], "seed {seed}");
        all.add(report);
    }
    let counts = &all.counts;
    for (what, count) in [
        ("kills", counts.kills),
        ("repeats", counts.repeats),
        ("conflicts", counts.conflicts),
        ("refused", counts.refused),
        ("unanswered", counts.unanswered),
        ("partial", counts.partial),
        ("resumes", counts.resumes),
        ("drafts", counts.drafts),
        ("webhooks", counts.posts - counts.phone_messages),
    ] {
        assert!(count > 200, "{what} were simulated: {count}");
    }
}

#[test]
fn every_planted_fault_is_found_fifty_times_of_fifty() {
    for (plant, rule) in PLANTS {
        for seed in 0..50 {
            let report = check(&simulate::run(1_000 + seed, Some(*plant)));
            let found = simulate::by_rule(&report);
            assert!(found.contains_key(rule), "{plant:?}, seed {seed}: {rule:?} not in {found:?}");
        }
    }
}
