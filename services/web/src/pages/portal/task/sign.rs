//! The signature itself, and the refusal to give one.

use axum::{
    Form,
    extract::Path,
    response::{IntoResponse as _, Response},
};
use http::StatusCode;
use portico_core::ErrorCode;
use portico_proto::documents::v1::{DeclineEnvelopeRequest, SignEnvelopeRequest};
use portico_rpc::problem_from;
use serde::Deserialize;

use super::{
    Task, Tried, acted,
    esign::{load, one_act},
    is_mendable, page, review,
    review::Adopted,
};
use crate::{
    ask::{Ask, see_other_after},
    error::PageError,
    form::Errors,
    layout::Shell,
    render::see_other,
};

/// Both sentences must be said; neither comes ticked.
fn missing(s: &Shell, adopted: &Adopted) -> Errors {
    let mut errors = Errors::none();
    for (said, field, key) in [
        (&adopted.intent, "intent", "sign-intent-missing"),
        (&adopted.consent, "consent", "sign-consent-missing"),
    ] {
        if said != "yes" {
            errors.add(field, s.t(key));
        }
    }
    errors
}

pub(in crate::pages::portal) async fn sign(
    ask: Ask,
    Path(step): Path<String>,
    Form(adopted): Form<Adopted>,
) -> Result<Response, PageError> {
    let task = Task::load(&ask, &step).await?;
    let envelope = load(&ask, &step).await?;
    let act = one_act(&ask.shell, &envelope);
    if !act.is_empty() && adopted.intent != "yes" {
        let mut errors = Errors::none();
        errors.add("intent", ask.shell.t("sign-act-missing"));
        let tried = Tried { errors, typed: Vec::new() };
        return page(&ask, &task, "read", &tried, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    let mut errors = if act.is_empty() { missing(&ask.shell, &adopted) } else { Errors::none() };
    let drawn = adopted.drawing().unwrap_or_else(|()| {
        errors.add("", ask.shell.t("sign-drawing-wrong"));
        Vec::new()
    });
    if !errors.is_empty() {
        return review::show(&ask, &task, &adopted, &errors, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    let asked = SignEnvelopeRequest {
        envelope_id: envelope.id,
        sha256: adopted.sha256.clone(),
        typed_name: adopted.typed_name.trim().to_owned(),
        drawn,
        consent: true,
        intent: true,
        user_agent: ask.user_agent(),
        consent_text: if act.is_empty() { ask.shell.t("sign-consent") } else { act.clone() },
    };
    match ask.documents().sign_envelope(asked).await {
        Ok(answer) => Ok(see_other_after(&format!("/tasks/{step}"), &answer.into_inner().event)),
        Err(status) => match problem_from(&status) {
            problem if problem.code == ErrorCode::InvalidArgument && act.is_empty() => {
                review::show(&ask, &task, &adopted, &Errors::from(&problem), StatusCode::UNPROCESSABLE_ENTITY)
                    .await
            }
            problem if is_mendable(&problem) => acted(&ask, &step, Err(problem), Vec::new()).await,
            problem => Ok(PageError(problem).into_response()),
        },
    }
}

/// Where somebody comes back to who was signed out between the last two steps: their signature went with the form, so they
/// choose it again.
pub(in crate::pages::portal) async fn again(_: Ask, Path(step): Path<String>) -> Response {
    let step: String = url::form_urlencoded::byte_serialize(step.as_bytes()).collect();
    see_other(&format!("/tasks/{step}?step=adopt"))
}

#[derive(Deserialize)]
pub(in crate::pages::portal) struct Declined {
    #[serde(default)]
    reason: String,
}

pub(in crate::pages::portal) async fn decline(
    ask: Ask,
    Path(step): Path<String>,
    Form(declined): Form<Declined>,
) -> Result<Response, PageError> {
    Task::load(&ask, &step).await?;
    let envelope = load(&ask, &step).await?;
    let asked = DeclineEnvelopeRequest { envelope_id: envelope.id, reason: declined.reason.clone() };
    let outcome = ask.documents().decline_envelope(asked).await;
    let outcome = outcome.map(|answer| answer.into_inner().event).map_err(|status| problem_from(&status));
    acted(&ask, &step, outcome, vec![("reason".to_owned(), declined.reason)]).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{layout::Area, text::Locale};

    #[test]
    fn one_sentence_is_not_enough() {
        let s = crate::walk::shell(Area::Portal, Locale::En);
        let said = |intent: &str, consent: &str| Adopted {
            intent: intent.to_owned(),
            consent: consent.to_owned(),
            ..Adopted::default()
        };
        assert!(missing(&s, &said("yes", "yes")).is_empty());
        assert_eq!(missing(&s, &said("yes", "")).all()[0].field, "consent");
        assert_eq!(missing(&s, &said("on", "")).all().len(), 2);
    }
}
