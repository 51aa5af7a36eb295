//! Where a page of a list ended, as a text that means nothing to whoever holds it.
//!
//! A cursor names the last row's place in the list's order and not its number: rows that come or go
//! meanwhile make no hole and no repeat. Its first byte says which list it is of.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

/// The longest text that is looked at: a name or a title is a few hundred characters.
const CURSOR_MAX_BYTES: usize = 8 * 1024;

/// The text is no cursor of this list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotOurs;

/// A place in the list of conversations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) waits: i64,
    pub(crate) age: i64,
    pub(crate) id: Uuid,
}

impl Place {
    const LIST: u8 = b'c';
    /// Before every row.
    const START: Self = Self { waits: i64::MIN, age: i64::MIN, id: Uuid::nil() };

    pub(crate) fn encode(self) -> String {
        let mut bytes = Vec::with_capacity(33);
        bytes.push(Self::LIST);
        bytes.extend_from_slice(&self.waits.to_be_bytes());
        bytes.extend_from_slice(&self.age.to_be_bytes());
        bytes.extend_from_slice(self.id.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// # Errors
    /// [`NotOurs`].
    pub(crate) fn decode(cursor: Option<&str>) -> Result<Self, NotOurs> {
        let Some(cursor) = cursor else { return Ok(Self::START) };
        let bytes = bytes_of(cursor, Self::LIST)?;
        let (waits, rest) = bytes.split_first_chunk().ok_or(NotOurs)?;
        let (age, rest) = rest.split_first_chunk().ok_or(NotOurs)?;
        let id = Uuid::from_slice(rest).map_err(|_| NotOurs)?;
        Ok(Self { waits: i64::from_be_bytes(*waits), age: i64::from_be_bytes(*age), id })
    }
}

/// A place in a list that is ordered by a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NamePlace {
    pub(crate) name: String,
    pub(crate) id: Uuid,
}

impl NamePlace {
    pub(crate) const ACCOUNTS: u8 = b'a';
    pub(crate) const KNOWLEDGE: u8 = b'k';

    pub(crate) fn encode(&self, list: u8) -> String {
        let mut bytes = Vec::with_capacity(17 + self.name.len());
        bytes.push(list);
        bytes.extend_from_slice(self.id.as_bytes());
        bytes.extend_from_slice(self.name.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// # Errors
    /// [`NotOurs`].
    pub(crate) fn decode(cursor: Option<&str>, list: u8) -> Result<Self, NotOurs> {
        let Some(cursor) = cursor else { return Ok(Self { name: String::new(), id: Uuid::nil() }) };
        let bytes = bytes_of(cursor, list)?;
        let (id, name) = bytes.split_first_chunk().ok_or(NotOurs)?;
        let name = std::str::from_utf8(name).map_err(|_| NotOurs)?.to_owned();
        Ok(Self { name, id: Uuid::from_bytes(*id) })
    }
}

/// A place in a list that is ordered by ids.
pub(crate) fn of_id(id: Uuid, list: u8) -> String {
    URL_SAFE_NO_PAD.encode([&[list], id.as_bytes().as_slice()].concat())
}

/// # Errors
/// [`NotOurs`].
pub(crate) fn id_of(cursor: &str, list: u8) -> Result<Uuid, NotOurs> {
    Uuid::from_slice(&bytes_of(cursor, list)?).map_err(|_| NotOurs)
}

/// A place in a list that is ordered by a number, the highest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SeqPlace(pub(crate) i64);

impl SeqPlace {
    pub(crate) const AUDIT: u8 = b'u';

    pub(crate) fn encode(self, list: u8) -> String {
        let mut bytes = vec![list];
        bytes.extend_from_slice(&self.0.to_be_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// # Errors
    /// [`NotOurs`].
    pub(crate) fn decode(cursor: Option<&str>, list: u8) -> Result<Self, NotOurs> {
        let Some(cursor) = cursor else { return Ok(Self(i64::MAX)) };
        let bytes: [u8; 8] = bytes_of(cursor, list)?.try_into().map_err(|_| NotOurs)?;
        Ok(Self(i64::from_be_bytes(bytes)))
    }
}

fn bytes_of(cursor: &str, list: u8) -> Result<Vec<u8>, NotOurs> {
    if cursor.len() > CURSOR_MAX_BYTES {
        return Err(NotOurs);
    }
    let mut bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| NotOurs)?;
    if bytes.first() != Some(&list) {
        return Err(NotOurs);
    }
    bytes.remove(0);
    Ok(bytes)
}
