//! The hosts that a property's knowledge names: where links in the AI's text may lead.

use reqwest::Url;

use crate::store::Entry;

/// The most hosts of one property: they go to every page that opens.
const HOSTS_MAX: usize = 100;
/// The longest address that is looked at, in bytes.
const ADDRESS_MAX: usize = 2_048;

const SCHEME: &str = "https://";

/// The hosts of all `https` addresses in these entries, each once, in the order of the entries and at most
/// 100, as browsers write them (lower case, without the port, letters beyond ASCII as `xn--`). An address
/// without a scheme, with a user's name, or of a bare number names no host.
pub fn hosts(entries: &[Entry]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for host in entries.iter().flat_map(|entry| addresses(&entry.body)).filter_map(host) {
        if found.contains(&host) {
            continue;
        }
        found.push(host);
        if found.len() == HOSTS_MAX {
            break;
        }
    }
    found
}

/// Everything that begins with `https://`, up to what ends an address in Markdown or prose.
fn addresses(text: &str) -> impl Iterator<Item = &str> {
    let starts = text.match_indices("://").filter_map(|(at, _)| {
        let start = at.checked_sub(SCHEME.len() - 3)?;
        text.get(start..at + 3)?.eq_ignore_ascii_case(SCHEME).then_some(start)
    });
    starts.map(|start| {
        let rest = &text[start..];
        let end = rest.find(|c: char| c.is_whitespace() || "()[]<>\"'`*|\\,;".contains(c));
        &rest[..end.unwrap_or(rest.len())]
    })
}

fn host(address: &str) -> Option<String> {
    if address.len() > ADDRESS_MAX {
        return None;
    }
    let url = Url::parse(address).ok()?;
    if !url.username().is_empty() || url.password().is_some() {
        return None;
    }
    // A sentence may end right behind the host.
    let host = url.domain()?.trim_end_matches('.');
    host.contains('.').then(|| host.to_owned())
}

#[cfg(test)]
mod tests {
    use frontdesk_domain::ids::EntryId;
    use frontdesk_domain::timestamp::Timestamp;
    use uuid::Uuid;

    use super::super::testing::PROPERTY;
    use super::*;

    fn entry(body: &str) -> Entry {
        Entry {
            id: EntryId(Uuid::nil()),
            property: PROPERTY,
            title: "https://title.example".to_owned(),
            body: body.to_owned(),
            locale: None,
            tags: Vec::new(),
            aliases: Vec::new(),
            created_at: Timestamp(0),
            updated_at: Timestamp(0),
        }
    }

    #[test]
    fn what_names_a_host() {
        for (body, named) in [
            ("Book at https://spa.example/book?x=1.", vec!["spa.example"]),
            (
                "[the spa](https://Spa.Example:8443/a) or <https://b.example>",
                vec!["spa.example", "b.example"],
            ),
            (
                "See https://spa.example. Or HTTPS://spa.example/menu, **https://c.example**",
                vec!["spa.example", "c.example"],
            ),
            ("https://münchen.example/", vec!["xn--mnchen-3ya.example"]),
            ("ähttps://a.example", vec!["a.example"]),
            ("https://hotel.example@evil.example/", vec![]),
            ("https://:pw@evil.example/", vec![]),
            ("http://plain.example, www.bare.example, ftp://f.example", vec![]),
            ("https://127.0.0.1/ https://[::1]/ https://localhost/ https://2130706433/", vec![]),
            ("https:// :// é:// https://. https://%", vec![]),
        ] {
            assert_eq!(hosts(&[entry(body)]), named, "{body}");
        }
    }

    #[test]
    fn each_once_in_the_order_of_the_entries_and_no_more_than_a_page_should_load() {
        let two = [entry("https://b.example"), entry("https://a.example https://b.example/x")];
        assert_eq!(hosts(&two), ["b.example", "a.example"]);
        let many: Vec<Entry> = (0..300).map(|n| entry(&format!("https://h{n}.example"))).collect();
        assert_eq!(hosts(&many).len(), HOSTS_MAX);
        assert_eq!(hosts(&[entry(&format!("https://a.example/{}", "x".repeat(ADDRESS_MAX)))]).len(), 0);
    }
}
