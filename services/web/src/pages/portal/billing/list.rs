//! What the reader's accounts have to pay, and what is offered to them.

use std::collections::HashMap;

use askama::Template;
use axum::{extract::Query, response::Response};
use portico_proto::billing::v1::{DocumentKind, ListDocumentsRequest, ListDocumentsResponse};

use crate::{
    ask::Ask,
    components::Row,
    error::PageError,
    layout::Shell,
    paper,
    render::{Page, see_other},
};

#[derive(Template)]
#[template(path = "pages/billing/list.html")]
struct List<'a> {
    s: &'a Shell,
    invoices: Vec<Row>,
    estimates: Vec<Row>,
    older: String,
}

pub(super) async fn list(
    ask: Ask,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, PageError> {
    if ask.reader.is_staff() {
        return Ok(see_other("/console/billing"));
    }
    let asked = |kind: DocumentKind, page_token: String| ListDocumentsRequest {
        kind: kind.into(),
        page_size: 50,
        page_token,
        ..ListDocumentsRequest::default()
    };
    let after = query.get("after").cloned().unwrap_or_default();
    let (mut one, mut other) = (ask.billing(), ask.billing());
    let (invoices, estimates) = tokio::try_join!(
        one.list_documents(asked(DocumentKind::Invoice, after)),
        other.list_documents(asked(DocumentKind::Estimate, String::new())),
    )?;
    let s = &*ask.shell;
    let view = List::new(s, &invoices.into_inner(), &estimates.into_inner());
    Page::new(s.t("billing-title"), view).at("invoices").respond(s, &ask.headers)
}

impl<'a> List<'a> {
    fn new(s: &'a Shell, invoices: &ListDocumentsResponse, estimates: &ListDocumentsResponse) -> Self {
        let rows = |found: &ListDocumentsResponse| {
            found.documents.iter().map(|document| paper::row(s, document, false, "")).collect()
        };
        let older = if invoices.next_page_token.is_empty() {
            String::new()
        } else {
            let mut older = url::form_urlencoded::Serializer::new(String::new());
            older.append_pair("after", &invoices.next_page_token);
            format!("?{}", older.finish())
        };
        Self { s, invoices: rows(invoices), estimates: rows(estimates), older }
    }
}

#[cfg(test)]
mod tests {
    use portico_proto::billing::v1::Document;

    use super::*;
    use crate::{layout::Area, text::Locale};

    #[test]
    fn invoices_are_links_with_their_state_and_an_empty_list_says_what_comes() {
        for locale in Locale::ALL {
            let s = crate::walk::shell(Area::Portal, locale);
            let overdue = Document { state: "overdue".to_owned(), ..paper::tests::invoice() };
            let found = ListDocumentsResponse { documents: vec![overdue], next_page_token: "a b".to_owned() };
            let html = List::new(&s, &found, &ListDocumentsResponse::default()).render().unwrap();
            assert!(html.contains("href=\"/invoices/0190aaaa") && html.contains("class=\"urgent\""));
            assert!(html.contains("?after=a+b") && html.contains("Workshop &#60;1&#62;"));
            assert!(
                !html.contains("billing-") && !html.contains("paper-") && html.matches("<h1").count() == 1
            );
            let none = ListDocumentsResponse::default();
            assert!(List::new(&s, &none, &none).render().unwrap().contains("card empty"));
        }
    }
}
