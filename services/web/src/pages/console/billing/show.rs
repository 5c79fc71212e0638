//! A document as the firm sees it: a draft to write on, or what was sent and what can be done with it.

use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
use portico_core::Problem;
use portico_proto::{
    billing::v1::{Credit, DocumentKind, GetDocumentRequest, GetDocumentResponse, ListCreditsRequest},
    tenancy::v1::GetAccountRequest,
};

use super::{
    draft::page as draft_page,
    draft_form::{DraftForm, LineForm},
    said::Said,
};
use crate::{
    ask::{StaffAsk, not_here},
    components::Row,
    error::PageError,
    form::Errors,
    layout::Shell,
    pages::console::attempt::{Attempt, Sent},
    paper::{self, Paid, Paper},
    render::Page,
};

/// A credit of the account that can pay the invoice.
struct Usable {
    payment_id: String,
    credit_note_id: String,
    amount: i64,
    label: String,
}

#[derive(Template)]
#[template(path = "pages/billing/console_document.html")]
struct Shown<'a> {
    s: &'a Shell,
    id: String,
    account: String,
    account_href: String,
    p: Paper,
    keep: Vec<paper::Keep>,
    paid: Vec<Paid>,
    credit_notes: Vec<Row>,
    versions: Vec<Row>,
    decided: String,
    reason: String,
    converted: String,
    corrected: String,
    may_convert: bool,
    may_revise: bool,
    may_credit: bool,
    may_pay: bool,
    may_write_off: bool,
    usable: Vec<Usable>,
    lines: Vec<LineForm>,
    key: String,
    attempt: Attempt,
}

pub(super) async fn show(
    ask: StaffAsk,
    Path(id): Path<String>,
    Query(said): Query<Said>,
) -> Result<Response, PageError> {
    page(&ask, id, Attempt::default(), &said).await
}

/// The page again, after an act on it was refused.
pub(super) async fn again(
    ask: &StaffAsk,
    id: String,
    form: &'static str,
    sent: Sent,
    problem: &Problem,
) -> Result<Response, PageError> {
    page(ask, id, Attempt::refused(form, sent, problem, &[]), &Said::default()).await
}

async fn page(ask: &StaffAsk, id: String, attempt: Attempt, said: &Said) -> Result<Response, PageError> {
    let asked = GetDocumentRequest { sales_document_id: id };
    let found = ask.billing().get_document(asked).await?.into_inner();
    let document = found.document.clone().ok_or_else(not_here)?;
    let s = &*ask.shell;
    if document.state == "draft" {
        let form = DraftForm::of(s, &document.content.clone().unwrap_or_default());
        return draft_page(ask, &document, form, document.etag.clone(), Errors::none(), said);
    }
    let of = GetAccountRequest { account_id: document.account_id.clone() };
    let account = ask.tenancy().get_account(of).await?.into_inner().account.ok_or_else(not_here)?;
    let credits = if document.open > 0 {
        let asked = ListCreditsRequest {
            account_id: document.account_id.clone(),
            page_size: 50,
            ..ListCreditsRequest::default()
        };
        ask.billing().list_credits(asked).await?.into_inner().credits
    } else {
        Vec::new()
    };
    let (status, admin) = (attempt.status(), ask.reader.has_role("admin"));
    let view = Shown::new(s, &found, account.name, &credits, admin, ask.form_key(), attempt);
    let page = Page::new(paper::name(s, &document), view)
        .at("billing")
        .under(s.t("billing-title"), "/console/billing")
        .status(status);
    said.above(page, s).respond(s, &ask.headers)
}

impl Shown<'_> {
    /// What was typed as a line's quantity to credit.
    fn quantity(&self, line: &usize) -> String {
        self.attempt.value("credit", &format!("lines[{line}].quantity"), "")
    }
}

impl<'a> Shown<'a> {
    fn new(
        s: &'a Shell,
        found: &GetDocumentResponse,
        account: String,
        credits: &[Credit],
        admin: bool,
        key: String,
        attempt: Attempt,
    ) -> Self {
        let document = found.document.clone().unwrap_or_default();
        let currency = document.content.clone().unwrap_or_default().currency;
        let invoice = document.kind() == DocumentKind::Invoice;
        let estimate = document.kind() == DocumentKind::Estimate;
        let decided = found.decision.as_ref().map(|decision| {
            let at = decision.decided_at.as_ref().and_then(portico_proto::time::moment);
            let key = if decision.accepted { "billing-accepted-by" } else { "billing-declined-by" };
            let on = at.map(|at| s.date_time(&at)).unwrap_or_default();
            s.say(key).arg("person", &decision.person_name).arg("date", on).to_string()
        });
        let usable =
            credits.iter().filter(|credit| credit.left > 0 && credit.currency == currency).map(|credit| {
                let amount = credit.left.min(document.open);
                let label = paper::method(s, &credit.label);
                let from = if label.is_empty() { paper::day(s, &credit.on) } else { label };
                let label = s
                    .say("billing-use")
                    .arg("amount", paper::money(s, amount, &currency))
                    .arg("from", from)
                    .to_string();
                Usable {
                    payment_id: credit.payment_id.clone(),
                    credit_note_id: credit.credit_note_id.clone(),
                    amount,
                    label,
                }
            });
        let others = found.versions.iter().filter(|version| version.id != document.id);
        let versions = others.map(|version| {
            let mut row = paper::row(s, version, true, "");
            row.text = s.say("version").arg("number", version.estimate_version).to_string();
            row
        });
        let link = |id: &str| if id.is_empty() { String::new() } else { format!("/console/billing/{id}") };
        Self {
            s,
            account,
            account_href: format!("/console/accounts/{}/billing", document.account_id),
            p: Paper::of(s, &document),
            keep: paper::keep(s, &document, found.has_e_invoice),
            paid: found.settlements.iter().map(|one| paper::paid(s, one, &currency)).collect(),
            credit_notes: found.credit_notes.iter().map(|note| paper::row(s, note, true, "")).collect(),
            versions: versions.collect(),
            decided: decided.unwrap_or_default(),
            reason: found.decision.as_ref().map(|decision| decision.reason.clone()).unwrap_or_default(),
            converted: link(&found.converted_id),
            corrected: link(&document.invoice_id),
            may_convert: estimate && document.state == "accepted" && found.converted_id.is_empty(),
            may_revise: estimate && matches!(document.state.as_str(), "sent" | "declined" | "expired"),
            may_credit: invoice && document.credited < document.gross,
            may_pay: invoice && document.open > 0,
            may_write_off: invoice && document.open > 0 && admin,
            usable: usable.collect(),
            lines: DraftForm::of(s, &document.content.clone().unwrap_or_default()).lines,
            id: document.id,
            key,
            attempt,
        }
    }
}

#[cfg(test)]
mod tests {
    use portico_proto::billing::v1::Document;

    use super::*;
    use crate::{layout::Area, text::Locale};

    fn html(locale: Locale, document: Document, admin: bool) -> String {
        let s = crate::walk::shell(Area::Console, locale);
        let credit = Credit {
            payment_id: "0190aaaa-0000-7000-8000-000000000007".to_owned(),
            label: "bank_transfer".to_owned(),
            currency: "EUR".to_owned(),
            amount: 99_999,
            left: 99_999,
            ..Credit::default()
        };
        let found = GetDocumentResponse { document: Some(document), ..GetDocumentResponse::default() };
        Shown::new(&s, &found, "Acme <1>".to_owned(), &[credit], admin, "k".to_owned(), Attempt::default())
            .render()
            .unwrap()
    }

    #[test]
    fn what_can_be_done_depends_on_the_state_and_on_who_asks() {
        for locale in Locale::ALL {
            let open = html(locale, paper::tests::invoice(), true);
            assert!(
                open.contains("/credit\"")
                    && open.contains("/write-off\"")
                    && open.contains("/use\"")
                    && open.contains("value=\"26775\"")
            );
            assert!(
                open.contains("Acme &#60;1&#62;") && !open.contains(">billing-") && !open.contains(">paper-")
            );
            assert!(!html(locale, paper::tests::invoice(), false).contains("/write-off\""));
            let estimate = Document {
                kind: DocumentKind::Estimate.into(),
                state: "accepted".to_owned(),
                open: 0,
                ..paper::tests::invoice()
            };
            let accepted = html(locale, estimate, true);
            assert!(
                accepted.contains("/convert\"")
                    && !accepted.contains("/revise\"")
                    && !accepted.contains("/credit\"")
            );
        }
    }
}
