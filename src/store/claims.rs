//! What a guest says of itself, as reservations are compared with it.

use frontdesk_domain::people::GuestProfile;

/// The columns `claimed_…` of a guest. Lower case as SQL's `lower` makes it in the collation C: of ASCII only.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::store) struct Claims {
    /// The name.
    pub(in crate::store) name: Option<String>,
    /// The e-mail address.
    pub(in crate::store) email: Option<String>,
    /// The number, without what people put between its digits.
    pub(in crate::store) phone: Option<String>,
    /// The room.
    pub(in crate::store) room: Option<String>,
}

impl Claims {
    /// What this guest says.
    pub(in crate::store) fn of(profile: &GuestProfile) -> Self {
        let lower = |text: &Option<String>| text.as_deref().map(str::to_ascii_lowercase);
        let between = |letter: &char| !matches!(letter, ' ' | '-' | '+' | '(' | ')' | '/');
        Self {
            name: lower(&profile.name),
            email: lower(&profile.email),
            phone: profile.phone.as_deref().map(|phone| phone.chars().filter(between).collect()),
            room: lower(&profile.room),
        }
    }
}
