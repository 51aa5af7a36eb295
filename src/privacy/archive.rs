//! One guest's data as one ZIP file: `guest.json` with all that is stored, and the files beside it.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use frontdesk_actors::ports::{FileError, Files};
use serde_json::{Value, json};
use uuid::Uuid;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use frontdesk_domain::timestamp::Timestamp;

/// The form of `guest.json`.
const FORM: u32 = 1;

/// Why there is no archive.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// It cannot be written.
    #[error("the archive cannot be written: {0}")]
    File(#[from] io::Error),
    /// It cannot be put together.
    #[error("the archive cannot be put together: {0}")]
    Zip(#[from] zip::result::ZipError),
    /// A file cannot be read at the moment.
    #[error("a file cannot be read: {0}")]
    Unreadable(#[from] FileError),
}

/// Writes the archive into `out`, from its beginning: what the store exported, and the bytes of each file that is
/// still there. Tells how many files are in it.
///
/// # Errors
/// See [`ArchiveError`].
pub async fn archive(
    mut data: Value,
    files: &dyn Files,
    out: File,
    at: Timestamp,
) -> Result<(File, usize), ArchiveError> {
    data["form"] = json!(FORM);
    data["exported_at"] = json!(at);
    let mut zip = ZipWriter::new(out);
    // Pictures and films do not get smaller.
    let how = SimpleFileOptions::default().compression_method(CompressionMethod::Stored).large_file(true);
    let mut enclosed = 0;
    for (id, name) in named(&data) {
        match files.read(id).await {
            Ok(bytes) => {
                zip.start_file(format!("files/{id}-{name}"), how)?;
                zip.write_all(&bytes)?;
                enclosed += 1;
            }
            // Thrown away when its time was over, or never here.
            Err(FileError::Gone) => {}
            Err(error) => return Err(error.into()),
        }
    }
    zip.start_file("guest.json", how)?;
    serde_json::to_writer_pretty(&mut zip, &data).map_err(io::Error::other)?;
    let mut out = zip.finish()?;
    out.seek(SeekFrom::Start(0))?;
    Ok((out, enclosed))
}

/// The files that the data speaks of, with names that are safe in any file system.
fn named(data: &Value) -> Vec<(Uuid, String)> {
    let rows = data["tables"]["attachments"].as_array().map_or(&[][..], Vec::as_slice);
    let safe = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '_' };
    let one = |row: &Value| {
        let id = row["id"].as_str()?.parse().ok()?;
        let name: String = row["name"].as_str().unwrap_or("file").chars().map(safe).take(100).collect();
        Some((id, name))
    };
    rows.iter().filter_map(one).collect()
}

/// The next part of a file, at most this many bytes.
pub(crate) fn part(file: &mut File, most: usize) -> io::Result<Vec<u8>> {
    let mut part = Vec::with_capacity(most);
    file.take(most as u64).read_to_end(&mut part)?;
    Ok(part)
}
