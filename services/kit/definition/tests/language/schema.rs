//! The published JSON Schema says what the parser does.

use portico_definition::{gallery, json_schema, parse};
use serde_json::Value;

use crate::shipped;

fn as_json(yaml: &str) -> Value {
    serde_saphyr::from_str(yaml).unwrap()
}

#[test]
fn the_schema_accepts_the_shipped_definitions_as_written_and_as_stored() {
    let schema = json_schema();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    for entry in gallery() {
        let stored = serde_json::to_value(parse(entry.yaml).unwrap()).unwrap();
        for document in [as_json(entry.yaml), stored] {
            let errors: Vec<_> = validator
                .iter_errors(&document)
                .map(|error| format!("{}: {error}", error.instance_path()))
                .collect();
            assert!(errors.is_empty(), "{}: {errors:#?}", entry.name);
        }
    }
}

#[test]
fn the_schema_refuses_an_unknown_key_at_every_depth() {
    let schema = json_schema();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let places = [
        "",
        "/metadata",
        "/spec",
        "/spec/roles/client",
        "/spec/records/engagement",
        "/spec/records/engagement/fields/title",
        "/spec/records/engagement/access/0",
        "/spec/records/engagement/access/0/where",
        "/spec/forms/intake_questionnaire",
        "/spec/documentTemplates/data_agreement/fields/0",
        "/spec/workflows/onboarding",
        "/spec/workflows/onboarding/trigger",
        "/spec/workflows/onboarding/start/0",
        "/spec/workflows/onboarding/defaults/remind/0",
        "/spec/workflows/onboarding/steps/0",
        "/spec/workflows/onboarding/steps/1/items/0",
        "/spec/workflows/onboarding/steps/0/due",
        "/spec/workflows/onboarding/steps/2/assignee",
        "/spec/workflows/onboarding/milestones/0/when",
        "/spec/pages/0",
        "/spec/pages/0/blocks/0",
        "/spec/notices/onboarding_complete",
        "/spec/tests/0",
        "/spec/tests/0/what",
    ];
    for place in places {
        let mut document = as_json(shipped("client-onboarding"));
        let target = document.pointer_mut(place).and_then(Value::as_object_mut);
        target.unwrap_or_else(|| panic!("nothing at {place}")).insert("surprise".into(), Value::from(1));
        assert!(!validator.is_valid(&document), "an unknown key at `{place}` passes the schema");
        let text = serde_json::to_string(&document).unwrap();
        assert!(parse(&text).is_err(), "an unknown key at `{place}` passes the parser");
    }
}
