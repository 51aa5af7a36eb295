//! The numbers that guests write to, and whose they are.

use std::collections::HashMap;

use frontdesk_domain::ids::PropertyId;

/// The hotel behind each number of ours, by `phone_number_id`.
#[derive(Clone, Debug, Default)]
pub struct Numbers {
    known: HashMap<String, PropertyId>,
}

impl Numbers {
    /// These numbers.
    pub fn of(pairs: impl IntoIterator<Item = (String, PropertyId)>) -> Self {
        Self { known: pairs.into_iter().collect() }
    }

    /// True if one of the numbers is this hotel's.
    pub fn serve(&self, property: PropertyId) -> bool {
        self.known.values().any(|known| *known == property)
    }

    /// The hotel behind a number; none if it is not ours.
    pub fn property(&self, phone_number_id: &str) -> Option<PropertyId> {
        self.known.get(phone_number_id).copied()
    }
}
