//! What people fill in and what they sign.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Expr;

/// A form. Its answers are checked against a JSON Schema on the server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Form {
    /// What people read above the form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Whether answers are saved while people type.
    #[serde(default = "yes")]
    pub autosave: bool,
    /// A JSON Schema (draft 2020-12) of type object. The order of its properties is the order of the questions.
    #[schemars(with = "serde_json::Map<String, Value>")]
    pub schema: Value,
    /// How single questions are shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ui: Vec<FormRule>,
}

const fn yes() -> bool {
    true
}

/// How a question is shown. Answers to hidden questions are dropped on the server before the schema is applied.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct FormRule {
    /// The question: a property of the schema.
    pub field: String,
    /// The question is shown only while this holds. Fields in it are other questions of the form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visible_when: Option<Expr>,
    /// A sentence of help below the question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// Whether a text is written in several lines.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub multiline: bool,
}

/// A document that is signed: a PDF and the places to fill in on it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct DocumentTemplate {
    /// What people call it; the name with its underscores as spaces when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The PDF, as a path beside the definition: relative, without `..`.
    pub file: String,
    /// The places to fill in.
    pub fields: Vec<TemplateField>,
}

/// A place to fill in on a document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct TemplateField {
    /// The place's name, unique in the template.
    pub id: String,
    /// What is filled in.
    #[serde(rename = "type")]
    pub kind: TemplateFieldType,
    /// The role that fills it in.
    pub signer: String,
    /// The page, counted from 1.
    pub page: u32,
    /// Left, top, width and height as parts of the page, 0 to 1, from its top left corner.
    #[serde(rename = "box")]
    pub area: [f64; 4],
    /// Whether the document is complete without it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
}

/// What is filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TemplateFieldType {
    /// A typed or drawn signature.
    Signature,
    /// The signer's initials.
    Initials,
    /// The day of signing, set by the platform.
    Date,
    /// The signer's full name, set by the platform.
    Name,
    /// A line of text.
    Text,
    /// A box to tick.
    Checkbox,
}
