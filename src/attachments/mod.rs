//! Files: what is taken, how it is made harmless, and where it is kept.
//!
//! A file is what its first bytes say, whatever its name or its sender says. Pictures are decoded within
//! limits and written anew, so that only pixels are kept; all else is kept as it came and is only ever handed
//! out in a form that a browser does not run.

mod arriving;
mod folder;
pub mod kind;
pub mod name;
mod picture;
#[cfg(test)]
mod tests;

pub use folder::Folder;

/// The largest file that may be sent to us, in bytes.
pub const FILE_MAX_BYTES: usize = 10 * 1024 * 1024;
