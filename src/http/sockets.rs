//! The open connections: how many from where, and their tasks.

use std::sync::Arc;

use dashmap::DashMap;
use tokio_util::task::TaskTracker;

use super::client::{AddressKey, ClientAddress};
use super::ws::post::Post;

/// How many sockets may be open from one address at a time. Wide, because a hotel's guests share one.
pub const SOCKETS_PER_ADDRESS_MAX: u32 = 2_000;

/// The open connections.
#[derive(Clone, Debug, Default)]
pub struct Sockets {
    open: Arc<DashMap<AddressKey, u32>>,
    tasks: TaskTracker,
    post: Post,
}

/// One connection's place; given back when dropped.
#[derive(Debug)]
pub struct Place {
    open: Arc<DashMap<AddressKey, u32>>,
    key: AddressKey,
}

impl Sockets {
    /// A place for one more connection, unless the address has too many. `limited`: whether we count.
    pub fn enter(&self, address: ClientAddress, limited: bool) -> Option<Place> {
        let key = address.key();
        let mut count = self.open.entry(key).or_insert(0);
        if limited && *count >= SOCKETS_PER_ADDRESS_MAX {
            return None;
        }
        *count += 1;
        metrics::gauge!("frontdesk_connections").increment(1.0);
        Some(Place { open: Arc::clone(&self.open), key })
    }

    /// Who writes to the connections.
    pub(crate) fn post(&self) -> &Post {
        &self.post
    }

    /// The connections' tasks: after the last socket was told to close, wait here before the end.
    pub fn tasks(&self) -> &TaskTracker {
        &self.tasks
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        metrics::gauge!("frontdesk_connections").decrement(1.0);
        if let Some(mut count) = self.open.get_mut(&self.key) {
            *count = count.saturating_sub(1);
        }
        self.open.remove_if(&self.key, |_, count| *count == 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_and_given_back() {
        let sockets = Sockets::default();
        let address = ClientAddress("192.0.2.1".parse().expect("address"));
        let other = ClientAddress("192.0.2.2".parse().expect("address"));
        let mut places: Vec<_> =
            (0..SOCKETS_PER_ADDRESS_MAX).map(|_| sockets.enter(address, true).expect("place")).collect();
        assert!(sockets.enter(address, true).is_none());
        assert!(sockets.enter(other, true).is_some());
        let beyond = sockets.enter(address, false);
        assert!(beyond.is_some());
        drop(beyond);
        places.pop();
        assert!(sockets.enter(address, true).is_some());
        places.clear();
        assert!(sockets.open.is_empty());
    }
}
