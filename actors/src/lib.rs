//! Who talks to whom: the actors of Frontdesk, their messages, and the ports to the world outside.
//!
//! Writes go through the actor, reads go to the store; arrows point to the domain and never come back.

pub mod address;
pub mod admission;
pub mod ai_pool;
pub mod books;
pub mod clock;
pub mod cluster;
pub mod conversation;
pub mod conversations;
pub mod directory;
pub mod elsewhere;
pub mod fanout;
pub mod hub;
pub mod inbox;
pub mod messages;
pub mod metering;
mod notices;
pub mod outbox;
pub mod poison;
pub mod ports;
pub mod post;
pub mod pulse;
pub mod quotas;
pub mod root;
pub mod socket;
pub mod sockets;
pub mod somewhere;
pub mod subscription;
pub mod trace;
pub mod web_ingress;
pub mod whatsapp_ingress;
pub mod whatsapp_media;
pub mod whatsapp_outbox;
