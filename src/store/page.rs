//! Pages of lists, and why a list could not be had or a row not be written.

use frontdesk_actors::ports::StoreError;

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// What to ask for the next page with; `None` on the last.
    pub next: Option<String>,
}

/// Which page of a list is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageRequest {
    /// At most so many items, 1 to 200.
    pub limit: u32,
    /// What an earlier page's `next` said. One that is not ours is answered with [`ListError::BadCursor`].
    pub cursor: Option<String>,
}

/// Why a list could not be had.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ListError {
    /// The cursor is not one of ours.
    #[error("not a cursor")]
    BadCursor,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why an account or an entry could not be written.
#[derive(Clone, Debug, thiserror::Error)]
pub enum WriteError {
    /// There is none (of this property).
    #[error("there is none")]
    NotFound,
    /// Another one has this e-mail address.
    #[error("taken")]
    Taken,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
