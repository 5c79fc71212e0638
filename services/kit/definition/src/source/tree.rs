//! YAML into a tree of located values, within limits.

use std::{collections::HashMap, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_json::Value;
use serde_saphyr::{Location, Spanned, options::MergeKeyPolicy};

/// A place in the text, both counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    pub(crate) line: u32,
    pub(crate) column: u32,
}

/// A value and where it stood; nowhere when it did not come from a text.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) at: Option<Position>,
    pub(crate) content: Content,
}

#[derive(Debug, Clone)]
pub(crate) enum Content {
    Scalar(Value),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_at: Option<Position>,
    pub(crate) value: Node,
}

/// A text that is no YAML, or more of it than is read.
#[derive(Debug)]
pub(crate) struct SyntaxError {
    pub(crate) at: Option<Position>,
    pub(crate) message: String,
}

/// Reads YAML. Aliases are few and may not multiply; merge keys and repeated keys are refused.
pub(crate) fn from_yaml(text: &str) -> Result<Node, SyntaxError> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_buffered_comment_events: 20_000,
            max_aliases: 200,
            max_anchors: 200,
            max_depth: 48,
            flow_nesting_limit: 48,
            max_documents: 1,
            max_nodes: 100_000,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 10_000,
            max_replay_stack_depth: 4,
        },
        merge_keys: MergeKeyPolicy::Error,
        strict_booleans: true,
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options::<Node>(text, options).map_err(|error| SyntaxError {
        at: error.location().as_ref().and_then(position),
        message: one_sentence(&error.without_snippet().to_string()),
    })
}

/// The parser's message without the place it repeats and without line breaks.
fn one_sentence(message: &str) -> String {
    let message = message.split(" at line ").next().unwrap_or(message);
    message.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

fn position(location: &Location) -> Option<Position> {
    let (line, column) = (u32::try_from(location.line()).ok()?, u32::try_from(location.column()).ok()?);
    (line > 0).then_some(Position { line, column })
}

impl Node {
    /// The same tree out of JSON, without places.
    pub(crate) fn from_json(value: Value) -> Self {
        let content = match value {
            Value::Array(items) => Content::List(items.into_iter().map(Self::from_json).collect()),
            Value::Object(entries) => Content::Map(
                entries
                    .into_iter()
                    .map(|(key, value)| Entry { key, key_at: None, value: Self::from_json(value) })
                    .collect(),
            ),
            scalar => Content::Scalar(scalar),
        };
        Self { at: None, content }
    }

    /// Where a reader should look for this value: at a scalar itself, at the key of anything larger.
    pub(crate) fn shown_at(&self, key_at: Option<Position>) -> Option<Position> {
        match self.content {
            Content::Scalar(Value::Null) => key_at.or(self.at),
            Content::Scalar(_) => self.at.or(key_at),
            Content::List(_) | Content::Map(_) => key_at.or(self.at),
        }
    }

    /// Every path in the tree with its place.
    pub(crate) fn index(&self) -> HashMap<String, Position> {
        let mut index = HashMap::new();
        self.add_to(&mut index, String::new(), None);
        index
    }

    fn add_to(&self, index: &mut HashMap<String, Position>, path: String, key_at: Option<Position>) {
        match &self.content {
            Content::Scalar(_) => {}
            Content::List(items) => {
                for (place, item) in items.iter().enumerate() {
                    item.add_to(index, format!("{path}[{place}]"), None);
                }
            }
            Content::Map(entries) => {
                for entry in entries {
                    let separator = if path.is_empty() { "" } else { "." };
                    entry.value.add_to(index, format!("{path}{separator}{}", entry.key), entry.key_at);
                }
            }
        }
        if let Some(at) = self.shown_at(key_at) {
            index.insert(path, at);
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Content>::deserialize(deserializer)?;
        Ok(Self { at: position(&spanned.referenced), content: spanned.value })
    }
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Content;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any value")
            }

            fn visit_unit<E>(self) -> Result<Content, E> {
                Ok(Content::Scalar(Value::Null))
            }

            fn visit_none<E>(self) -> Result<Content, E> {
                Ok(Content::Scalar(Value::Null))
            }

            fn visit_bool<E>(self, value: bool) -> Result<Content, E> {
                Ok(Content::Scalar(value.into()))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Content, E> {
                Ok(Content::Scalar(value.into()))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Content, E> {
                Ok(Content::Scalar(value.into()))
            }

            fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Content, E> {
                match serde_json::Number::from_f64(value) {
                    Some(number) => Ok(Content::Scalar(number.into())),
                    None => Err(E::custom("a number must be finite")),
                }
            }

            fn visit_str<E>(self, value: &str) -> Result<Content, E> {
                Ok(Content::Scalar(value.into()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Content, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = list.next_element()? {
                    items.push(item);
                }
                Ok(Content::List(items))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Content, A::Error> {
                let mut entries = Vec::new();
                while let Some(key) = map.next_key::<Spanned<String>>()? {
                    let value = map.next_value()?;
                    entries.push(Entry { key: key.value, key_at: position(&key.referenced), value });
                }
                Ok(Content::Map(entries))
            }
        }

        deserializer.deserialize_any(Reader)
    }
}
