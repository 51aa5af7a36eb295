//! The page of what is promised: each test and each make target that it names as a proof exists.

use std::path::Path;

const PAGE: &str = "src/GUARANTEES.md";

fn text(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What stands between backticks in the rows of the tables.
fn quoted(page: &str) -> Vec<&str> {
    page.lines()
        .filter(|line| line.starts_with("| "))
        .flat_map(|line| line.split('`').skip(1).step_by(2))
        .collect()
}

#[test]
fn every_proof_that_is_named_exists() {
    let (page, makefile) = (text(PAGE), text("Makefile"));
    let (mut tests, mut targets) = (0, 0);
    for proof in quoted(&page) {
        if let Some((file, name)) = proof.split_once("::") {
            let text = text(file);
            // Those that hold on either database are functions of where they run.
            let is_there =
                [format!("fn {name}("), format!("fn {name}<")].iter().any(|made| text.contains(made));
            assert!(is_there, "{file} has no test {name}");
            tests += 1;
        } else if let Some(target) = proof.strip_prefix("make ") {
            assert!(
                makefile.lines().any(|line| line.starts_with(&format!("{target}:"))),
                "no target {target}"
            );
            targets += 1;
        } else if proof.ends_with(".spec.ts") {
            assert!(!text(proof).is_empty(), "{proof}");
        }
    }
    assert!(tests > 80 && targets > 4, "{tests} tests and {targets} targets are named");
}

#[test]
fn every_row_has_a_state() {
    let page = text(PAGE);
    let (mut seen, mut states) = (Vec::new(), [0, 0, 0]);
    for line in page.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let id = cells[0];
        if !id.starts_with(|first: char| "GAWRSIL".contains(first))
            || !id.ends_with(|c: char| c.is_ascii_digit())
        {
            continue;
        }
        assert_eq!(cells.len(), 4, "{line}");
        let state = cells[3];
        let known = ["met", "partly: ", "not yet: "].iter().position(|known| state.starts_with(known));
        states[known.unwrap_or_else(|| panic!("{id}: {state}"))] += 1;
        assert!(state != "met" || cells[2].contains('`'), "{id} is met, and nothing shows it");
        assert!(!seen.contains(&id), "{id} twice");
        seen.push(id);
    }
    let [met, partly, not_yet] = states;
    let sum = format!("Of {} rows {met} are met, {partly} partly, {not_yet} not yet.", seen.len());
    assert!(page.contains(&sum), "{sum}");
    for (letter, last) in [("G", 9), ("A", 5), ("W", 6), ("R", 19), ("S", 35), ("I", 5), ("L", 10)] {
        for n in 1..=last {
            let id = format!("{letter}{n}");
            assert!(seen.contains(&id.as_str()), "{id} has no row");
        }
    }
}
