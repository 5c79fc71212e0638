//! From the tree into typed values, with the place of whatever does not fit.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{
        DeserializeSeed, EnumAccess, Error as _, Expected, IntoDeserializer, MapAccess, SeqAccess,
        Unexpected, VariantAccess, Visitor,
    },
    forward_to_deserialize_any,
};
use serde_json::Value;

use super::{Content, Entry, Node, Position};
use crate::tagged::TAGGED;

/// Reads a value out of the tree.
pub(crate) fn read<T: for<'de> Deserialize<'de>>(root: &Node) -> Result<T, ReadError> {
    T::deserialize(Located(root)).map_err(|error| error.placed(root, None))
}

/// What does not fit.
#[derive(Debug)]
pub(crate) enum Problem {
    UnknownKey { key: String, known: &'static [&'static str] },
    UnknownWord { word: String, known: &'static [&'static str] },
    MissingKey(&'static str),
    Other(String),
}

/// What does not fit, and where.
#[derive(Debug)]
pub(crate) struct ReadError {
    pub(crate) problem: Problem,
    /// The keys and indices on the way to it, innermost first, as they are shown.
    segments: Vec<String>,
    placed: bool,
    pub(crate) at: Option<Position>,
}

impl ReadError {
    fn new(problem: Problem) -> Self {
        Self { problem, segments: Vec::new(), placed: false, at: None }
    }

    pub(crate) fn path(&self) -> String {
        let mut path = String::new();
        for segment in self.segments.iter().rev() {
            if !path.is_empty() && !segment.starts_with('[') {
                path.push('.');
            }
            path.push_str(segment);
        }
        path
    }

    /// Gives the problem its place, unless it has one: the innermost value in which it arose.
    fn placed(mut self, node: &Node, key_at: Option<Position>) -> Self {
        if self.placed {
            return self;
        }
        self.placed = true;
        self.at = node.shown_at(key_at);
        let word = match &self.problem {
            Problem::UnknownKey { key, .. } => key,
            Problem::UnknownWord { word, .. } => word,
            Problem::MissingKey(_) | Problem::Other(_) => return self,
        };
        if let Content::Map(entries) = &node.content {
            let named = entries.iter().find(|entry| entry.key == *word).map(|entry| (entry, entry.key_at));
            let held = || {
                let holds = |entry: &&Entry| matches!(&entry.value.content, Content::Scalar(text) if text == word.as_str());
                entries.iter().find(holds).map(|entry| (entry, entry.value.at))
            };
            if let Some((entry, at)) = named.or_else(held) {
                self.segments.push(entry.key.clone());
                self.at = at.or(self.at);
            }
        }
        self
    }

    fn inside(mut self, segment: String) -> Self {
        self.segments.push(segment);
        self
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.problem {
            Problem::UnknownKey { key, .. } => write!(f, "unknown key `{key}`"),
            Problem::UnknownWord { word, .. } => write!(f, "`{word}` is not known here"),
            Problem::MissingKey(key) => write!(f, "the key `{key}` is missing"),
            Problem::Other(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for ReadError {}

impl serde::de::Error for ReadError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(Problem::Other(message.to_string()))
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(Problem::Other(format!("expected {}, found {}", plain(expected), shown(found))))
    }

    fn unknown_variant(word: &str, known: &'static [&'static str]) -> Self {
        Self::new(Problem::UnknownWord { word: word.to_owned(), known })
    }

    fn unknown_field(key: &str, known: &'static [&'static str]) -> Self {
        Self::new(Problem::UnknownKey { key: key.to_owned(), known })
    }

    fn missing_field(key: &'static str) -> Self {
        Self::new(Problem::MissingKey(key))
    }
}

/// What was expected, in words of the document instead of Rust's.
fn plain(expected: &dyn Expected) -> String {
    let expected = expected.to_string();
    match expected.as_str() {
        "a string" => "a text".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a map" => "a mapping".to_owned(),
        text if text.starts_with("struct ") => "a mapping".to_owned(),
        "u32" | "i64" | "u64" => "a whole number".to_owned(),
        "f64" => "a number".to_owned(),
        text if text.starts_with("enum ") || text.starts_with("variant ") => "one of its words".to_owned(),
        _ => expected,
    }
}

fn shown(found: Unexpected<'_>) -> String {
    match found {
        Unexpected::Unit | Unexpected::Option => "nothing".to_owned(),
        Unexpected::Map => "a mapping".to_owned(),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Str(text) => format!("the text `{}`", text.chars().take(40).collect::<String>()),
        Unexpected::Bool(value) => format!("`{value}`"),
        Unexpected::Unsigned(value) => format!("the number {value}"),
        Unexpected::Signed(value) => format!("the number {value}"),
        Unexpected::Float(value) => format!("the number {value}"),
        other => other.to_string(),
    }
}

#[derive(Clone, Copy)]
struct Located<'a>(&'a Node);

impl<'de> Deserializer<'de> for Located<'_> {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match &self.0.content {
            Content::Scalar(Value::Null) => visitor.visit_unit(),
            Content::Scalar(Value::Bool(value)) => visitor.visit_bool(*value),
            Content::Scalar(Value::Number(number)) => {
                match (number.as_u64(), number.as_i64(), number.as_f64()) {
                    (Some(number), _, _) => visitor.visit_u64(number),
                    (_, Some(number), _) => visitor.visit_i64(number),
                    (_, _, Some(number)) => visitor.visit_f64(number),
                    _ => Err(ReadError::custom("this number is too large")),
                }
            }
            Content::Scalar(Value::String(text)) => visitor.visit_str(text),
            Content::Scalar(_) => Err(ReadError::custom("this value cannot be read")),
            Content::List(items) => visitor.visit_seq(Items { items, place: 0 }),
            Content::Map(entries) => {
                visitor.visit_map(Entries { entries: entries.iter().collect(), place: 0 })
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.0.content {
            Content::Scalar(Value::Null) => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        known: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        match &self.0.content {
            Content::Scalar(Value::String(word)) => visitor.visit_enum(word.as_str().into_deserializer()),
            Content::Map(entries) if entries.len() == 1 => visitor.visit_enum(OneKey(&entries[0])),
            Content::Map(_) => Err(ReadError::custom(format!("write exactly one of {}", known.join(", ")))),
            _ => Err(ReadError::custom(format!("expected one of {}", known.join(", ")))),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        keys: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        match (&self.0.content, keys) {
            (Content::Map(entries), [tag]) if name == TAGGED => {
                let mut entries: Vec<_> = entries.iter().collect();
                entries.sort_by_key(|entry| entry.key != *tag);
                visitor.visit_map(Entries { entries, place: 0 })
            }
            _ => self.deserialize_any(visitor),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq
        tuple tuple_struct map identifier ignored_any
    }
}

struct Items<'a> {
    items: &'a [Node],
    place: usize,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = ReadError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, ReadError> {
        let Some(item) = self.items.get(self.place) else { return Ok(None) };
        let segment = format!("[{}]", self.place);
        self.place += 1;
        seed.deserialize(Located(item)).map(Some).map_err(|error| error.placed(item, None).inside(segment))
    }
}

struct Entries<'a> {
    entries: Vec<&'a Entry>,
    place: usize,
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = ReadError;

    fn next_key_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, ReadError> {
        match self.entries.get(self.place) {
            Some(entry) => seed.deserialize(entry.key.as_str().into_deserializer()).map(Some),
            None => Ok(None),
        }
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, ReadError> {
        let Some(entry) = self.entries.get(self.place) else {
            return Err(ReadError::custom("a value was asked for twice"));
        };
        self.place += 1;
        seed.deserialize(Located(&entry.value))
            .map_err(|error| error.placed(&entry.value, entry.key_at).inside(entry.key.clone()))
    }
}

struct OneKey<'a>(&'a Entry);

impl<'de, 'a> EnumAccess<'de> for OneKey<'a> {
    type Error = ReadError;
    type Variant = OneValue<'a>;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, OneValue<'a>), ReadError> {
        Ok((seed.deserialize(self.0.key.as_str().into_deserializer())?, OneValue(self.0)))
    }
}

struct OneValue<'a>(&'a Entry);

impl<'de> VariantAccess<'de> for OneValue<'_> {
    type Error = ReadError;

    fn unit_variant(self) -> Result<(), ReadError> {
        Err(ReadError::custom(format!("write `{}` without a value", self.0.key)))
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, ReadError> {
        let entry = self.0;
        seed.deserialize(Located(&entry.value))
            .map_err(|error| error.placed(&entry.value, entry.key_at).inside(entry.key.clone()))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, ReadError> {
        Located(&self.0.value).deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        Located(&self.0.value).deserialize_any(visitor)
    }
}
