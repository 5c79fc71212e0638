//! Who may do what, and the tests that hold a definition to it.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::{Action, Expr};

/// A rule that lets a role do something with records of a kind. Rules add up; without one nothing is allowed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct AccessRule {
    /// The role.
    pub role: String,
    /// What it may do; at least one.
    pub can: Vec<Action>,
    /// With which records; all in the role's scope when left out.
    #[serde(rename = "where", default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<Expr>,
}

/// Something that must be allowed, or must not, checked before every publication.
///
/// Accounts are made up for the test: `account-a` is the account of whoever acts, `account-b` another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "AccessTestText", into = "AccessTestText")]
pub struct AccessTest {
    /// What is promised, in words.
    pub name: String,
    /// Who acts.
    pub actor: TestActor,
    /// Whether it must be allowed.
    pub expect: Expectation,
    /// What is tried.
    pub action: TestAction,
    /// With what.
    pub what: TestTarget,
    /// Whose it is.
    pub of: String,
}

/// Who acts in a test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct TestActor {
    /// The role.
    pub role: String,
    /// The made-up account the person belongs to, or is assigned to for staff: `account-a` or `account-b`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
}

/// What a test expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Expectation {
    /// `can`: it must be allowed.
    Allowed,
    /// `cannot`: it must be refused.
    Refused,
}

/// What a test tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TestAction {
    /// See a record or a field.
    Read,
    /// Add a record.
    Create,
    /// Change a record or a field.
    Update,
    /// Remove a record.
    Delete,
    /// Complete a step.
    Complete,
}

/// With what a test tries it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum TestTarget {
    /// `{record: invoice}`: a record of this kind.
    Record(String),
    /// `{field: invoice.amount}`: a field of a record.
    Field {
        /// The kind of record.
        record: String,
        /// The field.
        field: String,
    },
    /// `{step: invoice_approval.finance}`: a step of a workflow.
    Step {
        /// The workflow.
        workflow: String,
        /// The step.
        step: String,
    },
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct AccessTestText {
    /// What is promised, in words.
    name: String,
    /// Who acts.
    r#as: TestActor,
    /// What must be allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    can: Option<TestAction>,
    /// What must be refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cannot: Option<TestAction>,
    /// With what: exactly one of `record`, `field` and `step`.
    what: TargetText,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct TargetText {
    /// A kind of record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    record: Option<String>,
    /// A field: `record.field`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// A step: `workflow.step`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    step: Option<String>,
    /// Whose it is: `account-a` or `account-b`.
    of: String,
}

impl TryFrom<AccessTestText> for AccessTest {
    type Error = &'static str;

    fn try_from(text: AccessTestText) -> Result<Self, Self::Error> {
        let (expect, action) = match (text.can, text.cannot) {
            (Some(action), None) => (Expectation::Allowed, action),
            (None, Some(action)) => (Expectation::Refused, action),
            _ => return Err("a test says exactly one of `can` and `cannot`"),
        };
        let halves = |dotted: String, problem| match dotted.split_once('.') {
            Some((first, second)) => Ok((first.to_owned(), second.to_owned())),
            None => Err(problem),
        };
        let what = match (text.what.record, text.what.field, text.what.step) {
            (Some(record), None, None) => TestTarget::Record(record),
            (None, Some(dotted), None) => {
                let (record, field) = halves(dotted, "a field is written as `record.field`")?;
                TestTarget::Field { record, field }
            }
            (None, None, Some(dotted)) => {
                let (workflow, step) = halves(dotted, "a step is written as `workflow.step`")?;
                TestTarget::Step { workflow, step }
            }
            _ => return Err("a test is about exactly one of `record`, `field` and `step`"),
        };
        match (action, &what) {
            (TestAction::Complete, TestTarget::Step { .. }) => {}
            (TestAction::Complete, _) => return Err("only a step can be completed"),
            (_, TestTarget::Step { .. }) => return Err("a step is tested with `complete`"),
            (TestAction::Create | TestAction::Delete, TestTarget::Field { .. }) => {
                return Err("a field is tested with `read` or `update`");
            }
            _ => {}
        }
        Ok(Self { name: text.name, actor: text.r#as, expect, action, what, of: text.what.of })
    }
}

impl From<AccessTest> for AccessTestText {
    fn from(test: AccessTest) -> Self {
        let mut what = TargetText { record: None, field: None, step: None, of: test.of };
        match test.what {
            TestTarget::Record(record) => what.record = Some(record),
            TestTarget::Field { record, field } => what.field = Some(format!("{record}.{field}")),
            TestTarget::Step { workflow, step } => what.step = Some(format!("{workflow}.{step}")),
        }
        let (can, cannot) = match test.expect {
            Expectation::Allowed => (Some(test.action), None),
            Expectation::Refused => (None, Some(test.action)),
        };
        Self { name: test.name, r#as: test.actor, can, cannot, what }
    }
}

impl JsonSchema for AccessTest {
    fn schema_name() -> Cow<'static, str> {
        "AccessTest".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let text = generator.subschema_for::<AccessTestText>();
        json_schema!({
            "description": "Something that must be allowed, or must not.",
            "allOf": [text],
            "oneOf": [{"required": ["can"]}, {"required": ["cannot"]}]
        })
    }
}
