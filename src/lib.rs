//! Frontdesk: a realtime front desk for hotels. Guests write, an AI answers first, agents take over.
//!
//! This crate is the process: edges and wiring, no rules. The rules are in `frontdesk-domain`, the actors
//! in `frontdesk-actors`.

pub mod ai;
pub mod app;
pub mod assets;
pub mod attachments;
pub mod audit;
pub mod auth;
pub mod backup;
mod bus;
pub mod check;
pub mod cli;
pub mod config;
pub mod egress;
pub mod error;
pub mod evaluate;
pub mod help;
pub mod http;
pub mod identity;
pub mod linking;
pub mod oidc;
pub mod pager;
pub mod privacy;
pub mod rehearse;
pub mod replay;
pub mod reservations;
pub mod store;
pub mod telemetry;
pub mod tls;
pub mod webhooks;

pub mod whatsapp;
