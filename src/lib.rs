//! Frontdesk's process: the edges (HTTP, WebSocket, database, vendors) and their wiring. No rules live here.

pub mod app;
pub mod assets;
pub mod auth;
pub mod cli;
pub mod config;
pub mod error;
pub mod http;
pub mod store;
pub mod telemetry;
