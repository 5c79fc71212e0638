//! What happens: a trigger, steps, and what follows from them.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::Error as _};

use super::{Assignee, Party, Reminder, Step};
use crate::{
    schema,
    tagged::{self, NoShared},
};

/// A workflow over one kind of record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Workflow {
    /// What people call it; the name with its underscores as spaces when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The kind of record a run is about.
    pub subject: String,
    /// What starts a run by itself; staff start runs by hand when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger: Option<Trigger>,
    /// What is done at the start of a run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub start: Vec<StartAction>,
    /// What holds for every step that says nothing else.
    #[serde(default)]
    pub defaults: StepDefaults,
    /// The steps, in the order in which they are shown; at least one.
    pub steps: Vec<Step>,
    /// What the run is on the way to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub milestones: Vec<Milestone>,
    /// What becomes of the record. The first that holds, from the top, is applied; each at most once a run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outcomes: Vec<Outcome>,
    /// Who is told what, each once whenever its condition begins to hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notify: Vec<Notification>,
}

/// What starts a run: a record enters a state. At most one run for each record and entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Trigger {
    /// The kind of record; the workflow's subject.
    pub record: String,
    /// The state. A new record enters its initial one.
    pub enters: String,
}

/// Something done at the start of a run, named by `action`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StartAction {
    /// Invites the people a field names.
    Invite {
        /// A people field of the subject record, of the same side as the role.
        to: String,
        /// The role they are given for the record's account.
        role: String,
    },
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case", rename_all_fields = "camelCase")]
enum StartActionText {
    /// Invites the people a field names.
    Invite {
        /// A people field of the subject record, of the same side as the role.
        to: String,
        /// The role they are given for the record's account.
        role: String,
    },
}

/// What holds for every step that says nothing else.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct StepDefaults {
    /// Whose turn a step is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignee: Option<Assignee>,
    /// Reminders for steps with a due date.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remind: Vec<Reminder>,
}

/// Something that comes to hold in the course of a run.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// All of these steps are done, skipped or waived.
    Done(Vec<String>),
    /// At least one of these approvals was returned.
    Returned(Vec<String>),
    /// At least one of these steps has expired.
    Expired(Vec<String>),
    /// The subject record enters one of these states.
    State(Vec<String>),
}

/// Something a run is on the way to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Milestone {
    /// The milestone's name, unique in its workflow.
    pub id: String,
    /// What people read.
    pub title: String,
    /// When it is reached.
    pub when: Condition,
}

/// What becomes of the subject record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Outcome {
    /// When.
    pub when: Condition,
    /// What is set. A change the record's states do not allow at that moment is left out and noted in the run.
    pub set: SetState,
}

/// What an outcome sets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SetState {
    /// The record's new state.
    pub state: String,
}

/// Who is told what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Notification {
    /// When.
    pub when: Condition,
    /// Who.
    pub to: Party,
    /// What.
    pub notice: String,
    /// On which ways; at least one.
    pub by: Vec<Channel>,
}

/// A way to tell somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// A mail.
    Mail,
    /// A notification in the portal.
    App,
}

impl<'de> Deserialize<'de> for StartAction {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (NoShared {}, StartActionText::Invite { to, role }) = tagged::read(deserializer, &["action"])?;
        Ok(Self::Invite { to, role })
    }
}

impl Serialize for StartAction {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self::Invite { to, role } = self.clone();
        let text = StartActionText::Invite { to, role };
        tagged::write("action", &NoShared {}, &text).map_err(S::Error::custom)?.serialize(serializer)
    }
}

impl JsonSchema for StartAction {
    fn schema_name() -> Cow<'static, str> {
        "StartAction".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        schema::tagged::<NoShared, StartActionText>(
            "action",
            "Something done at the start of a run.",
            generator,
        )
    }
}
