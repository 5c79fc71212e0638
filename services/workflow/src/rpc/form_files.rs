//! The files that people add to a form: each is bound to the run's record as its draft is saved, and may stand in the answers from
//! then on.

use std::collections::BTreeMap;

use portico_core::{Ctx, ErrorCode};
use portico_definition::Form;
use serde_json::{Map, Value};

use crate::{
    domain::{answers, engine::StepRecord},
    error::WorkflowError,
    peers,
    reach::RunInReach,
    service::Service,
};

/// The names of the files in the answers that are not `known` yet, by id. Each must be a fresh upload of the caller's own; what is
/// none is left out, and a hand-in then finds it missing.
///
/// # Errors
/// Documents does not answer.
pub(super) async fn bind(
    service: &Service,
    ctx: &Ctx,
    found: &RunInReach,
    step: &StepRecord,
    form: &Form,
    given: &Map<String, Value>,
    known: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, WorkflowError> {
    let mut labels = BTreeMap::new();
    for document in answers::files(form, given) {
        let id = document.to_string();
        if known.contains_key(&id) || labels.contains_key(&id) {
            continue;
        }
        let (account, place) = (found.record.account, (found.record.id, Some(step.id)));
        let bound = peers::bind_document(service, ctx, document, account, place, !step.client_visible).await;
        match bound {
            Ok(name) => drop(labels.insert(id, name)),
            Err(WorkflowError::NotFound) => {}
            Err(WorkflowError::Peer(problem)) if problem.code != ErrorCode::Unavailable => {}
            Err(error) => return Err(error),
        }
    }
    Ok(labels)
}
