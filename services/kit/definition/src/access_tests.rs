//! Runs a definition's own access tests, with made-up people and records.

use serde_json::{Map, Value, json};

use crate::{
    AccessTest, Action, Actor, Definition, Expectation, FieldKind, Operand, Party, Record, RecordView, Side,
    Step, StepKind, TestAction, TestTarget, Truth, Workflow,
    evaluate::{allowed, compare, mine, walk},
    visible_fields,
};

/// The made-up person who acts.
const PERSON: &str = "person-of-the-test";

/// How one access test went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessTestResult {
    /// The test's name.
    pub name: String,
    /// Whether it holds.
    pub passed: bool,
    /// What the definition allows or refuses, in a sentence.
    pub explanation: String,
}

/// Runs the access tests of a definition, in their order.
///
/// A test is about every record there could be: its person is named in the people fields of records of their own
/// account only, and conditions on other fields are taken to hold. So `cannot` passes only if no record of that
/// account could be reached, and `can` passes if one could.
#[must_use]
pub fn run_access_tests(definition: &Definition) -> Vec<AccessTestResult> {
    definition.spec.tests.iter().map(|test| run(definition, test)).collect()
}

fn run(definition: &Definition, test: &AccessTest) -> AccessTestResult {
    let (allowed, reason) = attempt(definition, test);
    let passed = allowed == (test.expect == Expectation::Allowed);
    let of = test.actor.of.as_ref().map(|of| format!(" of {of}")).unwrap_or_default();
    let outcome = if allowed { "is allowed" } else { "is refused" };
    let explanation = format!(
        "to {} {} of {} as {}{of} {outcome}: {reason}",
        word(test.action),
        target(&test.what),
        test.of,
        test.actor.role
    );
    AccessTestResult { name: test.name.clone(), passed, explanation }
}

const fn word(action: TestAction) -> &'static str {
    match action {
        TestAction::Read => "read",
        TestAction::Create => "create",
        TestAction::Update => "update",
        TestAction::Delete => "delete",
        TestAction::Complete => "complete",
    }
}

fn target(what: &TestTarget) -> String {
    match what {
        TestTarget::Record(record) => format!("the record {record}"),
        TestTarget::Field { record, field } => format!("the field {record}.{field}"),
        TestTarget::Step { workflow, step } => format!("the step {workflow}.{step}"),
    }
}

/// A person and a record made up for a test.
struct Stage {
    roles: Vec<String>,
    accounts: Vec<String>,
    fields: Map<String, Value>,
}

impl Stage {
    fn new(test: &AccessTest, record: &Record, side: Side) -> Self {
        let named = test.actor.of.as_deref() == Some(test.of.as_str());
        let people = |kind: &FieldKind| matches!(kind, FieldKind::People { side: of, .. } if *of == side);
        let fields = record
            .fields
            .iter()
            .filter(|(_, field)| matches!(field.kind, FieldKind::People { .. }))
            .map(|(name, field)| {
                let value =
                    if named && people(&field.kind) { json!([PERSON]) } else { json!(["somebody-else"]) };
                (name.clone(), value)
            })
            .collect();
        let accounts = test.actor.of.iter().cloned().collect();
        Self { roles: vec![test.actor.role.clone()], accounts, fields }
    }

    fn actor(&self) -> Actor<'_> {
        Actor { person: PERSON, accounts: &self.accounts, roles: &self.roles }
    }

    fn record<'a>(&'a self, test: &'a AccessTest) -> RecordView<'a> {
        let own = test.actor.of.as_deref() == Some(test.of.as_str());
        RecordView {
            account: Some(&test.of),
            creator: own.then_some(PERSON),
            state: None,
            number: None,
            fields: &self.fields,
            related: None,
        }
    }
}

fn attempt(definition: &Definition, test: &AccessTest) -> (bool, String) {
    let spec = &definition.spec;
    let role_name = &test.actor.role;
    let (kind, workflow) = match &test.what {
        TestTarget::Record(record) | TestTarget::Field { record, .. } => (Some(record), None),
        TestTarget::Step { workflow, .. } => {
            let workflow = spec.workflows.get(workflow);
            (workflow.map(|workflow| &workflow.subject), workflow)
        }
    };
    let known = kind.and_then(|kind| Some((kind, spec.records.get(kind)?))).zip(spec.roles.get(role_name));
    let Some(((kind, record), role)) = known else {
        return (false, "the test speaks of something that does not exist".to_owned());
    };
    let stage = Stage::new(test, record, role.side);
    let (view, actor) = (stage.record(test), stage.actor());
    let may = |action| {
        allowed(definition, kind, action, &view, &actor, &|condition| {
            let decided = |comparison: &crate::Comparison| match comparison.operand {
                Operand::Me => compare(comparison, &view, &actor),
                Operand::Constant(_) => Truth::True,
            };
            walk(condition, &decided, &|| mine(&view, &actor))
        })
    };
    let action = match test.action {
        TestAction::Read | TestAction::Complete => Action::Read,
        TestAction::Create => Action::Create,
        TestAction::Update => Action::Update,
        TestAction::Delete => Action::Delete,
    };
    if !may(action) {
        return (false, format!("no access rule of `{kind}` lets `{role_name}` reach it"));
    }
    match &test.what {
        TestTarget::Record(_) => (true, format!("an access rule of `{kind}` lets `{role_name}` do so")),
        TestTarget::Field { field, .. } => {
            if visible_fields(definition, &stage.roles, kind).contains(&field.as_str()) {
                (true, format!("`{role_name}` reaches the record and sees the field"))
            } else {
                (false, format!("the field is not visible to `{role_name}`"))
            }
        }
        TestTarget::Step { step, .. } => {
            let found = workflow
                .and_then(|workflow| Some((workflow, workflow.steps.iter().find(|one| one.id == *step)?)));
            match found {
                Some((workflow, step)) if takes_part(definition, workflow, step, role_name) => {
                    (true, format!("the step is the turn of `{role_name}`"))
                }
                _ => (false, format!("the step is not the turn of `{role_name}`")),
            }
        }
    }
}

/// Whether a step can be the turn of a role: as assignee, as the one who acts otherwise, as a signer, or as an approver. Where
/// approvers are named, nobody else decides.
fn takes_part(definition: &Definition, workflow: &Workflow, step: &Step, role: &str) -> bool {
    if let StepKind::Esign(esign) = &step.kind
        && esign.order.iter().any(|signer| signer == role)
    {
        return true;
    }
    if let StepKind::Approval(approval) = &step.kind
        && !approval.approvers.is_empty()
    {
        return approval.approvers.iter().any(|approver| approver.role == role);
    }
    let Some(assignee) = step.assignee.as_ref().or(workflow.defaults.assignee.as_ref()) else { return false };
    let named = match &assignee.party {
        Party::Role(assigned) => assigned == role,
        Party::Field(field) => {
            let fields = definition.spec.records.get(&workflow.subject).map(|record| &record.fields);
            let kind = fields.and_then(|fields| fields.get(field)).map(|field| &field.kind);
            let side = definition.spec.roles.get(role).map(|role| role.side);
            matches!((kind, side), (Some(FieldKind::People { side: of, .. }), Some(side)) if *of == side)
        }
    };
    !matches!(step.kind, StepKind::Wait(_)) && (named || assignee.otherwise.as_deref() == Some(role))
}
