//! Reading what strangers wrote: an object is an object and a word is a word.
//!
//! By themselves our types would also take a list of their fields' values for an object, `{"word": null}` for a word
//! of a closed list, and the number of a word in it. Everything that is read from a body or a frame and has fields or
//! is such a word goes through here: its top through [`Object`], each field by `#[serde(deserialize_with = …)]`.

use std::collections::BTreeSet;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, StringDeserializer};
use serde::de::{DeserializeOwned, Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// What is read from an object only.
#[derive(Clone, Copy, Debug)]
pub struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Fields<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
            type Value = Object<T>;

            fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
                to.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Object<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(fields)).map(Object)
            }
        }
        from.deserialize_map(Fields(PhantomData))
    }
}

/// A field that is an object.
///
/// # Errors
/// When it is none, or not this one.
pub fn object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<T, D::Error> {
    Object::deserialize(from).map(|Object(it)| it)
}

/// A field that is an object or null; one that may be left out needs `default` as well.
///
/// # Errors
/// When it is something else.
pub fn maybe_object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<T>, D::Error> {
    Option::deserialize(from).map(|read| read.map(|Object(it)| it))
}

/// A field that is a list of objects.
///
/// # Errors
/// When it is none, or one of them is not.
pub fn objects<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Vec<T>, D::Error> {
    let read: Vec<Object<T>> = Vec::deserialize(from)?;
    Ok(read.into_iter().map(|Object(it)| it).collect())
}

/// A field that is a word of a closed list.
///
/// # Errors
/// When it is no text, or none of them.
pub fn word<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<T, D::Error> {
    T::deserialize(StringDeserializer::new(String::deserialize(from)?))
}

/// A field that is a word of a closed list or null; one that may be left out needs `default` as well.
///
/// # Errors
/// When it is something else.
pub fn maybe_word<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<T>, D::Error> {
    let read: Option<String> = Option::deserialize(from)?;
    read.map(|text| T::deserialize(StringDeserializer::new(text))).transpose()
}

/// A field that is a set of words of a closed list.
///
/// # Errors
/// When it is no list, or one of them is no text, or none of them.
pub fn words<'de, D, T>(from: D) -> Result<BTreeSet<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Ord,
{
    let read: Vec<String> = Vec::deserialize(from)?;
    read.into_iter().map(|text| T::deserialize(StringDeserializer::new(text))).collect()
}

/// A field that must be there, though it may be null.
///
/// # Errors
/// When it is something else.
pub fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<T>, D::Error> {
    Option::deserialize(from)
}

/// Fields that stand among others (`flatten`), one of which says by its word which they are.
///
/// # Errors
/// When that one is no text or no such word, or another is not what it says.
pub fn tagged<'de, D: Deserializer<'de>, T: DeserializeOwned>(from: D) -> Result<T, D::Error> {
    // Read by way of a value: what `flatten` keeps would give the tag as a number, too.
    let fields: Map<String, Value> = Map::deserialize(from)?;
    T::deserialize(Value::Object(fields)).map_err(D::Error::custom)
}
