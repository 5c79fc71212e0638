//! What people fill in and what they sign.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{AcceptedType, Expr};

/// A form. Its answers are checked against a JSON Schema on the server.
///
/// Beside texts, numbers, dates, choices and yes or no, a question of `type: object` may be an amount (`format: money`, answered as
/// `{amount, currency}` in minor units), an address (`format: address`) or a signature (`format: signature`). One of `type: array` is
/// several of an `enum`, files (`format: file`), or rows of a table, whose columns are the properties of its `items`.
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
    /// The pages, in order; all questions stand on one page when left out. Every question stands on exactly one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pages: Vec<FormPage>,
}

/// A page of a form: its own questions first, then those of its groups.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct FormPage {
    /// What people read above the page.
    pub title: String,
    /// A sentence of help below the title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// The page is shown only while this holds. Fields in it are questions of earlier pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visible_when: Option<Expr>,
    /// The questions that stand in no group, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    /// Questions under headings of their own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<FormGroup>,
}

/// Questions of a page under one heading.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct FormGroup {
    /// What people read above the group.
    pub title: String,
    /// A sentence of help below the title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// The group is shown only while this holds. Fields in it are questions of this or an earlier page, outside of the group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visible_when: Option<Expr>,
    /// The questions, in order; at least one.
    pub fields: Vec<String>,
}

/// What stands in a question before anybody has answered it, as far as whoever answers may see it. Written `record.<field>`,
/// `account.name`, `person.name` or `person.email`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub enum Prefill {
    /// A field of the record that the run is about.
    Record(String),
    /// The name of the record's account.
    AccountName,
    /// The name of whoever answers.
    PersonName,
    /// The mail address of whoever answers.
    PersonEmail,
}

impl TryFrom<String> for Prefill {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match (text.as_str(), text.strip_prefix("record.")) {
            ("account.name", _) => Ok(Self::AccountName),
            ("person.name", _) => Ok(Self::PersonName),
            ("person.email", _) => Ok(Self::PersonEmail),
            (_, Some(field)) if !field.is_empty() => Ok(Self::Record(field.to_owned())),
            _ => Err("prefill is one of `record.<field>`, `account.name`, `person.name` and `person.email`"),
        }
    }
}

impl From<Prefill> for String {
    fn from(prefill: Prefill) -> Self {
        match prefill {
            Prefill::Record(field) => format!("record.{field}"),
            Prefill::AccountName => "account.name".to_owned(),
            Prefill::PersonName => "person.name".to_owned(),
            Prefill::PersonEmail => "person.email".to_owned(),
        }
    }
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
    /// What stands in it before anybody has answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefill: Option<Prefill>,
    /// For an amount: its only currency; people choose one when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// For files: what may be uploaded; anything when left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accept: Vec<AcceptedType>,
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
