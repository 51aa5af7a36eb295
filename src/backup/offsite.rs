//! Backups in another place: an S3-compatible store. Each file of a backup is an object below the backup's name;
//! the manifest comes last, so a backup without one is none.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt};
use object_store::aws::AmazonS3Builder;
use object_store::buffered::BufWriter;
use object_store::path::Path as Key;
use object_store::{ObjectStore, ObjectStoreExt};
use secrecy::{ExposeSecret, SecretString};
use tokio::fs::File;
use tokio::io::AsyncWriteExt;

use super::take::PREFIX;

/// What a backup's last object is called.
const MANIFEST: &str = "manifest.json";
/// Deletions that are under way at once.
const AT_ONCE: usize = 8;

/// Where, and with which key.
#[derive(Clone, Debug)]
pub struct Offsite {
    /// The bucket.
    pub bucket: String,
    /// What the names begin with; may be empty.
    pub prefix: String,
    /// Another address than Amazon's.
    pub endpoint: Option<String>,
    /// The region that requests are signed for.
    pub region: String,
    /// The key's name.
    pub key: SecretString,
    /// The key.
    pub secret: SecretString,
    /// How many of the newest stay.
    pub keep: usize,
}

/// Why something did not get there or back.
#[derive(Debug, thiserror::Error)]
pub enum OffsiteError {
    /// The store said no, or nothing.
    #[error("the S3 store: {0}")]
    Store(#[from] object_store::Error),
    /// A file cannot be read or written.
    #[error("a file of the backup: {0}")]
    File(#[from] std::io::Error),
    /// There is none.
    #[error("there is no whole backup at {0}")]
    None(String),
}

/// The bucket and the prefix of an address such as `s3://bucket/some/prefix`.
pub fn place(url: &str) -> Option<(String, String)> {
    let rest = url.strip_prefix("s3://")?.trim_end_matches('/');
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    let good = |part: &str| part.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c));
    let fits = !bucket.is_empty()
        && good(bucket)
        && good(prefix)
        && !prefix.contains("..")
        && !prefix.contains("//");
    fits.then(|| (bucket.to_owned(), prefix.to_owned()))
}

impl Offsite {
    /// The store.
    ///
    /// # Errors
    /// A setting that it does not take.
    pub fn store(&self) -> Result<Arc<dyn ObjectStore>, OffsiteError> {
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&self.bucket)
            .with_region(&self.region)
            .with_access_key_id(self.key.expose_secret())
            .with_secret_access_key(self.secret.expose_secret())
            // Not every store that calls itself compatible has the request that deletes many at once.
            .with_disable_bulk_delete(true);
        if let Some(endpoint) = &self.endpoint {
            builder = builder.with_endpoint(endpoint).with_allow_http(endpoint.starts_with("http://"));
        }
        Ok(Arc::new(builder.build()?))
    }

    /// Brings a backup there, and throws away all but the newest. Tells how many objects it has.
    ///
    /// # Errors
    /// See [`OffsiteError`]. What was begun is no backup: it lacks its manifest.
    pub async fn send(&self, store: &Arc<dyn ObjectStore>, backup: &Path) -> Result<usize, OffsiteError> {
        let name = backup.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let mut files = Vec::new();
        list(backup, backup, &mut files)?;
        files.sort_by_key(|file| file == MANIFEST);
        for file in &files {
            let mut writer = BufWriter::new(Arc::clone(store), self.key_of(&name, file));
            let mut from = File::open(backup.join(file)).await?;
            tokio::io::copy(&mut from, &mut writer).await?;
            writer.shutdown().await?;
        }
        self.prune(store).await?;
        Ok(files.len())
    }

    /// Brings the backup of this name, or the newest, into a new folder in `into`.
    ///
    /// # Errors
    /// See [`OffsiteError`].
    pub async fn fetch(
        &self,
        store: &Arc<dyn ObjectStore>,
        name: Option<&str>,
        into: &Path,
    ) -> Result<PathBuf, OffsiteError> {
        let none = || OffsiteError::None(format!("s3://{}/{}", self.bucket, self.prefix));
        let whole = self.whole(store).await?;
        let name = match name {
            Some(name) => whole.into_iter().find(|one| one == name),
            None => whole.into_iter().next_back(),
        };
        let name = name.ok_or_else(none)?;
        let root = self.root().join(name.as_str());
        let folder = into.join(&name);
        let objects: Vec<_> = store.list(Some(&root)).try_collect().await?;
        for object in objects {
            let Some(parts) = object.location.prefix_match(&root) else { continue };
            let parts: Vec<_> = parts.map(|part| part.as_ref().to_owned()).collect();
            if parts.is_empty() || parts.iter().any(|part| part == ".." || part.contains(['/', '\\'])) {
                continue;
            }
            let path = parts.iter().fold(folder.clone(), |path, part| path.join(part));
            if let Some(parent) = path.parent() {
                tokio::fs::create_dir_all(parent).await?;
            }
            let mut to = File::create(&path).await?;
            let mut bytes = store.get(&object.location).await?.into_stream();
            while let Some(part) = bytes.try_next().await? {
                to.write_all(&part).await?;
            }
            to.sync_all().await?;
        }
        Ok(folder)
    }

    fn root(&self) -> Key {
        Key::from(self.prefix.as_str())
    }

    fn key_of(&self, name: &str, file: &str) -> Key {
        file.split('/').fold(self.root().join(name), |key, part| key.join(part))
    }

    /// The names of whole backups, the oldest first.
    async fn whole(&self, store: &Arc<dyn ObjectStore>) -> Result<Vec<String>, OffsiteError> {
        let mut whole = Vec::new();
        for name in self.names(store).await? {
            if store.head(&self.key_of(&name, MANIFEST)).await.is_ok() {
                whole.push(name);
            }
        }
        Ok(whole)
    }

    async fn names(&self, store: &Arc<dyn ObjectStore>) -> Result<Vec<String>, OffsiteError> {
        let root = self.root();
        let found = store.list_with_delimiter(Some(&root).filter(|root| !root.as_ref().is_empty())).await?;
        let names = found.common_prefixes.iter().filter_map(|key| Some(key.filename()?.to_owned()));
        let mut names: Vec<_> = names.filter(|name| name.starts_with(PREFIX)).collect();
        names.sort_unstable();
        Ok(names)
    }

    /// All but the newest whole ones go, and what an interrupted one left behind.
    async fn prune(&self, store: &Arc<dyn ObjectStore>) -> Result<(), OffsiteError> {
        let whole = self.whole(store).await?;
        let kept = &whole[whole.len().saturating_sub(self.keep.max(1))..];
        for name in self.names(store).await?.into_iter().filter(|name| !kept.contains(name)) {
            // The manifest first: what is left of it then is no backup.
            let _ = store.delete(&self.key_of(&name, MANIFEST)).await;
            let objects: Vec<_> = store.list(Some(&self.root().join(name.as_str()))).try_collect().await?;
            let gone = futures_util::stream::iter(objects)
                .map(|object| async move { store.delete(&object.location).await })
                .buffer_unordered(AT_ONCE);
            gone.try_collect::<()>().await?;
        }
        Ok(())
    }
}

/// The files below a folder, by their paths from `root`, with `/` between the parts.
fn list(root: &Path, folder: &Path, files: &mut Vec<String>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            list(root, &path, files)?;
        } else if let Ok(below) = path.strip_prefix(root) {
            let parts: Vec<_> = below.components().map(|part| part.as_os_str().to_string_lossy()).collect();
            files.push(parts.join("/"));
        }
    }
    Ok(())
}
