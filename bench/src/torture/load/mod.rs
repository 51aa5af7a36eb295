//! The load: guests' pages and phones, agents' desks, HTTP, all of them writing down what they try and see.

pub mod desk;
pub mod hand;
pub mod http;
pub mod link;
pub mod page;
pub mod phone;
pub mod post;
pub mod reader;
pub mod stage;
