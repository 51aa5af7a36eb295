//! Guests' data as a whole: handed out, erased, and thrown away when its time is over. See PRIVACY.md.

mod archive;
mod copies;
mod keeper;

pub(crate) use archive::part;
pub use archive::{ArchiveError, archive};
pub use copies::{Copies, copies};
pub use keeper::{Keeper, Nudge};
