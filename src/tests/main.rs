//! The contract (actors/domain/CONTRACT.md), from outside: every test starts the built server and talks to it over real sockets.

#![allow(missing_docs, reason = "tests say what they do in their names")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::needless_pass_by_value, clippy::disallowed_methods, reason = "plainness before speed")]
#![allow(clippy::print_stdout, reason = "what was skipped or measured is said")]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "numbers of tests are small"
)]

mod access;
mod acme;
mod actions;
mod agents;
mod aimock;
mod attachments;
mod audit;
mod backups;
mod bad_network;
mod canaries;
mod chat;
mod check;
mod commands_on_postgres;
mod deploy;
mod durability;
mod error_words;
mod everywhere;
mod failures;
mod fields;
mod frames;
mod guarantees;
mod guests;
mod hello;
mod help;
mod identity;
mod inbox;
mod isolation;
mod knowledge;
mod limits;
mod links;
mod log_lines;
mod login_crowds;
mod logins;
mod matrix;
mod metrics;
mod mistyped;
mod nodes;
mod offsite;
mod oidc;
mod ops;
mod pages;
mod postgres;
mod privacy;
mod rehearsal;
mod rehearse;
mod repeats;
mod replay;
mod reservations;
mod resume;
mod rights;
mod second_factor;
mod secrets;
mod sessions;
mod sick_model;
mod slow_http;
mod start;
mod storage;
mod support;
mod takeover;
mod takeovers;
mod telling;
mod text;
mod tls;
mod torture;
mod turns;
mod webhooks;
mod whatsapp_collection;
mod whatsapp_crash;
mod whatsapp_disk;
mod whatsapp_flood;
mod whatsapp_in;
mod whatsapp_media;
mod whatsapp_names;
mod whatsapp_out;
mod whatsapp_pace;
mod whatsapp_passed;
mod worst_case;
