//! "I am not the right person": to a colleague, or back to the firm.

use axum::{
    Form,
    extract::Path,
    response::{IntoResponse as _, Response},
};
use portico_proto::workflow::v1::DeclineStepRequest;
use portico_rpc::problem_from;
use serde::Deserialize;

use super::{acted, is_mendable};
use crate::{
    ask::{Ask, see_other_after},
    error::PageError,
};

#[derive(Deserialize)]
pub(in crate::pages::portal) struct Typed {
    #[serde(default)]
    colleague: String,
    #[serde(default)]
    message: String,
}

pub(in crate::pages::portal) async fn decline(
    ask: Ask,
    Path(step): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, PageError> {
    let asked =
        DeclineStepRequest { step_id: step.clone(), colleague_id: typed.colleague, message: typed.message };
    match ask.workflow().decline_step(asked).await {
        // The step may no longer be theirs to see: the list of tasks says what became of it.
        Ok(answer) => Ok(see_other_after("/tasks?told=yes", &answer.into_inner().event)),
        Err(status) => match problem_from(&status) {
            problem if is_mendable(&problem) => acted(&ask, &step, Err(problem), Vec::new()).await,
            problem => Ok(PageError(problem).into_response()),
        },
    }
}
