//! What pages are made of. The set is closed: one kind of block is one file in the web service.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::MapAccess, ser::Error as _};

use super::Expr;
use crate::{schema, tagged};

/// One block of a page.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// What people read above it; the block's own heading when left out.
    pub title: Option<String>,
    /// The roles that see it; everybody who sees the page when empty.
    pub visible_to: Vec<String>,
    /// What it shows.
    pub kind: BlockKind,
}

/// The kinds of block, named by `type`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BlockKind {
    /// What needs the reader now.
    Attention(Attention),
    /// The steps of a run, with what is done and what is next.
    Checklist(Checklist),
    /// Milestones and estimated dates.
    Timeline(Timeline),
    /// The conversation about a record.
    Thread(ThreadBlock),
    /// A named person to ask.
    Contact(Contact),
    /// The account's invoices.
    Invoices(Invoices),
    /// Every run of a workflow, for staff.
    RunBoard(RunBoard),
    /// Runs over time, for staff.
    Gantt(Gantt),
    /// Records of a kind.
    RecordList(RecordList),
    /// One record.
    Record(RecordBlock),
    /// A form that creates a record.
    Form(FormBlock),
    /// Documents of the account.
    Documents(Documents),
    /// A text.
    Text(TextBlock),
    /// Meetings to come.
    Meetings(Meetings),
    /// What happened lately.
    Activity(Activity),
}

impl BlockKind {
    /// The word it is written as.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Attention(_) => "attention",
            Self::Checklist(_) => "checklist",
            Self::Timeline(_) => "timeline",
            Self::Thread(_) => "thread",
            Self::Contact(_) => "contact",
            Self::Invoices(_) => "invoices",
            Self::RunBoard(_) => "run_board",
            Self::Gantt(_) => "gantt",
            Self::RecordList(_) => "record_list",
            Self::Record(_) => "record",
            Self::Form(_) => "form",
            Self::Documents(_) => "documents",
            Self::Text(_) => "text",
            Self::Meetings(_) => "meetings",
            Self::Activity(_) => "activity",
        }
    }
}

/// What needs the reader now, over all workflows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Attention {
    /// How many are shown before "show all"; 10 when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// The steps of the account's runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Checklist {
    /// The workflow.
    pub workflow: String,
}

/// Milestones and estimated dates of the account's runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Timeline {
    /// The workflow.
    pub workflow: String,
    /// What is shown; milestones when left out.
    #[serde(default = "milestones")]
    pub show: Vec<TimelineRow>,
}

fn milestones() -> Vec<TimelineRow> {
    vec![TimelineRow::Milestones]
}

/// What a timeline shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TimelineRow {
    /// Milestones.
    Milestones,
    /// Estimated dates beside the actual ones.
    Estimates,
    /// Single steps.
    Steps,
}

/// The conversation about a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ThreadBlock {
    /// The kind of record.
    pub on: String,
}

/// A named person to ask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Contact {
    /// The role of the person.
    pub role: String,
}

/// The account's invoices.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Invoices {}

/// Every run of a workflow, by step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RunBoard {
    /// The workflow.
    pub workflow: String,
}

/// Runs over time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Gantt {
    /// The workflow.
    pub workflow: String,
}

/// Records of a kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RecordList {
    /// The kind of record.
    pub of: String,
    /// Fields, and `state`, `number`, `account`, `created`; the record's label and state when left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
    /// What the list can be narrowed by: the same names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub filters: Vec<String>,
    /// Whether there is a button to add a record. People without the right to do so do not see it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub create: bool,
    /// Only the records for which this holds.
    #[serde(rename = "where", default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<Expr>,
    /// What is said where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub empty: Option<String>,
}

/// One record: the only one of an account, or the one whose page it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RecordBlock {
    /// The kind of record.
    pub of: String,
    /// The fields shown, as in a record list; all visible ones when left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
}

/// A form by which people hand something in outside a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct FormBlock {
    /// The form.
    pub form: String,
    /// The kind of record made of it. Every question is a field of the record.
    pub creates: String,
}

/// Documents of the account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Documents {
    /// Only those of this kind of record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// Whether people may upload here.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub upload: bool,
}

/// A text in plain words; empty lines part paragraphs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct TextBlock {
    /// The text, with the same `{{…}}` as in notices for `account` and `person`.
    pub body: String,
}

/// Meetings to come.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Meetings {}

/// What happened lately.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Activity {
    /// Only about this kind of record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// How many are shown; 10 when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct BlockShared {
    /// What people read above it; the block's own heading when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    /// The roles that see it; everybody who sees the page when left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    visible_to: Vec<String>,
}

impl tagged::Shared for BlockShared {
    fn take<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<bool, A::Error> {
        match key {
            "title" => self.title = map.next_value()?,
            "visibleTo" => self.visible_to = map.next_value()?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

impl<'de> Deserialize<'de> for Block {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (BlockShared { title, visible_to }, kind) = tagged::read(deserializer, &["type"])?;
        Ok(Self { title, visible_to, kind })
    }
}

impl Serialize for Block {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let shared = BlockShared { title: self.title.clone(), visible_to: self.visible_to.clone() };
        tagged::write("type", &shared, &self.kind).map_err(S::Error::custom)?.serialize(serializer)
    }
}

impl JsonSchema for Block {
    fn schema_name() -> Cow<'static, str> {
        "Block".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        schema::tagged::<BlockShared, BlockKind>("type", "One block of a page.", generator)
    }
}

pub(crate) const SHARED_KEYS: &[&str] = &["type", "title", "visibleTo"];
