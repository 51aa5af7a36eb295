//! The server as its users meet it: the built program, real sockets, a real database.

pub mod ai;
pub mod client;
pub mod cluster;
pub mod document;
pub mod http;
pub mod line;
pub mod nats;
pub mod oidc;
pub mod proxy;
pub mod receiver;
pub mod s3;
pub mod scene;
pub mod server;
pub mod stored;
pub mod teller;
pub mod whatsapp;

pub use ai::Ai;
pub use client::Client;
pub use http::Caller;
pub use scene::Scene;
pub use server::Server;
pub use stored::Stored;
pub use teller::Teller;
pub use whatsapp::Meta;
