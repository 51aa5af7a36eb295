//! The contract, from outside: every test starts the built server and talks to it over real sockets.

#![allow(missing_docs, reason = "tests say what they do in their names")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::needless_pass_by_value, clippy::disallowed_methods, reason = "plainness before speed")]

mod chat;
mod durability;
mod support;
