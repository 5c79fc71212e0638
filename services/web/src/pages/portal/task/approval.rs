//! An approval: what exactly it is about, and the two answers.

use askama::Template;
use axum::{Form, extract::Path, response::Response};
use portico_core::ErrorCode;
use portico_proto::{
    documents::v1::{GetDeliverableRequest, GetDeliverableResponse, Version},
    time::moment,
    workflow::v1::{Approval, DecideApprovalRequest, Decision, GetRecordRequest},
};
use portico_rpc::problem_from;

use super::{Body, Task, Tried, acted};
use crate::{
    ask::Ask,
    error::PageError,
    form::Errors,
    layout::Shell,
    pins::{self, Pinned, Row, pinned},
    values::{Line, lines},
    wording::{file_meta, html, is_open},
};

/// Pages that are shown at once; the rest is one press away.
const PAGES_SHOWN: i32 = 3;

#[derive(Template)]
#[template(path = "pages/task/approval.html")]
struct View<'a> {
    s: &'a Shell,
    step: &'a str,
    file: Option<File<'a>>,
    /// Older versions, for those who compare.
    older: Vec<(String, String)>,
    waiting: bool,
    record: Vec<Line>,
    can_decide: bool,
    comment: &'a str,
    errors: &'a Errors,
    /// The approvals given so far: who, for whom, in which role, when.
    given: Vec<String>,
    /// "1 of 3 approvals"; empty where one is all.
    count: String,
    /// Why the reader cannot decide; empty for no reason.
    barred: String,
    /// Whose approval the reader's would be; empty for their own.
    on_behalf: String,
    pinned: Vec<Pinned>,
    rows: Vec<Row>,
}

struct File<'a> {
    version: &'a Version,
    meta: String,
    pages: Vec<i32>,
    more: bool,
}

impl<'a> File<'a> {
    fn of(s: &Shell, version: &'a Version) -> Self {
        let pages = if version.openable { version.pages } else { 0 };
        Self {
            version,
            meta: file_meta(s, version),
            pages: (1..=pages.min(PAGES_SHOWN)).collect(),
            more: pages > PAGES_SHOWN,
        }
    }
}

pub(super) async fn body(ask: &Ask, task: &Task, tried: &Tried) -> Result<Body, PageError> {
    let s = &*ask.shell;
    let asked = GetDeliverableRequest { step_id: task.step.id.clone() };
    let found = match ask.documents().get_deliverable(asked).await {
        Ok(answer) => Some(answer.into_inner()),
        Err(status) => match problem_from(&status) {
            problem if problem.code == ErrorCode::NotFound => None,
            problem => return Err(problem.into()),
        },
    };
    let record = if found.is_some() { Vec::new() } else { record_lines(ask, task).await? };
    let none = GetDeliverableResponse::default();
    let view = View::new(s, task, found.as_ref().unwrap_or(&none), found.is_some(), record, tried);
    let live = !view.can_decide;
    let script = (view.can_decide && view.file.is_some()).then_some("js/pins.js");
    Ok(Body { html: html(&view)?, script, live })
}

/// The fields of the record that is approved, as far as the reader may see them.
async fn record_lines(ask: &Ask, task: &Task) -> Result<Vec<Line>, PageError> {
    let asked = GetRecordRequest { record_id: task.run.record_id.clone() };
    let record = match ask.workflow().get_record(asked).await {
        Ok(answer) => answer.into_inner().record.unwrap_or_default(),
        // A stand-in decides about what they may not read otherwise; its name stands above.
        Err(status) if !task.step.on_behalf_of.is_empty() && status.code() == tonic::Code::NotFound => {
            return Ok(Vec::new());
        }
        Err(status) => return Err(status.into()),
    };
    let definition = ask.web.definition(ask.tenant(), &task.run.portal_id, task.run.portal_version).await?;
    Ok(definition
        .spec
        .records
        .get(&record.kind)
        .map(|kind| lines(&ask.shell, kind, &record, &[]))
        .unwrap_or_default())
}

impl<'a> View<'a> {
    fn new(
        s: &'a Shell,
        task: &'a Task,
        found: &'a GetDeliverableResponse,
        of_file: bool,
        record: Vec<Line>,
        tried: &'a Tried,
    ) -> Self {
        // The version the step is about; staff also see the newest one before there is a step to decide.
        let about = task.step.deliverable.as_ref().map(|about| about.version_id.as_str());
        let version = found
            .versions
            .iter()
            .find(|each| Some(each.id.as_str()) == about)
            .or_else(|| found.versions.first());
        let older = found.versions.iter().filter(|each| version.is_some_and(|shown| shown.id != each.id));
        let mine = is_open(&task.step) && task.step.can_act;
        Self {
            s,
            step: &task.step.id,
            file: version.map(|version| File::of(s, version)),
            older: older.map(|each| (format!("/files/{}/view", each.id), file_meta(s, each))).collect(),
            waiting: of_file && version.is_none(),
            record,
            can_decide: mine && (!of_file || (version.is_some() && about.is_some())),
            comment: tried.typed("comment"),
            errors: &tried.errors,
            given: task.step.approvals.iter().map(|one| given(s, one)).collect(),
            count: count(s, task),
            barred: match task.step.barred_by.as_str() {
                "" => String::new(),
                other => s.say("approval-barred").arg("step", other).to_string(),
            },
            on_behalf: match task.step.on_behalf_of.as_str() {
                "" => String::new(),
                other => s.say("approval-on-behalf").arg("name", other).to_string(),
            },
            pinned: pinned(s, &task.step.pins),
            rows: pins::rows(s, &tried.typed),
        }
    }
}

/// "Maria Lopez for Ben Ray (Finance), 3 December 2026, 12:00"
fn given(s: &Shell, one: &Approval) -> String {
    let when = one.at.as_ref().and_then(moment).map(|at| s.date_time(&at)).unwrap_or_default();
    let mut who = match one.on_behalf_of.as_str() {
        "" => one.name.clone(),
        other => s.say("approval-for").arg("name", &one.name).arg("other", other).to_string(),
    };
    if !one.role_title.is_empty() {
        who = format!("{who} ({})", one.role_title);
    }
    format!("{who}, {when}")
}

fn count(s: &Shell, task: &Task) -> String {
    if task.step.approvals_needed < 2 {
        return String::new();
    }
    let needed = usize::try_from(task.step.approvals_needed).unwrap_or_default();
    s.say("approval-count").arg("given", task.step.approvals.len()).arg("needed", needed).to_string()
}

pub(in crate::pages::portal) async fn decide(
    ask: Ask,
    Path(step): Path<String>,
    Form(sent): Form<Vec<(String, String)>>,
) -> Result<Response, PageError> {
    let of = |name: &str| sent.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value).to_owned();
    let decision = match of("decision").as_str() {
        "approve" => Decision::Approve,
        "return" => Decision::Return,
        _ => Decision::Unspecified,
    };
    let (pins, errors) =
        if decision == Decision::Return { pins::read(&ask.shell, &sent) } else { Default::default() };
    if let Some(problem) = errors.as_problem() {
        return acted(&ask, &step, Err(problem), sent).await;
    }
    let asked = DecideApprovalRequest {
        step_id: step.clone(),
        decision: decision.into(),
        comment: of("comment"),
        version_id: of("version"),
        sha256: of("sha256"),
        pins,
    };
    let outcome = ask.workflow().decide_approval(asked).await;
    let outcome = outcome.map(|answer| answer.into_inner().event).map_err(|status| problem_from(&status));
    acted(&ask, &step, outcome, sent).await
}

#[cfg(test)]
mod tests {
    use portico_proto::workflow::v1::{Deliverable, StepState};

    use super::*;
    use crate::{
        layout::Area, pages::portal::task::tests::task, text::Locale, values::tests, wording::tests::step,
    };

    fn version(id: &str) -> Version {
        Version {
            id: id.to_owned(),
            number: 2,
            sha256: format!("hash-{id}"),
            pages: 5,
            openable: true,
            file_name: "plan.pdf".to_owned(),
            ..Version::default()
        }
    }

    #[test]
    fn one_approves_exactly_the_version_that_was_read() {
        let s = crate::walk::shell(Area::Portal, Locale::En);
        let mut task = task(step("approval", "Approve the project plan", StepState::Active, 3));
        task.step.deliverable = Some(Deliverable { version_id: "v1".to_owned(), ..Deliverable::default() });
        let found = GetDeliverableResponse {
            versions: vec![version("v2"), version("v1")],
            ..GetDeliverableResponse::default()
        };
        let tried = Tried::default();
        let html = View::new(&s, &task, &found, true, Vec::new(), &tried).render().unwrap();
        assert_eq!(html.matches("name=\"sha256\" value=\"hash-v1\"").count(), 2, "with both answers");
        assert!(
            !html.contains("name=\"sha256\" value=\"hash-v2\"") && html.contains("href=\"/files/v2/view\"")
        );
        assert_eq!(html.matches("<img").count(), 3);
        assert!(html.contains("data-confirm=") && html.contains("value=\"return\""));
    }

    #[test]
    fn who_has_approved_who_may_not_and_what_was_pinned_is_said() {
        for locale in Locale::ALL {
            let s = crate::walk::shell(Area::Portal, locale);
            let mut task = task(step("approval", "Approve the project plan", StepState::Returned, 3));
            task.step.deliverable =
                Some(Deliverable { version_id: "v1".to_owned(), ..Deliverable::default() });
            (task.step.approvals_needed, task.step.can_act) = (3, false);
            task.step.barred_by = "Prepare <it>".to_owned();
            task.step.approvals = vec![Approval {
                name: "Sten".to_owned(),
                on_behalf_of: "Flo".to_owned(),
                role_title: "Finance".to_owned(),
                ..Approval::default()
            }];
            task.step.pins = vec![portico_proto::workflow::v1::Pin {
                page: 2,
                left: 0.5,
                top: 0.1,
                width: 0.2,
                height: 0.1,
                text: "Wrong <sum>".to_owned(),
            }];
            let found =
                GetDeliverableResponse { versions: vec![version("v1")], ..GetDeliverableResponse::default() };
            let tried = Tried::default();
            let html = View::new(&s, &task, &found, true, Vec::new(), &tried).render().unwrap();
            assert!(html.contains("Sten") && html.contains("Flo") && html.contains("(Finance)"), "{html}");
            assert!(html.contains("Prepare &#60;it&#62;") && html.contains("Wrong &#60;sum&#62;"));
            assert!(
                html.contains("<rect x=\"500\"") && !html.contains("data-pins") && !html.contains(" style=")
            );
            (task.step.can_act, task.step.on_behalf_of) = (true, "Flo".to_owned());
            let html = View::new(&s, &task, &found, true, Vec::new(), &tried).render().unwrap();
            assert!(
                html.contains("data-pins")
                    && html.contains("name=\"pin-5-text\"")
                    && html.contains("data-page=\"3\"")
            );
        }
    }

    #[test]
    fn nothing_can_be_decided_before_there_is_a_file() {
        let s = crate::walk::shell(Area::Portal, Locale::En);
        let task = task(step("approval", "Approve the project plan", StepState::Active, 3));
        let none = GetDeliverableResponse::default();
        let tried = Tried::default();
        let html = View::new(&s, &task, &none, true, Vec::new(), &tried).render().unwrap();
        assert!(!html.contains("<form") && html.contains("class=\"card empty\""));
    }

    #[test]
    fn a_record_is_approved_by_its_fields() {
        let s = crate::walk::shell(Area::Console, Locale::En);
        let task = task(step("approval", "Approve the invoice", StepState::Active, 3));
        let definition = tests::gallery("vendor-invoices");
        let record = lines(&s, &definition.spec.records["invoice"], &tests::invoice(), &[]);
        let none = GetDeliverableResponse::default();
        let mut tried =
            Tried { typed: vec![("comment".to_owned(), "Too much".to_owned())], ..Tried::default() };
        tried.errors.add("comment", "Say why.");
        let html = View::new(&s, &task, &none, false, record, &tried).render().unwrap();
        assert!(
            html.contains("12,345.00 EUR")
                && html.contains("Too much")
                && html.contains("id=\"f-comment-error\"")
        );
    }
}
