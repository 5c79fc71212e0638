//! A document of the library: its versions, where it is, and what the firm does with it.

use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
use portico_proto::documents::v1::{FileDocumentRequest, GetDocumentRequest, GetDocumentResponse, Version};
use portico_rpc::problem_from;

use super::{folder, places};
use crate::{
    ask::{StaffAsk, not_here, refused, see_other_after},
    components::Choice,
    error::PageError,
    layout::Shell,
    pages::console::{
        attempt::{Attempt, Sent},
        done::Done,
    },
    readings::{self, Read},
    render::Page,
    wording::{file_meta, scan_note, upload_limit},
};

struct Row {
    id: String,
    label: String,
    name: String,
    meta: String,
    note: String,
    href: String,
    /// Whether it can be made the newest again.
    restore: bool,
}

#[derive(Template)]
#[template(path = "pages/console/document.html")]
struct View<'a> {
    s: &'a Shell,
    id: &'a str,
    title: &'a str,
    rows: Vec<Row>,
    readings: Vec<Read>,
    /// Whether it is in a folder.
    filed: bool,
    /// Whether it takes further versions and can be put into the trash: it belongs to the library alone.
    own: bool,
    /// The largest file that it takes, in bytes, and in words.
    max_bytes: i64,
    limit: String,
    places: Vec<Choice>,
    attempt: Attempt,
}

pub(super) async fn show(
    ask: StaffAsk,
    Path(document_id): Path<String>,
    Query(done): Query<Done>,
) -> Result<Response, PageError> {
    page(&ask, &document_id, Attempt::default(), &done).await
}

/// Puts a document into a folder under a name.
pub(super) async fn place(
    ask: StaffAsk,
    Path(document_id): Path<String>,
    sent: Sent,
) -> Result<Response, PageError> {
    let asked = FileDocumentRequest {
        document_id: document_id.clone(),
        folder_id: sent.text("into"),
        title: sent.text("title"),
    };
    match ask.library().file_document(asked).await {
        Ok(answer) => {
            let href = format!("/console/documents/{document_id}?done=document-filed");
            Ok(see_other_after(&href, &answer.into_inner().event))
        }
        Err(status) => {
            let problem = problem_from(&status);
            let attempt = Attempt::refused("place", sent, &problem, &[("folder_id", "into")]);
            let page = page(&ask, &document_id, attempt, &Done::default()).await;
            Ok(refused(problem, |_| page))
        }
    }
}

pub(super) async fn read(ask: &StaffAsk, document_id: &str) -> Result<GetDocumentResponse, PageError> {
    let asked = GetDocumentRequest { document_id: document_id.to_owned(), ..GetDocumentRequest::default() };
    Ok(ask.documents().get_document(asked).await?.into_inner())
}

async fn page(
    ask: &StaffAsk,
    document_id: &str,
    attempt: Attempt,
    done: &Done,
) -> Result<Response, PageError> {
    let found = read(ask, document_id).await?;
    let document = found.document.as_ref().ok_or_else(not_here)?;
    let places = places::all(ask, &document.account_id).await?;
    let s = &*ask.shell;
    let status = attempt.status();
    let readings = readings::of(ask, document_id).await?;
    let view = View { readings, ..View::new(s, &found, &places, attempt).ok_or_else(not_here)? };
    let mut page = done.above(Page::new(document.title.clone(), view).at("accounts").status(status), s);
    if document.folder_id.is_empty() {
        page = page.under(s.t("library-title"), format!("/console/accounts/{}/library", document.account_id));
    } else {
        let around = folder::read(ask, &document.folder_id, String::new()).await?;
        page = folder::under(page, s, &around, true);
    }
    page.respond(s, &ask.headers)
}

impl<'a> View<'a> {
    fn new(
        s: &'a Shell,
        found: &'a GetDocumentResponse,
        places: &[(String, String)],
        attempt: Attempt,
    ) -> Option<Self> {
        let document = found.document.as_ref()?;
        let own = document.kind == "library";
        let current = attempt.value("place", "into", &document.folder_id);
        Some(Self {
            s,
            id: &document.id,
            title: &document.title,
            rows: found
                .versions
                .iter()
                .enumerate()
                .map(|(place, each)| row(s, each, own && place > 0))
                .collect(),
            readings: Vec::new(),
            filed: !document.folder_id.is_empty(),
            own,
            max_bytes: found.max_bytes,
            limit: upload_limit(s, found.max_bytes),
            places: places::choices(places, "", &current),
            attempt,
        })
    }
}

fn row(s: &Shell, version: &Version, restore: bool) -> Row {
    Row {
        id: version.id.clone(),
        label: s.say("version").arg("number", version.number).to_string(),
        name: version.file_name.clone(),
        meta: file_meta(s, version),
        note: scan_note(s, version),
        href: if version.openable { format!("/files/{}/view", version.id) } else { String::new() },
        restore: restore && version.openable,
    }
}

#[cfg(test)]
mod tests {
    use portico_proto::documents::v1::Document;

    use super::*;
    use crate::{layout::Area, text::Locale};

    #[test]
    fn older_versions_can_be_restored_and_what_is_signed_cannot() {
        let s = crate::walk::shell(Area::Console, Locale::En);
        let version =
            |id: &str, number| Version { id: id.to_owned(), number, openable: true, ..Version::default() };
        let mut found = GetDocumentResponse {
            document: Some(Document {
                id: "d".to_owned(),
                title: "Plan <1>".to_owned(),
                kind: "library".to_owned(),
                folder_id: "f".to_owned(),
                ..Document::default()
            }),
            versions: vec![version("v2", 2), version("v1", 1)],
            ..GetDocumentResponse::default()
        };
        let places = [("f".to_owned(), "Accounts".to_owned())];
        let view = View::new(&s, &found, &places, Attempt::default()).unwrap();
        let html = Page::new("x", view).whole(&s).unwrap();
        assert!(html.contains("action=\"/files/v1/restore\"") && !html.contains("/files/v2/restore"));
        assert!(html.contains("/console/documents/d/trash") && html.matches("<h1").count() == 1);
        assert!(!html.contains("library-"), "{html}");
        found.document.as_mut().unwrap().kind = "signed".to_owned();
        let html = View::new(&s, &found, &places, Attempt::default()).unwrap().render().unwrap();
        assert!(!html.contains("/restore") && !html.contains("/trash") && html.contains("/place"));
    }
}
