//! Who else is filling a form in: a script says that its reader is, and learns who the others are.

use std::collections::HashMap;

use axum::{
    Form,
    extract::Path,
    response::{IntoResponse as _, Response},
};
use http::{HeaderValue, header::CACHE_CONTROL};
use portico_core::StepId;
use portico_proto::workflow::v1::EditFormRequest;

use super::form::editors;
use crate::{
    ask::{Ask, not_here},
    error::PageError,
};

/// Answers one sentence, empty while nobody else is there.
pub(in crate::pages::portal) async fn editing(
    ask: Ask,
    Path(step): Path<String>,
    Form(sent): Form<HashMap<String, String>>,
) -> Result<Response, PageError> {
    step.parse::<StepId>().map_err(|_| not_here())?;
    let leaving = sent.get("leaving").is_some_and(|leaving| leaving == "yes");
    let asked = EditFormRequest { step_id: step, leaving };
    let others = ask.workflow().edit_form(asked).await?.into_inner().editors;
    let headers = [(CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((headers, editors(&ask.shell, &others)).into_response())
}
