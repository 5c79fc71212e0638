//! An invoice or a credit note: amount, due day and state first, then how to pay, then everything on it.

use askama::Template;
use axum::{extract::Path, response::Response};
use portico_proto::billing::v1::{DocumentKind, GetDocumentRequest, GetDocumentResponse};

use crate::{
    ask::{Ask, not_here},
    components::Row,
    error::PageError,
    layout::Shell,
    paper::{self, Paid, Paper},
    render::{Page, see_other},
};

#[derive(Template)]
#[template(path = "pages/billing/invoice.html")]
struct Invoice<'a> {
    s: &'a Shell,
    p: Paper,
    paid: Vec<Paid>,
    credit_notes: Vec<Row>,
    invoice: String,
    /// Where it is paid online; empty where it cannot be.
    pay: String,
    keep: Vec<paper::Keep>,
}

pub(super) async fn show(ask: Ask, Path(id): Path<String>) -> Result<Response, PageError> {
    let found = ask.billing().get_document(GetDocumentRequest { sales_document_id: id }).await?.into_inner();
    let document = found.document.clone().ok_or_else(not_here)?;
    if ask.reader.is_staff() || document.kind() == DocumentKind::Estimate {
        return Ok(see_other(&paper::href(&document, ask.reader.is_staff())));
    }
    let s = &*ask.shell;
    let view = Invoice::new(s, &found);
    Page::new(paper::name(s, &document), view)
        .at("invoices")
        .under(s.t("billing-title"), "/invoices")
        .respond(s, &ask.headers)
}

impl<'a> Invoice<'a> {
    fn new(s: &'a Shell, found: &GetDocumentResponse) -> Self {
        let document = found.document.clone().unwrap_or_default();
        let currency = document.content.clone().unwrap_or_default().currency;
        let invoice = if document.invoice_id.is_empty() {
            String::new()
        } else {
            format!("/invoices/{}", document.invoice_id)
        };
        let pay = if found.can_pay_online { format!("/invoices/{}/pay", document.id) } else { String::new() };
        Self {
            s,
            pay,
            p: Paper::of(s, &document),
            paid: found.settlements.iter().map(|one| paper::paid(s, one, &currency)).collect(),
            credit_notes: found.credit_notes.iter().map(|note| paper::row(s, note, false, "")).collect(),
            invoice,
            keep: paper::keep(s, &document, found.has_e_invoice),
        }
    }
}

#[cfg(test)]
mod tests {
    use portico_proto::billing::v1::Settlement;

    use super::*;
    use crate::{layout::Area, text::Locale};

    #[test]
    fn the_amount_comes_first_then_how_to_pay() {
        for locale in Locale::ALL {
            let s = crate::walk::shell(Area::Portal, locale);
            let settlement = Settlement {
                on: "2026-12-05".to_owned(),
                act: "allocated".to_owned(),
                payment_id: "p".to_owned(),
                label: "bank_transfer".to_owned(),
                amount: 100,
                ..Settlement::default()
            };
            let found = GetDocumentResponse {
                document: Some(paper::tests::invoice()),
                settlements: vec![settlement],
                ..GetDocumentResponse::default()
            };
            let html = Invoice::new(&s, &found).render().unwrap();
            assert!(!html.contains("/pay\"") && html.contains("/pdf\"") && !html.contains("/ubl\""));
            let online = GetDocumentResponse { can_pay_online: true, has_e_invoice: true, ..found };
            let html = Invoice::new(&s, &online).render().unwrap();
            assert!(html.contains("/ubl\"") && html.contains("/cii\""));
            assert!(html.contains("/pay\"") && html.contains("name=\"_csrf\""));
            let at = |text: &str| html.find(text).unwrap_or_else(|| panic!("{text}: {html}"));
            assert!(at("<h1") < at("DE89 3704") && at("DE89 3704") < at("Consulting"));
            assert!(!html.contains("paper-") && !html.contains("billing-") && !html.contains("method-"));
        }
    }
}
