//! Who talks to whom: the actors of Frontdesk, their messages, and the ports to the world outside.
//!
//! Writes go through the actor, reads go to the store; arrows point to the domain and never come back.

pub mod messages;
pub mod outbox;
pub mod ports;
