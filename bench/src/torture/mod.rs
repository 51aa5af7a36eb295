//! Torture: mixed load while the server is killed, stopped and cut off, and a checker that judges every
//! promise of the contract from what clients saw.

pub mod check;
pub mod history;
pub mod text;
