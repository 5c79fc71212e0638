//! A task outside of the portal: done is what one says is done.

use askama::Template;
use axum::{Form, extract::Path, response::Response};
use portico_proto::workflow::v1::CompleteTaskRequest;
use portico_rpc::problem_from;
use serde::Deserialize;

use super::{Body, Task, Tried, acted};
use crate::{
    ask::Ask,
    error::PageError,
    form::Errors,
    layout::Shell,
    wording::{html, is_open},
};

#[derive(Template)]
#[template(path = "pages/task/todo.html")]
struct View<'a> {
    s: &'a Shell,
    step: &'a str,
    errors: &'a Errors,
    note: &'a str,
}

#[derive(Deserialize)]
pub(in crate::pages::portal) struct Typed {
    #[serde(default)]
    note: String,
}

pub(super) fn body(ask: &Ask, task: &Task, tried: &Tried) -> Result<Body, PageError> {
    if !(is_open(&task.step) && task.step.can_act) {
        return Ok(Body { live: true, ..Body::default() });
    }
    let view = View { s: &ask.shell, step: &task.step.id, errors: &tried.errors, note: tried.typed("note") };
    Ok(Body { html: html(&view)?, script: None, live: false })
}

pub(in crate::pages::portal) async fn complete(
    ask: Ask,
    Path(step): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, PageError> {
    let asked = CompleteTaskRequest { step_id: step.clone(), note: typed.note.clone() };
    let outcome = ask.workflow().complete_task(asked).await;
    let outcome = outcome.map(|answer| answer.into_inner().event).map_err(|status| problem_from(&status));
    acted(&ask, &step, outcome, vec![("note".to_owned(), typed.note)]).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{layout::Area, text::Locale};

    #[test]
    fn the_note_stays_when_it_was_refused() {
        let s = crate::walk::shell(Area::Portal, Locale::En);
        let mut errors = Errors::none();
        errors.add("note", "A note has at most 2,000 characters.");
        let html = View { s: &s, step: "1", errors: &errors, note: "<long>" }.render().unwrap();
        assert!(html.contains("action=\"/tasks/1/complete\"") && html.contains("&#60;long&#62;"));
        assert!(html.contains("href=\"#f-note\"") && html.contains("id=\"f-note-error\""));
    }
}
