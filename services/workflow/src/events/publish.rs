//! What the service says.

use portico_core::PersonId;
use portico_definition::Workflow;
use portico_proto::{
    events::v1::{InvitationRequested, StepActivated, StepReassigned, StepWithdrawn},
    json::to_struct,
    time::timestamp,
    workflow::v1::StepChanged,
};

use crate::{
    domain::engine::{PersonRef, StepRecord, StepStatus},
    store::runs::Run,
};

fn people(people: &[PersonRef]) -> Vec<String> {
    people.iter().map(|person| person.id.to_string()).collect()
}

/// The step as its definition declares it, or as whoever added it did, as JSON; empty for a one-off task.
pub(crate) fn declaration(workflow: &Workflow, step: &StepRecord) -> Option<prost_types::Struct> {
    if let Some(own) = step.own_declaration() {
        return serde_json::to_value(own).ok().map(|value| to_struct(&value));
    }
    let declared = workflow.steps.iter().find(|declared| step.key.as_deref() == Some(&declared.id))?;
    serde_json::to_value(declared).ok().map(|value| to_struct(&value))
}

/// A step can be acted on; the owner of its type makes the object.
pub(crate) fn step_activated(run: &Run, workflow: &Workflow, step: &StepRecord) -> StepActivated {
    StepActivated {
        run_id: run.id.to_string(),
        step_id: step.id.to_string(),
        attempt: i32::try_from(step.attempt).unwrap_or(i32::MAX),
        account_id: run.account.to_string(),
        record_id: run.record.to_string(),
        portal_id: run.portal.to_string(),
        portal_version: run.portal_version,
        workflow: run.workflow.clone(),
        step_key: step.key.clone().unwrap_or_default(),
        r#type: step.kind.clone(),
        title: step.title.clone(),
        declaration: declaration(workflow, step),
        due: step.due.map(timestamp),
        assignee_ids: people(&step.owner.people),
        assignee_role: step.owner.role.clone().unwrap_or_default(),
    }
}

/// A step has ended without its owner.
pub(crate) fn step_withdrawn(run: &Run, step: &StepRecord, status: StepStatus) -> StepWithdrawn {
    StepWithdrawn {
        run_id: run.id.to_string(),
        step_id: step.id.to_string(),
        attempt: i32::try_from(step.attempt).unwrap_or(i32::MAX),
        state: status.as_str().to_owned(),
        account_id: run.account.to_string(),
    }
}

/// A step is somebody else's.
pub(crate) fn step_reassigned(run: &Run, step: &StepRecord) -> StepReassigned {
    StepReassigned {
        run_id: run.id.to_string(),
        step_id: step.id.to_string(),
        assignee_ids: people(&step.owner.people),
        assignee_role: if step.owner.people.is_empty() {
            step.owner.role.clone().unwrap_or_default()
        } else {
            String::new()
        },
        account_id: run.account.to_string(),
    }
}

/// A step changed in a way that pages show.
pub(crate) fn step_changed(run: &Run, step: &StepRecord) -> StepChanged {
    StepChanged {
        run_id: run.id.to_string(),
        step_id: step.id.to_string(),
        account_id: run.account.to_string(),
        state: step.status.as_str().to_owned(),
        client_visible: step.client_visible,
    }
}

/// A person is to be invited for the run's account.
pub(crate) fn invitation(run: &Run, person: &PersonRef, reply_to: Option<PersonId>) -> InvitationRequested {
    InvitationRequested {
        person_id: person.id.to_string(),
        account_id: run.account.to_string(),
        reply_to_person_id: reply_to.map(|id| id.to_string()).unwrap_or_default(),
        message: String::new(),
    }
}
