//! Who is meant: the people in a role, or those named by a field of the record.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// People, named by a role or by a people field of the subject record.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "PartyText", into = "PartyText")]
pub enum Party {
    /// Whoever has the role for the record's account.
    Role(String),
    /// Whoever a people field of the subject record names.
    Field(String),
}

/// Whose turn a step is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "AssigneeText", into = "AssigneeText")]
pub struct Assignee {
    /// The people whose turn it is.
    pub party: Party,
    /// The role that acts while nobody is found: it may do the step or name the right person.
    pub otherwise: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct PartyText {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    role: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    field: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct AssigneeText {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    role: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    otherwise: Option<String>,
}

impl TryFrom<PartyText> for Party {
    type Error = &'static str;

    fn try_from(text: PartyText) -> Result<Self, Self::Error> {
        match (text.role, text.field) {
            (Some(role), None) => Ok(Self::Role(role)),
            (None, Some(field)) => Ok(Self::Field(field)),
            _ => Err("say who is meant with exactly one of `role` and `field`"),
        }
    }
}

impl From<Party> for PartyText {
    fn from(party: Party) -> Self {
        match party {
            Party::Role(role) => Self { role: Some(role), field: None },
            Party::Field(field) => Self { role: None, field: Some(field) },
        }
    }
}

impl TryFrom<AssigneeText> for Assignee {
    type Error = &'static str;

    fn try_from(text: AssigneeText) -> Result<Self, Self::Error> {
        let party = Party::try_from(PartyText { role: text.role, field: text.field })?;
        Ok(Self { party, otherwise: text.otherwise })
    }
}

impl From<Assignee> for AssigneeText {
    fn from(assignee: Assignee) -> Self {
        let PartyText { role, field } = assignee.party.into();
        Self { role, field, otherwise: assignee.otherwise }
    }
}

impl JsonSchema for Party {
    fn schema_name() -> Cow<'static, str> {
        "Party".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "description": "People: those in a role, or those named by a people field of the subject record.",
            "properties": {"role": {"type": "string"}, "field": {"type": "string"}},
            "additionalProperties": false,
            "minProperties": 1,
            "maxProperties": 1
        })
    }
}

impl JsonSchema for Assignee {
    fn schema_name() -> Cow<'static, str> {
        "Assignee".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "description": "Whose turn a step is: a role, or a people field of the subject record; \
                            `otherwise` names the role that acts while nobody is found.",
            "properties": {
                "role": {"type": "string"}, "field": {"type": "string"}, "otherwise": {"type": "string"}
            },
            "additionalProperties": false,
            "oneOf": [{"required": ["role"]}, {"required": ["field"]}]
        })
    }
}
