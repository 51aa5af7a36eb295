//! Whose message it is: every name that WhatsApp gives, the surest first.

use frontdesk_domain::inbound::{Alias, AliasKind};
use serde_json::Value;

use super::field::{filled, list, text};
use super::words::short;

/// The longest name of a guest that is kept, in characters.
const NAME_MAX_CHARS: usize = 100;
/// The longest alias that is taken, in bytes.
const ALIAS_MAX_BYTES: usize = 160;

/// The people that a change describes.
pub(super) struct Contacts<'a> {
    all: &'a [Value],
    /// All messages of the change are one person's, and one person is described: the same, then.
    one: bool,
}

impl<'a> Contacts<'a> {
    pub(super) fn of(value: &'a Value) -> Self {
        let all = list(value, "contacts");
        let mut senders =
            list(value, "messages").iter().map(|message| (text(message, "from"), user_id(message)));
        let first = senders.next();
        Self { all, one: all.len() == 1 && first.is_some_and(|first| senders.all(|other| other == first)) }
    }

    /// The sender's description: found by id, never by position.
    fn find(&self, message: &Value) -> Option<&'a Value> {
        let (from, user) = (filled(message, "from"), user_id(message));
        let same = |contact: &&Value| {
            (from.is_some() && text(contact, "wa_id") == from)
                || (user.is_some() && text(contact, "user_id") == user)
        };
        self.all.iter().find(same).or_else(|| self.all.first().filter(|_| self.one))
    }

    /// The sender's names.
    pub(super) fn aliases(&self, message: &Value) -> Vec<Alias> {
        let contact = self.find(message).unwrap_or(&Value::Null);
        let mut aliases = Vec::with_capacity(3);
        let system = &message["system"];
        let from = filled(message, "from");
        let changed = filled(system, "previous_user_id");
        add_user(&mut aliases, changed.or(user_id(message)).or(filled(contact, "user_id")));
        let changed = filled(system, "previous_parent_user_id");
        let parent = filled(message, "from_parent_user_id").or(filled(contact, "parent_user_id"));
        add_parent(&mut aliases, changed.or(parent));
        add(&mut aliases, AliasKind::WaId, filled(contact, "wa_id").or(from));
        add(&mut aliases, AliasKind::Phone, from);
        aliases.sort_by_key(|alias| alias.kind);
        aliases
    }

    /// The name that the sender chose.
    pub(super) fn name(&self, message: &Value) -> Option<String> {
        let profile = self.find(message)?.get("profile")?;
        let name = filled(profile, "name").or_else(|| filled(profile, "username"))?;
        Some(short(name, NAME_MAX_CHARS)).filter(|name| !name.is_empty())
    }

    /// The names of those to whom messages of ours went, where there is more than one for each.
    pub(super) fn of_recipients(&self, statuses: &[Value]) -> Vec<Vec<Alias>> {
        // In a group they are whoever is in it.
        if statuses.is_empty() || statuses.iter().any(|one| text(one, "recipient_type") == Some("group")) {
            return Vec::new();
        }
        let both = |contact: &Value| {
            let (number, user) = (filled(contact, "wa_id")?, filled(contact, "user_id")?);
            let mut aliases = Vec::new();
            add_user(&mut aliases, Some(user));
            add_parent(&mut aliases, filled(contact, "parent_user_id"));
            add(&mut aliases, AliasKind::WaId, Some(number));
            (aliases.len() > 1).then_some(aliases)
        };
        self.all.iter().take(10).filter_map(both).collect()
    }
}

fn user_id(message: &Value) -> Option<&str> {
    filled(message, "from_user_id")
}

/// The names of a message's recipient: for what was written on the hotel's own phone.
pub(super) fn recipient(message: &Value) -> Vec<Alias> {
    let mut aliases = Vec::new();
    add_user(&mut aliases, filled(message, "to_user_id"));
    add(&mut aliases, AliasKind::WaId, filled(message, "to"));
    add(&mut aliases, AliasKind::Phone, filled(message, "to"));
    aliases.sort_by_key(|alias| alias.kind);
    aliases
}

/// The names that a guest has after a change of number or user id.
pub(super) fn changed(system: &Value) -> Vec<Alias> {
    let mut aliases = Vec::new();
    add_user(&mut aliases, filled(system, "user_id"));
    add_parent(&mut aliases, filled(system, "parent_user_id"));
    let number = filled(system, "wa_id").or_else(|| filled(system, "new_wa_id"));
    add(&mut aliases, AliasKind::WaId, number);
    add(&mut aliases, AliasKind::Phone, number);
    aliases
}

fn add_user(aliases: &mut Vec<Alias>, value: Option<&str>) {
    if let Some(value) = value.filter(|value| is_sane(value)) {
        push(aliases, AliasKind::Bsuid, value);
    }
}

fn add_parent(aliases: &mut Vec<Alias>, value: Option<&str>) {
    if let Some(value) = value.filter(|value| is_sane(value)) {
        push(aliases, AliasKind::ParentBsuid, value);
    }
}

fn add(aliases: &mut Vec<Alias>, kind: AliasKind, value: Option<&str>) {
    let Some(value) = value.map(|value| value.strip_prefix('+').unwrap_or(value)) else { return };
    if is_user_id(value) {
        // Seen where a number is meant, when the guest has none to show.
        push(aliases, AliasKind::Bsuid, value);
    } else if is_sane(value) && (kind == AliasKind::WaId || value.bytes().all(|b| b.is_ascii_digit())) {
        push(aliases, kind, value);
    }
}

fn push(aliases: &mut Vec<Alias>, kind: AliasKind, value: &str) {
    let alias = Alias { kind, value: value.to_owned() };
    if !aliases.iter().any(|known| known.kind == kind) {
        aliases.push(alias);
    }
}

fn is_sane(value: &str) -> bool {
    value.len() <= ALIAS_MAX_BYTES && !value.is_empty() && value.bytes().all(|b| b.is_ascii_graphic())
}

/// A country's two letters, a dot, and more.
fn is_user_id(value: &str) -> bool {
    let bytes = value.as_bytes();
    is_sane(value) && bytes.len() > 3 && bytes[2] == b'.' && bytes[..2].iter().all(u8::is_ascii_uppercase)
}
