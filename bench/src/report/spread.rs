//! Several runs of the same: medians and how far apart they lie; and two sets of them side by side.

use std::io::Write;

use super::{Better, Run, short};

/// Runs of the same scenario, variant and stack.
pub struct Group<'a> {
    /// The runs, in the order in which they were made.
    pub runs: Vec<&'a Run>,
}

/// A figure over several runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Spread {
    /// Of what.
    pub name: String,
    /// In what.
    pub unit: String,
    /// Which way it gets better.
    pub better: Better,
    /// The middle one, or the mean of the two in the middle.
    pub median: f64,
    /// The smallest.
    pub least: f64,
    /// The largest.
    pub most: f64,
    /// Of how many runs.
    pub count: usize,
}

/// The runs by what they measured, in the order in which each came first.
pub fn groups(runs: &[Run]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for run in runs {
        let same =
            |group: &&mut Group<'_>| group.runs.first().is_some_and(|first| first.title() == run.title());
        match groups.iter_mut().find(same) {
            Some(group) => group.runs.push(run),
            None => groups.push(Group { runs: vec![run] }),
        }
    }
    groups
}

impl Group<'_> {
    /// What the runs have in common.
    pub fn title(&self) -> String {
        self.runs.first().map(|run| run.title()).unwrap_or_default()
    }

    /// Each figure over all runs that have it.
    pub fn figures(&self) -> Vec<Spread> {
        let mut all: Vec<Spread> = Vec::new();
        for figure in self.runs.iter().flat_map(|run| &run.figures) {
            if !all.iter().any(|known| known.name == figure.name) {
                all.extend(self.figure(&figure.name));
            }
        }
        all
    }

    /// One figure.
    pub fn figure(&self, name: &str) -> Option<Spread> {
        let found = || self.runs.iter().flat_map(|run| &run.figures).filter(|figure| figure.name == name);
        let first = found().next()?;
        let mut values: Vec<f64> = found().map(|figure| figure.value).collect();
        let median = median(&mut values)?;
        Some(Spread {
            name: first.name.clone(),
            unit: first.unit.clone(),
            better: first.better,
            median,
            least: *values.first()?,
            most: *values.last()?,
            count: values.len(),
        })
    }
}

/// The median. The values are sorted.
pub fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    if values.len() % 2 == 1 {
        return Some(upper);
    }
    values.get(middle.checked_sub(1)?).map(|lower| f64::midpoint(*lower, upper))
}

/// Writes two sets side by side. A difference is one only if the sets do not overlap.
///
/// # Errors
/// The output is closed.
pub fn compare(before: &[Run], after: &[Run], to: &mut impl Write) -> std::io::Result<()> {
    let (before, after) = (groups(before), groups(after));
    let mut common = 0;
    for old in &before {
        let Some(new) = after.iter().find(|new| new.title() == old.title()) else { continue };
        common += 1;
        writeln!(to, "{}: {} and {} runs", old.title(), old.runs.len(), new.runs.len())?;
        for old in old.figures() {
            let Some(new) = new.figure(&old.name) else { continue };
            let range =
                |of: &Spread| format!("{} ({} to {})", short(of.median), short(of.least), short(of.most));
            let (left, right, verdict) = (range(&old), range(&new), verdict(&old, &new));
            writeln!(to, "  {:<30} {left:>26} {right:>26} {:<5} {verdict}", old.name, old.unit)?;
        }
    }
    if common == 0 {
        writeln!(to, "the two have no scenario in common")?;
    }
    Ok(())
}

/// What the difference means.
fn verdict(old: &Spread, new: &Spread) -> String {
    let ratio = if old.median == 0.0 { return String::new() } else { new.median / old.median };
    let change = format!("× {ratio:.2}");
    let apart = new.least > old.most || new.most < old.least;
    let enough = old.count > 1 && new.count > 1;
    let word = match old.better {
        Better::Neither => "",
        _ if !enough => ", one run says little",
        _ if !apart => ", within the spread",
        Better::Less if ratio < 1.0 => ", better",
        Better::More if ratio > 1.0 => ", better",
        _ => ", worse",
    };
    change + word
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(values: &[f64], better: Better) -> Vec<Run> {
        let make = |value: &f64| {
            let mut run = Run { scenario: "rooms".to_owned(), ..Run::default() };
            run.figure("cost", *value, "µs", better);
            run
        };
        values.iter().map(make).collect()
    }

    fn compared(old: &[f64], new: &[f64], better: Better) -> String {
        let mut out = Vec::new();
        compare(&runs(old, better), &runs(new, better), &mut out).expect("written");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn medians() {
        assert_eq!(median(&mut [3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&mut [4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(&mut [7.0]), Some(7.0));
        assert_eq!(median(&mut []), None);
    }

    #[test]
    fn a_difference_is_one_only_outside_the_spread() {
        assert!(compared(&[4.0, 5.0, 6.0], &[1.0, 2.0, 3.0], Better::Less).contains("× 0.40, better"));
        assert!(compared(&[4.0, 5.0, 6.0], &[1.0, 2.0, 3.0], Better::More).contains("worse"));
        assert!(compared(&[4.0, 5.0, 6.0], &[3.0, 4.5, 5.0], Better::Less).contains("within the spread"));
        assert!(compared(&[4.0], &[1.0], Better::Less).contains("one run says little"));
        let other = [Run { scenario: "storm".to_owned(), ..Run::default() }];
        let mut out = Vec::new();
        compare(&runs(&[1.0], Better::Less), &other, &mut out).expect("written");
        assert!(String::from_utf8(out).expect("text").contains("no scenario in common"));
    }

    #[test]
    fn runs_are_grouped_by_what_they_measured() {
        let mut all = runs(&[1.0, 2.0], Better::Less);
        all.insert(1, Run { scenario: "rooms".to_owned(), variant: "message".to_owned(), ..Run::default() });
        let groups = groups(&all);
        assert_eq!(groups.iter().map(|group| group.runs.len()).collect::<Vec<_>>(), [2, 1]);
        let figure = groups[0].figure("cost").expect("there");
        assert_eq!((figure.median, figure.least, figure.most, figure.count), (1.5, 1.0, 2.0, 2));
    }
}
