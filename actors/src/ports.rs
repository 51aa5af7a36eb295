//! What the actors need of the world outside, as traits. The process implements them; the tests fake them.

mod alarms;
mod files;
mod guests;
mod log;
mod model;
mod nodes;
pub mod whatsapp;

pub use alarms::{Ladder, Pager, Rung};
pub use files::{Arriving, DueFile, FileError, FileFate, Files, KeptFile, MediaSource, Parts};
pub use guests::{Acquainted, OddNames, PassedNumber, Person};
pub use log::{Commit, Span, Store, StoreError, TurnRow};
pub use model::{Bill, Line, Model, ModelCall, ModelError, Piece, Prompt};
pub use nodes::{Bus, Claim, Lead, Neighbours, Owners, Standing};
