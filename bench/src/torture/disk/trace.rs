//! Reads what `strace` saw, and says of each marked text in which order it was written to the log, synced
//! and told.
//!
//! The lines stand in the order in which the calls began, or, of one that others overtook, in which its two
//! halves happened. So places in the file are enough; no clock is compared with another.

use std::collections::HashMap;
use std::io::BufRead;

/// The server's write-ahead log, as strace names its file.
const LOG: &str = "-wal>";

/// Where each of the three steps of a text stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Steps {
    /// It was first handed to the log.
    pub written: Option<u64>,
    /// The first sync that began after that came back without an error.
    pub synced: Option<u64>,
    /// Its first byte was handed to a socket.
    pub told: Option<u64>,
}

impl Steps {
    /// True if it was told, and only after it was written and synced.
    pub fn in_order(self) -> bool {
        matches!((self.written, self.synced, self.told), (Some(w), Some(s), Some(t)) if w < s && s < t)
    }
}

/// What a trace says.
#[derive(Debug, Default, PartialEq)]
pub struct Trace {
    /// Of each text, by its number.
    pub steps: HashMap<u64, Steps>,
    /// Syncs of the log that came back without an error.
    pub syncs: u64,
    /// Syncs of the log that failed.
    pub failed: u64,
}

/// Reads a trace. A text is marked by `mark` with its number and a dash behind it.
///
/// # Errors
/// It cannot be read.
pub fn read(lines: impl BufRead, mark: &str) -> std::io::Result<Trace> {
    let mut trace = Trace::default();
    // Syncs that have begun and not come back, by the thread.
    let mut under_way: HashMap<String, u64> = HashMap::new();
    for (line, at) in lines.split(b'\n').zip(1_u64..) {
        // What is written may be anything; strace itself writes ASCII.
        let line = String::from_utf8_lossy(&line?).into_owned();
        let Some((thread, call)) = parts(&line) else { continue };
        if call.starts_with("fsync(") || call.starts_with("fdatasync(") {
            if !call.contains(LOG) {
                continue;
            }
            if call.contains("<unfinished ...>") {
                under_way.insert(thread.to_owned(), at);
            } else {
                trace.came_back(at, at, call);
            }
        } else if call.starts_with("<... fsync resumed>") || call.starts_with("<... fdatasync resumed>") {
            if let Some(began) = under_way.remove(thread) {
                trace.came_back(began, at, call);
            }
        } else if call.starts_with("pwrite64(") && call.contains(LOG) {
            for number in numbers(call, mark) {
                trace.steps.entry(number).or_default().written.get_or_insert(at);
            }
        } else if is_to_a_socket(call) {
            for number in numbers(call, mark) {
                trace.steps.entry(number).or_default().told.get_or_insert(at);
            }
        }
    }
    Ok(trace)
}

impl Trace {
    fn came_back(&mut self, began: u64, at: u64, call: &str) {
        if !call.contains("= 0") {
            self.failed += 1;
            return;
        }
        self.syncs += 1;
        for steps in self.steps.values_mut() {
            if steps.synced.is_none() && steps.written.is_some_and(|written| written < began) {
                steps.synced = Some(at);
            }
        }
    }
}

/// The thread and what follows the time.
pub(super) fn parts(line: &str) -> Option<(&str, &str)> {
    let (thread, rest) = line.split_once(' ')?;
    let (_, call) = rest.trim_start().split_once(' ')?;
    Some((thread, call))
}

pub(super) fn is_to_a_socket(call: &str) -> bool {
    let Some((name, rest)) = call.split_once('(') else { return false };
    let file = rest.split([',', ')']).next().unwrap_or_default();
    matches!(name, "write" | "writev" | "sendto" | "sendmsg")
        && (file.contains("<socket:") || file.contains("<TCP"))
}

pub(super) fn numbers<'a>(call: &'a str, mark: &'a str) -> impl Iterator<Item = u64> + 'a {
    call.match_indices(mark).filter_map(move |(at, _)| {
        let rest = &call[at + mark.len()..];
        rest.split_once('-').and_then(|(number, _)| number.parse().ok())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(text: &str) -> Trace {
        read(text.as_bytes(), "mark").expect("read")
    }

    const WRITE: &str = "7 1.0 pwrite64(9</d/f.db-wal>, \"..mark1-x..\", 4096, 32) = 4096\n";
    const SYNC: &str = "7 1.1 fsync(9</d/f.db-wal>) = 0\n";
    const TELL: &str = "8 1.2 sendto(20<socket:[5]>, \"{\\\"id\\\":\\\"mark1-x\\\"}\", 9, 0, NULL, 0) = 9\n";

    #[test]
    fn the_good_order() {
        let trace = judge(&format!("{WRITE}{SYNC}{TELL}"));
        assert!(trace.steps[&1].in_order());
        assert_eq!((trace.syncs, trace.failed), (1, 0));
    }

    #[test]
    fn every_other_order() {
        for bad in [
            format!("{WRITE}{TELL}{SYNC}"),
            format!("{SYNC}{WRITE}{TELL}"),
            format!("{WRITE}{TELL}"),
            format!("{WRITE}{SYNC}"),
            format!("{TELL}{WRITE}{SYNC}"),
            // A sync that failed, one of another file, and a text that only went into another file.
            format!("{WRITE}{}{TELL}", SYNC.replace("= 0", "= -1 EIO (Input/output error) (INJECTED)")),
            format!("{WRITE}{}{TELL}", SYNC.replace("-wal", "")),
            format!("{}{SYNC}{TELL}", WRITE.replace("-wal", "")),
        ] {
            assert!(!judge(&bad).steps[&1].in_order(), "{bad}");
        }
    }

    #[test]
    fn a_sync_in_two_halves() {
        let (begins, ends) =
            ("7 1.1 fdatasync(9</d/f.db-wal> <unfinished ...>\n", "7 1.3 <... fdatasync resumed>) = 0\n");
        assert!(judge(&format!("{WRITE}{begins}{ends}{TELL}")).steps[&1].in_order());
        assert!(!judge(&format!("{WRITE}{begins}{TELL}{ends}")).steps[&1].in_order());
        // It began before the text was written: it is not the one that counts.
        assert!(!judge(&format!("{begins}{WRITE}{ends}{TELL}")).steps[&1].in_order());
    }
}
