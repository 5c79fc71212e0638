//! The account's invoices, what is to be paid first.

use askama::Template;
use portico_proto::billing::v1::{DocumentKind, ListDocumentsRequest, ListDocumentsResponse};

use super::{Place, Shown, shown};
use crate::{components::Row, error::PageError, layout::Shell, paper};

/// As many as one takes in at a glance; the rest is behind "Show all".
const AT_MOST: i32 = 7;

#[derive(Template)]
#[template(path = "blocks/invoices.html")]
struct View<'a> {
    s: &'a Shell,
    id: &'a str,
    title: String,
    rows: Vec<Row>,
    all: &'static str,
}

pub(super) async fn show(place: &Place<'_>, id: &str, title: Option<&str>) -> Result<Shown, PageError> {
    let s = place.s();
    let staff = place.ask.reader.is_staff();
    let asked = ListDocumentsRequest {
        account_id: place.account.clone(),
        kind: DocumentKind::Invoice.into(),
        page_size: AT_MOST,
        ..ListDocumentsRequest::default()
    };
    let found = place.ask.billing().list_documents(asked).await?.into_inner();
    shown(&View::new(s, id, title, &found, staff))
}

impl<'a> View<'a> {
    fn new(
        s: &'a Shell,
        id: &'a str,
        title: Option<&str>,
        found: &ListDocumentsResponse,
        staff: bool,
    ) -> Self {
        let mut documents: Vec<_> = found.documents.iter().collect();
        documents.sort_by_key(|document| document.open <= 0);
        Self {
            s,
            id,
            title: title.map_or_else(|| s.t("invoices-title"), str::to_owned),
            rows: documents.into_iter().map(|document| paper::row(s, document, staff, "")).collect(),
            all: if staff { "/console/billing" } else { "/invoices" },
        }
    }
}

#[cfg(test)]
mod tests {
    use portico_proto::billing::v1::Document;

    use super::*;
    use crate::{layout::Area, text::Locale};

    #[test]
    fn what_is_to_be_paid_comes_first() {
        let s = crate::walk::shell(Area::Portal, Locale::En);
        let paid = Document {
            number: "INV-00009".to_owned(),
            state: "paid".to_owned(),
            open: 0,
            ..paper::tests::invoice()
        };
        let found =
            ListDocumentsResponse { documents: vec![paid, paper::tests::invoice()], ..Default::default() };
        let html = View::new(&s, "block-1", None, &found, false).render().unwrap();
        assert!(html.find("INV-00001").unwrap() < html.find("INV-00009").unwrap());
        let none = View::new(&s, "block-1", None, &ListDocumentsResponse::default(), false).render().unwrap();
        assert!(none.contains("card empty") && !none.contains("invoices-"));
    }
}
