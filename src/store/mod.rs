//! The database: the actors' log (the [`Store`] port) and everything that is kept beside it.
//!
//! Two kinds behind one trait: SQLite by default, PostgreSQL when one machine is not enough. All SQL
//! lives below this folder.

use frontdesk_actors::ports::Store;

pub mod access;
mod accounts;
mod attachments;
pub mod audit;
mod claims;
mod columns;
pub mod copy;
mod cursor;
mod fault;
mod guests;
pub mod help;
pub mod identities;
mod jobs;
mod knowledge;
mod known;
pub mod links;
mod listing;
pub mod logins;
mod opened;
mod page;
mod personal;
pub mod postgres;
pub mod privacy;
mod recipient;
pub mod records;
pub mod rehearsal;
pub mod reservations;
pub mod sqlite;
mod steps;
#[cfg(test)]
mod tests;
mod together;
pub mod verified;
pub mod vitals;
pub mod webhooks;

pub use access::Access;
pub use accounts::{Account, Accounts};
pub use attachments::{Attachments, FileRow, FileState, Upload};
pub use audit::AuditLog;
pub use guests::{GuestRow, Guests};
pub use help::Helping;
pub use identities::Identities;
pub use knowledge::{Entry, EntryVersion, Knowledge, VERSIONS_KEPT};
pub use links::Links;
pub use listing::{ConversationQuery, Listing, View};
pub use logins::Logins;
pub use opened::{OpenError, Opened};
pub use page::{ListError, Page, PageRequest, WriteError};
pub use privacy::Privacy;
pub use records::Records;
pub use reservations::Reservations;
pub use verified::Verified;
pub use vitals::{VitalSigns, Vitals};
pub use webhooks::Webhooks;

/// The whole database.
pub trait Database:
    Store
    + Accounts
    + Logins
    + Identities
    + Access
    + AuditLog
    + Attachments
    + Guests
    + Helping
    + Knowledge
    + Links
    + Listing
    + Records
    + Webhooks
    + Privacy
    + Reservations
    + Verified
    + Vitals
{
}
impl<T> Database for T where
    T: Store
        + Accounts
        + Logins
        + Identities
        + Access
        + AuditLog
        + Attachments
        + Guests
        + Helping
        + Knowledge
        + Links
        + Listing
        + Records
        + Webhooks
        + Vitals
        + Privacy
        + Reservations
        + Verified
{
}
