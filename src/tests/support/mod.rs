//! The server as its users meet it: the built program, real sockets, a real database.

pub mod client;
pub mod http;
pub mod server;

pub use client::Client;
pub use http::Caller;
pub use server::Server;
