//! The trash of an account.

use std::collections::HashMap;

use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
use portico_proto::{
    documents::v1::{ListTrashRequest, RestoreDocumentRequest, TrashDocumentRequest, Trashed},
    tenancy::v1::GetAccountRequest,
    time::moment,
};

use super::{document, folder::next};
use crate::{
    ask::{StaffAsk, not_here, see_other_after},
    error::PageError,
    layout::Shell,
    pages::console::done::Done,
    render::Page,
};

struct Row {
    id: String,
    title: String,
    folder: String,
    meta: String,
    until: String,
}

#[derive(Template)]
#[template(path = "pages/console/trash.html")]
struct View<'a> {
    s: &'a Shell,
    rows: Vec<Row>,
    older: String,
}

pub(super) async fn list(
    ask: StaffAsk,
    Path(account_id): Path<String>,
    Query(query): Query<HashMap<String, String>>,
    Query(done): Query<Done>,
) -> Result<Response, PageError> {
    let asked = GetAccountRequest { account_id: account_id.clone() };
    let account = ask.tenancy().get_account(asked).await?.into_inner().account.ok_or_else(not_here)?;
    let page_token = query.get("after").cloned().unwrap_or_default();
    let asked = ListTrashRequest { account_id: account_id.clone(), page_size: 50, page_token };
    let found = ask.library().list_trash(asked).await?.into_inner();
    let s = &*ask.shell;
    let rows = found.documents.iter().filter_map(|trashed| row(s, trashed)).collect();
    let view = View { s, rows, older: next(&found.next_page_token) };
    let page = Page::new(s.t("library-trash"), view).at("accounts");
    done.above(page, s)
        .under(account.name, format!("/console/accounts/{account_id}"))
        .under(s.t("library-title"), format!("/console/accounts/{account_id}/library"))
        .respond(s, &ask.headers)
}

fn row(s: &Shell, trashed: &Trashed) -> Option<Row> {
    let document = trashed.document.as_ref()?;
    let at = trashed.trashed_at.as_ref().and_then(moment).map(|at| s.date(&at)).unwrap_or_default();
    let meta = s.say("library-trashed").arg("name", &trashed.trashed_by).arg("date", at).to_string();
    let until = match trashed.removed_at.as_ref().and_then(moment) {
        Some(until) => s.say("library-trash-until").arg("date", s.date(&until)).to_string(),
        None => s.t("library-trash-kept"),
    };
    Some(Row {
        id: document.id.clone(),
        title: document.title.clone(),
        folder: trashed.folder_name.clone(),
        meta,
        until,
    })
}

/// Puts a document into the trash and leads to the folder it was in.
pub(super) async fn put(ask: StaffAsk, Path(document_id): Path<String>) -> Result<Response, PageError> {
    let document = document::read(&ask, &document_id).await?.document.ok_or_else(not_here)?;
    let done = ask.library().trash_document(TrashDocumentRequest { document_id }).await?.into_inner();
    Ok(see_other_after(
        &format!("/console/folders/{}?done=document-trashed", document.folder_id),
        &done.event,
    ))
}

/// Takes a document out of the trash and leads to it.
pub(super) async fn restore(ask: StaffAsk, Path(document_id): Path<String>) -> Result<Response, PageError> {
    let asked = RestoreDocumentRequest { document_id: document_id.clone() };
    let done = ask.library().restore_document(asked).await?.into_inner();
    Ok(see_other_after(&format!("/console/documents/{document_id}?done=document-restored"), &done.event))
}

#[cfg(test)]
mod tests {
    use portico_proto::{documents::v1::Document, time::timestamp};

    use super::*;
    use crate::{layout::Area, text::Locale};

    #[test]
    fn the_trash_says_until_when_something_stays() {
        for locale in Locale::ALL {
            let s = crate::walk::shell(Area::Console, locale);
            let now = s.formats.now();
            let mut trashed = Trashed {
                document: Some(Document {
                    id: "d".to_owned(),
                    title: "Plan".to_owned(),
                    ..Document::default()
                }),
                trashed_by: "Paul".to_owned(),
                trashed_at: Some(timestamp(now)),
                removed_at: Some(timestamp(now)),
                folder_name: "Accounts".to_owned(),
            };
            let first = row(&s, &trashed).unwrap();
            trashed.removed_at = None;
            let kept = row(&s, &trashed).unwrap();
            assert_ne!(first.until, kept.until);
            let html = Page::new("x", View { s: &s, rows: vec![first, kept], older: String::new() })
                .whole(&s)
                .unwrap();
            assert!(
                html.matches("/console/documents/d/restore").count() == 2 && !html.contains("library-"),
                "{html}"
            );
        }
    }
}
