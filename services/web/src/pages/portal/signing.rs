//! Signing under the address of the paper itself: for whoever was named to sign and need not see the step it belongs to.

use std::collections::HashMap;

use askama::Template;
use axum::{
    Form,
    extract::{Path, Query},
    response::{IntoResponse as _, Response},
};
use http::StatusCode;
use portico_core::{EnvelopeId, Problem};
use portico_proto::{
    documents::v1::{DeclineEnvelopeRequest, DelegateSigningRequest, Envelope},
    tenancy::v1::ListMembershipsRequest,
};
use portico_rpc::problem_from;
use serde::Deserialize;

use super::task::{
    Body, Tried, drafts,
    esign::{Instead, Place, may_sign, steps},
    is_mendable,
    review::{self, Adopted},
    sign::{Declined, Given, give},
};
use crate::{
    ask::{Ask, not_here, see_other_after},
    components::Choice,
    error::PageError,
    form::Errors,
    layout::Shell,
    render::Page,
};

#[derive(Template)]
#[template(path = "pages/task/signing.html")]
struct View<'a> {
    s: &'a Shell,
    title: &'a str,
    body: &'a Body,
    /// A refusal to say above everything.
    refusal: &'a Errors,
}

fn place(id: &str) -> Result<Place, PageError> {
    id.parse::<EnvelopeId>().map_err(|_| not_here())?;
    Ok(Place::envelope(id))
}

pub(super) async fn show(
    ask: Ask,
    Path(id): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, PageError> {
    let at = query.get("step").map_or("", String::as_str);
    page(&ask, &place(&id)?, at, &Tried::default(), &Tried::default()).await
}

/// The page with what was tried: `tried` at signing, `given` at giving one's place away.
async fn page(
    ask: &Ask,
    place: &Place,
    at: &str,
    tried: &Tried,
    given: &Tried,
) -> Result<Response, PageError> {
    let s = &*ask.shell;
    let envelope = place.load(ask, false).await?;
    let instead = instead(ask, &envelope, given).await?;
    let (body, envelope) = steps(ask, place, true, at, tried, instead).await?;
    let status = match tried.errors.is_empty() && given.errors.is_empty() {
        true => StatusCode::OK,
        false => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let view = View { s, title: &envelope.title, body: &body, refusal: &given.errors };
    let mut page =
        Page::new(envelope.title.clone(), view).at("tasks").under(s.t("nav-tasks"), "/tasks").status(status);
    if let Some(script) = body.script {
        page = page.script(script);
    }
    page.respond(s, &ask.headers)
}

/// To whom the reader may give their place; nothing where it is not their turn.
async fn instead<'a>(
    ask: &Ask,
    envelope: &Envelope,
    typed: &'a Tried,
) -> Result<Option<Instead<'a>>, PageError> {
    let Some(own) = envelope.signers.iter().find(|signer| signer.is_caller) else { return Ok(None) };
    if ask.reader.is_staff() || !may_sign(envelope) {
        return Ok(None);
    }
    let chosen = typed.typed("person_id");
    let mut colleagues = vec![Choice::new("", ask.shell.t("sign-instead-choose"), chosen)];
    for (id, name) in members(ask, &envelope.account_id).await? {
        if id != ask.reader.person.id {
            colleagues.push(Choice::new(id, name, chosen));
        }
    }
    Ok(Some(Instead { place: own.id.clone(), colleagues, typed }))
}

/// The people of the account with their names.
async fn members(ask: &Ask, account_id: &str) -> Result<Vec<(String, String)>, PageError> {
    let asked = ListMembershipsRequest { account_id: account_id.to_owned(), ..Default::default() };
    let members = ask.tenancy().list_memberships(asked).await?.into_inner().memberships;
    let mut people = Vec::new();
    for member in members.into_iter().filter(|member| !member.deactivated) {
        let asked = portico_proto::identity::v1::GetPersonRequest { person_id: member.person_id };
        if let Ok(answer) = ask.identity().get_person(asked).await
            && let Some(person) = answer.into_inner().person
        {
            people.push((person.id, person.name));
        }
    }
    Ok(people)
}

pub(super) async fn again(ask: Ask, Path(id): Path<String>) -> Result<Response, PageError> {
    drafts::again(&ask, &place(&id)?).await
}

pub(super) async fn review(
    ask: Ask,
    Path(id): Path<String>,
    Form(adopted): Form<Adopted>,
) -> Result<Response, PageError> {
    let place = place(&id)?;
    drafts::keep(&ask, &place, &adopted).await;
    let errors = adopted.wrong(&ask, &place).await?;
    if !errors.is_empty() {
        let tried = Tried { errors, typed: adopted.typed() };
        return page(&ask, &place, "adopt", &tried, &Tried::default()).await;
    }
    review::show(&ask, &place, &adopted, &Errors::none(), StatusCode::OK).await
}

pub(super) async fn sign(
    ask: Ask,
    Path(id): Path<String>,
    Form(adopted): Form<Adopted>,
) -> Result<Response, PageError> {
    let place = place(&id)?;
    match give(&ask, &place, &adopted).await? {
        Given::Signed(event) => Ok(see_other_after(&place.base, &event)),
        Given::Unsaid(errors) => {
            let tried = Tried { errors, typed: adopted.typed() };
            page(&ask, &place, "read", &tried, &Tried::default()).await
        }
        Given::Again(errors) => {
            review::show(&ask, &place, &adopted, &errors, StatusCode::UNPROCESSABLE_ENTITY).await
        }
        Given::Refused(problem) => refused(&ask, &place, problem, Vec::new()).await,
    }
}

pub(super) async fn decline(
    ask: Ask,
    Path(id): Path<String>,
    Form(declined): Form<Declined>,
) -> Result<Response, PageError> {
    let place = place(&id)?;
    let envelope_id = place.load(&ask, false).await?.id;
    let asked = DeclineEnvelopeRequest { envelope_id, reason: declined.reason.clone() };
    match ask.documents().decline_envelope(asked).await {
        Ok(answer) => Ok(see_other_after(&place.base, &answer.into_inner().event)),
        Err(status) => {
            let typed = vec![("reason".to_owned(), declined.reason)];
            refused(&ask, &place, problem_from(&status), typed).await
        }
    }
}

/// What is sent to give one's place away.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Sent {
    place: String,
    person_id: String,
    new_name: String,
    new_email: String,
    message: String,
}

pub(super) async fn delegate(
    ask: Ask,
    Path(id): Path<String>,
    Form(sent): Form<Sent>,
) -> Result<Response, PageError> {
    let place = place(&id)?;
    let envelope_id = place.load(&ask, false).await?.id;
    let asked = DelegateSigningRequest {
        envelope_id,
        signer_id: sent.place,
        person_id: sent.person_id.clone(),
        new_name: sent.new_name.clone(),
        new_email: sent.new_email.clone(),
        message: sent.message.clone(),
    };
    match ask.documents().delegate_signing(asked).await {
        // The paper may no longer be theirs to see: the list of tasks says what became of it.
        Ok(answer) => Ok(see_other_after("/tasks?told=yes", &answer.into_inner().event)),
        Err(status) => {
            let typed = [
                ("person_id", sent.person_id),
                ("new_name", sent.new_name),
                ("new_email", sent.new_email),
                ("message", sent.message),
            ];
            let typed = typed.map(|(name, value)| (name.to_owned(), value)).into();
            refused(&ask, &place, problem_from(&status), typed).await
        }
    }
}

/// The page again, with what was wrong and what was typed.
async fn refused(
    ask: &Ask,
    place: &Place,
    problem: Problem,
    typed: Vec<(String, String)>,
) -> Result<Response, PageError> {
    if !is_mendable(&problem) {
        return Ok(PageError(problem).into_response());
    }
    let given = Tried { errors: Errors::from(&problem), typed };
    page(ask, place, "", &Tried::default(), &given).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{layout::Area, text::Locale};

    #[test]
    fn a_refusal_stands_above_the_page_of_the_paper() {
        for locale in Locale::ALL {
            let s = crate::walk::shell(Area::Portal, locale);
            let mut refusal = Errors::none();
            refusal.add("person_id", "Choose <somebody>.");
            let body = Body { html: "<p>body</p>".to_owned(), ..Body::default() };
            let html = Page::new("x", View { s: &s, title: "NDA", body: &body, refusal: &refusal })
                .whole(&s)
                .unwrap();
            assert!(html.contains("<p>body</p>") && html.contains("&#60;somebody&#62;"));
            assert_eq!(html.matches("<h1").count(), 1);
        }
    }
}
