//! The harness of Frontdesk: stand-ins for the services it talks to, and measurements of the server from
//! outside. It knows the server only by its protocol, never by its code.

pub mod fake_graph;
pub mod fake_openai;
pub mod http;
pub mod load;
pub mod peer;
pub mod process;
pub mod progress;
pub mod report;
pub mod scenario;
pub mod start;
pub mod suite;
pub mod target;
pub mod torture;
pub mod webhook;
