//! The nouns and rules of Frontdesk.
//!
//! Nothing here reads a clock, draws a random number, waits or talks to anything: times and ids come in
//! as arguments. So every rule can be tested as a table, and a run can be repeated.

pub mod answerer;
pub mod conversation;
pub mod departments;
pub mod event;
pub mod frame;
pub mod guard;
pub mod ids;
pub mod import;
pub mod inbound;
pub mod letter;
pub mod message;
pub mod outgoing;
pub mod people;
pub mod permission;
pub mod pool;
pub mod privacy;
pub mod quota;
pub mod refusal;
pub mod scrub;
pub mod strict;
pub mod summary;
pub mod text;
pub mod timestamp;
