//! Saving and sending a form's answers.

use axum::{
    Form,
    extract::Path,
    response::{IntoResponse as _, Response},
};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{ETAG, IF_MATCH},
};
use portico_core::{ErrorCode, Problem};
use portico_proto::workflow::v1::{SaveDraftRequest, SubmitFormRequest};
use portico_rpc::problem_from;
use serde_json::Value;

use super::{
    Task, Tried, acted,
    form::{Loaded, SAVED_ELSEWHERE},
    given::{answers, question_of},
    is_mendable, page,
};
use crate::{
    ask::{Ask, see_other_after},
    error::PageError,
    form::Errors,
    render::see_other,
};

type Pairs = Vec<(String, String)>;

/// Saves what was typed so far, for the script: 204 with the new tag, 412 where it was saved elsewhere meanwhile.
pub(in crate::pages::portal) async fn draft(
    ask: Ask,
    Path(step): Path<String>,
    headers: HeaderMap,
    Form(pairs): Form<Pairs>,
) -> Result<Response, PageError> {
    let etag =
        headers.get(IF_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default().trim_matches('"');
    let form = Loaded::load(&ask, &step).await?;
    let etag = save(&ask, &step, &form, &pairs, etag).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    if let Ok(value) = HeaderValue::from_str(&format!("\"{etag}\"")) {
        response.headers_mut().insert(ETAG, value);
    }
    Ok(response)
}

/// Saves what was typed and goes on to reading it back.
pub(in crate::pages::portal) async fn keep(
    ask: Ask,
    Path(step): Path<String>,
    Form(pairs): Form<Pairs>,
) -> Result<Response, PageError> {
    let form = Loaded::load(&ask, &step).await?;
    let etag = value_of(&pairs, "etag").to_owned();
    let review = format!("/tasks/{step}?step=review");
    match save(&ask, &step, &form, &pairs, &etag).await {
        Ok(_) => Ok(see_other(&review)),
        // The script has saved the same a moment before: nothing is lost by going on.
        Err(problem)
            if problem.code == ErrorCode::Conflict && answers(&form.schema, &pairs) == form.saved =>
        {
            Ok(see_other(&review))
        }
        Err(problem) if is_mendable(&problem) => again(&ask, &step, &problem, pairs).await,
        Err(problem) => Ok(PageError(problem).into_response()),
    }
}

/// Hands the form in as it was read back.
pub(in crate::pages::portal) async fn submit(
    ask: Ask,
    Path(step): Path<String>,
    Form(pairs): Form<Pairs>,
) -> Result<Response, PageError> {
    let form = Loaded::load(&ask, &step).await?;
    let asked = SubmitFormRequest {
        step_id: step.clone(),
        answers_json: Value::Object(form.saved.clone()).to_string(),
        etag: value_of(&pairs, "etag").to_owned(),
    };
    match ask.workflow().submit_form(asked).await {
        Ok(answer) => Ok(see_other_after(&format!("/tasks/{step}"), &answer.into_inner().event)),
        Err(status) => match problem_from(&status) {
            problem if problem.code == ErrorCode::InvalidArgument => {
                again(&ask, &step, &problem, Vec::new()).await
            }
            // Changed since it was read back: it is read back again as it is now.
            problem if problem.code == ErrorCode::Conflict => {
                Ok(see_other(&format!("/tasks/{step}?step=review")))
            }
            problem => acted(&ask, &step, Err(problem), Vec::new()).await,
        },
    }
}

async fn save(ask: &Ask, step: &str, form: &Loaded, pairs: &Pairs, etag: &str) -> Result<String, Problem> {
    let asked = SaveDraftRequest {
        step_id: step.to_owned(),
        answers_json: Value::Object(answers(&form.schema, pairs)).to_string(),
        etag: etag.to_owned(),
    };
    let saved = ask.workflow().save_draft(asked).await.map_err(|status| problem_from(&status))?;
    Ok(saved.into_inner().etag)
}

async fn again(ask: &Ask, step: &str, problem: &Problem, mut typed: Pairs) -> Result<Response, PageError> {
    let mut errors = Errors::none();
    if problem.code == ErrorCode::Conflict {
        typed.push((SAVED_ELSEWHERE.to_owned(), "yes".to_owned()));
    } else {
        for violation in Errors::from(problem).all() {
            errors.add(question_of(&violation.field), violation.description.clone());
        }
    }
    let task = Task::load(ask, step).await?;
    page(ask, &task, "", &Tried { errors, typed }, StatusCode::UNPROCESSABLE_ENTITY).await
}

fn value_of<'a>(pairs: &'a Pairs, name: &str) -> &'a str {
    pairs.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
}
