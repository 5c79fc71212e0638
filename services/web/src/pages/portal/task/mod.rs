//! One step: what is asked, by when, and the way to do it. Each type of step has a file of its own.

use std::collections::HashMap;

use askama::Template;
use axum::{
    extract::{Path, Query},
    response::{IntoResponse as _, Response},
};
use http::StatusCode;
use portico_core::{ErrorCode, Problem, StepId};
use portico_proto::{
    time::moment,
    workflow::v1::{Assignee, GetStepRequest, ListAttentionRequest, Run, RunState, Step, StepState},
};

use crate::{
    ask::{Ask, not_here, see_other_after},
    components::{Row, Tag},
    error::PageError,
    form::Errors,
    layout::Shell,
    render::Page,
    wording::{assignee, attention_row, is_open, is_ours, step_tag},
};

pub(super) mod answers;
pub(super) mod answers_pdf;
pub(super) mod approval;
pub(super) mod decline;
pub(super) mod drafts;
pub(super) mod editing;
pub(super) mod esign;
mod fields;
pub(super) mod form;
mod given;
pub(super) mod item;
pub(super) mod meeting;
pub(super) mod print;
pub(super) mod questions;
mod read_back;
pub(super) mod request;
pub(super) mod review;
pub(super) mod sign;
pub(super) mod todo;
pub(super) mod upload;
mod wait;

/// A step with all that its page needs.
pub(super) struct Task {
    pub(super) step: Step,
    pub(super) run: Run,
    colleagues: Vec<Assignee>,
    after: After,
}

/// What comes after a step that is settled.
#[derive(Default)]
struct After {
    next: Option<Row>,
    left: usize,
    sentence: String,
}

/// A form that was sent and refused: what was wrong, and what was typed.
#[derive(Default)]
pub(super) struct Tried {
    pub(super) errors: Errors,
    pub(super) typed: Vec<(String, String)>,
}

impl Tried {
    /// What was typed into a field; empty for a page that is shown for the first time.
    pub(super) fn typed(&self, name: &str) -> &str {
        self.typed.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }
}

/// What a type of step puts into the page.
#[derive(Default)]
pub(super) struct Body {
    pub(super) html: String,
    pub(super) script: Option<&'static str>,
    /// Whether a change elsewhere may replace it: not while somebody types.
    pub(super) live: bool,
}

#[derive(Template)]
#[template(path = "pages/task/task.html")]
struct View<'a> {
    s: &'a Shell,
    step: &'a Step,
    tag: Tag,
    due: String,
    who: String,
    record: &'a str,
    record_href: String,
    body: &'a Body,
    returned: bool,
    colleagues: &'a [Assignee],
    can_decline: bool,
    staff: bool,
    /// What has become of the whole run where it does not go on, with the banner's colour.
    stopped: Option<(&'static str, String)>,
    ended: String,
    open: bool,
    after: &'a After,
}

pub(super) async fn show(
    ask: Ask,
    Path(step): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, PageError> {
    let task = Task::load(&ask, &step).await?;
    let asked = |name: &str| query.get(name).map_or("", String::as_str);
    let at = match (asked("step"), asked("add")) {
        ("", "") => asked("page").to_owned(),
        ("", table) => format!("{}+{table}", asked("page")),
        (step, _) => step.to_owned(),
    };
    page(&ask, &task, &at, &Tried::default(), StatusCode::OK).await
}

impl Task {
    pub(super) async fn load(ask: &Ask, step: &str) -> Result<Self, PageError> {
        step.parse::<StepId>().map_err(|_| not_here())?;
        let found = ask.workflow().get_step(GetStepRequest { step_id: step.to_owned() }).await?.into_inner();
        let step = found.step.ok_or_else(not_here)?;
        let run = found.run.unwrap_or_default();
        let after = if is_open(&step) && step.can_act {
            After::default()
        } else {
            After::load(ask, &run, &step).await
        };
        Ok(Self { step, run, colleagues: found.colleagues, after })
    }
}

impl After {
    /// A courtesy: where the list does not answer, the page comes without it.
    async fn load(ask: &Ask, run: &Run, step: &Step) -> Self {
        let asked = ListAttentionRequest { account_id: run.account_id.clone(), page_size: 50 };
        let Ok(answer) = ask.workflow().list_attention(asked).await else { return Self::default() };
        let answer = answer.into_inner();
        let others = || {
            answer.needs_you.iter().filter(|item| item.step.as_ref().is_some_and(|each| each.id != step.id))
        };
        Self {
            next: others().find_map(|item| attention_row(&ask.shell, item, false)),
            left: others().count(),
            sentence: answer.next,
        }
    }
}

/// The page of a step, with whatever was tried on it.
pub(super) async fn page(
    ask: &Ask,
    task: &Task,
    at: &str,
    tried: &Tried,
    status: StatusCode,
) -> Result<Response, PageError> {
    let body = match task.step.r#type.as_str() {
        "form" => form::body(ask, task, at, tried).await?,
        "document_request" => request::body(ask, task, tried).await?,
        "approval" => approval::body(ask, task, tried).await?,
        "esign" => esign::body(ask, task, at, tried).await?,
        "meeting" => meeting::body(ask, task, tried).await?,
        "task" => todo::body(ask, task, tried)?,
        _ => wait::body(ask, task)?,
    };
    let s = &*ask.shell;
    let view = View::new(s, task, &body, ask.reader.is_staff());
    let mut page =
        Page::new(task.step.title.clone(), view).at("tasks").under(s.t("nav-tasks"), "/tasks").status(status);
    if let Some(script) = body.script {
        page = page.script(script);
    }
    page.respond(s, &ask.headers)
}

impl<'a> View<'a> {
    fn new(s: &'a Shell, task: &'a Task, body: &'a Body, staff: bool) -> Self {
        let step = &task.step;
        let open = is_open(step);
        let ended = step.ended_at.as_ref().and_then(moment).map(|at| {
            let at = s.date_time(&at);
            match step.ended_by.as_str() {
                "" => at,
                name => s.say("step-ended-by").arg("name", name).arg("date", at).to_string(),
            }
        });
        Self {
            s,
            step,
            tag: step_tag(s, step),
            due: step
                .due
                .as_ref()
                .filter(|_| open)
                .and_then(moment)
                .map(|due| s.date(&due))
                .unwrap_or_default(),
            who: step
                .assignee
                .as_ref()
                .filter(|_| open && !step.can_act)
                .map(|who| assignee(s, who))
                .unwrap_or_default(),
            record: &task.run.record_title,
            record_href: format!("/records/{}", task.run.record_id),
            body,
            returned: step.state() == StepState::Returned,
            colleagues: &task.colleagues,
            can_decline: !staff && open && step.can_act && !is_ours(step),
            staff,
            stopped: stopped(s, &task.run),
            ended: ended.unwrap_or_default(),
            open,
            after: &task.after,
        }
    }
}

fn stopped(s: &Shell, run: &Run) -> Option<(&'static str, String)> {
    let say = |key| s.say(key).arg("reason", &run.reason).to_string();
    match run.state() {
        RunState::Paused => Some(("warn", say("run-paused"))),
        RunState::Cancelled => Some(("info", say("run-cancelled"))),
        RunState::Active | RunState::Done | RunState::Unspecified => None,
    }
}

/// Answers an act on a step: to the step's page where it worked, else the same page with what was wrong.
pub(super) async fn acted(
    ask: &Ask,
    step: &str,
    outcome: Result<String, Problem>,
    typed: Vec<(String, String)>,
) -> Result<Response, PageError> {
    let problem = match outcome {
        Ok(event) => return Ok(see_other_after(&format!("/tasks/{step}"), &event)),
        Err(problem) => problem,
    };
    if !is_mendable(&problem) {
        return Ok(PageError(problem).into_response());
    }
    let task = Task::load(ask, step).await?;
    let tried = Tried { errors: Errors::from(&problem), typed };
    page(ask, &task, "", &tried, StatusCode::UNPROCESSABLE_ENTITY).await
}

/// Whether the reader can do something about it on the same page.
pub(super) const fn is_mendable(problem: &Problem) -> bool {
    matches!(
        problem.code,
        ErrorCode::InvalidArgument
            | ErrorCode::AlreadyExists
            | ErrorCode::FailedPrecondition
            | ErrorCode::ResourceExhausted
            | ErrorCode::Conflict
    )
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::{layout::Area, text::Locale};

    /// A task whose step is this one.
    pub(in crate::pages::portal) fn task(step: Step) -> Task {
        Task { step, run: Run::default(), colleagues: Vec::new(), after: After::default() }
    }

    #[test]
    fn an_open_step_says_when_it_is_due_and_offers_a_way_out() {
        for locale in Locale::ALL {
            let s = crate::walk::shell(Area::Portal, locale);
            let mut task = task(crate::wording::tests::step("task", "Send the keys", StepState::Returned, 2));
            task.step.reason = "These were the <wrong> ones.".to_owned();
            task.colleagues = vec![Assignee {
                person_ids: vec!["p1".to_owned()],
                names: vec!["Ben".to_owned()],
                ..Assignee::default()
            }];
            let body = Body { html: "<p>body</p>".to_owned(), ..Body::default() };
            let html = Page::new("x", View::new(&s, &task, &body, false)).whole(&s).unwrap();
            assert_eq!(html.matches("<h1").count(), 1);
            assert!(html.contains("<p>body</p>") && html.contains("&#60;wrong&#62;"));
            assert!(
                html.contains(&format!("action=\"/tasks/{}/decline\"", task.step.id))
                    && html.contains("value=\"p1\"")
            );
            let staff = View::new(&s, &task, &body, true).render().unwrap();
            assert!(
                !staff.contains("/decline") && staff.contains("href=\"/console/steps/"),
                "the firm's people hand steps on in the console"
            );
        }
    }

    #[test]
    fn after_the_last_task_the_page_says_what_happens_next() {
        let s = crate::walk::shell(Area::Portal, Locale::En);
        let mut task = task(crate::wording::tests::step("form", "Complete the form", StepState::Done, 2));
        task.after.sentence = "Maria Lopez sends the plan by 10 December.".to_owned();
        let html = View::new(&s, &task, &Body::default(), false).render().unwrap();
        assert!(html.contains("Maria Lopez sends the plan") && !html.contains("/decline"));
        task.after.left = 2;
        task.after.next = Some(Row::new("Sign the agreement", "/tasks/2", ""));
        let html = View::new(&s, &task, &Body::default(), false).render().unwrap();
        assert!(html.contains("href=\"/tasks/2\"") && html.contains("2 things"));
    }

    #[test]
    fn a_client_reads_that_the_whole_thing_was_paused_or_ended_and_why() {
        for (state, told) in [
            (RunState::Paused, Some("Nothing is due until we go on.")),
            (RunState::Cancelled, Some("You do not need to do anything more here.")),
            (RunState::Active, None),
        ] {
            let s = crate::walk::shell(Area::Portal, Locale::En);
            let mut task = task(crate::wording::tests::step("task", "Send the keys", StepState::Active, 2));
            task.run =
                Run { state: state.into(), reason: "The <contract> changes.".to_owned(), ..Run::default() };
            let body = Body::default();
            let html = View::new(&s, &task, &body, false).render().unwrap();
            assert_eq!(html.contains("The &#60;contract&#62; changes."), told.is_some(), "{state:?}");
            assert!(told.is_none_or(|told| html.contains(told)), "{html}");
        }
    }
}
