//! A form's answers on one sheet: to print, or to keep as a PDF by printing into a file.

use askama::Template;
use axum::{extract::Path, response::Response};
use portico_proto::time::moment;

use super::{Task, form::Loaded, read_back::Block};
use crate::{
    ask::{Ask, not_here},
    error::PageError,
    layout::Shell,
    render::Page,
};

#[derive(Template)]
#[template(path = "pages/task/form_print.html")]
pub(super) struct Sheet<'a> {
    pub(super) s: &'a Shell,
    pub(super) step: &'a str,
    pub(super) title: &'a str,
    /// Whose and about what.
    pub(super) about: String,
    /// When and by whom; empty for answers that are not handed in.
    pub(super) handed_in: String,
    pub(super) blocks: Vec<Block>,
}

pub(in crate::pages::portal) async fn answers(
    ask: Ask,
    Path(step): Path<String>,
) -> Result<Response, PageError> {
    let task = Task::load(&ask, &step).await?;
    if task.step.r#type != "form" {
        return Err(not_here());
    }
    let form = Loaded::load(&ask, &step).await?;
    let s = &*ask.shell;
    let view = Sheet::of(s, &task, &form);
    Page::new(task.step.title.clone(), view)
        .at("tasks")
        .under(task.step.title.clone(), format!("/tasks/{step}"))
        .respond(s, &ask.headers)
}

impl<'a> Sheet<'a> {
    /// What stands on the sheet of a form.
    pub(super) fn of(s: &'a Shell, task: &'a Task, form: &Loaded) -> Self {
        let at = form.answer.submitted_at.as_ref().and_then(moment);
        let by = &task.step.ended_by;
        let handed_in =
            at.map(|at| s.say("step-ended-by").arg("name", by).arg("date", s.date_time(&at)).to_string());
        let about = [task.run.account_name.as_str(), task.run.record_title.as_str()];
        Self {
            s,
            step: &task.step.id,
            title: &task.step.title,
            about: about.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · "),
            handed_in: handed_in.unwrap_or_default(),
            blocks: form.blocks(s),
        }
    }
}
