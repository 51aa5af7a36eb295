//! Each body of the collection beside this tree, and what it is read as: a table with a line for whatever comes of
//! it.

use std::fmt::Write;
use std::path::Path;

use frontdesk_domain::inbound::{Alias, AliasKind, DeliveryReport, Item, Media, Parcel};

use super::*;

/// What is expected, by file.
const TABLE: &str = include_str!("collection.txt");
/// The first hotel's number, and the second's.
const NUMBERS: [&str; 2] = ["106540352242922", "106540352242923"];

fn aliases(of: &[Alias]) -> String {
    let name = |alias: &Alias| {
        let kind = match alias.kind {
            AliasKind::Bsuid => "user",
            AliasKind::ParentBsuid => "parent",
            AliasKind::WaId => "wa",
            AliasKind::Phone => "phone",
        };
        format!("{kind} {}", alias.value)
    };
    of.iter().map(name).collect::<Vec<_>>().join(", ")
}

fn files(of: &[Media]) -> String {
    of.iter().map(|file| format!(" <{} {} {}>", file.id, file.name, file.media_type)).collect()
}

fn content(of: &Content) -> String {
    match of {
        Content::Said { text, files, origin } => {
            let origin = origin.as_ref().map(|origin| format!(" ({origin})")).unwrap_or_default();
            format!("said {text:?}{}{origin}", self::files(files))
        }
        Content::Echoed { text, files } => format!("hotel said {text:?}{}", self::files(files)),
        Content::Reacted { emoji, .. } => format!("reacted {}", emoji.as_deref().unwrap_or("no more")),
        Content::Edited { text, .. } => format!("edited {text:?}"),
        Content::Deleted { .. } => "deleted".to_owned(),
        Content::Moved { to, .. } => format!("moved to {}", aliases(to)),
        Content::Notice { text } => format!("notice {text:?}"),
    }
}

fn item(out: &mut String, parcel: &Parcel, item: &Item, hotel: usize) {
    let name = parcel.name.as_deref().unwrap_or("?");
    let answers = if item.quotes.is_some() { ", answering" } else { "" };
    let to = if hotel == 0 { "" } else { ", to the second hotel" };
    let line = content(&item.content);
    writeln!(out, "  {name} [{}]{to}{answers}: {line}", aliases(&parcel.aliases)).expect("a text");
}

fn report(of: &DeliveryReport) -> String {
    let code = of.error.as_ref().map(|error| format!(" {}", error.code)).unwrap_or_default();
    let tracker = of.tracker.as_ref().map(|tracker| format!(", tracker {tracker:?}")).unwrap_or_default();
    format!("  ours is {:?}{code}{tracker}", of.state)
}

/// A body as the table has it.
fn seen(body: &[u8]) -> String {
    let ours: Vec<_> = NUMBERS.iter().zip(1_u128..).collect();
    let property = |n: u128| PropertyId(Uuid::from_u128(n));
    let numbers = Numbers::of(ours.iter().map(|(number, n)| ((**number).to_owned(), property(*n))));
    let Ok(payload) = read(body, &numbers, NOW) else { return "  no JSON\n".to_owned() };
    let mut out = String::new();
    for parcel in &payload.parcels {
        let hotel = usize::from(parcel.property != property(1));
        for one in &parcel.items {
            item(&mut out, parcel, one, hotel);
        }
        if parcel.items.is_empty() {
            writeln!(out, "  one guest is [{}]", aliases(&parcel.aliases)).expect("a text");
        }
    }
    for one in &payload.reports {
        writeln!(out, "{}", report(one)).expect("a text");
    }
    for reason in &payload.ignored {
        writeln!(out, "  passed over: {reason}").expect("a text");
    }
    if out.is_empty() { "  nothing\n".to_owned() } else { out }
}

#[test]
fn each_body_is_read_as_the_table_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/fixtures/whatsapp");
    let Ok(index) = std::fs::read_to_string(folder.join("INDEX.md")) else {
        return println!("skipped: no collection of bodies at {}", folder.display());
    };
    let mut found = String::new();
    let mut count = 0;
    for line in index.lines().filter(|line| line.starts_with("| ")) {
        let file = line.split('|').nth(1).unwrap_or_default().trim();
        let Ok(body) = std::fs::read(folder.join(file)) else { continue };
        count += 1;
        found.push_str(&format!("{file}\n{}", seen(&body)));
    }
    assert_eq!(count, 94);
    if std::env::var_os("FRONTDESK_WRITE_TABLE").is_some() {
        let table = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/whatsapp/payload/tests/collection.txt");
        std::fs::write(table, &found).expect("written");
        return;
    }
    for (expected, found) in TABLE.lines().zip(found.lines()) {
        assert_eq!(found, expected);
    }
    assert_eq!(found.lines().count(), TABLE.lines().count());
}
