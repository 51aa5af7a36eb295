//! The web pages' types are made from the Rust types. This test fails when the two differ; with
//! `FRONTDESK_WRITE_TYPES=1` it writes the file instead.

#![cfg(feature = "typescript")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use frontdesk_domain::{conversation, event, frame, ids, outgoing, people, refusal, summary, timestamp};
use ts_rs::{Config, TS};

const HEAD: &str = "// Made from the server's types by `make types`. Do not edit.
//
// Identifiers are lower-case UUIDs, times RFC 3339 in UTC with milliseconds. Clients ignore frame types
// and fields that they do not know.
";

fn declare<T: TS>(out: &mut String) {
    let config = Config::new().with_large_int("number");
    if let Some(docs) = T::docs() {
        out.push_str(docs.trim_end());
        out.push('\n');
    }
    out.push_str("export ");
    out.push_str(&T::decl(&config));
    out.push_str("\n\n");
}

fn whole() -> String {
    let mut out = format!("{HEAD}\n");
    declare::<timestamp::Timestamp>(&mut out);
    declare::<ids::PropertyId>(&mut out);
    declare::<ids::GuestId>(&mut out);
    declare::<ids::AgentId>(&mut out);
    declare::<ids::ConversationId>(&mut out);
    declare::<ids::TurnId>(&mut out);
    declare::<ids::EntryId>(&mut out);
    declare::<ids::ClientId>(&mut out);
    declare::<people::Role>(&mut out);
    declare::<people::AgentRef>(&mut out);
    declare::<people::ProfileField>(&mut out);
    declare::<people::GuestProfile>(&mut out);
    declare::<people::AuthorKind>(&mut out);
    declare::<people::Author>(&mut out);
    declare::<event::Channel>(&mut out);
    declare::<event::Mode>(&mut out);
    declare::<event::Status>(&mut out);
    declare::<event::Urgency>(&mut out);
    declare::<event::AlarmStep>(&mut out);
    declare::<conversation::Alarm>(&mut out);
    declare::<event::Citation>(&mut out);
    declare::<event::Attachment>(&mut out);
    declare::<outgoing::Parameter>(&mut out);
    declare::<event::SentTemplate>(&mut out);
    declare::<event::Message>(&mut out);
    declare::<event::DeliveryState>(&mut out);
    declare::<event::RequestState>(&mut out);
    declare::<event::Request>(&mut out);
    declare::<event::EventKind>(&mut out);
    declare::<event::EventView>(&mut out);
    declare::<summary::LastMessage>(&mut out);
    declare::<summary::Summary>(&mut out);
    declare::<refusal::Code>(&mut out);
    declare::<frame::Action>(&mut out);
    declare::<frame::ClientFrame>(&mut out);
    declare::<frame::Outcome>(&mut out);
    declare::<frame::server::Me>(&mut out);
    declare::<frame::server::Limits>(&mut out);
    declare::<frame::server::Presence>(&mut out);
    declare::<frame::ServerFrame>(&mut out);
    format!("{}\n", out.trim_end())
}

#[test]
fn the_pages_types_are_the_servers() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/src/lib/protocol.ts");
    let made = whole();
    if std::env::var_os("FRONTDESK_WRITE_TYPES").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap();
    assert!(found == made, "web/src/lib/protocol.ts is not what the server speaks: run `make types`");
}
