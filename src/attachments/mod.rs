//! Files: what is taken, how it is made harmless, and where it is kept.

pub mod name;
