//! The language as a JSON Schema, for editors.

use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use crate::Definition;

/// The JSON Schema (draft 2020-12) of a [`Definition`]. It refuses unknown keys as [`crate::parse`] does; what holds
/// between parts of a document is [`Definition::validate`]'s business.
#[must_use]
pub fn json_schema() -> Value {
    let schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<Definition>();
    let mut schema = schema.to_value();
    if let Some(root) = schema.as_object_mut() {
        root.insert("title".to_owned(), "A Portico portal".into());
    }
    schema
}

/// The schema of a mapping whose kind is named by one of its own keys: one closed object for each kind, with the
/// shared keys in it.
pub(crate) fn tagged<S: JsonSchema, K: JsonSchema>(
    tag: &str,
    description: &str,
    generator: &mut SchemaGenerator,
) -> Schema {
    let shared = S::json_schema(generator).to_value();
    let kinds = K::json_schema(generator).to_value();
    let objects: Vec<Value> = kinds["oneOf"]
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|kind| {
            let about = kind["description"].clone();
            let named = kind["properties"].as_object().into_iter().flatten();
            named.map(move |(name, own)| (name.clone(), own.clone(), about.clone())).collect::<Vec<_>>()
        })
        .map(|(name, own, about)| object_of(tag, &name, &about, &shared, &resolve(&own, generator)))
        .collect();
    let mut schema = Map::new();
    schema.insert("description".to_owned(), description.into());
    schema.insert("type".to_owned(), "object".into());
    schema.insert("oneOf".to_owned(), objects.into());
    Schema::from(schema)
}

/// The definition behind a `$ref`, or the schema itself.
fn resolve(schema: &Value, generator: &SchemaGenerator) -> Value {
    let name = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next());
    name.and_then(|name| generator.definitions().get(name)).unwrap_or(schema).clone()
}

fn object_of(tag: &str, name: &str, about: &Value, shared: &Value, own: &Value) -> Value {
    let mut properties = Map::new();
    properties.insert(tag.to_owned(), json!({"const": name}));
    let mut required = vec![Value::from(tag)];
    for part in [shared, own] {
        properties.extend(part["properties"].as_object().cloned().unwrap_or_default());
        required.extend(part["required"].as_array().cloned().unwrap_or_default());
    }
    json!({
        "description": about,
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false
    })
}
