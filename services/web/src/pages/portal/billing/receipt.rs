//! The receipt of a payment: what came, what it pays, and what was given back of it. Clients and staff read the same page.

use askama::Template;
use axum::{extract::Path, response::Response};
use portico_proto::billing::v1::{GetPaymentRequest, GetPaymentResponse};

use crate::{
    ask::{Ask, not_here},
    error::PageError,
    layout::Shell,
    paper,
    render::Page,
};

/// What the payment was used for: in words, where that leads, and how much.
struct Used {
    what: String,
    href: String,
    amount: String,
}

#[derive(Template)]
#[template(path = "pages/billing/receipt.html")]
struct Receipt<'a> {
    s: &'a Shell,
    id: String,
    amount: String,
    on: String,
    method: String,
    reference: String,
    payer: String,
    used: Vec<Used>,
    /// What the provider is giving back; empty for nothing.
    pending: String,
}

pub(super) async fn show(ask: Ask, Path(id): Path<String>) -> Result<Response, PageError> {
    let found = ask.billing().get_payment(GetPaymentRequest { payment_id: id }).await?.into_inner();
    let s = &*ask.shell;
    let staff = ask.reader.is_staff();
    let view = Receipt::new(s, &found, staff).ok_or_else(not_here)?;
    let (at, up) = if staff { ("billing", "/console/billing") } else { ("invoices", "/invoices") };
    Page::new(s.t("receipt-title"), view).at(at).under(s.t("billing-title"), up).respond(s, &ask.headers)
}

impl<'a> Receipt<'a> {
    fn new(s: &'a Shell, found: &GetPaymentResponse, staff: bool) -> Option<Self> {
        let payment = found.payment.as_ref()?;
        let money = |amount: i64| paper::money(s, amount, &payment.currency);
        let papers = if staff { "/console/billing" } else { "/invoices" };
        let mut used: Vec<Used> = found
            .pays
            .iter()
            .map(|pays| Used {
                what: s.say("receipt-pays").arg("number", &pays.number).to_string(),
                href: format!("{papers}/{}", pays.sales_document_id),
                amount: money(pays.amount),
            })
            .collect();
        used.extend(found.movements.iter().map(|moved| {
            let act = s.t(&format!("billing-act-{}", moved.act.replace('_', "-")));
            Used {
                what: format!("{act}, {}", paper::day(s, &moved.on)),
                href: String::new(),
                amount: money(moved.amount),
            }
        }));
        if payment.left > 0 {
            let what = s.t("billing-closing-credit");
            used.push(Used { what, href: String::new(), amount: money(payment.left) });
        }
        let pending = if payment.pending > 0 {
            s.say("billing-refund-pending").arg("amount", money(payment.pending)).to_string()
        } else {
            String::new()
        };
        Some(Self {
            s,
            id: payment.payment_id.clone(),
            amount: money(payment.amount),
            on: paper::day(s, &payment.on),
            method: paper::method(s, &payment.method),
            reference: payment.label.clone(),
            payer: found.payer.as_ref().map(|payer| payer.name.clone()).unwrap_or_default(),
            used,
            pending,
        })
    }
}

#[cfg(test)]
mod tests {
    use portico_proto::billing::v1::{Buyer, Credit, Movement, PaidInvoice};

    use super::*;
    use crate::{layout::Area, text::Locale};

    #[test]
    fn what_came_stands_first_then_what_became_of_it() {
        let found = GetPaymentResponse {
            payment: Some(Credit {
                payment_id: "0190aaaa-0000-7000-8000-000000000007".to_owned(),
                label: "<pi>".to_owned(),
                currency: "EUR".to_owned(),
                amount: 150_000,
                left: 200,
                refunded: 7_000,
                pending: 100,
                on: "2027-01-15".to_owned(),
                method: "card".to_owned(),
                ..Credit::default()
            }),
            payer: Some(Buyer { name: "Acme GmbH".to_owned(), ..Buyer::default() }),
            pays: vec![PaidInvoice {
                sales_document_id: "0190aaaa-0000-7000-8000-000000000001".to_owned(),
                number: "INV-00001".to_owned(),
                amount: 142_800,
            }],
            movements: vec![Movement {
                on: "2027-01-16".to_owned(),
                act: "refunded".to_owned(),
                amount: 7_000,
                ..Movement::default()
            }],
            ..GetPaymentResponse::default()
        };
        for locale in Locale::ALL {
            let s = crate::walk::shell(Area::Portal, locale);
            for (staff, leads) in [(false, "/invoices/0190aaaa"), (true, "/console/billing/0190aaaa")] {
                let html = Receipt::new(&s, &found, staff).unwrap().render().unwrap();
                let at = |text: &str| html.find(text).unwrap_or_else(|| panic!("{text}: {html}"));
                assert!(at("<h1") < at("INV-00001") && html.contains(leads) && html.contains("&#60;pi&#62;"));
                assert!(html.contains("/payments/0190aaaa-0000-7000-8000-000000000007/pdf"));
                assert!(
                    !html.contains(">receipt-") && !html.contains("billing-act") && !html.contains("method-")
                );
                assert!(html.contains("1,428.00 EUR") || locale == Locale::De);
            }
            assert!(Receipt::new(&s, &GetPaymentResponse::default(), false).is_none());
        }
    }
}
