//! Numbers that passed from one guest to another: staff are told in both conversations, also after a crash. The
//! store keeps each until that is on disk, and the notes' ids keep them from being said twice.

use std::sync::Arc;

use frontdesk_domain::refusal::Refusal;

use crate::directory::Directory;
use crate::notices;
use crate::ports::Store;
use crate::trace::Trace;

use super::carrier::refusal;
use super::names;

/// How many are looked at in one go.
const AT_ONCE: u32 = 32;

/// Tells staff of all of which they were not told.
///
/// # Errors
/// `unavailable` or `overloaded` if a note could not be stored; it stays to be told.
pub(super) async fn tell(store: &Arc<dyn Store>, directory: &Directory, trace: Trace) -> Result<(), Refusal> {
    loop {
        let numbers = store.passed_numbers(AT_ONCE).await.map_err(|error| refusal(&error))?;
        if numbers.is_empty() {
            return Ok(());
        }
        for number in numbers {
            for (to, note) in names::passed(&number) {
                match notices::store(directory, to, note, trace).await {
                    Err(refusal) if notices::is_passing(&refusal) => return Err(refusal),
                    Err(refusal) => {
                        tracing::error!(conversation = %to, %refusal, "staff cannot be told of a number")
                    }
                    Ok(()) => {}
                }
            }
            store.told_of(number).await.map_err(|error| refusal(&error))?;
        }
    }
}
