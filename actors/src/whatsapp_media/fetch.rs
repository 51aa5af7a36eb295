//! One try to fetch a file, and what becomes of the file by it.

use std::sync::Arc;

use frontdesk_domain::conversation::{Receive, Received};
use frontdesk_domain::ids::ClientId;
use frontdesk_domain::people::Author;
use frontdesk_domain::refusal::Refusal;

use crate::clock;
use crate::directory::Directory;
use crate::notices;
use crate::ports::{Arriving, DueFile, FileError, FileFate, Store};
use crate::trace::Trace;

use super::{LOOK_EVERY, MediaPlan};

/// The largest file that is fetched, in bytes: WhatsApp has none above 100 MB.
const FILE_MAX_BYTES: u64 = 100 * 1024 * 1024;
/// How often a file is fetched that comes with another digest than was announced.
const DAMAGED_TRIES: u32 = 5;
/// The pause after the first try that failed, in milliseconds; doubled each time.
const REST_LEAST_MILLIS: i64 = 2_000;
/// The longest pause between two tries, in milliseconds.
const REST_MOST_MILLIS: i64 = 3_600_000;
/// When a file is given up, in milliseconds: WhatsApp keeps it for a week.
const GIVEN_UP_AFTER_MILLIS: i64 = 7 * 24 * 3_600_000;

/// A try.
pub(super) struct Fetch {
    pub(super) plan: MediaPlan,
    pub(super) store: Arc<dyn Store>,
    pub(super) directory: Directory,
    pub(super) file: DueFile,
}

impl Fetch {
    /// Returns when it is noted what became of the file.
    pub(super) async fn run(self) {
        let kept = match self.plan.source.open(&self.file.media).await {
            Ok(arriving) => match self.announced(arriving) {
                Ok(arriving) => self.plan.files.take(self.file.id, arriving, FILE_MAX_BYTES).await,
                Err(error) => Err(error),
            },
            Err(error) => Err(error),
        };
        let fate = match kept {
            Ok(kept) => FileFate::Kept(kept),
            Err(error) => self.without(&error).await,
        };
        let id = self.file.id;
        if let Err(error) = self.store.put_file(id, fate).await {
            // It stays due, and is fetched again: not at once, while nothing can be noted.
            tracing::warn!(file = %id, %error, "what became of a file was not noted");
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// The file has to have the digest that its message told as well as the one that is told now. Where these
    /// are two, nothing has both.
    fn announced(&self, mut arriving: Arriving) -> Result<Arriving, FileError> {
        match (self.file.sha256, arriving.sha256) {
            (Some(before), Some(now)) if before != now => return Err(FileError::Another),
            (Some(before), _) => arriving.sha256 = Some(before),
            (None, _) => {}
        }
        Ok(arriving)
    }

    /// It did not come: again later, or never.
    async fn without(&self, error: &FileError) -> FileFate {
        let now = clock::now();
        let why = match error {
            FileError::Unavailable(_) if now.0 - self.file.since.0 <= GIVEN_UP_AFTER_MILLIS => {
                return self.later();
            }
            FileError::Damaged if self.file.tries + 1 < DAMAGED_TRIES => return self.later(),
            FileError::Unavailable(_) => "could not be fetched from WhatsApp within a week",
            FileError::Damaged => "arrives damaged, however often it is fetched",
            FileError::Another => "is not the one that WhatsApp announced and was not kept",
            FileError::TooLarge => "is larger than 100 MB and was not fetched",
            FileError::Gone => "is no longer at WhatsApp and could not be fetched",
            FileError::Unfit(_) => "cannot be kept",
        };
        tracing::warn!(file = %self.file.id, %error, "a guest's file is lost");
        match self.tell(why).await {
            Ok(()) => FileFate::Lost,
            // Not lost before somebody knows of it.
            Err(_) => self.later(),
        }
    }

    /// Says it in the thread, once, to staff.
    async fn tell(&self, why: &str) -> Result<(), Refusal> {
        let DueFile { id, conversation, name, .. } = &self.file;
        let text = format!("The file \u{201c}{name}\u{201d} {why}. Ask the guest to send it in another way.");
        let id = ClientId::try_from(format!("file-{}", id.simple())).map_err(|_| Refusal::unavailable())?;
        let what = Received::Notice { text };
        let note = Receive { by: Author::system(), id, wamid: None, sent_at: clock::now(), what };
        notices::store(&self.directory, *conversation, note, Trace::default()).await
    }

    fn later(&self) -> FileFate {
        let rest = REST_LEAST_MILLIS.saturating_mul(1 << self.file.tries.min(16)).min(REST_MOST_MILLIS);
        // Spread by the file's own id, so that many do not come back at once.
        let spread = i64::from(self.file.id.as_bytes()[15]) * rest / 1024;
        FileFate::Later(clock::now().plus_millis(rest + spread))
    }
}
