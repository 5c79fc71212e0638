//! The folders at the top of an account, or of one of its records.

use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
use portico_proto::{
    documents::v1::{CreateFolderRequest, Folder, ListFoldersRequest},
    tenancy::v1::GetAccountRequest,
    workflow::v1::{GetRecordRequest, Record},
};
use portico_rpc::problem_from;

use crate::{
    ask::{StaffAsk, not_here, refused, see_other_after},
    components::{Choice, Row},
    error::PageError,
    layout::Shell,
    library::folder_rows,
    pages::console::{
        attempt::{Attempt, Sent},
        done::Done,
        overview,
    },
    render::Page,
};

#[derive(Template)]
#[template(path = "pages/console/library.html")]
struct View<'a> {
    s: &'a Shell,
    title: String,
    /// Where a folder is made.
    action: &'a str,
    rows: Vec<Row>,
    /// Records with folders of their own.
    records: Vec<Row>,
    levels: Vec<Choice>,
    /// The account's trash; empty on the page of a record.
    trash: String,
    attempt: Attempt,
}

/// What everyone of an account can be let do in a new folder; `firm` is for the firm's side only.
pub(super) fn levels(s: &Shell, current: &str) -> Vec<Choice> {
    let choice = |word: &str| Choice::new(word, s.t(&format!("library-level-{word}")), current);
    ["view", "upload", "view_only", "none", "firm"].map(choice).into()
}

pub(super) async fn of_account(
    ask: StaffAsk,
    Path(account_id): Path<String>,
    Query(done): Query<Done>,
) -> Result<Response, PageError> {
    account(&ask, &account_id, Attempt::default(), &done).await
}

pub(super) async fn create(
    ask: StaffAsk,
    Path(account_id): Path<String>,
    sent: Sent,
) -> Result<Response, PageError> {
    let asked = CreateFolderRequest { account_id: account_id.clone(), ..wanted(&sent) };
    match ask.library().create_folder(asked).await {
        Ok(answer) => {
            let answer = answer.into_inner();
            let id = answer.folder.unwrap_or_default().id;
            Ok(see_other_after(&format!("/console/folders/{id}?done=folder-created"), &answer.event))
        }
        Err(status) => {
            let problem = problem_from(&status);
            let attempt = Attempt::refused("folder", sent, &problem, &[]);
            let page = account(&ask, &account_id, attempt, &Done::default()).await;
            Ok(refused(problem, |_| page))
        }
    }
}

pub(super) async fn of_record(
    ask: StaffAsk,
    Path(record_id): Path<String>,
    Query(done): Query<Done>,
) -> Result<Response, PageError> {
    record(&ask, &record_id, Attempt::default(), &done).await
}

pub(super) async fn create_of_record(
    ask: StaffAsk,
    Path(record_id): Path<String>,
    sent: Sent,
) -> Result<Response, PageError> {
    let account_id = read(&ask, &record_id).await?.account_id;
    let asked = CreateFolderRequest { account_id, record_id: record_id.clone(), ..wanted(&sent) };
    match ask.library().create_folder(asked).await {
        Ok(answer) => {
            let answer = answer.into_inner();
            let id = answer.folder.unwrap_or_default().id;
            Ok(see_other_after(&format!("/console/folders/{id}?done=folder-created"), &answer.event))
        }
        Err(status) => {
            let problem = problem_from(&status);
            let attempt = Attempt::refused("folder", sent, &problem, &[]);
            let page = record(&ask, &record_id, attempt, &Done::default()).await;
            Ok(refused(problem, |_| page))
        }
    }
}

fn wanted(sent: &Sent) -> CreateFolderRequest {
    let level = sent.of("level");
    CreateFolderRequest {
        name: sent.text("name"),
        internal: level == "firm",
        level: if matches!(level, "none" | "firm") { String::new() } else { level.to_owned() },
        ..CreateFolderRequest::default()
    }
}

async fn read(ask: &StaffAsk, record_id: &str) -> Result<Record, PageError> {
    let asked = GetRecordRequest { record_id: record_id.to_owned() };
    ask.workflow().get_record(asked).await?.into_inner().record.ok_or_else(not_here)
}

async fn account(ask: &StaffAsk, id: &str, attempt: Attempt, done: &Done) -> Result<Response, PageError> {
    let asked = GetAccountRequest { account_id: id.to_owned() };
    let account = ask.tenancy().get_account(asked).await?.into_inner().account.ok_or_else(not_here)?;
    let asked = ListFoldersRequest { account_id: id.to_owned(), ..ListFoldersRequest::default() };
    let folders = ask.library().list_folders(asked).await?.into_inner().folders;
    let (of_records, own): (Vec<Folder>, Vec<Folder>) =
        folders.into_iter().partition(|folder| !folder.record_id.is_empty());
    let mut ids: Vec<&str> = of_records.iter().map(|folder| folder.record_id.as_str()).collect();
    ids.dedup();
    let s = &*ask.shell;
    let mut records = Vec::new();
    for record_id in ids {
        let record = read(ask, record_id).await?;
        let title = overview::record_title(s, &record);
        records.push(Row::new(
            title,
            format!("/console/records/{record_id}/library"),
            s.t("library-of-record"),
        ));
    }
    let action = format!("/console/accounts/{id}/library");
    let status = attempt.status();
    let view = View {
        s,
        title: s.say("library-of").arg("name", &account.name).to_string(),
        action: &action,
        rows: folder_rows(s, &own, "/console/folders"),
        records,
        levels: levels(s, &attempt.value("folder", "level", "view")),
        trash: format!("/console/accounts/{id}/trash"),
        attempt,
    };
    let page = Page::new(view.title.clone(), view).at("accounts").status(status);
    done.above(page, s)
        .under(s.t("nav-accounts"), "/console/accounts")
        .under(account.name, format!("/console/accounts/{id}"))
        .respond(s, &ask.headers)
}

async fn record(ask: &StaffAsk, id: &str, attempt: Attempt, done: &Done) -> Result<Response, PageError> {
    let record = read(ask, id).await?;
    let asked = ListFoldersRequest {
        account_id: record.account_id.clone(),
        record_id: id.to_owned(),
        ..ListFoldersRequest::default()
    };
    let folders = ask.library().list_folders(asked).await?.into_inner().folders;
    let s = &*ask.shell;
    let title = overview::record_title(s, &record);
    let action = format!("/console/records/{id}/library");
    let status = attempt.status();
    let view = View {
        s,
        title: s.say("library-of").arg("name", &title).to_string(),
        action: &action,
        rows: folder_rows(s, &folders, "/console/folders"),
        records: Vec::new(),
        levels: levels(s, &attempt.value("folder", "level", "view")),
        trash: String::new(),
        attempt,
    };
    let page = Page::new(view.title.clone(), view).at("accounts").status(status);
    done.above(page, s)
        .under(s.t("nav-accounts"), "/console/accounts")
        .under(record.account_name.clone(), format!("/console/accounts/{}", record.account_id))
        .under(title, format!("/console/records/{id}"))
        .respond(s, &ask.headers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{layout::Area, text::Locale};

    #[test]
    fn a_folder_is_made_for_everyone_or_for_the_firm_alone() {
        let sent = |level: &str| -> Sent {
            [("name", "Accounts"), ("level", level)]
                .map(|(a, b)| (a.to_owned(), b.to_owned()))
                .into_iter()
                .collect()
        };
        let asked = wanted(&sent("firm"));
        assert!(asked.internal && asked.level.is_empty());
        assert_eq!(wanted(&sent("upload")).level, "upload");
        let s = crate::walk::shell(Area::Console, Locale::En);
        let view = View {
            s: &s,
            title: "Documents of Acme".to_owned(),
            action: "/console/accounts/a/library",
            rows: Vec::new(),
            records: Vec::new(),
            levels: levels(&s, "view"),
            trash: "/console/accounts/a/trash".to_owned(),
            attempt: Attempt::default(),
        };
        let html = Page::new("x", view).whole(&s).unwrap();
        assert!(html.matches("<h1").count() == 1 && !html.contains("library-"), "{html}");
        assert!(html.contains("For your firm only"));
    }
}
