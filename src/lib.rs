//! placeholder
pub mod ai;
