//! A new record of a kind, from a form made of the kind's fields.

use std::collections::HashMap;

use askama::Template;
use axum::{
    extract::{FromRequest as _, Path, Query, Request},
    response::{IntoResponse as _, Response},
};
use http::StatusCode;
use portico_core::ErrorCode;
use portico_proto::{json::to_struct, workflow::v1::CreateRecordRequest};
use portico_rpc::problem_from;
use serde_json::Value;

use super::making::Making;
use crate::{
    ask::{Ask, see_other_after},
    components::Choice,
    csrf::FileForm,
    error::PageError,
    form::Errors,
    layout::Shell,
    record_form::{Asked, Input, Pairs, asked, at_fields, filled, first, values},
    render::Page,
    values::kind_title,
};

#[derive(Template)]
#[template(path = "pages/portal/new_record.html")]
struct View<'a> {
    s: &'a Shell,
    title: &'a str,
    href: String,
    key: &'a str,
    accounts: Vec<Choice>,
    fields: Vec<Asked>,
    errors: &'a Errors,
}

async fn page(
    making: &Making<'_>,
    pairs: &Pairs,
    errors: &Errors,
    status: StatusCode,
) -> Result<Response, PageError> {
    let s = &*making.ask.shell;
    let account = making.account(pairs);
    let options = making.options(&account).await?;
    let title =
        s.say("record-new").arg("kind", kind_title(&making.portal.definition, &making.kind)).to_string();
    let kept = Some(first(pairs, "key")).filter(|key| !key.is_empty()).map(str::to_owned);
    let view = View {
        s,
        title: &title,
        href: making.href(),
        key: &kept.unwrap_or_else(|| making.ask.form_key()),
        accounts: making.account_choices(&account).await?,
        fields: asked(s, making.declared()?, &making.visible(), &options, pairs),
        errors,
    };
    Page::new(title.clone(), view).under(s.t("nav-home"), "/").status(status).respond(s, &making.ask.headers)
}

pub(super) async fn show(
    ask: Ask,
    Path((portal, kind)): Path<(String, String)>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, PageError> {
    let making = Making::of(&ask, &portal, &kind, query.get("company")).await?;
    page(&making, &Pairs::new(), &Errors::none(), StatusCode::OK).await
}

pub(super) async fn create(
    ask: Ask,
    Path((portal, kind)): Path<(String, String)>,
    Query(query): Query<HashMap<String, String>>,
    request: Request,
) -> Result<Response, PageError> {
    let form = FileForm::from_request(request, &()).await?;
    let making = Making::of(&ask, &portal, &kind, query.get("company")).await?;
    let (pairs, mut errors) = making.read(form).await?;
    let (fields, wrong) = values(&ask.shell, making.declared()?, &making.visible(), &pairs);
    errors.extend(wrong);
    if !errors.is_empty() {
        return page(&making, &pairs, &errors, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    let asked = CreateRecordRequest {
        portal_id: making.portal.portal.id.clone(),
        kind: kind.clone(),
        account_id: making.account(&pairs),
        fields: Some(to_struct(&Value::Object(filled(fields)))),
        idempotency_key: first(&pairs, "key").to_owned(),
    };
    match ask.workflow().create_record(asked).await {
        Ok(answer) => {
            let made = answer.into_inner();
            Ok(see_other_after(&format!("/records/{}", made.record.unwrap_or_default().id), &made.event))
        }
        Err(status) => {
            let problem = problem_from(&status);
            match problem.code {
                ErrorCode::InvalidArgument
                | ErrorCode::AlreadyExists
                | ErrorCode::FailedPrecondition
                | ErrorCode::ResourceExhausted => {
                    page(
                        &making,
                        &pairs,
                        &Errors::from(&at_fields(problem)),
                        StatusCode::UNPROCESSABLE_ENTITY,
                    )
                    .await
                }
                _ => Ok(PageError(problem).into_response()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use portico_core::Problem;

    use super::*;
    use crate::{layout::Area, record_form::Options, text::Locale, values::tests::gallery};

    #[test]
    fn the_form_keeps_what_was_typed_and_the_files_that_arrived() {
        for locale in Locale::ALL {
            let s = crate::walk::shell(Area::Portal, locale);
            let definition = gallery("vendor-invoices");
            let pairs: Pairs = [
                ("supplier_no", "R <7>"),
                ("amount", "12"),
                ("amount.currency", "USD"),
                ("file.file", "doc-1 scan.pdf"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
            let errors = Errors::from(&at_fields(Problem::invalid(
                "fields.supplier_no",
                "This number was used before.",
            )));
            let fields = asked(
                &s,
                &definition.spec.records["invoice"],
                &["purchase_order", "amount", "supplier_no", "file"],
                &Options::default(),
                &pairs,
            );
            let view = View {
                s: &s,
                title: "New",
                href: "/p/x/new/invoice".to_owned(),
                key: "k",
                accounts: vec![Choice::new("a", "", "a")],
                fields,
                errors: &errors,
            };
            let html = Page::new("x", view).whole(&s).unwrap();
            assert!(
                html.contains("R &#60;7&#62;")
                    && html.contains("value=\"doc-1 scan.pdf\"")
                    && html.contains("value=\"USD\" selected")
            );
            assert!(html.contains("href=\"#f-supplier_no\"") && html.contains("id=\"f-supplier_no-error\""));
            assert!(
                html.contains("name=\"key\" value=\"k\"") && html.contains("enctype=\"multipart/form-data\"")
            );
            let account = html.find("name=\"account\"").unwrap();
            assert!(account < html.find("type=\"file\"").unwrap(), "the account comes before the files");
        }
    }
}
