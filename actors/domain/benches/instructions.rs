//! How many instructions the pure work of one message takes, by callgrind: the same on a busy machine as on a
//! quiet one, so that growth shows. `make instructions` compares with what is recorded beside this file and ends
//! with exit code 1 if anything grew by more than 5 %; `make instructions RECORD=--record` records anew.

#![allow(clippy::print_stdout, clippy::print_stderr, missing_docs, reason = "a program for the terminal")]

mod cases;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, ExitCode};

use cases::CASES;

type Fault = Box<dyn std::error::Error>;

const RECORD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/instructions.txt");
/// More than the same code differs by when a table happens to lie elsewhere in memory.
const MOST_GROWTH_PERCENT: f64 = 5.0;
const TIMES: u32 = 50;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        [] => check(),
        ["--record"] => record(),
        ["run", name] => run(name),
        _ => Err("usage: instructions [--record]".into()),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(fault) => {
            eprintln!("{fault}");
            ExitCode::FAILURE
        }
    }
}

/// What runs under callgrind, which counts from here to the end of this function, and what it calls.
#[inline(never)]
fn counted_work(once: &mut dyn FnMut()) {
    for _ in 0..TIMES {
        once();
    }
}

fn run(name: &str) -> Result<bool, Fault> {
    let case = CASES.iter().find(|case| case.name == name).ok_or("no such case")?;
    let mut once = (case.prepare)();
    // What is made at its first use is not counted.
    once();
    counted_work(&mut *once);
    Ok(true)
}

fn count(name: &str, out: &Path) -> Result<u64, Fault> {
    let done = Command::new("valgrind")
        .args(["--tool=callgrind", "--collect-atstart=no", "--toggle-collect=*counted_work*"])
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(std::env::current_exe()?)
        .args(["run", name])
        .output()
        .map_err(|error| format!("valgrind does not start ({error}); install it, or run `.ci/valgrind`"))?;
    let said = std::fs::read_to_string(out);
    let _ = std::fs::remove_file(out);
    if !done.status.success() {
        return Err(format!("{name}: {}", String::from_utf8_lossy(&done.stderr)).into());
    }
    let said = said?;
    let total =
        said.lines().find_map(|line| line.strip_prefix("totals: ")).ok_or("callgrind told no total")?;
    let each = total.trim().parse::<u64>()? / u64::from(TIMES);
    if each == 0 {
        return Err(format!("{name}: nothing was counted: is the program stripped of its names?").into());
    }
    Ok(each)
}

fn count_all() -> Result<BTreeMap<&'static str, u64>, Fault> {
    let out = std::env::temp_dir().join(format!("instructions-{}.out", std::process::id()));
    CASES.iter().map(|case| Ok((case.name, count(case.name, &out)?))).collect()
}

fn record() -> Result<bool, Fault> {
    let counts = count_all()?;
    let compiler = Command::new("rustc").arg("--version").output()?;
    let compiler = String::from_utf8_lossy(&compiler.stdout);
    let mut text = format!("# Instructions each, written by `make instructions RECORD=--record`; {compiler}");
    for (name, count) in counts {
        text.push_str(&format!("{name} {count}\n"));
        println!("{name:<24} {count:>10}");
    }
    std::fs::write(RECORD, text)?;
    Ok(true)
}

fn check() -> Result<bool, Fault> {
    let text = std::fs::read_to_string(RECORD)?;
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let recorded: BTreeMap<&str, u64> = lines
        .filter_map(|line| line.split_once(' '))
        .filter_map(|(n, c)| Some((n, c.parse().ok()?)))
        .collect();
    println!("{:<24} {:>10} {:>10} {:>8}", "instructions each", "recorded", "now", "change");
    let mut good = true;
    for (name, now) in count_all()? {
        let Some(before) = recorded.get(name) else {
            println!("{name:<24} {:>10} {now:>10}   new: record it", "-");
            good = false;
            continue;
        };
        #[allow(clippy::cast_precision_loss, reason = "a percentage")]
        let change = (now as f64 / *before as f64 - 1.0) * 100.0;
        let grew = change > MOST_GROWTH_PERCENT;
        good &= !grew;
        println!("{name:<24} {before:>10} {now:>10} {change:>+7.1}%{}", if grew { "   grew" } else { "" });
    }
    if !good {
        println!(
            "More than {MOST_GROWTH_PERCENT} % more, or not recorded. Where it is worth it: RECORD=--record."
        );
    }
    Ok(good)
}
