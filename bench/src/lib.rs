//! The harness of Frontdesk: stand-ins for the services it talks to, and measurements of the server from
//! outside. It knows the server only by its protocol, never by its code.

pub mod fake_openai;
pub mod start;
pub mod torture;
