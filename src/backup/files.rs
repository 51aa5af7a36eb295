//! Copying and digesting files so that they are there after a power cut.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

/// How much of a file is read at a time, in bytes.
const CHUNK_BYTES: usize = 256 * 1024;

/// The SHA-256 of a file, in hex.
pub(super) fn digest(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        match file.read(&mut chunk)? {
            0 => break,
            read => hash.update(&chunk[..read]),
        }
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Copies a folder of files and folders, synced. Links are left out: we make none. A file that goes while we
/// look is no longer named by anything. Tells how many files were copied.
pub(super) fn copy_tree(from: &Path, to: &Path) -> io::Result<u64> {
    fs::create_dir_all(to)?;
    let mut copied = 0;
    let mut entries = match fs::read_dir(from) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        entries => entries?,
    };
    while let Some(entry) = entries.next().transpose()? {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type()?;
        if kind.is_dir() {
            copied += copy_tree(&from, &to)?;
        } else if kind.is_file() {
            match fs::copy(&from, &to) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                done => done?,
            };
            File::open(&to)?.sync_all()?;
            copied += 1;
        }
    }
    sync_folder(to)?;
    Ok(copied)
}

/// Makes the names in a folder last.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}
