//! Writes a history down while it happens.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use anyhow::Context;

use super::{Answer, Body, Line, Stamped};

/// Collects the lines of all clients, in memory and in a file.
pub struct Recorder {
    began: Instant,
    counter: AtomicU64,
    kept: Mutex<Kept>,
}

struct Kept {
    lines: Vec<Stamped>,
    file: BufWriter<File>,
    failed: Option<std::io::Error>,
}

impl Recorder {
    /// Begins a history in a new file.
    ///
    /// # Errors
    /// The file cannot be made.
    pub fn create(path: &Path) -> anyhow::Result<Arc<Self>> {
        let file = File::create(path).with_context(|| format!("{} cannot be written", path.display()))?;
        let kept = Kept { lines: Vec::new(), file: BufWriter::new(file), failed: None };
        Ok(Arc::new(Self { began: Instant::now(), counter: AtomicU64::new(1), kept: Mutex::new(kept) }))
    }

    /// Writes one line down.
    pub fn note(&self, line: Line) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        // Under the lock, so that the file is in the order of its times.
        let t = u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX);
        let stamped = Stamped { t, line };
        let written = serde_json::to_writer(&mut kept.file, &stamped).map_err(Into::into);
        if let Err(error) = written.and_then(|()| kept.file.write_all(b"\n")) {
            kept.failed.get_or_insert(error);
        }
        kept.lines.push(stamped);
    }

    /// A number that nothing else in this history has.
    pub fn number(&self) -> u64 {
        self.counter.fetch_add(1, Ordering::Relaxed)
    }

    /// Ends the history.
    ///
    /// # Errors
    /// Not all of it could be written.
    pub fn finish(&self) -> anyhow::Result<Vec<Stamped>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(error) = kept.failed.take() {
            return Err(error).context("the history could not be written");
        }
        kept.file.flush().context("the history could not be written")?;
        Ok(std::mem::take(&mut kept.lines))
    }
}

/// Reads a kept history.
///
/// # Errors
/// It cannot be read, or a line is none of ours.
pub fn read(path: &Path) -> anyhow::Result<Vec<Stamped>> {
    let file = File::open(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let mut lines = Vec::new();
    for (nth, line) in BufReader::new(file).lines().enumerate() {
        let bad = || format!("{}: line {} is none of a history", path.display(), nth + 1);
        lines.push(serde_json::from_str(&line.with_context(bad)?).with_context(bad)?);
    }
    Ok(lines)
}

/// One author's hand: notes its attempts.
#[derive(Clone)]
pub struct Clerk {
    /// Where to.
    pub recorder: Arc<Recorder>,
    /// The conversation.
    pub conversation: String,
    /// The author's id.
    pub author: String,
}

impl Clerk {
    /// Notes an attempt, before its first byte is sent. Answers its number.
    pub fn tried(&self, conn: u64, id: &str, body: &Body) -> u64 {
        let no = self.recorder.number();
        let (conversation, author) = (self.conversation.clone(), self.author.clone());
        let (id, body) = (id.to_owned(), body.clone());
        self.recorder.note(Line::Try { no, conn, conversation, author, id, body });
        no
    }

    /// Notes the answer to an attempt.
    pub fn answered(&self, no: u64, answer: Answer) {
        self.recorder.note(Line::Answer { no, answer });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::torture::history::Fault;

    #[test]
    fn what_is_written_can_be_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("history.jsonl");
        let recorder = Recorder::create(&path).expect("a file");
        recorder.note(Line::Run { run: "r".to_owned(), seed: u64::MAX, server: "s".to_owned() });
        recorder.note(Line::Fault { fault: Fault::Kill, pid: 7 });
        let body = Body::Act("{\"action\":\"close\"}".to_owned());
        let clerk = Clerk { recorder: Arc::clone(&recorder), conversation: "c".into(), author: "a".into() };
        let no = clerk.tried(3, "x", &body);
        clerk.answered(no, Answer::Ack(9));
        let lines = recorder.finish().expect("written");
        assert_eq!(lines.len(), 4);
        assert_eq!(read(&path).expect("read"), lines);
        std::fs::write(&path, "{\"t\":1}\n").expect("written");
        assert!(read(&path).expect_err("no line").to_string().contains("line 1"));
    }
}
