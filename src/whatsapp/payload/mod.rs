//! What a webhook's body says, item by item: what is broken or unknown costs nothing but itself.
//!
//! Nothing here is decided by a schema: every field may be missing, of another type, or new.

mod content;
mod field;
mod media;
mod news;
mod sender;
mod status;
#[cfg(test)]
mod tests;
mod words;

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use frontdesk_domain::ids::{ClientId, PropertyId};
use frontdesk_domain::inbound::{Alias, Content, DeliveryReport, Item, Parcel};
use frontdesk_domain::timestamp::Timestamp;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::Numbers;
use field::{list, number, text};
use sender::Contacts;

/// How many messages and statuses of one body are looked at: WhatsApp sends no more.
pub const ITEMS_MAX: usize = 1_000;
/// The longest id of WhatsApp's that is taken, in bytes.
const WAMID_MAX_BYTES: usize = 512;

/// What a body holds.
#[derive(Debug, Default)]
pub struct Payload {
    /// What people sent, each person's in order.
    pub parcels: Vec<Parcel>,
    /// What became of messages of ours.
    pub reports: Vec<DeliveryReport>,
    /// Why something was passed over: short names, to be counted.
    pub ignored: Vec<&'static str>,
}

/// The body is no JSON.
#[derive(Debug, thiserror::Error)]
#[error("not JSON")]
pub struct NotJson;

/// Reads a body. `now` stands in for times that are missing or not yet.
///
/// # Errors
/// [`NotJson`]. Whatever is JSON is read as far as it can be.
pub fn read(body: &[u8], numbers: &Numbers, now: Timestamp) -> Result<Payload, NotJson> {
    let whole: Value = field::parse(body).ok_or(NotJson)?;
    let mut reading = Reading { numbers, now, places: HashMap::new(), items: 0, payload: Payload::default() };
    reading.whole(&whole);
    let mut payload = reading.payload;
    for parcel in &mut payload.parcels {
        // Within a webhook nothing promises an order but the times, which are whole seconds.
        parcel.items.sort_by_key(|item| item.sent_at);
    }
    Ok(payload)
}

/// The id of a WhatsApp message as an author's id: short, of few characters, and for ever the same.
pub fn client_id(wamid: &str) -> Option<ClientId> {
    ClientId::try_from(format!("wa-{}", URL_SAFE_NO_PAD.encode(Sha256::digest(wamid)))).ok()
}

/// A body that is being read.
struct Reading<'a> {
    numbers: &'a Numbers,
    now: Timestamp,
    /// The parcel of each person.
    places: HashMap<(PropertyId, Alias), usize>,
    items: usize,
    payload: Payload,
}

impl Reading<'_> {
    fn ignore(&mut self, reason: &'static str) {
        self.payload.ignored.push(reason);
    }

    fn whole(&mut self, whole: &Value) {
        if text(whole, "object") != Some("whatsapp_business_account") {
            return self.ignore("object");
        }
        for entry in list(whole, "entry") {
            for change in list(entry, "changes") {
                match text(change, "field") {
                    Some("messages") => self.change(&change["value"], Self::messages),
                    Some("smb_message_echoes") => self.change(&change["value"], Self::echoes),
                    // Old mail, account news, and what does not exist yet: no guest says anything by it.
                    Some(field) => {
                        news::log(field, &change["value"]);
                        self.ignore("field");
                    }
                    None => self.ignore("no_field"),
                }
            }
        }
    }

    fn change(&mut self, value: &Value, read: fn(&mut Self, &Value, PropertyId)) {
        let number = text(&value["metadata"], "phone_number_id").unwrap_or_default();
        match self.numbers.property(number) {
            Some(property) => read(self, value, property),
            None => self.ignore("foreign_number"),
        }
    }

    fn messages(&mut self, value: &Value, property: PropertyId) {
        let contacts = Contacts::of(value);
        for message in list(value, "messages") {
            if self.has_room() {
                self.message(message, &contacts, property);
            }
        }
        for status in list(value, "statuses") {
            if self.has_room() {
                match status::read(status, property, self.now) {
                    Ok(report) => self.payload.reports.push(report),
                    Err(reason) => self.ignore(reason),
                }
            }
        }
        let statuses = list(value, "statuses");
        let oldest = statuses.iter().map(|status| field::time(status, "timestamp", self.now)).min();
        for aliases in contacts.of_recipients(statuses) {
            // No message: but a guest who is known by one of these names is now known by all.
            let seen_at = oldest.unwrap_or(self.now);
            self.payload.parcels.push(Parcel { property, aliases, name: None, seen_at, items: Vec::new() });
        }
        for error in list(value, "errors") {
            let code = number(error, "code").unwrap_or_default();
            tracing::error!(code, title = text(error, "title"), "WhatsApp reports an error of the account");
            self.ignore("account_error");
        }
    }

    fn has_room(&mut self) -> bool {
        self.items += 1;
        if self.items > ITEMS_MAX {
            self.ignore("too_many");
        }
        self.items <= ITEMS_MAX
    }

    fn message(&mut self, message: &Value, contacts: &Contacts<'_>, property: PropertyId) {
        if !message["group_id"].is_null() {
            return self.ignore("group");
        }
        let aliases = contacts.aliases(message);
        let name = contacts.name(message);
        match content::read(message) {
            Ok(content) => self.item(message, property, aliases, name, content),
            Err(reason) => self.ignore(reason),
        }
    }

    fn echoes(&mut self, value: &Value, property: PropertyId) {
        for message in list(value, "message_echoes") {
            if !self.has_room() {
                continue;
            }
            let aliases = sender::recipient(message);
            match content::read(message) {
                Ok(Content::Said { text, files, .. }) => {
                    self.item(message, property, aliases, None, Content::Echoed { text, files });
                }
                Ok(_) => self.ignore("echo"),
                Err(reason) => self.ignore(reason),
            }
        }
    }

    fn item(
        &mut self,
        message: &Value,
        property: PropertyId,
        aliases: Vec<Alias>,
        name: Option<String>,
        content: Content,
    ) {
        let wamid = text(message, "id").filter(|id| (1..=WAMID_MAX_BYTES).contains(&id.len()));
        let Some((wamid, id)) = wamid.and_then(|wamid| Some((wamid, client_id(wamid)?))) else {
            return self.ignore("no_id");
        };
        let Some(first) = aliases.first().cloned() else { return self.ignore("no_sender") };
        let item = Item {
            wamid: wamid.to_owned(),
            id,
            sent_at: field::time(message, "timestamp", self.now),
            quotes: text(&message["context"], "id").map(str::to_owned),
            content,
        };
        let parcels = &mut self.payload.parcels;
        let place = *self.places.entry((property, first)).or_insert_with(|| {
            let seen_at = item.sent_at;
            parcels.push(Parcel { property, aliases: Vec::new(), name: None, seen_at, items: Vec::new() });
            parcels.len() - 1
        });
        if let Some(parcel) = parcels.get_mut(place) {
            for alias in aliases {
                if !parcel.aliases.contains(&alias) {
                    parcel.aliases.push(alias);
                }
            }
            parcel.aliases.sort_by_key(|alias| alias.kind);
            parcel.name = parcel.name.take().or(name);
            parcel.seen_at = parcel.seen_at.max(item.sent_at);
            parcel.items.push(item);
        }
    }
}
