//! The signature itself, and the refusal to give one.

use axum::{
    Form,
    extract::Path,
    response::{IntoResponse as _, Response},
};
use http::StatusCode;
use portico_core::{ErrorCode, Problem};
use portico_proto::documents::v1::{DeclineEnvelopeRequest, SignEnvelopeRequest};
use portico_rpc::problem_from;
use serde::Deserialize;

use super::{
    Task, Tried, acted, drafts,
    esign::{Place, one_act},
    fields, is_mendable, page, review,
    review::Adopted,
};
use crate::{
    ask::{Ask, see_other_after},
    error::PageError,
    form::Errors,
    layout::Shell,
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

/// What came of a signature that was sent.
pub(in crate::pages::portal) enum Given {
    /// It counts; the event to wait for.
    Signed(String),
    /// The one box is not ticked, or a field is not filled in as it should be: back to where that is done.
    Unsaid(Errors),
    /// The last of the four steps has to be done again.
    Again(Errors),
    /// The service refused.
    Refused(Problem),
}

/// Hands a signature in.
pub(in crate::pages::portal) async fn give(
    ask: &Ask,
    place: &Place,
    adopted: &Adopted,
) -> Result<Given, PageError> {
    let envelope = place.load(ask, false).await?;
    let act = one_act(&ask.shell, &envelope);
    let own = fields::own(ask, &envelope).await?;
    let mut unsaid = fields::missing(&ask.shell, &own, &adopted.more);
    if !act.is_empty() && adopted.intent != "yes" {
        unsaid.add("intent", ask.shell.t("sign-act-missing"));
    }
    if !unsaid.is_empty() {
        return Ok(Given::Unsaid(unsaid));
    }
    let mut errors = if act.is_empty() { missing(&ask.shell, adopted) } else { Errors::none() };
    let drawn = adopted.drawing().unwrap_or_else(|()| {
        errors.add("", ask.shell.t("sign-drawing-wrong"));
        Vec::new()
    });
    if !errors.is_empty() {
        return Ok(Given::Again(errors));
    }
    let asked = SignEnvelopeRequest {
        envelope_id: envelope.id,
        sha256: adopted.sha256.clone(),
        other_sha256: adopted.others.split(',').filter(|hash| !hash.is_empty()).map(str::to_owned).collect(),
        typed_name: adopted.typed_name.trim().to_owned(),
        drawn,
        consent: true,
        intent: true,
        user_agent: ask.user_agent(),
        consent_text: if act.is_empty() { ask.shell.t("sign-consent") } else { act.clone() },
        values: fields::values(&adopted.more),
    };
    Ok(match ask.documents().sign_envelope(asked).await {
        Ok(answer) => Given::Signed(answer.into_inner().event),
        Err(status) => match problem_from(&status) {
            problem if let Some(errors) = fields::refused(&problem) => Given::Unsaid(errors),
            problem if problem.code == ErrorCode::InvalidArgument && act.is_empty() => {
                Given::Again(Errors::from(&problem))
            }
            problem => Given::Refused(problem),
        },
    })
}

pub(in crate::pages::portal) async fn sign(
    ask: Ask,
    Path(step): Path<String>,
    Form(adopted): Form<Adopted>,
) -> Result<Response, PageError> {
    let task = Task::load(&ask, &step).await?;
    let place = Place::task(&step, &task.step.title);
    match give(&ask, &place, &adopted).await? {
        Given::Signed(event) => Ok(see_other_after(&format!("/tasks/{step}"), &event)),
        Given::Unsaid(errors) => {
            let tried = Tried { errors, typed: adopted.typed() };
            page(&ask, &task, "read", &tried, StatusCode::UNPROCESSABLE_ENTITY).await
        }
        Given::Again(errors) => {
            review::show(&ask, &place, &adopted, &errors, StatusCode::UNPROCESSABLE_ENTITY).await
        }
        Given::Refused(problem) if is_mendable(&problem) => {
            acted(&ask, &step, Err(problem), Vec::new()).await
        }
        Given::Refused(problem) => Ok(PageError(problem).into_response()),
    }
}

/// Where somebody comes back to who was signed out between the last two steps.
pub(in crate::pages::portal) async fn again(
    ask: Ask,
    Path(step): Path<String>,
) -> Result<Response, PageError> {
    let task = Task::load(&ask, &step).await?;
    drafts::again(&ask, &Place::task(&task.step.id, &task.step.title)).await
}

#[derive(Deserialize)]
pub(in crate::pages::portal) struct Declined {
    #[serde(default)]
    pub(in crate::pages::portal) reason: String,
}

pub(in crate::pages::portal) async fn decline(
    ask: Ask,
    Path(step): Path<String>,
    Form(declined): Form<Declined>,
) -> Result<Response, PageError> {
    let task = Task::load(&ask, &step).await?;
    let envelope = Place::task(&step, &task.step.title).load(&ask, false).await?;
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
