//! The demo hotel: what an empty database gets, so that the first question has an answer.

use frontdesk_domain::ids::{EntryId, PropertyId};
use frontdesk_domain::timestamp::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

use crate::store::Entry;

/// The name of the property that the first start makes, with the demo and without.
pub const NAME: &str = "Hotel Seeblick";

const HOTEL: &str = include_str!("../demo/hotel.json");

#[derive(Deserialize)]
struct DemoEntry {
    title: String,
    body: String,
    locale: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
}

/// The demo hotel's knowledge, as entries of this property.
///
/// # Errors
/// If the file that was compiled in cannot be read, which a test rules out.
pub fn entries(property: PropertyId, at: Timestamp) -> Result<Vec<Entry>, serde_json::Error> {
    let entries: Vec<DemoEntry> = serde_json::from_str(HOTEL)?;
    let entry = |entry: DemoEntry| Entry {
        id: EntryId(Uuid::now_v7()),
        property,
        title: entry.title,
        body: entry.body,
        locale: entry.locale,
        tags: entry.tags,
        aliases: Vec::new(),
        created_at: at,
        updated_at: at,
    };
    Ok(entries.into_iter().map(entry).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_forty_entries_each_with_a_title_of_its_own() {
        let entries = entries(PropertyId(Uuid::nil()), Timestamp(0)).expect("readable");
        assert!((35..=60).contains(&entries.len()), "{}", entries.len());
        let titles: std::collections::HashSet<_> = entries.iter().map(|entry| &entry.title).collect();
        assert_eq!(titles.len(), entries.len());
        assert!(entries.iter().all(|entry| !entry.body.trim().is_empty()));
    }
}
