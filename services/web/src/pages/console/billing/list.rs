//! Everything that was written, sent or paid, with filters in the address.

use std::collections::HashMap;

use askama::Template;
use axum::{extract::Query, response::Response};
use portico_proto::{
    billing::v1::{
        DocumentKind, LegalEntity, ListDocumentsRequest, ListDocumentsResponse, ListLegalEntitiesRequest,
    },
    tenancy::v1::ListAccountsRequest,
};
use serde::Deserialize;

use super::{draft::companies, said::Said};
use crate::{
    ask::StaffAsk,
    components::{Choice, Row},
    error::PageError,
    form::Errors,
    layout::Shell,
    paper,
    render::Page,
};

#[derive(Debug, Default, Deserialize)]
pub(super) struct Filter {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    account: String,
    #[serde(default)]
    company: String,
    #[serde(default)]
    after: String,
}

#[derive(Template)]
#[template(path = "pages/billing/console_list.html")]
struct List<'a> {
    s: &'a Shell,
    enabled: bool,
    admin: bool,
    kinds: Vec<Choice>,
    states: Vec<Choice>,
    accounts: Vec<Choice>,
    /// The companies of the firm; empty where there is only one.
    companies: Vec<Choice>,
    rows: Vec<Row>,
    older: String,
    errors: Errors,
}

pub(super) async fn list(
    ask: StaffAsk,
    Query(filter): Query<Filter>,
    Query(said): Query<Said>,
) -> Result<Response, PageError> {
    let kind = kind_of(&filter.kind);
    // A state of another kind's list is one that is not asked for.
    let state =
        if states(kind).contains(&filter.state.as_str()) { filter.state.clone() } else { String::new() };
    let asked = ListDocumentsRequest {
        account_id: filter.account.clone(),
        kind: kind.into(),
        state,
        page_size: 50,
        page_token: filter.after.clone(),
        legal_entity_id: filter.company.clone(),
    };
    let everybody = ListAccountsRequest { page_size: 200, ..ListAccountsRequest::default() };
    let (mut one, mut other, mut tenancy) = (ask.billing(), ask.billing(), ask.tenancy());
    let (found, entities, accounts) = tokio::try_join!(
        one.list_documents(asked),
        other.list_legal_entities(ListLegalEntitiesRequest {}),
        tenancy.list_accounts(everybody),
    )?;
    let names: HashMap<String, String> =
        accounts.into_inner().accounts.into_iter().map(|account| (account.id, account.name)).collect();
    let s = &*ask.shell;
    let admin = ask.reader.has_role("admin");
    let entities = entities.into_inner().legal_entities;
    let view = List::new(s, &filter, &found.into_inner(), &names, &entities, admin);
    said.above(Page::new(s.t("billing-title"), view).at("billing"), s).respond(s, &ask.headers)
}

fn kind_of(word: &str) -> DocumentKind {
    match word {
        "estimate" => DocumentKind::Estimate,
        "credit_note" => DocumentKind::CreditNote,
        _ => DocumentKind::Invoice,
    }
}

/// The states of a kind's list; each has its words `billing-filter-<state>`.
const fn states(kind: DocumentKind) -> &'static [&'static str] {
    match kind {
        DocumentKind::Estimate => &["draft", "sent"],
        DocumentKind::CreditNote => &[],
        _ => &["draft", "open", "overdue", "settled"],
    }
}

impl<'a> List<'a> {
    fn new(
        s: &'a Shell,
        filter: &Filter,
        found: &ListDocumentsResponse,
        names: &HashMap<String, String>,
        entities: &[LegalEntity],
        admin: bool,
    ) -> Self {
        let kinds = [
            ("invoice", "billing-invoices"),
            ("estimate", "billing-estimates"),
            ("credit_note", "billing-credit-notes"),
        ];
        let chosen = kinds.iter().find(|(word, _)| *word == filter.kind).map_or("invoice", |(word, _)| word);
        let all = || Choice::new("", s.t("billing-filter-all"), &filter.state);
        let states = states(kind_of(chosen)).iter();
        let states =
            states.map(|word| Choice::new(*word, s.t(&format!("billing-filter-{word}")), &filter.state));
        let mut accounts: Vec<Choice> =
            names.iter().map(|(id, name)| Choice::new(id.clone(), name.clone(), &filter.account)).collect();
        accounts.sort_by_key(|choice| choice.label.to_lowercase());
        accounts.insert(0, Choice::new("", s.t("billing-filter-all"), &filter.account));
        let whose = |id: &str| names.get(id).map(String::as_str).unwrap_or_default();
        let older = if found.next_page_token.is_empty() {
            String::new()
        } else {
            let mut older = url::form_urlencoded::Serializer::new(String::new());
            older
                .append_pair("kind", chosen)
                .append_pair("state", &filter.state)
                .append_pair("account", &filter.account)
                .append_pair("company", &filter.company);
            older.append_pair("after", &found.next_page_token);
            format!("?{}", older.finish())
        };
        let mut companies = companies(entities, &filter.company);
        if !companies.is_empty() {
            companies.insert(0, Choice::new("", s.t("billing-filter-all"), &filter.company));
        }
        Self {
            s,
            enabled: !entities.is_empty(),
            companies,
            admin,
            kinds: kinds.map(|(word, key)| Choice::new(word, s.t(key), chosen)).into(),
            states: std::iter::once(all()).chain(states).collect(),
            accounts,
            rows: found
                .documents
                .iter()
                .map(|one| paper::row(s, one, true, whose(&one.account_id)))
                .collect(),
            older,
            errors: Errors::none(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{layout::Area, text::Locale};

    #[test]
    fn the_list_names_the_account_and_keeps_its_filter() {
        for locale in Locale::ALL {
            let s = crate::walk::shell(Area::Console, locale);
            let filter = Filter { state: "open".to_owned(), ..Filter::default() };
            let invoice = paper::tests::invoice();
            let names = HashMap::from([(invoice.account_id.clone(), "Acme <1>".to_owned())]);
            let found = ListDocumentsResponse { documents: vec![invoice], next_page_token: "t".to_owned() };
            let entities = ["x", "y"].map(|id| LegalEntity { id: id.to_owned(), ..LegalEntity::default() });
            let html = List::new(&s, &filter, &found, &names, &entities, true).render().unwrap();
            assert!(html.contains("name=\"company\"") && html.contains("company=&"));
            assert!(html.contains("Acme &#60;1&#62; ·") && html.contains("href=\"/console/billing/0190aaaa"));
            assert!(html.contains("state=open") && html.contains("value=\"open\" selected"));
            for kind in ["estimate", "credit_note"] {
                let filter = Filter { kind: kind.to_owned(), ..Filter::default() };
                let none = List::new(&s, &filter, &ListDocumentsResponse::default(), &names, &[], false);
                let html = none.render().unwrap();
                assert!(
                    html.contains("card empty")
                        && !html.contains("billing-filter")
                        && !html.contains("billing-none")
                );
            }
        }
    }
}
