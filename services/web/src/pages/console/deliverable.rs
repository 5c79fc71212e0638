//! What is delivered for approval: its versions, and a new one.

use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
use portico_core::Problem;
use portico_proto::{
    documents::v1::{GetDeliverableRequest, GetDeliverableResponse, Version},
    workflow::v1::{Step, StepState},
};

use super::{
    attempt::{Attempt, Sent},
    done::Done,
    step,
};
use crate::{
    ask::{StaffAsk, refused, see_other_after},
    components::{Tag, Tone},
    csrf::FileForm,
    error::PageError,
    layout::Shell,
    pins::{Pinned, pinned},
    render::Page,
    sending::{percent_encoded, send_file, text_of},
    wording::{self, file_meta, scan_note},
};

struct Row {
    label: String,
    name: String,
    meta: String,
    note: String,
    href: String,
    tag: Option<Tag>,
    sha256: String,
}

#[derive(Template)]
#[template(path = "pages/console/deliverable.html")]
struct View<'a> {
    s: &'a Shell,
    id: &'a str,
    title: String,
    tag: Tag,
    reason: &'a str,
    rows: Vec<Row>,
    /// The largest file that it takes, in bytes, and in words.
    max_bytes: i64,
    limit: String,
    may_add: bool,
    approved: bool,
    /// What was pinned to the version that was returned.
    pinned: Vec<Pinned>,
    attempt: Attempt,
}

pub(super) async fn show(
    ask: StaffAsk,
    Path(step_id): Path<String>,
    Query(done): Query<Done>,
) -> Result<Response, PageError> {
    page(&ask, &step_id, Attempt::default(), &done).await
}

pub(super) async fn add(
    ask: StaffAsk,
    Path(step_id): Path<String>,
    form: FileForm,
) -> Result<Response, PageError> {
    // The step first: bytes for what one may not see are not read.
    step::find(&ask, &step_id).await?;
    match send(&ask, &step_id, form).await {
        Ok(event) => {
            Ok(see_other_after(&format!("/console/steps/{step_id}/deliverable?done=version-added"), &event))
        }
        Err(problem) => {
            let attempt = Attempt::refused("version", Sent::default(), &problem, &[]);
            let page = page(&ask, &step_id, attempt, &Done::default()).await;
            Ok(refused(problem, |_| page))
        }
    }
}

async fn send(ask: &StaffAsk, step_id: &str, FileForm(mut parts): FileForm) -> Result<String, Problem> {
    while let Some(field) = parts.next_field().await.map_err(|_| nothing_chosen(&ask.shell))? {
        if field.name() != Some("file") || field.file_name().is_none_or(str::is_empty) {
            continue;
        }
        let path = format!("/deliverables/{}/versions", percent_encoded(step_id));
        let answer = send_file(ask, &path, field).await?;
        return Ok(text_of(&answer, "event").to_owned());
    }
    Err(nothing_chosen(&ask.shell))
}

/// A form without a file.
pub(super) fn nothing_chosen(s: &Shell) -> Problem {
    Problem::invalid("file", s.t("console-no-file"))
}

async fn page(ask: &StaffAsk, step_id: &str, attempt: Attempt, done: &Done) -> Result<Response, PageError> {
    let (mut documents, asked) = (ask.documents(), GetDeliverableRequest { step_id: step_id.to_owned() });
    let (found, step) = tokio::join!(documents.get_deliverable(asked), step::find(ask, step_id));
    let (found, (step, run)) = (found?.into_inner(), step?);
    let s = &*ask.shell;
    let status = attempt.status();
    let view = View::new(s, &step, &found, attempt);
    let page = Page::new(view.title.clone(), view).at("home").status(status);
    done.above(page, s)
        .under(run.account_name, format!("/console/accounts/{}", run.account_id))
        .under(run.record_title, format!("/console/runs/{}", step.run_id))
        .respond(s, &ask.headers)
}

impl<'a> View<'a> {
    fn new(s: &'a Shell, step: &'a Step, found: &GetDeliverableResponse, attempt: Attempt) -> Self {
        Self {
            s,
            id: &step.id,
            title: if found.title.is_empty() { step.title.clone() } else { found.title.clone() },
            tag: wording::step_tag(s, step),
            reason: &step.reason,
            rows: found.versions.iter().map(|version| row(s, step, version)).collect(),
            max_bytes: found.max_bytes,
            limit: wording::upload_limit(s, found.max_bytes),
            may_add: found.can_add,
            approved: step.state() == StepState::Done,
            pinned: pinned(s, &step.pins),
            attempt,
        }
    }
}

fn row(s: &Shell, step: &Step, version: &Version) -> Row {
    let current = step.deliverable.as_ref().is_some_and(|deliverable| deliverable.version_id == version.id);
    let tag = match (current, step.state()) {
        (false, _) => Tag::new(Tone::Neutral, s.t("console-version-older")),
        (true, StepState::Done) => Tag::new(Tone::Ok, s.t("console-version-approved")),
        (true, StepState::Returned) => Tag::new(Tone::Warn, s.t("console-version-returned")),
        (true, _) => Tag::new(Tone::Info, s.t("console-version-waiting")),
    };
    Row {
        label: s.say("console-version").arg("number", version.number).to_string(),
        name: version.file_name.clone(),
        meta: file_meta(s, version),
        note: scan_note(s, version),
        href: if version.openable { format!("/files/{}/view", version.id) } else { String::new() },
        tag: step.deliverable.is_some().then_some(tag),
        sha256: version.sha256.clone(),
    }
}

#[cfg(test)]
mod tests {
    use portico_proto::workflow::v1::Deliverable;

    use super::*;
    use crate::{layout::Area, text::Locale};

    #[test]
    fn the_version_in_question_is_told_from_older_ones() {
        let s = crate::walk::shell(Area::Console, Locale::En);
        let version = |id: &str, number| Version {
            id: id.to_owned(),
            number,
            file_name: "plan.pdf".to_owned(),
            openable: true,
            sha256: "ab12".to_owned(),
            ..Version::default()
        };
        let step = Step {
            deliverable: Some(Deliverable { version_id: "v2".to_owned(), ..Deliverable::default() }),
            ..wording::tests::step("approval", "Approve the project plan", StepState::Done, 1)
        };
        let found = GetDeliverableResponse {
            versions: vec![version("v2", 2), version("v1", 1)],
            title: "Project plan".to_owned(),
            can_add: true,
            max_bytes: 104_857_600,
            document: None,
        };
        let html = Page::new("x", View::new(&s, &step, &found, Attempt::default())).whole(&s).unwrap();
        assert!(html.contains("Approved") && html.contains("Older version") && html.contains("ab12"));
        assert!(html.contains("enctype=\"multipart/form-data\"") && html.contains("needs a fresh approval"));
        assert!(html.matches("<h1").count() == 1 && !html.contains("console-"));
    }

    #[test]
    fn before_the_first_version_the_page_says_what_comes() {
        let s = crate::walk::shell(Area::Console, Locale::En);
        let step = wording::tests::step("approval", "Approve the plan", StepState::Ready, 1);
        let html =
            View::new(&s, &step, &GetDeliverableResponse::default(), Attempt::default()).render().unwrap();
        assert!(html.contains("Nothing delivered yet") && !html.contains("<form"));
    }
}
