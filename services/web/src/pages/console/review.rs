//! What a client has handed in for a request: open it, accept it, or return it with a reason.

use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
use portico_core::Problem;
use portico_proto::{
    documents::v1::{
        AcceptItemRequest, GetRequestRequest, Item, ItemState, Request, ReturnItemRequest, Version,
    },
    workflow::v1::Run,
};
use portico_rpc::problem_from;
use tonic::Status;

use super::{
    attempt::{Attempt, Sent},
    done::Done,
    step,
};
use crate::{
    ask::{StaffAsk, not_here, refused, see_other_after},
    components::{Tag, Tone},
    error::PageError,
    layout::Shell,
    render::Page,
    wording::{file_meta, scan_note},
};

struct FileRow {
    name: String,
    meta: String,
    /// Where it is read and fetched; empty where it cannot be opened.
    view: String,
    download: String,
    note: String,
}

struct ItemRow {
    name: String,
    why: String,
    reason: String,
    tag: Tag,
    files: Vec<FileRow>,
    missing: bool,
    /// Whether a decision is due.
    decide: bool,
    accept: String,
    give_back: String,
    field: String,
    form: String,
}

#[derive(Template)]
#[template(path = "pages/console/review.html")]
struct View<'a> {
    s: &'a Shell,
    title: &'a str,
    summary: String,
    unscanned: bool,
    items: Vec<ItemRow>,
    attempt: Attempt,
}

/// The path of an act: step and row.
type Place = Path<(String, String)>;

pub(super) async fn show(
    ask: StaffAsk,
    Path(step_id): Path<String>,
    Query(done): Query<Done>,
) -> Result<Response, PageError> {
    page(&ask, &step_id, Attempt::default(), &done).await
}

pub(super) async fn accept(
    ask: StaffAsk,
    Path((step_id, item_id)): Place,
    sent: Sent,
) -> Result<Response, PageError> {
    let asked = AcceptItemRequest { item_id };
    let answer =
        ask.documents().accept_item(asked).await.map(|answer| answer.into_inner().event).map_err(to_problem);
    settle(&ask, &step_id, answer, "item-accepted", sent, "").await
}

pub(super) async fn give_back(
    ask: StaffAsk,
    Path((step_id, item_id)): Place,
    sent: Sent,
) -> Result<Response, PageError> {
    let field = reason_field(&item_id);
    let asked = ReturnItemRequest { item_id, reason: sent.text(&field) };
    let answer =
        ask.documents().return_item(asked).await.map(|answer| answer.into_inner().event).map_err(to_problem);
    settle(&ask, &step_id, answer, "item-returned", sent, &field).await
}

/// Every row has a form of its own on the page, so its field has a name of its own.
fn reason_field(item_id: &str) -> String {
    format!("reason-{item_id}")
}

fn to_problem(status: Status) -> Problem {
    problem_from(&status)
}

async fn settle(
    ask: &StaffAsk,
    step_id: &str,
    answer: Result<String, Problem>,
    word: &str,
    sent: Sent,
    field: &str,
) -> Result<Response, PageError> {
    match answer {
        Ok(event) => Ok(see_other_after(&format!("/console/steps/{step_id}/review?done={word}"), &event)),
        Err(problem) => {
            let attempt = Attempt::refused("return", sent, &problem, &[("reason", field)]);
            let page = page(ask, step_id, attempt, &Done::default()).await;
            Ok(refused(problem, |_| page))
        }
    }
}

async fn page(ask: &StaffAsk, step_id: &str, attempt: Attempt, done: &Done) -> Result<Response, PageError> {
    let (mut documents, asked) = (ask.documents(), GetRequestRequest { step_id: step_id.to_owned() });
    let step = step::find(ask, step_id);
    let (request, step) = tokio::join!(documents.get_request(asked), step);
    let request = request?.into_inner().request.ok_or_else(not_here)?;
    let (step, run): (_, Run) = step?;
    let s = &*ask.shell;
    let status = attempt.status();
    let page = Page::new(request.title.clone(), View::new(s, &request, attempt)).at("home").status(status);
    done.above(page, s)
        .under(run.account_name, format!("/console/accounts/{}", run.account_id))
        .under(run.record_title, format!("/console/runs/{}", step.run_id))
        .respond(s, &ask.headers)
}

impl<'a> View<'a> {
    fn new(s: &'a Shell, request: &'a Request, attempt: Attempt) -> Self {
        let summary =
            s.say("console-accepted-of").arg("done", request.accepted).arg("count", request.items.len());
        Self {
            s,
            title: &request.title,
            summary: summary.to_string(),
            unscanned: request.unscanned_allowed,
            items: request.items.iter().map(|item| row(s, request, item, &attempt)).collect(),
            attempt,
        }
    }
}

fn row(s: &Shell, request: &Request, item: &Item, attempt: &Attempt) -> ItemRow {
    let (tone, key) = match item.state() {
        ItemState::Needed | ItemState::Unspecified => (Tone::Neutral, "console-item-needed"),
        ItemState::Checking => (Tone::Info, "console-item-checking"),
        ItemState::Accepted => (Tone::Plain, "console-item-accepted"),
        ItemState::Returned => (Tone::Warn, "console-item-returned"),
        ItemState::NotAvailable => (Tone::Warn, "console-item-missing"),
    };
    let field = reason_field(&item.id);
    let act = |word: &str| format!("/console/steps/{}/items/{}/{word}", request.step_id, item.id);
    ItemRow {
        name: item.name.clone(),
        why: item.why.clone(),
        reason: item.reason.clone(),
        tag: Tag::new(tone, s.t(key)),
        files: item.files.iter().map(|version| file_row(s, version)).collect(),
        missing: item.state() == ItemState::NotAvailable,
        decide: request.can_review && matches!(item.state(), ItemState::Checking | ItemState::NotAvailable),
        accept: act("accept"),
        give_back: act("return"),
        form: attempt.value("return", &field, ""),
        field,
    }
}

fn file_row(s: &Shell, version: &Version) -> FileRow {
    let link =
        |path: &str| if version.openable { format!("/files/{}{path}", version.id) } else { String::new() };
    FileRow {
        name: version.file_name.clone(),
        meta: file_meta(s, version),
        view: link("/view"),
        download: link(""),
        note: scan_note(s, version),
    }
}

#[cfg(test)]
mod tests {
    use portico_proto::documents::v1::ScanState;

    use super::*;
    use crate::{layout::Area, text::Locale};

    fn request(can_review: bool) -> Request {
        let file = Version {
            id: "v1".to_owned(),
            file_name: "plan.pdf".to_owned(),
            openable: true,
            ..Version::default()
        };
        let closed = Version {
            id: "v2".to_owned(),
            file_name: "bad.pdf".to_owned(),
            scan: ScanState::Infected.into(),
            ..Version::default()
        };
        let item = |id: &str, state: ItemState, files| Item {
            id: id.to_owned(),
            name: format!("Row {id}"),
            state: state.into(),
            files,
            ..Item::default()
        };
        Request {
            step_id: "st".to_owned(),
            title: "Upload the documents".to_owned(),
            items: vec![
                item("a", ItemState::Checking, vec![file, closed]),
                Item {
                    reason: "We never had one.".to_owned(),
                    ..item("b", ItemState::NotAvailable, Vec::new())
                },
                item("c", ItemState::Accepted, Vec::new()),
            ],
            accepted: 1,
            can_review,
            unscanned_allowed: true,
            ..Request::default()
        }
    }

    #[test]
    fn what_came_in_is_opened_and_decided_row_by_row() {
        let s = crate::walk::shell(Area::Console, Locale::En);
        let request = request(true);
        let html = Page::new("x", View::new(&s, &request, Attempt::default())).whole(&s).unwrap();
        assert!(
            html.contains("href=\"/files/v1\"") && !html.contains("href=\"/files/v2"),
            "an infected file has no link"
        );
        assert!(
            html.contains("/console/steps/st/items/a/accept")
                && html.contains("/console/steps/st/items/b/return")
        );
        assert!(!html.contains("/items/c/"), "what is accepted needs no decision");
        assert!(html.contains("We never had one.") && html.contains("1 of 3") && html.contains("viruses"));
        assert!(html.matches("<h1").count() == 1 && !html.contains("console-"));
    }

    #[test]
    fn whoever_does_not_review_sees_no_buttons() {
        let s = crate::walk::shell(Area::Console, Locale::En);
        let html = View::new(&s, &request(false), Attempt::default()).render().unwrap();
        assert!(!html.contains("<form"));
    }

    #[test]
    fn a_refused_return_keeps_its_reason_in_its_row() {
        let s = crate::walk::shell(Area::Console, Locale::En);
        let sent: Sent = [("reason-a".to_owned(), "x".repeat(3))].into_iter().collect();
        let problem = Problem::invalid("reason", "Say why.");
        let attempt = Attempt::refused("return", sent, &problem, &[("reason", "reason-a")]);
        let html = View::new(&s, &request(true), attempt).render().unwrap();
        assert!(html.contains("id=\"f-reason-a-error\"") && html.contains("xxx"));
    }
}
