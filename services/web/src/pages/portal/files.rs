//! All documents that are shared with the reader.

use std::collections::HashMap;

use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
use portico_core::DocumentId;
use portico_proto::documents::v1::{GetDocumentRequest, ListDocumentsRequest};

use crate::{
    ask::{Ask, not_here},
    blocks::documents::Listed,
    error::PageError,
    layout::Shell,
    render::{Page, see_other},
};

#[derive(Template)]
#[template(path = "pages/portal/files.html")]
struct Files<'a> {
    s: &'a Shell,
    files: Vec<Listed>,
    older: String,
}

pub(super) async fn files(
    ask: Ask,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, PageError> {
    let page_token = query.get("after").cloned().unwrap_or_default();
    let asked = ListDocumentsRequest { page_size: 50, page_token, ..Default::default() };
    let found = ask.documents().list_documents(asked).await?.into_inner();
    let s = &*ask.shell;
    let files = found.documents.iter().filter_map(|document| Listed::of(s, document)).collect();
    let older = next(&found.next_page_token);
    Page::new(s.t("files-title"), Files { s, files, older }).at("files").respond(s, &ask.headers)
}

/// A document by its own id: to its newest version.
pub(super) async fn newest(ask: Ask, Path(document): Path<String>) -> Result<Response, PageError> {
    document.parse::<DocumentId>().map_err(|_| not_here())?;
    let asked = GetDocumentRequest { document_id: document, ..GetDocumentRequest::default() };
    let found = ask.documents().get_document(asked).await?.into_inner().document.ok_or_else(not_here)?;
    let latest = found.latest.ok_or_else(not_here)?;
    Ok(see_other(&format!("/files/{}/view", latest.id)))
}

/// The address of the next page of a list; empty at its end.
pub(super) fn next(token: &str) -> String {
    if token.is_empty() {
        return String::new();
    }
    let token: String = url::form_urlencoded::byte_serialize(token.as_bytes()).collect();
    format!("?after={token}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_travels_in_the_address_whatever_it_holds() {
        assert_eq!(next(""), "");
        assert_eq!(next("a&b=c"), "?after=a%26b%3Dc");
    }
}
