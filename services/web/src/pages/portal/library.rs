//! The reader's folders, and one folder with what is in it.

use std::collections::{BTreeMap, HashMap};

use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
use http::StatusCode;
use portico_core::{DocumentId, FolderId, VersionId};
use portico_proto::{
    documents::v1::{Folder, GetFolderRequest, ListFoldersRequest, RestoreVersionRequest},
    workflow::v1::GetRecordRequest,
};
use portico_rpc::problem_from;

use super::files::next;
use crate::{
    ask::{Ask, not_here, refused, see_other_after},
    blocks::documents::Listed,
    components::{Choice, Row},
    csrf::FileForm,
    error::PageError,
    form::Errors,
    layout::Shell,
    library::{downloads, filed, folder_rows, for_script, may_add, take},
    render::Page,
    wording::upload_limit,
};

/// Folders that belong together.
struct Group {
    title: String,
    rows: Vec<Row>,
}

#[derive(Template)]
#[template(path = "pages/library/home.html")]
struct Home<'a> {
    s: &'a Shell,
    groups: Vec<Group>,
}

#[derive(Template)]
#[template(path = "pages/library/folder.html")]
struct View<'a> {
    s: &'a Shell,
    id: &'a str,
    name: &'a str,
    folders: Vec<Row>,
    files: Vec<Listed>,
    /// The documents to choose from for an archive.
    choices: Vec<Choice>,
    older: String,
    /// The largest file that it takes, in bytes, and in words.
    max_bytes: i64,
    limit: String,
    may_add: bool,
    errors: Errors,
}

pub(super) async fn home(ask: Ask) -> Result<Response, PageError> {
    let found = ask.library().list_folders(ListFoldersRequest::default()).await?.into_inner().folders;
    let s = &*ask.shell;
    // Those of an account come first, then those of each of its records, under its title.
    let mut places: BTreeMap<(String, String), Vec<Folder>> = BTreeMap::new();
    for folder in found {
        places.entry((folder.account_id.clone(), folder.record_id.clone())).or_default().push(folder);
    }
    let several = places.keys().filter(|(_, record)| record.is_empty()).count() > 1;
    let mut groups = Vec::new();
    for ((account, record), folders) in places {
        let title = if record.is_empty() {
            let company = ask.shell.companies.iter().find(|company| company.href.contains(&account));
            company.filter(|_| several).map_or_else(|| s.t("library-company"), |company| company.name.clone())
        } else {
            let asked = GetRecordRequest { record_id: record };
            let record = ask.workflow().get_record(asked).await?.into_inner().record.ok_or_else(not_here)?;
            if record.title.is_empty() { record.number } else { record.title }
        };
        groups.push(Group { title, rows: folder_rows(s, &folders, "/documents/folders") });
    }
    Page::new(s.t("library-title"), Home { s, groups }).at("files").respond(s, &ask.headers)
}

pub(super) async fn folder(
    ask: Ask,
    Path(folder): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, PageError> {
    show(&ask, &folder, &query, Errors::none(), StatusCode::OK).await
}

async fn show(
    ask: &Ask,
    folder: &str,
    query: &HashMap<String, String>,
    errors: Errors,
    status: StatusCode,
) -> Result<Response, PageError> {
    folder.parse::<FolderId>().map_err(|_| not_here())?;
    let page_token = query.get("after").cloned().unwrap_or_default();
    let asked = GetFolderRequest { folder_id: folder.to_owned(), page_size: 50, page_token };
    let found = ask.library().get_folder(asked).await?.into_inner();
    let this = found.folder.ok_or_else(not_here)?;
    let s = &*ask.shell;
    let view = View {
        s,
        id: &this.id,
        name: &this.name,
        folders: folder_rows(s, &found.folders, "/documents/folders"),
        files: filed(s, &found.documents, ""),
        choices: downloads(&found.documents),
        older: next(&found.next_page_token),
        max_bytes: found.max_bytes,
        limit: upload_limit(s, found.max_bytes),
        may_add: may_add(&this.may),
        errors,
    };
    let page = Page::new(this.name.clone(), view)
        .at("files")
        .status(status)
        .under(s.t("library-title"), "/documents");
    let page = found.trail.iter().fold(page, |page, around| {
        page.under(around.name.clone(), format!("/documents/folders/{}", around.id))
    });
    page.respond(s, &ask.headers)
}

/// Files for a folder: chosen in a form, or sent one by one by a script.
pub(super) async fn add(
    ask: Ask,
    Path(folder): Path<String>,
    FileForm(parts): FileForm,
) -> Result<Response, PageError> {
    folder.parse::<FolderId>().map_err(|_| not_here())?;
    let outcome = take(&ask, &format!("/folders/{folder}/files"), parts).await;
    if let Some(answer) = for_script(&ask.headers, &outcome) {
        return Ok(answer);
    }
    match outcome {
        Ok(event) => Ok(see_other_after(&place(&ask, &folder), &event)),
        Err(problem) if ask.reader.is_staff() => Err(PageError(problem)),
        Err(problem) => {
            let errors = Errors::from(&problem);
            let page = show(&ask, &folder, &HashMap::new(), errors, StatusCode::UNPROCESSABLE_ENTITY).await;
            Ok(refused(problem, |_| page))
        }
    }
}

/// Where the reader sees a folder: staff in the console.
fn place(ask: &Ask, folder: &str) -> String {
    if ask.reader.is_staff() {
        format!("/console/folders/{folder}")
    } else {
        format!("/documents/folders/{folder}")
    }
}

/// A further version of a document: back to its page.
pub(super) async fn add_version(
    ask: Ask,
    Path(document): Path<String>,
    FileForm(parts): FileForm,
) -> Result<Response, PageError> {
    document.parse::<DocumentId>().map_err(|_| not_here())?;
    let outcome = take(&ask, &format!("/documents/{document}/versions"), parts).await;
    if let Some(answer) = for_script(&ask.headers, &outcome) {
        return Ok(answer);
    }
    Ok(see_other_after(&page_of(&ask, &document), &outcome.map_err(PageError)?))
}

/// An older version becomes the newest again: back to the document's page.
pub(super) async fn restore_version(ask: Ask, Path(version): Path<String>) -> Result<Response, PageError> {
    version.parse::<VersionId>().map_err(|_| not_here())?;
    let asked = RestoreVersionRequest { version_id: version };
    let done =
        ask.library().restore_version(asked).await.map_err(|status| PageError(problem_from(&status)))?;
    let done = done.into_inner();
    let document = done.document.ok_or_else(not_here)?.id;
    Ok(see_other_after(&page_of(&ask, &document), &done.event))
}

/// Where the reader sees a document.
fn page_of(ask: &Ask, document: &str) -> String {
    if ask.reader.is_staff() {
        format!("/console/documents/{document}")
    } else {
        format!("/documents/{document}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{layout::Area, text::Locale};

    #[test]
    fn a_folder_offers_an_upload_to_those_who_may() {
        let s = crate::walk::shell(Area::Portal, Locale::En);
        let view = |may_add| View {
            s: &s,
            id: "f1",
            name: "Accounts & more",
            folders: vec![Row::new("Inner", "/documents/folders/f2", "Folder")],
            files: Vec::new(),
            choices: Vec::new(),
            older: String::new(),
            max_bytes: 104_857_600,
            limit: upload_limit(&s, 104_857_600),
            may_add,
            errors: Errors::none(),
        };
        let html = Page::new("x", view(true)).whole(&s).unwrap();
        assert!(html.contains("data-max-bytes=\"104857600\"") && html.contains("Up to "), "{html}");
        assert!(
            html.contains("action=\"/documents/folders/f1/files\"") && html.contains("for=folder&amp;id=f1")
        );
        assert!(html.contains("href=\"/documents/folders/f2\"") && html.contains("Accounts &#38; more"));
        assert!(html.matches("<h1").count() == 1 && !html.contains("library-"));
        assert!(!view(false).render().unwrap().contains("<form"));
    }

    #[test]
    fn without_folders_the_page_says_what_will_be_here() {
        for locale in Locale::ALL {
            let s = crate::walk::shell(Area::Portal, locale);
            let html = Home { s: &s, groups: Vec::new() }.render().unwrap();
            assert!(html.contains("class=\"card empty\"") && !html.contains("library-"), "{html}");
        }
    }
}
