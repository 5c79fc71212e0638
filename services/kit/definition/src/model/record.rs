//! What is kept for each account: records, their fields and their states.

use std::{borrow::Cow, fmt};

use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error as _, MapAccess, Visitor},
    ser::{Error as _, SerializeMap},
};

use super::{AccessRule, Side};
use crate::{schema, tagged};

/// One kind of record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Record {
    /// What people call it; the name with its underscores as spaces when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// How many of them an account may have.
    #[serde(default)]
    pub per_account: PerAccount,
    /// The text field that names a record in lists; its number, or else its first text field, when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// How records are numbered; not at all when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<Numbering>,
    /// The states a record goes through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub states: Option<States>,
    /// What a record holds, in the order in which it is shown.
    #[serde(default)]
    #[schemars(with = "std::collections::BTreeMap<String, Field>")]
    pub fields: IndexMap<String, Field>,
    /// Who may do what. Without a matching rule nobody may do anything.
    #[serde(default)]
    pub access: Vec<AccessRule>,
}

/// How many records of a kind an account may have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PerAccount {
    /// At most one.
    One,
    /// Any number.
    #[default]
    Many,
}

/// How records are numbered within the tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Numbering {
    /// What stands before the number, at most 12 characters.
    #[serde(default)]
    pub prefix: String,
    /// Whether a number may never be missing. Gapless numbers are given one after the other, which is slower.
    #[serde(default)]
    pub gapless: bool,
}

/// The states of a record: the initial one, and for every state those that may follow it.
///
/// Written as one mapping, `{initial: proposed, proposed: [signed, lost], signed: [], lost: []}`, so that no state
/// can be called `initial`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct States {
    /// The state of a new record.
    pub initial: String,
    /// Every state with those that may follow it.
    pub next: IndexMap<String, Vec<String>>,
}

impl States {
    /// Whether a record may go from one state to the other.
    #[must_use]
    pub fn allows(&self, from: &str, to: &str) -> bool {
        self.next.get(from).is_some_and(|next| next.iter().any(|state| state == to))
    }
}

impl Serialize for States {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.next.len() + 1))?;
        map.serialize_entry("initial", &self.initial)?;
        for (state, next) in &self.next {
            map.serialize_entry(state, next)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for States {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = States;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping of states, with `initial`")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<States, A::Error> {
                let mut initial = None;
                let mut next = IndexMap::new();
                while let Some(key) = map.next_key::<String>()? {
                    if key == "initial" {
                        initial = Some(map.next_value()?);
                    } else {
                        next.insert(key, map.next_value()?);
                    }
                }
                Ok(States { initial: initial.ok_or_else(|| A::Error::missing_field("initial"))?, next })
            }
        }

        deserializer.deserialize_map(Reader)
    }
}

impl JsonSchema for States {
    fn schema_name() -> Cow<'static, str> {
        "States".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "description": "The initial state, and for every state those that may follow it.",
            "properties": {"initial": {"type": "string"}},
            "required": ["initial"],
            "additionalProperties": {"type": "array", "items": {"type": "string"}}
        })
    }
}

/// One field of a record.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// What people read; the name with its underscores as spaces when left out.
    pub title: Option<String>,
    /// A sentence of help below the field.
    pub help: Option<String>,
    /// Whether a record cannot be without it.
    pub required: bool,
    /// The roles that see and set it; everybody who may read the record when empty.
    pub visible_to: Vec<String>,
    /// Where no two records may have the same value.
    pub unique_within: Option<UniqueWithin>,
    /// What it holds.
    pub kind: FieldKind,
}

/// Where no two records may have the same value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UniqueWithin {
    /// Among the records of one account.
    Account,
    /// Among all records of the tenant. Only for fields that external people cannot set, or they could ask what
    /// others have entered.
    Tenant,
}

/// What a field holds, with the limits of its kind. How values look in a record's JSON stands with each kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum FieldKind {
    /// One line. A JSON string.
    Text {
        /// The fewest characters.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        min: Option<u32>,
        /// The most characters.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<u32>,
    },
    /// Several lines. A JSON string.
    LongText {
        /// The fewest characters.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        min: Option<u32>,
        /// The most characters.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<u32>,
    },
    /// A number. A JSON number.
    Number {
        /// The smallest value.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        min: Option<f64>,
        /// The largest value.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<f64>,
    },
    /// A day. A JSON string, `2026-03-01`.
    Date {},
    /// Yes or no. A JSON boolean.
    Bool {},
    /// One of several, or several of them. A JSON string, or an array of them when `multiple`.
    Choice {
        /// What can be chosen.
        options: Vec<Choice>,
        /// Whether several may be chosen.
        #[serde(default)]
        multiple: bool,
    },
    /// People. A JSON array of person ids.
    People {
        /// Whose people can be named.
        side: Side,
        /// How many at most; any number when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<u32>,
    },
    /// An amount of money. A JSON object, `{"amount": 125000, "currency": "EUR"}`, in minor units.
    Money {
        /// The smallest amount in minor units.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        min: Option<i64>,
        /// The largest amount in minor units.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<i64>,
        /// The only currency, three capital letters; any currency when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        currency: Option<String>,
    },
    /// Another record of the same account. A JSON string, its id.
    Ref {
        /// The kind of record.
        to: String,
    },
    /// Files. A JSON array of document ids.
    File {
        /// What may be uploaded.
        accept: Vec<AcceptedType>,
        /// How many at most, 1 when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<u32>,
    },
}

impl FieldKind {
    /// The word it is written as.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Text { .. } => "text",
            Self::LongText { .. } => "long_text",
            Self::Number { .. } => "number",
            Self::Date {} => "date",
            Self::Bool {} => "bool",
            Self::Choice { .. } => "choice",
            Self::People { .. } => "people",
            Self::Money { .. } => "money",
            Self::Ref { .. } => "ref",
            Self::File { .. } => "file",
        }
    }
}

/// Something that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Choice {
    /// What is stored.
    pub value: String,
    /// What people read; the value when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

/// A family of files that may be uploaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AcceptedType {
    /// PDF documents.
    Pdf,
    /// Photos and scans: JPEG, PNG, HEIC, TIFF, WebP.
    Image,
    /// Word processor, spreadsheet and presentation files.
    Office,
    /// ZIP archives.
    Zip,
    /// Plain text and CSV.
    Text,
}

/// Something that can be done with a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// See it.
    Read,
    /// Add one.
    Create,
    /// Change its fields and its state.
    Update,
    /// Remove it.
    Delete,
}

#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct FieldShared {
    /// What people read; the name with its underscores as spaces when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    /// A sentence of help below the field.
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<String>,
    /// Whether a record cannot be without it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    required: bool,
    /// The roles that see and set it; everybody who may read the record when left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    visible_to: Vec<String>,
    /// Where no two records may have the same value.
    #[serde(skip_serializing_if = "Option::is_none")]
    unique_within: Option<UniqueWithin>,
}

impl tagged::Shared for FieldShared {
    fn take<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<bool, A::Error> {
        match key {
            "title" => self.title = map.next_value()?,
            "help" => self.help = map.next_value()?,
            "required" => self.required = map.next_value()?,
            "visibleTo" => self.visible_to = map.next_value()?,
            "uniqueWithin" => self.unique_within = map.next_value()?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

impl<'de> Deserialize<'de> for Field {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (shared, kind) = tagged::read::<D, FieldShared, FieldKind>(deserializer, &["type"])?;
        let FieldShared { title, help, required, visible_to, unique_within } = shared;
        Ok(Self { title, help, required, visible_to, unique_within, kind })
    }
}

impl Serialize for Field {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { title, help, required, visible_to, unique_within, kind } = self.clone();
        let shared = FieldShared { title, help, required, visible_to, unique_within };
        tagged::write("type", &shared, &kind).map_err(S::Error::custom)?.serialize(serializer)
    }
}

impl JsonSchema for Field {
    fn schema_name() -> Cow<'static, str> {
        "Field".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        schema::tagged::<FieldShared, FieldKind>("type", "One field of a record.", generator)
    }
}

pub(crate) const SHARED_KEYS: &[&str] = &["type", "title", "help", "required", "visibleTo", "uniqueWithin"];
