//! How processes that share a database write to each other. What they say is in [`frontdesk_domain::letter`].

mod nats;
mod place;

pub use nats::Nats;
