//! A disk that forgets: what it was told to sync is there after a power cut; of what it was only told to write,
//! any sectors may be there and any may not.
//!
//! Made from a trace of the system calls: each file that the server wrote, call by call. What SQLite keeps in
//! shared memory needs no disk and is left out.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::BufRead;

use super::trace::{is_to_a_socket, numbers, parts};

/// What a disk writes whole or not at all, in bytes.
const SECTOR_BYTES: usize = 512;

/// What happened, in order.
#[derive(Debug, PartialEq)]
enum Call {
    /// These bytes, from this place in this file on.
    Write(String, usize, Vec<u8>),
    /// This file has this length from now on.
    Cut(String, usize),
    /// This file is gone. A disk that forgets this as well is not looked at: it happens at the start and at the end only.
    Gone(String),
    /// What was written to this file before this line of the trace is on the disk.
    Synced(String, u64),
    /// The first byte of a text went to a socket.
    Told(u64),
}

/// Everything that was written, synced and told, each at its line of the trace.
#[derive(Debug, Default)]
pub(super) struct Record {
    calls: Vec<(u64, Call)>,
}

/// The files as the disk and the kernel hold them at one place of the record.
#[derive(Debug, Default)]
pub(super) struct Platter {
    next: usize,
    files: BTreeMap<String, File>,
    /// The texts of which somebody has heard.
    pub(super) told: BTreeSet<u64>,
}

#[derive(Debug, Default)]
struct File {
    synced: Vec<u8>,
    pending: Vec<(u64, Pending)>,
}

#[derive(Debug)]
enum Pending {
    Write(usize, Vec<u8>),
    Cut(usize),
}

impl Record {
    /// Reads a trace of `pwrite64`, `ftruncate`, syncs and what is written to sockets; `mark` as in [`super::trace`].
    ///
    /// # Errors
    /// It cannot be read.
    pub(super) fn read(lines: impl BufRead, mark: &str) -> std::io::Result<Self> {
        let mut record = Self::default();
        let mut told = BTreeSet::new();
        // Syncs that have begun and not come back, by the thread.
        let mut under_way: HashMap<String, (String, u64)> = HashMap::new();
        for (line, at) in lines.split(b'\n').zip(1_u64..) {
            let line = String::from_utf8_lossy(&line?).into_owned();
            let Some((thread, call)) = parts(&line) else { continue };
            let Some((name, rest)) = call.split_once('(') else {
                if call.starts_with("<... f")
                    && call.contains("sync resumed>")
                    && call.contains("= 0")
                    && let Some((file, began)) = under_way.remove(thread)
                {
                    record.calls.push((at, Call::Synced(file, began)));
                }
                continue;
            };
            if is_to_a_socket(call) {
                let new = numbers(call, mark).filter(|number| told.insert(*number));
                record.calls.extend(new.map(|number| (at, Call::Told(number))));
                continue;
            }
            let Some(file) = database(rest) else { continue };
            match name {
                "unlink" if call.contains("= 0") => record.calls.push((at, Call::Gone(file.to_owned()))),
                "pwrite64" => record.calls.extend(write(file, rest).map(|write| (at, write))),
                "ftruncate" => record.calls.extend(cut(file, rest).map(|cut| (at, cut))),
                "fsync" | "fdatasync" if call.contains("<unfinished") => {
                    under_way.insert(thread.to_owned(), (file.to_owned(), at));
                }
                "fsync" | "fdatasync" if call.contains("= 0") => {
                    record.calls.push((at, Call::Synced(file.to_owned(), at)));
                }
                _ => {}
            }
        }
        Ok(record)
    }

    /// Between the line at which the first text was told and the last line: where a cut tells something.
    pub(super) fn span(&self) -> Option<(u64, u64)> {
        let first = self.calls.iter().find(|(_, call)| matches!(call, Call::Told(_)))?.0;
        Some((first, self.calls.last()?.0))
    }
}

impl Platter {
    /// Goes on to what the record says up to and with this line.
    pub(super) fn advance(&mut self, record: &Record, to: u64) {
        while let Some((at, call)) = record.calls.get(self.next).filter(|(at, _)| *at <= to) {
            self.next += 1;
            match call {
                Call::Write(file, from, bytes) => {
                    self.file(file).pending.push((*at, Pending::Write(*from, bytes.clone())));
                }
                Call::Cut(file, length) => self.file(file).pending.push((*at, Pending::Cut(*length))),
                Call::Gone(file) => {
                    self.files.remove(file);
                }
                Call::Synced(file, began) => self.file(file).sync(*began),
                Call::Told(number) => {
                    self.told.insert(*number);
                }
            }
        }
    }

    fn file(&mut self, name: &str) -> &mut File {
        self.files.entry(name.to_owned()).or_default()
    }

    /// The files after a power cut here: what was not synced is there in part, as `rng` says.
    pub(super) fn after_a_cut(&self, rng: &mut fastrand::Rng) -> Vec<(&str, Vec<u8>)> {
        self.files.iter().map(|(name, file)| (name.as_str(), file.after_a_cut(rng))).collect()
    }
}

impl File {
    fn sync(&mut self, began: u64) {
        let done = self.pending.partition_point(|(at, _)| *at < began);
        for (_, pending) in self.pending.drain(..done) {
            match pending {
                Pending::Write(from, bytes) => put(&mut self.synced, from, &bytes),
                Pending::Cut(length) => self.synced.resize(length, 0),
            }
        }
    }

    fn after_a_cut(&self, rng: &mut fastrand::Rng) -> Vec<u8> {
        let mut bytes = self.synced.clone();
        for (_, pending) in &self.pending {
            match pending {
                Pending::Cut(length) if rng.bool() => bytes.resize(*length, 0),
                Pending::Cut(_) => {}
                Pending::Write(from, new) => match rng.u8(0..3) {
                    0 => {}
                    1 => put(&mut bytes, *from, new),
                    _ => sectors(&mut bytes, *from, new, rng),
                },
            }
        }
        bytes
    }
}

/// Some of the sectors of a write, and not the others.
fn sectors(bytes: &mut Vec<u8>, from: usize, new: &[u8], rng: &mut fastrand::Rng) {
    let mut done = 0;
    while done < new.len() {
        let length = (SECTOR_BYTES - (from + done) % SECTOR_BYTES).min(new.len() - done);
        if rng.bool() {
            put(bytes, from + done, &new[done..done + length]);
        }
        done += length;
    }
}

fn put(bytes: &mut Vec<u8>, from: usize, new: &[u8]) {
    if bytes.len() < from + new.len() {
        bytes.resize(from + new.len(), 0);
    }
    bytes[from..from + new.len()].copy_from_slice(new);
}

/// The name of the database's file, or of its log or journal, that a call's first argument means: `9</d/f.db>` or
/// `"/d/f.db"`.
fn database(arguments: &str) -> Option<&str> {
    let path = match arguments.strip_prefix('"') {
        Some(path) => path.split_once('"')?.0,
        None => arguments.split_once('<')?.1.split_once('>')?.0,
    };
    let name = path.rsplit('/').next()?;
    (name.ends_with(".db") || name.ends_with(".db-wal") || name.ends_with(".db-journal")).then_some(name)
}

/// `9</d/f.db>, "bytes", 4096, 32) = 4096`
fn write(file: &str, arguments: &str) -> Option<Call> {
    let (from, to) = (arguments.find('"')? + 1, arguments.rfind('"')?);
    let bytes = unescaped(arguments.get(from..to)?);
    let mut rest = arguments[to..].split(", ").skip(1);
    let length: usize = rest.next()?.parse().ok()?;
    let place = rest.next()?.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()?;
    // A write that strace has shortened would be a hole.
    (bytes.len() == length).then(|| Call::Write(file.to_owned(), place, bytes))
}

/// `9</d/f.db>, 4096) = 0`
fn cut(file: &str, arguments: &str) -> Option<Call> {
    let length = arguments.split_once(", ")?.1.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()?;
    Some(Call::Cut(file.to_owned(), length))
}

/// Bytes as strace writes them: C's escapes, octal numbers of up to three digits.
fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        if *first != b'\\' {
            bytes.push(*first);
            continue;
        }
        let digits = rest.iter().take(3).take_while(|digit| matches!(digit, b'0'..=b'7')).count();
        if digits > 0 {
            bytes.push(
                rest[..digits]
                    .iter()
                    .fold(0, |sum: u8, digit| sum.wrapping_mul(8).wrapping_add(digit - b'0')),
            );
            rest = &rest[digits..];
        } else if let Some((escaped, tail)) = rest.split_first() {
            bytes.push(match escaped {
                b'n' => b'\n',
                b't' => b'\t',
                b'r' => b'\r',
                b'v' => 0x0B,
                b'f' => 0x0C,
                other => *other,
            });
            rest = tail;
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn platter(text: &str) -> Platter {
        let record = Record::read(text.as_bytes(), "mark").expect("read");
        let mut platter = Platter::default();
        platter.advance(&record, u64::MAX);
        platter
    }

    const WRITE: &str = "7 1.0 pwrite64(9</d/f.db-wal>, \"\\0a\\1772\\n\\\"\\\\\", 7, 2) = 7\n";
    const BYTES: &[u8] = b"\0\0\0a\x7f2\n\"\\";
    const SYNC: &str = "7 1.1 fdatasync(9</d/f.db-wal>) = 0\n";

    #[test]
    fn what_was_synced_is_there_and_what_was_not_may_be() {
        let mut rng = fastrand::Rng::with_seed(1);
        let synced = platter(&format!("{WRITE}{SYNC}"));
        assert_eq!(synced.after_a_cut(&mut rng), [("f.db-wal", BYTES.to_vec())]);
        let written = platter(WRITE);
        let mut seen = BTreeSet::new();
        for _ in 0..50 {
            seen.extend(written.after_a_cut(&mut rng).into_iter().map(|(_, bytes)| bytes));
        }
        assert_eq!(seen, BTreeSet::from([Vec::new(), BYTES.to_vec()]));
    }

    #[test]
    fn a_sync_is_good_for_what_was_written_before_it_began() {
        let (begins, ends) =
            ("7 1.1 fsync(9</d/f.db-wal> <unfinished ...>\n", "7 1.3 <... fsync resumed>) = 0\n");
        let failed = SYNC.replace("= 0", "= -1 EIO (Input/output error)");
        let other = SYNC.replace("-wal", "");
        for (trace, is_kept) in [
            (format!("{WRITE}{begins}{ends}"), true),
            (format!("{begins}{WRITE}{ends}"), false),
            (format!("{WRITE}{failed}"), false),
            (format!("{WRITE}{other}"), false),
            (format!("{WRITE}{SYNC}7 1.2 unlink(\"/d/f.db-wal\") = 0\n"), false),
        ] {
            let platter = platter(&trace);
            let is_there = platter.files.get("f.db-wal").is_some_and(|file| file.synced == BYTES);
            assert_eq!(is_there, is_kept, "{trace}");
        }
    }

    #[test]
    fn a_torn_write_keeps_whole_sectors() {
        let mut rng = fastrand::Rng::with_seed(3);
        let new = [7_u8; 2_000];
        for _ in 0..100 {
            let mut bytes = vec![0; 4_096];
            sectors(&mut bytes, 100, &new, &mut rng);
            for sector in bytes[..2_560].chunks(SECTOR_BYTES) {
                let touched = sector.iter().filter(|byte| **byte == 7).count();
                assert!([0, 412, 512, 52].contains(&touched), "{touched}");
            }
        }
    }
}
