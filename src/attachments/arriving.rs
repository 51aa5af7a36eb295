//! A file on its way here: small ones whole in memory, large ones past it onto the disk.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use bytes::{Bytes, BytesMut};
use frontdesk_actors::ports::{Arriving, FileError, KeptFile};
use sha2::{Digest, Sha256};

use super::folder::{begin, blocking, end, unfinished};
use super::kind;

/// What is held in memory, in bytes: all that a picture or a text may have to be looked at whole.
const WHOLE_MAX_BYTES: usize = 16 * 1024 * 1024;

/// A file that came to its end, with the right digest.
pub(super) enum Arrived {
    /// All of it, not on the disk yet.
    Small(Bytes),
    /// It is in its place.
    Large(KeptFile),
}

/// Takes a file in, of at most `max_bytes`.
///
/// # Errors
/// `TooLarge`, `Damaged`, `Unavailable`. Nothing is left of it then.
pub(super) async fn take(path: &Path, arriving: Arriving, max_bytes: u64) -> Result<Arrived, FileError> {
    if arriving.size.is_some_and(|size| size > max_bytes) {
        return Err(FileError::TooLarge);
    }
    let taken = Inlet { arriving, max_bytes, size: 0, digest: Sha256::new() }.take(path).await;
    if taken.is_err() {
        let unfinished = unfinished(path);
        let _ = blocking(move || fs::remove_file(unfinished)).await;
    }
    taken
}

struct Inlet {
    arriving: Arriving,
    max_bytes: u64,
    size: u64,
    digest: Sha256,
}

impl Inlet {
    async fn take(mut self, path: &Path) -> Result<Arrived, FileError> {
        let mut begun = BytesMut::new();
        while let Some(part) = self.next().await? {
            begun.extend_from_slice(&part);
            if begun.len() > WHOLE_MAX_BYTES {
                return self.take_large(path, begun.freeze()).await.map(Arrived::Large);
            }
        }
        self.check()?;
        Ok(Arrived::Small(begun.freeze()))
    }

    async fn take_large(mut self, path: &Path, begun: Bytes) -> Result<KeptFile, FileError> {
        let media_type = kind::of_large(begun.get(..64).unwrap_or(&begun)).to_owned();
        let place = path.to_owned();
        let mut file = blocking(move || {
            let mut file = begin(&place)?;
            file.write_all(&begun)?;
            Ok(file)
        })
        .await?;
        while let Some(part) = self.next().await? {
            file = blocking(move || write(file, &part)).await?;
        }
        let size = self.size;
        self.check()?;
        let place = path.to_owned();
        blocking(move || end(&file, &place)).await?;
        Ok(KeptFile { media_type, size })
    }

    async fn next(&mut self) -> Result<Option<Bytes>, FileError> {
        let Some(part) = self.arriving.parts.next().await? else { return Ok(None) };
        self.size += part.len() as u64;
        if self.size > self.max_bytes {
            return Err(FileError::TooLarge);
        }
        self.digest.update(&part);
        Ok(Some(part))
    }

    fn check(self) -> Result<(), FileError> {
        let found: [u8; 32] = self.digest.finalize().into();
        match self.arriving.sha256 {
            Some(announced) if announced != found => Err(FileError::Damaged),
            _ => Ok(()),
        }
    }
}

fn write(mut file: File, part: &[u8]) -> std::io::Result<File> {
    file.write_all(part)?;
    Ok(file)
}
