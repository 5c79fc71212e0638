//! An estimate: what is offered, and the client's answer to the version that they see.

use askama::Template;
use axum::{
    Form,
    extract::{Path, Query},
    response::Response,
};
use http::StatusCode;
use portico_core::Problem;
use portico_proto::billing::v1::{
    AcceptEstimateRequest, DeclineEstimateRequest, DocumentKind, GetDocumentRequest, GetDocumentResponse,
};
use portico_rpc::problem_from;
use serde::Deserialize;

use crate::{
    ask::{Ask, not_here, refused, see_other_after},
    components::Row,
    error::PageError,
    form::Errors,
    layout::Shell,
    paper::{self, Paper},
    render::{Page, see_other},
};

#[derive(Template)]
#[template(path = "pages/billing/estimate.html")]
struct Estimate<'a> {
    s: &'a Shell,
    id: String,
    p: Paper,
    keep: Vec<paper::Keep>,
    may_decide: bool,
    decided: String,
    reason: String,
    versions: Vec<Row>,
    typed: String,
    errors: Errors,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Answer {
    #[serde(default)]
    hash: String,
    #[serde(default)]
    reason: String,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Said {
    #[serde(default)]
    done: String,
}

pub(super) async fn show(
    ask: Ask,
    Path(id): Path<String>,
    Query(said): Query<Said>,
) -> Result<Response, PageError> {
    page(&ask, id, &said.done, String::new(), Errors::none()).await
}

pub(super) async fn accept(
    ask: Ask,
    Path(id): Path<String>,
    Form(answer): Form<Answer>,
) -> Result<Response, PageError> {
    let asked = AcceptEstimateRequest { sales_document_id: id.clone(), hash: answer.hash };
    match ask.billing().accept_estimate(asked).await {
        Ok(accepted) => {
            Ok(see_other_after(&format!("/estimates/{id}?done=accepted"), &accepted.into_inner().event))
        }
        Err(status) => again(&ask, id, String::new(), problem_from(&status)).await,
    }
}

pub(super) async fn decline(
    ask: Ask,
    Path(id): Path<String>,
    Form(answer): Form<Answer>,
) -> Result<Response, PageError> {
    let asked = DeclineEstimateRequest {
        sales_document_id: id.clone(),
        hash: answer.hash,
        reason: answer.reason.clone(),
    };
    match ask.billing().decline_estimate(asked).await {
        Ok(declined) => {
            Ok(see_other_after(&format!("/estimates/{id}?done=declined"), &declined.into_inner().event))
        }
        Err(status) => again(&ask, id, answer.reason, problem_from(&status)).await,
    }
}

async fn again(ask: &Ask, id: String, typed: String, problem: Problem) -> Result<Response, PageError> {
    let page = page(ask, id, "", typed, Errors::from(&problem)).await;
    Ok(refused(problem, |_| page))
}

async fn page(
    ask: &Ask,
    id: String,
    done: &str,
    typed: String,
    errors: Errors,
) -> Result<Response, PageError> {
    let asked = GetDocumentRequest { sales_document_id: id };
    let found = ask.billing().get_document(asked).await?.into_inner();
    let document = found.document.clone().ok_or_else(not_here)?;
    if ask.reader.is_staff() || document.kind() != DocumentKind::Estimate {
        return Ok(see_other(&paper::href(&document, ask.reader.is_staff())));
    }
    let s = &*ask.shell;
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let view = Estimate::new(s, &found, typed, errors);
    let mut page = Page::new(paper::name(s, &document), view)
        .at("invoices")
        .under(s.t("billing-title"), "/invoices")
        .status(status);
    if matches!(done, "accepted" | "declined") {
        page = page.notice(s.t(&format!("billing-done-{done}")));
    }
    page.respond(s, &ask.headers)
}

impl<'a> Estimate<'a> {
    fn new(s: &'a Shell, found: &GetDocumentResponse, typed: String, errors: Errors) -> Self {
        let document = found.document.clone().unwrap_or_default();
        let decision = found.decision.clone();
        let decided = decision.as_ref().map(|decision| {
            let at = decision.decided_at.as_ref().and_then(portico_proto::time::moment);
            let key = if decision.accepted { "billing-accepted-by" } else { "billing-declined-by" };
            let on = at.map(|at| s.date_time(&at)).unwrap_or_default();
            s.say(key).arg("person", &decision.person_name).arg("date", on).to_string()
        });
        let others = found.versions.iter().filter(|version| version.id != document.id);
        Self {
            s,
            p: Paper::of(s, &document),
            keep: paper::keep(s, &document, false),
            may_decide: document.state == "sent",
            decided: decided.unwrap_or_default(),
            reason: decision.map(|decision| decision.reason).unwrap_or_default(),
            versions: others
                .map(|version| {
                    let mut row = paper::row(s, version, false, "");
                    row.text = s.say("version").arg("number", version.estimate_version).to_string();
                    row
                })
                .collect(),
            id: document.id,
            typed,
            errors,
        }
    }
}

#[cfg(test)]
mod tests {
    use portico_proto::billing::v1::{Decision, Document};

    use super::*;
    use crate::{layout::Area, text::Locale};

    fn found(state: &str) -> GetDocumentResponse {
        let estimate = Document {
            kind: DocumentKind::Estimate.into(),
            state: state.to_owned(),
            hash: "ab12".to_owned(),
            open: 0,
            ..paper::tests::invoice()
        };
        let older = Document {
            id: "0190aaaa-0000-7000-8000-000000000009".to_owned(),
            estimate_version: 1,
            ..estimate.clone()
        };
        GetDocumentResponse {
            versions: vec![estimate.clone(), older],
            document: Some(estimate),
            ..GetDocumentResponse::default()
        }
    }

    #[test]
    fn the_answer_carries_the_hash_of_what_is_seen() {
        for locale in Locale::ALL {
            let s = crate::walk::shell(Area::Portal, locale);
            let html = Estimate::new(&s, &found("sent"), String::new(), Errors::none()).render().unwrap();
            assert_eq!(html.matches("name=\"hash\" value=\"ab12\"").count(), 2);
            assert!(
                html.contains("/accept\"")
                    && html.contains("/decline\"")
                    && html.contains("/estimates/0190aaaa-0000-7000-8000-000000000009")
            );
            assert!(!html.contains("billing-") && !html.contains("paper-"));
        }
    }

    #[test]
    fn what_is_decided_is_said_and_not_asked_again() {
        let s = crate::walk::shell(Area::Portal, Locale::En);
        let mut found = found("declined");
        found.decision = Some(Decision {
            person_name: "Ana <S>".to_owned(),
            reason: "Too dear".to_owned(),
            ..Decision::default()
        });
        let html = Estimate::new(&s, &found, String::new(), Errors::none()).render().unwrap();
        assert!(html.contains("Ana &#60;S&#62;") && html.contains("Too dear") && !html.contains("/accept\""));
    }
}
