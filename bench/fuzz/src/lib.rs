//! What comes from outside, read by the server's own readers; each target says what must hold of what was read.
//!
//! The readers of webhooks and cursors are the server's files themselves, taken in by their path: linking the
//! server would bring its database and its web framework along.

#![allow(dead_code, reason = "of the server's files only the readers are used")]

mod attachments {
    pub(crate) use crate::name;
}
#[path = "../../../src/whatsapp/digest.rs"]
mod digest;
#[path = "../../../src/attachments/name.rs"]
mod name;
#[path = "../../../src/whatsapp/numbers.rs"]
mod numbers;
#[path = "../../../src/whatsapp/payload/mod.rs"]
mod payload;
#[path = "../../../src/store/cursor/place.rs"]
mod place;

pub mod cursor;
pub mod frame;
pub mod markdown;
pub mod webhook;

use numbers::Numbers;
