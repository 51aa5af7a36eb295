//! Pages of lists, and the cursors that lead from one to the next.

mod place;

use crate::store::{ListError, Page};

pub(super) use place::{NamePlace, Place, SeqPlace, id_of, of_id};

impl From<place::NotOurs> for ListError {
    fn from(_: place::NotOurs) -> Self {
        Self::BadCursor
    }
}

/// How many items a page has.
pub(super) fn clamp(limit: u32) -> usize {
    limit.clamp(1, 200) as usize
}

/// A page of `limit` from what was found, which is one more if there is a next page.
pub(super) fn page<T>(mut found: Vec<T>, limit: usize, place: impl FnOnce(&T) -> String) -> Page<T> {
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(place);
    Page { items: found, next }
}
