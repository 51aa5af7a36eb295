//! Names that we gave out and that come back: cursors of lists, trackers of messages.

use frontdesk_domain::outgoing::DeliveryKey;

use crate::place::{NamePlace, Place};

/// Reads one. Whatever is taken is what we would have given out.
pub fn read(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(place) = Place::decode(Some(text)) {
        assert_eq!(place.encode(), text);
    }
    for list in [NamePlace::ACCOUNTS, NamePlace::KNOWLEDGE] {
        if let Ok(place) = NamePlace::decode(Some(text), list) {
            assert_eq!(place.encode(list), text);
        }
    }
    if let Some(key) = DeliveryKey::from_tracker(text) {
        assert_eq!(DeliveryKey::from_tracker(&key.tracker()), Some(key));
    }
}
