//! Adding a record to an account.

use askama::Template;
use axum::{extract::Path, response::Response};
use portico_core::Problem;
use portico_proto::{
    json::to_struct,
    tenancy::v1::{Account, GetAccountRequest},
    workflow::v1::CreateRecordRequest,
};
use portico_rpc::problem_from;
use serde_json::{Map, Value};

use super::{
    attempt::{Attempt, Sent},
    choose,
    record_form::{self, Control, Input},
};
use crate::{
    ask::{StaffAsk, not_here, refused, see_other_after},
    error::PageError,
    layout::Shell,
    render::Page,
    values::kind_title,
    web::PublishedPortal,
};

/// The path of the page: account, portal and kind.
type Place = Path<(String, String, String)>;

#[derive(Template)]
#[template(path = "pages/console/record_new.html")]
struct New<'a> {
    s: &'a Shell,
    title: String,
    action: String,
    key: String,
    inputs: Vec<Input>,
    attempt: Attempt,
}

pub(super) async fn show(ask: StaffAsk, Path(place): Place) -> Result<Response, PageError> {
    page(&ask, &place, Attempt::default()).await
}

pub(super) async fn create(ask: StaffAsk, Path(place): Place, sent: Sent) -> Result<Response, PageError> {
    let (account_id, portal, kind) = place.clone();
    let published = portal_called(&ask, &portal).await?;
    let declared = published.definition.spec.records.get(&kind).ok_or_else(not_here)?;
    let fields = record_form::read(&record_form::visible(declared, &ask.reader), &sent);
    let made = match fields {
        Ok(fields) => {
            let asked = CreateRecordRequest {
                portal_id: published.portal.id.clone(),
                kind,
                account_id,
                fields: Some(to_struct(&Value::Object(
                    fields.into_iter().filter(|(_, value)| !value.is_null()).collect(),
                ))),
                idempotency_key: sent.text("key"),
            };
            ask.workflow().create_record(asked).await.map_err(|status| problem_from(&status))
        }
        Err(problem) => Err(problem),
    };
    match made {
        Ok(answer) => {
            let answer = answer.into_inner();
            let record = answer.record.unwrap_or_default();
            Ok(see_other_after(&format!("/console/records/{}?done=record-created", record.id), &answer.event))
        }
        Err(problem) => {
            let problem = without_prefix(problem);
            let page = page(&ask, &place, Attempt::refused("record", sent, &problem, &[])).await;
            Ok(refused(problem, |_| page))
        }
    }
}

/// The portal of this name.
pub(super) async fn portal_called(ask: &StaffAsk, name: &str) -> Result<PublishedPortal, PageError> {
    let portals = ask.web.portals(ask.tenant()).await?;
    portals.iter().find(|published| published.portal.name == name).cloned().ok_or_else(not_here)
}

/// The same refusal with its fields named as the form names them: `fields.title` is `title` here.
pub(super) fn without_prefix(mut problem: Problem) -> Problem {
    for violation in &mut problem.fields {
        if let Some(bare) = violation.field.strip_prefix("fields.") {
            violation.field = bare.split(['.', '[']).next().unwrap_or(bare).to_owned();
        }
    }
    problem
}

async fn page(
    ask: &StaffAsk,
    place: &(String, String, String),
    attempt: Attempt,
) -> Result<Response, PageError> {
    let (account_id, portal, kind) = place;
    let published = portal_called(ask, portal).await?;
    let declared = published.definition.spec.records.get(kind).ok_or_else(not_here)?;
    let asked = GetAccountRequest { account_id: account_id.clone() };
    let account: Account =
        ask.tenancy().get_account(asked).await?.into_inner().account.ok_or_else(not_here)?;
    let options = choose::options(ask, &published.portal.id, account_id, declared).await?;
    let s = &*ask.shell;
    let fields = record_form::visible(declared, &ask.reader);
    let inputs = record_form::inputs(s, &fields, &Map::new(), &options, &attempt);
    let title = s.say("console-record-new").arg("kind", kind_title(&published.definition, kind)).to_string();
    let action = format!("/console/accounts/{account_id}/records/{portal}/{kind}");
    let status = attempt.status();
    let view = New { s, title: title.clone(), action, key: ask.form_key(), inputs, attempt };
    Page::new(title, view)
        .at("accounts")
        .under(s.t("nav-accounts"), "/console/accounts")
        .under(account.name, format!("/console/accounts/{account_id}"))
        .status(status)
        .respond(s, &ask.headers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{layout::Area, text::Locale};

    #[test]
    fn every_kind_of_field_has_its_control() {
        let s = crate::walk::shell(Area::Console, Locale::En);
        let definition = portico_definition::parse(portico_definition::gallery()[0].yaml).unwrap();
        let fields: Vec<_> = definition.spec.records["engagement"]
            .fields
            .iter()
            .map(|(name, field)| (name.as_str(), field))
            .collect();
        let options = record_form::Options {
            internal: vec![("p1".to_owned(), "Maria <Lopez>".to_owned())],
            ..Default::default()
        };
        let attempt = Attempt::default();
        let inputs = record_form::inputs(&s, &fields, &Map::new(), &options, &attempt);
        let view = New {
            s: &s,
            title: "New Engagement".to_owned(),
            action: "/x".to_owned(),
            key: "k".to_owned(),
            inputs,
            attempt,
        };
        let html = Page::new("x", view).whole(&s).unwrap();
        assert!(html.contains("type=\"date\"") && html.contains("name=\"fee_currency\""));
        assert!(html.contains("Maria &#60;Lopez&#62;") && html.contains("Nobody to choose"));
        assert!(html.matches("<h1").count() == 1 && !html.contains("console-"));
    }

    #[test]
    fn a_services_field_finds_its_place_in_the_form() {
        let problem =
            without_prefix(Problem::invalid("fields.fee.amount", "Too small.").with_field("portal_id", "x"));
        assert_eq!(
            (problem.fields[0].field.as_str(), problem.fields[1].field.as_str()),
            ("fee", "portal_id")
        );
    }
}
