//! A folder with what is in it, and what the firm does with it.

use std::collections::HashMap;

use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
use portico_core::Problem;
use portico_proto::documents::v1::{
    CreateFolderRequest, DeleteFolderRequest, Folder, GetFolderRequest, GetFolderResponse, MoveFolderRequest,
    RenameFolderRequest,
};
use portico_rpc::problem_from;

use super::places;
use crate::{
    ask::{Ask, StaffAsk, not_here, refused, see_other_after},
    blocks::documents::Listed,
    components::{Choice, Row},
    csrf::FileForm,
    error::PageError,
    layout::Shell,
    library::{downloads, filed, folder_rows, for_script, take},
    pages::console::{
        attempt::{Attempt, Sent},
        done::Done,
    },
    render::Page,
    wording::upload_limit,
};

#[derive(Template)]
#[template(path = "pages/console/folder.html")]
struct View<'a> {
    s: &'a Shell,
    id: &'a str,
    name: &'a str,
    internal: bool,
    folders: Vec<Row>,
    files: Vec<Listed>,
    /// The documents to choose from for an archive.
    choices: Vec<Choice>,
    older: String,
    /// The largest file that it takes, in bytes, and in words.
    max_bytes: i64,
    limit: String,
    places: Vec<Choice>,
    attempt: Attempt,
}

pub(super) async fn show(
    ask: StaffAsk,
    Path(folder_id): Path<String>,
    Query(query): Query<HashMap<String, String>>,
    Query(done): Query<Done>,
) -> Result<Response, PageError> {
    let after = query.get("after").cloned().unwrap_or_default();
    page(&ask, &folder_id, after, Attempt::default(), &done).await
}

pub(super) async fn create(
    ask: StaffAsk,
    Path(folder_id): Path<String>,
    sent: Sent,
) -> Result<Response, PageError> {
    let asked = CreateFolderRequest {
        parent_id: folder_id.clone(),
        name: sent.text("name"),
        ..CreateFolderRequest::default()
    };
    let outcome = ask.library().create_folder(asked).await.map(|answer| answer.into_inner().event);
    back(&ask, &folder_id, "folder-created", outcome, ("folder", sent, &[])).await
}

pub(super) async fn rename(
    ask: StaffAsk,
    Path(folder_id): Path<String>,
    sent: Sent,
) -> Result<Response, PageError> {
    let asked = RenameFolderRequest { folder_id: folder_id.clone(), name: sent.text("new_name") };
    let outcome = ask.library().rename_folder(asked).await.map(|answer| answer.into_inner().event);
    back(&ask, &folder_id, "folder-renamed", outcome, ("rename", sent, &[("name", "new_name")])).await
}

pub(super) async fn shift(
    ask: StaffAsk,
    Path(folder_id): Path<String>,
    sent: Sent,
) -> Result<Response, PageError> {
    let asked = MoveFolderRequest { folder_id: folder_id.clone(), parent_id: sent.text("into") };
    let outcome = ask.library().move_folder(asked).await.map(|answer| answer.into_inner().event);
    back(&ask, &folder_id, "folder-moved", outcome, ("move", sent, &[("parent_id", "into")])).await
}

/// Removes an empty folder and leads to the place it was in.
pub(super) async fn remove(ask: StaffAsk, Path(folder_id): Path<String>) -> Result<Response, PageError> {
    let folder = read(&ask, &folder_id, String::new()).await?.folder.ok_or_else(not_here)?;
    match ask.library().delete_folder(DeleteFolderRequest { folder_id: folder_id.clone() }).await {
        Ok(answer) => {
            let href = format!("{}?done=folder-removed", around(&folder));
            Ok(see_other_after(&href, &answer.into_inner().event))
        }
        Err(status) => {
            let problem = problem_from(&status);
            let attempt = Attempt::refused("remove", Sent::default(), &problem, &[]);
            let page = page(&ask, &folder_id, String::new(), attempt, &Done::default()).await;
            Ok(refused(problem, |_| page))
        }
    }
}

pub(super) async fn add(
    ask: StaffAsk,
    Path(folder_id): Path<String>,
    FileForm(parts): FileForm,
) -> Result<Response, PageError> {
    // The folder first: bytes for what one may not see are not read.
    read(&ask, &folder_id, String::new()).await?;
    let outcome = take(&ask, &format!("/folders/{folder_id}/files"), parts).await;
    if let Some(answer) = for_script(&ask.headers, &outcome) {
        return Ok(answer);
    }
    answer(&ask, &folder_id, "file-added", outcome, ("add", Sent::default(), &[])).await
}

type Form<'a> = (&'static str, Sent, &'a [(&'a str, &'a str)]);

async fn back(
    ask: &StaffAsk,
    folder_id: &str,
    done: &str,
    outcome: Result<String, tonic::Status>,
    form: Form<'_>,
) -> Result<Response, PageError> {
    answer(ask, folder_id, done, outcome.map_err(|status| problem_from(&status)), form).await
}

/// The folder's page after an act, or with the form that was refused.
async fn answer(
    ask: &StaffAsk,
    folder_id: &str,
    done: &str,
    outcome: Result<String, Problem>,
    (form, sent, names): Form<'_>,
) -> Result<Response, PageError> {
    match outcome {
        Ok(event) => Ok(see_other_after(&format!("/console/folders/{folder_id}?done={done}"), &event)),
        Err(problem) => {
            let attempt = Attempt::refused(form, sent, &problem, names);
            let page = page(ask, folder_id, String::new(), attempt, &Done::default()).await;
            Ok(refused(problem, |_| page))
        }
    }
}

pub(super) async fn read(
    ask: &Ask,
    folder_id: &str,
    page_token: String,
) -> Result<GetFolderResponse, PageError> {
    let asked = GetFolderRequest { folder_id: folder_id.to_owned(), page_size: 50, page_token };
    Ok(ask.library().get_folder(asked).await?.into_inner())
}

/// The page of what is around a folder.
fn around(folder: &Folder) -> String {
    match (folder.parent_id.as_str(), folder.record_id.as_str()) {
        ("", "") => format!("/console/accounts/{}/library", folder.account_id),
        ("", record) => format!("/console/records/{record}/library"),
        (parent, _) => format!("/console/folders/{parent}"),
    }
}

/// The way to a folder, with itself where `own` says so, above a page's heading.
pub(super) fn under<T: Template>(page: Page<T>, s: &Shell, found: &GetFolderResponse, own: bool) -> Page<T> {
    let Some(folder) = &found.folder else { return page };
    let top = found.trail.first().unwrap_or(folder);
    let mut page = page.under(s.t("library-title"), around(top));
    for each in found.trail.iter().chain(own.then_some(folder)) {
        page = page.under(each.name.clone(), format!("/console/folders/{}", each.id));
    }
    page
}

async fn page(
    ask: &StaffAsk,
    folder_id: &str,
    after: String,
    attempt: Attempt,
    done: &Done,
) -> Result<Response, PageError> {
    let found = read(ask, folder_id, after).await?;
    let folder = found.folder.as_ref().ok_or_else(not_here)?;
    let places = places::all(ask, &folder.account_id).await?;
    let s = &*ask.shell;
    let status = attempt.status();
    let current = attempt.value("move", "into", &folder.parent_id);
    let view = View {
        s,
        id: &folder.id,
        name: &folder.name,
        internal: folder.internal,
        folders: folder_rows(s, &found.folders, "/console/folders"),
        files: filed(s, &found.documents, "/console/documents"),
        choices: downloads(&found.documents),
        older: next(&found.next_page_token),
        max_bytes: found.max_bytes,
        limit: upload_limit(s, found.max_bytes),
        places: places::choices(&places, &folder.id, &current),
        attempt,
    };
    let page = Page::new(folder.name.clone(), view).at("accounts").status(status);
    under(done.above(page, s), s, &found, false).respond(s, &ask.headers)
}

/// The address of the next page of a list; empty at its end.
pub(super) fn next(token: &str) -> String {
    if token.is_empty() { String::new() } else { format!("?after={token}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{layout::Area, text::Locale};

    #[test]
    fn a_folder_leads_up_to_its_account_record_or_folder() {
        let mut folder = Folder {
            account_id: "a".to_owned(),
            record_id: "r".to_owned(),
            parent_id: "p".to_owned(),
            ..Folder::default()
        };
        assert_eq!(around(&folder), "/console/folders/p");
        folder.parent_id.clear();
        assert_eq!(around(&folder), "/console/records/r/library");
        folder.record_id.clear();
        assert_eq!(around(&folder), "/console/accounts/a/library");
    }

    #[test]
    fn a_refused_name_stays_in_its_form() {
        let s = crate::walk::shell(Area::Console, Locale::En);
        let sent: Sent = [("new_name".to_owned(), "Twice".to_owned())].into_iter().collect();
        let problem = Problem::invalid("name", "There is a folder of this name here already.");
        let view = View {
            s: &s,
            id: "f1",
            name: "Accounts",
            internal: true,
            folders: Vec::new(),
            files: Vec::new(),
            choices: Vec::new(),
            older: String::new(),
            max_bytes: 5_368_709_120,
            limit: upload_limit(&s, 5_368_709_120),
            places: vec![Choice::new("f2", "Other", "")],
            attempt: Attempt::refused("rename", sent, &problem, &[("name", "new_name")]),
        };
        let html = Page::new("x", view).whole(&s).unwrap();
        assert!(html.contains("value=\"Twice\"") && html.contains("of this name"));
        assert!(html.matches("<h1").count() == 1 && !html.contains("library-"));
    }
}
