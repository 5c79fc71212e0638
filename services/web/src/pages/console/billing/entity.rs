//! The companies that sell: what stands on the documents of each, and what they start from.

use askama::Template;
use axum::{extract::Query, response::Response};
use portico_proto::billing::v1::{
    Address, LegalEntity, ListLegalEntitiesRequest, Seller, SetLegalEntityRequest,
};
use portico_rpc::problem_from;
use serde::Deserialize;

use super::{
    account::{address, typed_address},
    said::Said,
};
use crate::{
    ask::{AdminAsk, not_here, refused},
    components::{Choice, Row},
    error::PageError,
    layout::Shell,
    pages::console::attempt::{Attempt, Sent},
    render::{Page, see_other},
};

/// Stands for the company that is to be added.
const NEW: &str = "new";

#[derive(Template)]
#[template(path = "pages/billing/entity.html")]
struct Entity<'a> {
    s: &'a Shell,
    id: String,
    etag: String,
    key: String,
    seller: Seller,
    address: Address,
    currency: String,
    days: String,
    roundings: Vec<Choice>,
    prefixes: [String; 3],
    /// The companies that are there, where there is one; the one that is shown is the first or the one that was asked for.
    companies: Vec<Row>,
    attempt: Attempt,
}

/// Which company is shown: its id, `new` for one to add, or empty for the first.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    company: String,
}

pub(super) async fn show(
    ask: AdminAsk,
    Query(wanted): Query<Wanted>,
    Query(said): Query<Said>,
) -> Result<Response, PageError> {
    page(&ask, &wanted.company, Attempt::default(), &said).await
}

pub(super) async fn save(ask: AdminAsk, sent: Sent) -> Result<Response, PageError> {
    let entity = LegalEntity {
        id: String::new(),
        seller: Some(Seller {
            name: sent.text("name"),
            address: Some(address(&sent)),
            vat_id: sent.text("vat_id"),
            tax_number: sent.text("tax_number"),
            registration: sent.text("registration"),
            contact_name: sent.text("contact_name"),
            email: sent.text("email"),
            phone: sent.text("phone"),
            iban: sent.text("iban"),
            bic: sent.text("bic"),
            account_holder: sent.text("account_holder"),
        }),
        currency: sent.of("currency").to_uppercase(),
        rounding: sent.text("rounding"),
        payment_days: sent.of("payment_days").parse().unwrap_or(-1),
        estimate_prefix: sent.text("estimate_prefix"),
        invoice_prefix: sent.text("invoice_prefix"),
        credit_note_prefix: sent.text("credit_note_prefix"),
        etag: sent.text("etag"),
    };
    let asked = SetLegalEntityRequest {
        legal_entity_id: sent.text("id"),
        legal_entity: Some(entity),
        idempotency_key: sent.text("key"),
    };
    match ask.billing().set_legal_entity(asked).await {
        Ok(saved) => {
            let id = saved.into_inner().legal_entity.unwrap_or_default().id;
            Ok(see_other(&format!("/console/billing-settings?done=company-saved&company={id}")))
        }
        Err(status) => {
            let problem = problem_from(&status);
            let company = if sent.of("id").is_empty() { NEW.to_owned() } else { sent.text("id") };
            let page =
                page(&ask, &company, Attempt::refused("entity", sent, &problem, &[]), &Said::default()).await;
            Ok(refused(problem, |_| page))
        }
    }
}

async fn page(ask: &AdminAsk, company: &str, attempt: Attempt, said: &Said) -> Result<Response, PageError> {
    let found = ask.billing().list_legal_entities(ListLegalEntitiesRequest {}).await?.into_inner();
    let s = &*ask.shell;
    let status = attempt.status();
    let shown = match company {
        NEW => None,
        "" => found.legal_entities.first().cloned(),
        id => {
            let known = found.legal_entities.iter().find(|entity| entity.id == id);
            Some(known.cloned().ok_or_else(not_here)?)
        }
    };
    let view = Entity::new(s, &found.legal_entities, shown, ask.form_key(), attempt);
    let page = Page::new(s.t("billing-settings"), view)
        .at("billing")
        .under(s.t("billing-title"), "/console/billing")
        .status(status);
    said.above(page, s).respond(s, &ask.headers)
}

impl<'a> Entity<'a> {
    fn new(
        s: &'a Shell,
        all: &[LegalEntity],
        there: Option<LegalEntity>,
        key: String,
        attempt: Attempt,
    ) -> Self {
        let companies = all.iter().map(|entity| {
            let seller = entity.seller.clone().unwrap_or_default();
            let place = seller.address.unwrap_or_default();
            let meta = format!("{} {} · {}", place.post_code, place.city, entity.currency);
            Row::new(seller.name, format!("/console/billing-settings?company={}", entity.id), meta)
        });
        let companies = companies.collect();
        let there = there.unwrap_or_else(|| LegalEntity {
            seller: Some(Seller { name: s.firm.name.clone(), ..Seller::default() }),
            currency: "EUR".to_owned(),
            rounding: "half_up".to_owned(),
            payment_days: 14,
            estimate_prefix: "EST-".to_owned(),
            invoice_prefix: "INV-".to_owned(),
            credit_note_prefix: "CN-".to_owned(),
            ..LegalEntity::default()
        });
        let value = |name: &str, there: &str| attempt.value("entity", name, there);
        let seller = there.seller.clone().unwrap_or_default();
        let rounding = value("rounding", &there.rounding);
        let roundings =
            [("half_up", "billing-rounding-half-up"), ("half_even", "billing-rounding-half-even")];
        Self {
            s,
            etag: value("etag", &there.etag),
            key,
            seller: Seller {
                name: value("name", &seller.name),
                address: None,
                vat_id: value("vat_id", &seller.vat_id),
                tax_number: value("tax_number", &seller.tax_number),
                registration: value("registration", &seller.registration),
                contact_name: value("contact_name", &seller.contact_name),
                email: value("email", &seller.email),
                phone: value("phone", &seller.phone),
                iban: value("iban", &seller.iban),
                bic: value("bic", &seller.bic),
                account_holder: value("account_holder", &seller.account_holder),
            },
            address: typed_address(&attempt, "entity", &seller.address.unwrap_or_default()),
            currency: value("currency", &there.currency),
            days: value("payment_days", &there.payment_days.to_string()),
            roundings: roundings.map(|(word, key)| Choice::new(word, s.t(key), &rounding)).into(),
            prefixes: [
                value("estimate_prefix", &there.estimate_prefix),
                value("invoice_prefix", &there.invoice_prefix),
                value("credit_note_prefix", &there.credit_note_prefix),
            ],
            companies,
            id: there.id,
            attempt,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{layout::Area, text::Locale};

    #[test]
    fn a_firm_without_a_company_starts_from_its_name() {
        for locale in Locale::ALL {
            let s = crate::walk::shell(Area::Console, locale);
            let html = Page::new("x", Entity::new(&s, &[], None, "k".to_owned(), Attempt::default()))
                .whole(&s)
                .unwrap();
            assert!(
                html.contains("value=\"Northwind Consulting\"") && html.contains("name=\"address.street\"")
            );
            assert!(html.contains("value=\"half_up\"") && html.contains("value=\"INV-\""));
            assert!(
                !html.contains(">billing-") && !html.contains(">paper-") && html.matches("<h1").count() == 1
            );
        }
    }

    #[test]
    fn every_company_is_there_and_another_can_be_added() {
        for locale in Locale::ALL {
            let s = crate::walk::shell(Area::Console, locale);
            let company = |id: &str, name: &str| LegalEntity {
                id: id.to_owned(),
                seller: Some(Seller { name: name.to_owned(), ..Seller::default() }),
                ..LegalEntity::default()
            };
            let all = [company("a", "Northwind GmbH"), company("b", "Northwind <AG>")];
            let view = Entity::new(&s, &all, Some(all[1].clone()), "k".to_owned(), Attempt::default());
            let html = Page::new("x", view).whole(&s).unwrap();
            for part in ["?company=a\"", "?company=b\"", "?company=new\"", "name=\"id\" value=\"b\""] {
                assert!(html.contains(part), "{part}: {html}");
            }
            assert!(html.contains("Northwind &#60;AG&#62;") && !html.contains(">billing-"));
        }
    }
}
