//! The addresses that notices and lists carry, whoever reads them: each leads to where the reader deals with the thing.

use axum::{extract::Path, response::Response};
use portico_core::{RunId, StepId};
use portico_proto::workflow::v1::{GetRunRequest, GetStepRequest};

use crate::{
    ask::{Ask, not_here},
    error::PageError,
    render::see_other,
};

/// A step is done at one address by everybody; what staff do with a client's step is in the console.
pub(super) async fn step(ask: Ask, Path(id): Path<String>) -> Result<Response, PageError> {
    id.parse::<StepId>().map_err(|_| not_here())?;
    let asked = GetStepRequest { step_id: id.clone() };
    let step = ask.workflow().get_step(asked).await?.into_inner().step.ok_or_else(not_here)?;
    let place = if ask.reader.is_staff() && !step.can_act { "/console/steps" } else { "/tasks" };
    Ok(see_other(&format!("{place}/{id}")))
}

/// A run is the console's; a client reads it with the record it is about.
pub(super) async fn run(ask: Ask, Path(id): Path<String>) -> Result<Response, PageError> {
    id.parse::<RunId>().map_err(|_| not_here())?;
    let asked = GetRunRequest { run_id: id.clone() };
    let run = ask.workflow().get_run(asked).await?.into_inner().run.ok_or_else(not_here)?;
    let href = if ask.reader.is_staff() {
        format!("/console/runs/{id}")
    } else {
        format!("/records/{}", run.record_id)
    };
    Ok(see_other(&href))
}
