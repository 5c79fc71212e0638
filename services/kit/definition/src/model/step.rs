//! The steps of a workflow.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::MapAccess, ser::Error as _};

use super::{AcceptedType, Assignee, Due, Escalation, Expiry, Expr, Period, Reminder};
use crate::{schema, tagged};

/// One step of a workflow.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The step's name, unique in its workflow; not `start`, `ready` or `due`.
    pub id: String,
    /// What people read: what is to be done.
    pub title: String,
    /// A sentence or two on how and why.
    pub help: Option<String>,
    /// Whose turn it is; the workflow's default when left out. A `wait` has nobody.
    pub assignee: Option<Assignee>,
    /// The roles that see the step in checklists and plans; everybody who may see the run when empty.
    pub visible_to: Vec<String>,
    /// Steps that must be done, skipped or waived before this one is ready.
    pub needs: Vec<String>,
    /// The step is skipped where this does not hold. Where it cannot be decided, the step is required.
    pub only_if: Option<Expr>,
    /// When it should be done.
    pub due: Option<Due>,
    /// Reminders; the workflow's default when left out, none when empty.
    pub remind: Option<Vec<Reminder>>,
    /// Whom to tell when it is still open.
    pub escalate: Option<Escalation>,
    /// When it can no longer be done.
    pub expire: Option<Expiry>,
    /// What kind of step it is.
    pub kind: StepKind,
}

/// The kinds of step, named by `type`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// Somebody fills in a form.
    Form(FormStep),
    /// Somebody uploads documents.
    DocumentRequest(DocumentRequestStep),
    /// Somebody approves a deliverable, or the subject record itself, or returns it with a reason.
    Approval(ApprovalStep),
    /// Several people sign a document, one after the other.
    Esign(EsignStep),
    /// Somebody picks a time out of those offered.
    Meeting(MeetingStep),
    /// Somebody does something outside the portal and says so.
    Task(TaskStep),
    /// Nobody does anything: time passes, or the record changes.
    Wait(WaitStep),
}

impl StepKind {
    /// The word it is written as.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Form(_) => "form",
            Self::DocumentRequest(_) => "document_request",
            Self::Approval(_) => "approval",
            Self::Esign(_) => "esign",
            Self::Meeting(_) => "meeting",
            Self::Task(_) => "task",
            Self::Wait(_) => "wait",
        }
    }
}

/// Fill in a form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct FormStep {
    /// The form.
    pub form: String,
}

/// Upload documents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct DocumentRequestStep {
    /// What is asked for; at least one.
    pub items: Vec<RequestItem>,
    /// Who accepts or returns what was uploaded. Without it an upload counts as accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<Review>,
}

/// One thing that is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RequestItem {
    /// What people read; unique in the step.
    pub name: String,
    /// A sentence of help.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// What may be uploaded.
    pub accept: Vec<AcceptedType>,
    /// The fewest files; 0 makes the item optional.
    #[serde(default = "one")]
    pub min: u32,
    /// The most files, at most 100.
    #[serde(default = "one")]
    pub max: u32,
    /// The largest file in megabytes, from 1 to 5120; 100 when left out. The installation may set a lower bound.
    #[serde(default = "usual_megabytes", skip_serializing_if = "is_usual")]
    pub max_megabytes: u32,
}

const fn usual_megabytes() -> u32 {
    100
}

const fn is_usual(megabytes: &u32) -> bool {
    *megabytes == usual_megabytes()
}

const fn one() -> u32 {
    1
}

/// A role that does something with what another has done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Review {
    /// The role.
    pub role: String,
}

/// Approve something or return it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ApprovalStep {
    /// What is approved; the subject record itself when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<Deliverable>,
    /// Who approves; one of the step's assignee when left out. Nobody approves twice. Where nobody is asked, the step is skipped.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approvers: Vec<Approver>,
    /// Whether all are asked at once, or one after the other in the order written.
    #[serde(default, skip_serializing_if = "ApprovalOrder::is_parallel")]
    pub order: ApprovalOrder,
    /// How many approvals suffice; all that are asked for when left out. Only where all are asked at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<u32>,
    /// Four eyes: whoever has done one of these steps, or has had it done for them, cannot decide this one, nor the other way round.
    /// Forms, tasks and approvals.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub distinct_from: Vec<String>,
}

/// A role that is asked for its approval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Approver {
    /// The role: anyone who has it.
    pub role: String,
    /// How many people who have it must approve; 1 to 20.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub count: u32,
    /// It is asked only where this holds. Where it cannot be decided, it is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only_if: Option<Expr>,
}

const fn is_one(count: &u32) -> bool {
    *count == 1
}

/// In which order approvers are asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalOrder {
    /// All at once.
    #[default]
    Parallel,
    /// One after the other.
    Sequential,
}

impl ApprovalOrder {
    const fn is_parallel(&self) -> bool {
        matches!(self, Self::Parallel)
    }
}

/// A document that one side hands to the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Deliverable {
    /// What people call it.
    pub deliverable: String,
    /// Who hands it over.
    pub from: Review,
}

/// Sign a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct EsignStep {
    /// The document.
    pub template: String,
    /// Further documents of the same envelope, at most nine: all are read, one act signs all, and each gets a seal of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
    /// The roles that sign, in this order. Exactly the signers of the template's fields, apart from those who only approve.
    pub order: Vec<String>,
    /// Groups of roles that act side by side: each at least two roles that stand next to each other in the order. The next in the
    /// order is asked when all of a group are done.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub together: Vec<Vec<String>>,
    /// Roles of the order that approve the document instead of signing it: they have no signature in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approvers: Vec<String>,
    /// Further roles whose people are told when the document goes out, so that they can read along.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub viewers: Vec<String>,
    /// Further roles whose people are told where the signed document is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub copies: Vec<String>,
    /// How much is asked of those who sign.
    #[serde(default, skip_serializing_if = "SigningLevel::is_sign")]
    pub level: SigningLevel,
    /// How long each of those who act has from being asked, 1 hour to 366 days. Afterwards they can no longer sign until staff give
    /// them more time. Without it there is no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign_within: Option<Period>,
    /// How long after being asked, and after each reminder, everybody whose turn it is is reminded, 1 to 90 days; at most five
    /// times each. It takes the place of the workflow's reminders, which go to the one whom the step is given to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remind_every: Option<Period>,
    /// Whether somebody who is to sign may name a person who is new to the account and is invited to sign instead. Somebody who
    /// belongs to the account already can always be named.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub invite_others: bool,
}

/// How much is asked of those who sign.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SigningLevel {
    /// Four steps: who you are, read, your signature, sign.
    #[default]
    Sign,
    /// One clear act, for simple papers: read, and acknowledge.
    Acknowledge,
}

impl SigningLevel {
    const fn is_sign(&self) -> bool {
        matches!(self, Self::Sign)
    }
}

/// Pick a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct MeetingStep {
    /// Who offers times and is met.
    pub with: Review,
    /// How long it takes; 5 minutes to 24 hours.
    pub duration: Period,
    /// How long before its beginning a time can still be picked.
    #[serde(default = "a_day")]
    pub notice: Period,
    /// Where the times come from.
    #[serde(default, skip_serializing_if = "MeetingTimes::is_offered")]
    pub times: MeetingTimes,
    /// Who of several is met.
    #[serde(default, skip_serializing_if = "MeetingHost::is_first")]
    pub host: MeetingHost,
}

/// Where the times of a meeting come from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MeetingTimes {
    /// Whoever is met offers them by hand.
    #[default]
    Offered,
    /// Whenever whoever is met is free by the hours they keep. Times offered by hand are shown as well.
    Open,
}

impl MeetingTimes {
    const fn is_offered(&self) -> bool {
        matches!(self, Self::Offered)
    }
}

/// Who of several is met, where times come from the hours that they keep.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MeetingHost {
    /// The first of those who have the role for the record and keep hours.
    #[default]
    First,
    /// Whoever of them is free at the time and has had the fewest meetings.
    RoundRobin,
}

impl MeetingHost {
    const fn is_first(&self) -> bool {
        matches!(self, Self::First)
    }
}

const fn a_day() -> Period {
    Period::hours(24)
}

/// Do something outside the portal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct TaskStep {}

/// Wait: exactly one of the two.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct WaitStep {
    /// Until this much time has passed since the step became ready.
    #[serde(rename = "for", default, skip_serializing_if = "Option::is_none")]
    pub period: Option<Period>,
    /// Until this holds for the subject record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Expr>,
}

#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StepShared {
    /// The step's name, unique in its workflow; not `start`, `ready` or `due`.
    id: String,
    /// What people read: what is to be done.
    title: String,
    /// A sentence or two on how and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    help: Option<String>,
    /// Whose turn it is; the workflow's default when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    assignee: Option<Assignee>,
    /// The roles that see the step in checklists and plans; everybody who may see the run when left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    visible_to: Vec<String>,
    /// Steps that must be done, skipped or waived before this one is ready.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    needs: Vec<String>,
    /// The step is skipped where this does not hold. Where it cannot be decided, the step is required.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    only_if: Option<Expr>,
    /// When it should be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    due: Option<Due>,
    /// Reminders; the workflow's default when left out, none when empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    remind: Option<Vec<Reminder>>,
    /// Whom to tell when it is still open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    escalate: Option<Escalation>,
    /// When it can no longer be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expire: Option<Expiry>,
}

impl tagged::Shared for StepShared {
    fn take<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<bool, A::Error> {
        match key {
            "id" => self.id = map.next_value()?,
            "title" => self.title = map.next_value()?,
            "help" => self.help = map.next_value()?,
            "assignee" => self.assignee = map.next_value()?,
            "visibleTo" => self.visible_to = map.next_value()?,
            "needs" => self.needs = map.next_value()?,
            "onlyIf" => self.only_if = map.next_value()?,
            "due" => self.due = map.next_value()?,
            "remind" => self.remind = map.next_value()?,
            "escalate" => self.escalate = map.next_value()?,
            "expire" => self.expire = map.next_value()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn missing(&self) -> Option<&'static str> {
        [("id", &self.id), ("title", &self.title)]
            .into_iter()
            .find(|(_, text)| text.is_empty())
            .map(|(key, _)| key)
    }
}

impl<'de> Deserialize<'de> for Step {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (shared, kind) = tagged::read::<D, StepShared, StepKind>(deserializer, &["type"])?;
        let StepShared {
            id,
            title,
            help,
            assignee,
            visible_to,
            needs,
            only_if,
            due,
            remind,
            escalate,
            expire,
        } = shared;
        Ok(Self {
            id,
            title,
            help,
            assignee,
            visible_to,
            needs,
            only_if,
            due,
            remind,
            escalate,
            expire,
            kind,
        })
    }
}

impl Serialize for Step {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self {
            id,
            title,
            help,
            assignee,
            visible_to,
            needs,
            only_if,
            due,
            remind,
            escalate,
            expire,
            kind,
        } = self.clone();
        let shared = StepShared {
            id,
            title,
            help,
            assignee,
            visible_to,
            needs,
            only_if,
            due,
            remind,
            escalate,
            expire,
        };
        tagged::write("type", &shared, &kind).map_err(S::Error::custom)?.serialize(serializer)
    }
}

impl JsonSchema for Step {
    fn schema_name() -> Cow<'static, str> {
        "Step".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        schema::tagged::<StepShared, StepKind>("type", "One step of a workflow.", generator)
    }
}

pub(crate) const SHARED_KEYS: &[&str] = &[
    "id",
    "title",
    "type",
    "help",
    "assignee",
    "visibleTo",
    "needs",
    "onlyIf",
    "due",
    "remind",
    "escalate",
    "expire",
];
