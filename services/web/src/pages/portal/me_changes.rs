//! What one changes about oneself.

use axum::{
    Form,
    extract::Path,
    response::{IntoResponse as _, Response},
};
use http::StatusCode;
use portico_core::{ErrorCode, Problem, SessionId};
use portico_proto::{
    identity::v1::{Person, RevokeSessionRequest, SetPasswordRequest, UpdateProfileRequest},
    messaging::v1::MarkNotificationsReadRequest,
};
use portico_rpc::problem_from;
use serde::Deserialize;

use super::me::show;
use crate::{
    ask::{Ask, not_here},
    error::PageError,
    form::Errors,
    render::see_other,
};

#[derive(Deserialize)]
pub(super) struct Profile {
    name: String,
    language: String,
    time_zone: String,
}

#[derive(Deserialize)]
pub(super) struct Password {
    #[serde(default)]
    current_password: String,
    new_password: String,
}

pub(super) async fn profile(ask: Ask, Form(typed): Form<Profile>) -> Result<Response, PageError> {
    let Profile { name, language, time_zone } = typed;
    let person = Person {
        name: name.clone(),
        language: language.clone(),
        time_zone: time_zone.clone(),
        ..(*ask.reader.person).clone()
    };
    match ask.identity().update_profile(UpdateProfileRequest { name, language, time_zone }).await {
        Ok(_) => Ok(see_other("/me?saved=profile")),
        Err(status) => again(&ask, &person, problem_from(&status)).await,
    }
}

pub(super) async fn password(ask: Ask, Form(typed): Form<Password>) -> Result<Response, PageError> {
    let Password { current_password, new_password } = typed;
    match ask.identity().set_password(SetPasswordRequest { current_password, new_password }).await {
        Ok(_) => Ok(see_other("/me?saved=password")),
        Err(status) => again(&ask, &ask.reader.person, problem_from(&status)).await,
    }
}

pub(super) async fn end_session(ask: Ask, Path(session): Path<String>) -> Result<Response, PageError> {
    session.parse::<SessionId>().map_err(|_| not_here())?;
    ask.identity().revoke_session(RevokeSessionRequest { session_id: session }).await?;
    Ok(see_other("/me?saved=session"))
}

pub(super) async fn mark_read(ask: Ask) -> Result<Response, PageError> {
    ask.messaging().mark_notifications_read(MarkNotificationsReadRequest {}).await?;
    Ok(see_other("/me"))
}

async fn again(ask: &Ask, person: &Person, problem: Problem) -> Result<Response, PageError> {
    let mendable = matches!(
        problem.code,
        ErrorCode::InvalidArgument
            | ErrorCode::FailedPrecondition
            | ErrorCode::PermissionDenied
            | ErrorCode::ResourceExhausted
    );
    if !mendable {
        return Ok(PageError(problem).into_response());
    }
    show(ask, person, &Errors::from(&problem), None, StatusCode::UNPROCESSABLE_ENTITY).await
}
