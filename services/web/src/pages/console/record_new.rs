//! Adding a record to an account.

use askama::Template;
use axum::{
    extract::{FromRequest as _, Path, Request},
    response::Response,
};
use portico_proto::{
    json::to_struct,
    tenancy::v1::{Account, GetAccountRequest},
    workflow::v1::CreateRecordRequest,
};
use portico_rpc::problem_from;
use serde_json::Value;

use super::{attempt::Attempt, choose};
use crate::{
    ask::{StaffAsk, not_here, refused, see_other_after},
    csrf::FileForm,
    error::PageError,
    layout::Shell,
    record_form::{Asked, Input, asked, at_fields, filled, first, receive, values},
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
    fields: Vec<Asked>,
    attempt: Attempt,
}

pub(super) async fn show(ask: StaffAsk, Path(place): Place) -> Result<Response, PageError> {
    page(&ask, &place, Attempt::default()).await
}

pub(super) async fn create(
    ask: StaffAsk,
    Path(place): Place,
    request: Request,
) -> Result<Response, PageError> {
    let form = FileForm::from_request(request, &()).await?;
    let (account_id, portal, kind) = place.clone();
    let published = portal_called(&ask, &portal).await?;
    let declared = published.definition.spec.records.get(&kind).ok_or_else(not_here)?;
    let (pairs, mut errors) = receive(&ask, form, declared, |_| account_id.clone()).await?;
    let (fields, wrong) = values(&ask.shell, declared, &choose::fields(declared, &ask.reader), &pairs);
    errors.extend(wrong);
    let made = match errors.as_problem() {
        None => {
            let asked = CreateRecordRequest {
                portal_id: published.portal.id.clone(),
                kind,
                account_id,
                fields: Some(to_struct(&Value::Object(filled(fields)))),
                idempotency_key: first(&pairs, "key").to_owned(),
            };
            ask.workflow().create_record(asked).await.map_err(|status| problem_from(&status))
        }
        Some(problem) => Err(problem),
    };
    match made {
        Ok(answer) => {
            let answer = answer.into_inner();
            let record = answer.record.unwrap_or_default();
            Ok(see_other_after(&format!("/console/records/{}?done=record-created", record.id), &answer.event))
        }
        Err(problem) => {
            let problem = at_fields(problem);
            let sent = pairs.into_iter().collect();
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

async fn page(
    ask: &StaffAsk,
    place: &(String, String, String),
    attempt: Attempt,
) -> Result<Response, PageError> {
    let (account_id, portal, kind) = place;
    let published = portal_called(ask, portal).await?;
    let declared = published.definition.spec.records.get(kind).ok_or_else(not_here)?;
    let of = GetAccountRequest { account_id: account_id.clone() };
    let account: Account = ask.tenancy().get_account(of).await?.into_inner().account.ok_or_else(not_here)?;
    let options = choose::options(ask, &published.portal.id, account_id, declared).await?;
    let s = &*ask.shell;
    let pairs = attempt.sent("record").cloned().unwrap_or_default();
    let fields = asked(s, declared, &choose::fields(declared, &ask.reader), &options, &pairs);
    let title = s.say("console-record-new").arg("kind", kind_title(&published.definition, kind)).to_string();
    let action = format!("/console/accounts/{account_id}/records/{portal}/{kind}");
    let status = attempt.status();
    let view = New { s, title: title.clone(), action, key: ask.form_key(), fields, attempt };
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
    use crate::{
        layout::Area,
        record_form::{Options, Pairs},
        text::Locale,
        values::tests::gallery,
    };

    fn html(kind: &str, definition: &str, options: &Options) -> String {
        let s = crate::walk::shell(Area::Console, Locale::En);
        let definition = gallery(definition);
        let declared = &definition.spec.records[kind];
        let names: Vec<&str> = declared.fields.keys().map(String::as_str).collect();
        let fields = asked(&s, declared, &names, options, &Pairs::new());
        let (title, action, key) = ("New".to_owned(), "/x".to_owned(), "k".to_owned());
        let view = New { s: &s, title, action, key, fields, attempt: Attempt::default() };
        Page::new("x", view).whole(&s).unwrap()
    }

    #[test]
    fn every_kind_of_field_has_its_control() {
        let options =
            Options { internal: vec![("p1".to_owned(), "Maria <Lopez>".to_owned())], ..Options::default() };
        let html = html("engagement", "client-onboarding", &options);
        assert!(html.contains("type=\"date\"") && html.contains("name=\"fee.currency\""));
        assert!(html.contains("Maria &#60;Lopez&#62;") && html.contains("Nobody to choose"));
        assert!(html.matches("<h1").count() == 1 && !html.contains("console-"));
    }

    #[test]
    fn staff_hand_in_files_themselves() {
        let html = html("invoice", "vendor-invoices", &Options::default());
        assert!(html.contains("enctype=\"multipart/form-data\""));
        assert!(html.contains("type=\"file\" id=\"f-file\" name=\"file\""), "{html}");
        let token = html.find("name=\"_csrf\"").unwrap();
        assert!(token < html.find("name=\"key\"").unwrap(), "the token is the form's first part");
    }
}
