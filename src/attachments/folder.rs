//! The data folder as the place of files: each under its id, and nothing else.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use frontdesk_actors::ports::{Arriving, FileError, Files, KeptFile};
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::arriving::{self, Arrived};
use super::kind::{self, Kind};
use super::picture;

/// Files in a folder.
#[derive(Clone, Debug)]
pub struct Folder {
    root: PathBuf,
    /// One picture is decoded at a time: it is what takes memory.
    easel: Arc<Semaphore>,
}

impl Folder {
    /// Files in `attachments` below the data folder. It is made when the first one comes.
    pub fn new(data: &Path) -> Self {
        Self { root: data.join("attachments"), easel: Arc::new(Semaphore::new(1)) }
    }

    /// Part of a file: at most `max` bytes, beginning with byte `from`; empty at its end.
    ///
    /// # Errors
    /// `Gone` if there is no such file.
    pub async fn part(&self, id: Uuid, from: u64, max: usize) -> Result<Bytes, FileError> {
        let path = self.path(id);
        blocking(move || {
            let mut file = File::open(path)?;
            file.seek(SeekFrom::Start(from))?;
            let mut part = Vec::with_capacity(max.min(1024 * 1024));
            file.take(max as u64).read_to_end(&mut part)?;
            Ok(part.into())
        })
        .await
    }

    /// Removes files that nobody needs any more. One that is not there is no error.
    pub async fn remove(&self, ids: Vec<Uuid>) {
        let paths: Vec<PathBuf> = ids.into_iter().map(|id| self.path(id)).collect();
        let removed = blocking(move || {
            for path in paths {
                match fs::remove_file(path) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
            }
            Ok(())
        });
        if let Err(error) = removed.await {
            tracing::warn!(%error, "a file that nobody needs was not removed");
        }
    }

    /// Ids are spread over 256 folders by their last, random digits.
    fn path(&self, id: Uuid) -> PathBuf {
        let name = id.simple().to_string();
        self.root.join(&name[30..]).join(name)
    }
}

#[async_trait]
impl Files for Folder {
    async fn keep(&self, id: Uuid, bytes: Bytes, any: bool) -> Result<KeptFile, FileError> {
        let (bytes, media_type) = match kind::of(&bytes) {
            Some(Kind::Picture(format)) => {
                let easel = Arc::clone(&self.easel).acquire_owned().await;
                let easel = easel.map_err(|_| FileError::Unavailable("going away".to_owned()))?;
                let anew = tokio::task::spawn_blocking(move || {
                    let anew = picture::anew(&bytes, format);
                    // The large one is freed before the next one begins.
                    let as_it_was = (any && anew.is_err()).then_some(bytes);
                    drop(easel);
                    (anew, as_it_was)
                });
                match anew.await {
                    Ok((Ok(anew), _)) => (anew.into(), format.to_mime_type()),
                    // Only to be saved: no page shows it.
                    Ok((Err(_), Some(as_it_was))) => (as_it_was, kind::UNKNOWN),
                    Ok((Err(error), None)) => return Err(error),
                    Err(_) => return Err(FileError::Unfit("a picture that cannot be read")),
                }
            }
            Some(Kind::Other(media_type)) => (bytes, media_type),
            None if any => (bytes, kind::UNKNOWN),
            None => {
                return Err(FileError::Unfit("none of JPEG, PNG, WebP, GIF, PDF, plain text, MP4, OGG, MP3"));
            }
        };
        let size = bytes.len() as u64;
        let path = self.path(id);
        blocking(move || write(&path, &bytes)).await?;
        Ok(KeptFile { media_type: media_type.to_owned(), size })
    }

    async fn take(&self, id: Uuid, arriving: Arriving, max_bytes: u64) -> Result<KeptFile, FileError> {
        match arriving::take(&self.path(id), arriving, max_bytes).await? {
            Arrived::Small(bytes) => self.keep(id, bytes, true).await,
            Arrived::Large(kept) => Ok(kept),
        }
    }

    async fn read(&self, id: Uuid) -> Result<Bytes, FileError> {
        let path = self.path(id);
        blocking(move || fs::read(path).map(Bytes::from)).await
    }
}

/// Written under another name and then given its own, so that a file is there whole or not at all.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = begin(path)?;
    file.write_all(bytes)?;
    end(&file, path)
}

/// A file that is not there yet, whatever was left of one before.
pub(super) fn begin(path: &Path) -> io::Result<File> {
    fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
    File::create(unfinished(path))
}

/// From now on it is there.
pub(super) fn end(file: &File, path: &Path) -> io::Result<()> {
    file.sync_all()?;
    fs::rename(unfinished(path), path)?;
    File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
}

/// Its name until it is whole.
pub(super) fn unfinished(path: &Path) -> PathBuf {
    path.with_extension("part")
}

pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, FileError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) if error.kind() == io::ErrorKind::NotFound => Err(FileError::Gone),
        Ok(Err(error)) => Err(FileError::Unavailable(error.to_string())),
        Err(_) => Err(FileError::Unavailable("the work was dropped".to_owned())),
    }
}
