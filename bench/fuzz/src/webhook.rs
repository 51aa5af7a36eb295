//! Bodies of webhooks.

use frontdesk_domain::ids::PropertyId;
use frontdesk_domain::inbound::Content;
use frontdesk_domain::timestamp::Timestamp;
use uuid::Uuid;

use crate::numbers::Numbers;
use crate::payload::{ITEMS_MAX, client_id, read as read_body};

const NOW: Timestamp = Timestamp(1_800_000_000_000);

/// Reads a body that came to our number.
pub fn read(data: &[u8]) {
    let ours = [("1065".to_owned(), PropertyId(Uuid::from_u128(1)))];
    let Ok(payload) = read_body(data, &Numbers::of(ours), NOW) else { return };
    let items: usize = payload.parcels.iter().map(|parcel| parcel.items.len()).sum();
    assert!(items + payload.reports.len() <= ITEMS_MAX);
    for parcel in &payload.parcels {
        assert!(!parcel.aliases.is_empty(), "somebody sent it");
        assert!(parcel.items.is_sorted_by_key(|item| item.sent_at), "in order");
        for item in &parcel.items {
            assert!(item.sent_at <= NOW, "not from the future");
            assert_eq!(client_id(&item.wamid).as_ref(), Some(&item.id), "the same id for ever");
            if let Content::Said { text, .. } = &item.content {
                assert!(!text.trim().is_empty(), "something to read");
            }
        }
    }
}
