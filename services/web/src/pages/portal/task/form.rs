//! A form: it saves itself, is read back once, and is sent once.

use askama::Template;
use portico_definition::FormRule;
use portico_proto::{
    time::moment,
    workflow::v1::{GetFormRequest, GetFormResponse},
};
use serde_json::{Map, Value};

use super::{
    Body, Task, Tried,
    given::answers,
    questions::{Kind, Question, questions},
};
use crate::{
    ask::Ask,
    error::PageError,
    form::Errors,
    layout::Shell,
    wording::{html, is_open},
};

#[derive(Template)]
#[template(path = "pages/task/form.html")]
struct Fill<'a> {
    s: &'a Shell,
    step: &'a str,
    etag: &'a str,
    questions: Vec<Question>,
    errors: &'a Errors,
    saved: String,
    conflict: Option<Vec<Question>>,
    who: &'a str,
}

#[derive(Template)]
#[template(path = "pages/task/form_review.html")]
struct ReadBack<'a> {
    s: &'a Shell,
    step: &'a str,
    etag: &'a str,
    questions: Vec<Question>,
    errors: &'a Errors,
    open: bool,
}

/// The form as the service answers it, read.
pub(super) struct Loaded {
    pub(super) answer: GetFormResponse,
    pub(super) schema: Value,
    pub(super) rules: Vec<FormRule>,
    pub(super) saved: Map<String, Value>,
}

impl Loaded {
    pub(super) async fn load(ask: &Ask, step: &str) -> Result<Self, PageError> {
        let answer = ask.workflow().get_form(GetFormRequest { step_id: step.to_owned() }).await?.into_inner();
        Ok(Self::read(answer))
    }

    fn read(answer: GetFormResponse) -> Self {
        Self {
            schema: serde_json::from_str(&answer.schema_json).unwrap_or_default(),
            rules: serde_json::from_str(&answer.ui_json).unwrap_or_default(),
            saved: serde_json::from_str(&answer.answers_json).unwrap_or_default(),
            answer,
        }
    }

    fn saved_words(&self, s: &Shell) -> String {
        let at = self.answer.saved_at.as_ref().and_then(moment);
        at.map(|at| {
            s.say("form-saved").arg("when", s.ago(&at)).arg("name", &self.answer.saved_by).to_string()
        })
        .unwrap_or_default()
    }
}

/// The mark of a refusal because the draft was saved elsewhere; it stands beside what was typed.
pub(super) const SAVED_ELSEWHERE: &str = "_saved_elsewhere";

pub(super) async fn body(ask: &Ask, task: &Task, at: &str, tried: &Tried) -> Result<Body, PageError> {
    let s = &*ask.shell;
    let form = Loaded::load(ask, &task.step.id).await?;
    let open = is_open(&task.step) && task.step.can_act;
    if !open || at == "review" {
        let questions = shown(questions(s, &form.schema, &form.rules, &form.saved), &form.saved);
        let view = ReadBack {
            s,
            step: &task.step.id,
            etag: &form.answer.etag,
            questions,
            errors: &tried.errors,
            open,
        };
        return Ok(Body { html: html(&view)?, script: None, live: !open });
    }
    let typed = answers(&form.schema, &tried.typed);
    let current = if tried.typed.is_empty() { &form.saved } else { &typed };
    let elsewhere = !tried.typed(SAVED_ELSEWHERE).is_empty();
    let view = Fill {
        s,
        step: &task.step.id,
        etag: &form.answer.etag,
        questions: questions(s, &form.schema, &form.rules, current),
        errors: &tried.errors,
        saved: form.saved_words(s),
        conflict: elsewhere.then(|| shown(questions(s, &form.schema, &form.rules, &form.saved), &form.saved)),
        who: &form.answer.saved_by,
    };
    Ok(Body { html: html(&view)?, script: None, live: false })
}

/// Questions with an answer, and those that have no condition: hidden ones without an answer are left out.
fn shown(questions: Vec<Question>, answers: &Map<String, Value>) -> Vec<Question> {
    questions
        .into_iter()
        .filter(|each| each.visible_when.is_empty() || answers.contains_key(&each.name))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{layout::Area, render::Page, text::Locale, values::tests::gallery};

    fn loaded() -> Loaded {
        let definition = gallery("client-onboarding");
        let form = &definition.spec.forms["intake_questionnaire"];
        Loaded::read(GetFormResponse {
            schema_json: form.schema.to_string(),
            ui_json: serde_json::to_string(&form.ui).unwrap(),
            answers_json: r#"{"goals":"Less <paper>"}"#.to_owned(),
            etag: "3".to_owned(),
            ..GetFormResponse::default()
        })
    }

    #[test]
    fn the_form_saves_itself_and_links_its_errors() {
        for locale in Locale::ALL {
            let s = crate::walk::shell(Area::Portal, locale);
            let form = loaded();
            let mut errors = Errors::none();
            errors.add("company_legal_name", "Enter the legal name.");
            let view = Fill {
                s: &s,
                step: "1",
                etag: "3",
                questions: questions(&s, &form.schema, &form.rules, &form.saved),
                errors: &errors,
                saved: String::new(),
                conflict: None,
                who: "",
            };
            let html = view.render().unwrap();
            assert!(
                html.contains("data-autosave=\"/tasks/1/draft\"")
                    && html.contains("data-etag=\"&#34;3&#34;\"")
            );
            assert!(html.contains("data-visible-when=\"has_existing_system=yes\""));
            assert!(
                html.contains("href=\"#f-company_legal_name\"")
                    && html.contains("id=\"f-company_legal_name-error\"")
            );
            assert!(html.contains("Less &#60;paper&#62;") && !html.contains(" style="));
            let whole = Page::new("x", view).whole(&s).unwrap();
            assert!(whole.contains("<label for=\"f-goals\">"));
        }
    }

    #[test]
    fn what_was_saved_elsewhere_stands_beside_what_was_typed() {
        let s = crate::walk::shell(Area::Portal, Locale::En);
        let form = loaded();
        let typed = answers(&form.schema, &[("goals".to_owned(), "Mine".to_owned())]);
        let view = Fill {
            s: &s,
            step: "1",
            etag: "4",
            questions: questions(&s, &form.schema, &form.rules, &typed),
            errors: &Errors::none(),
            saved: String::new(),
            conflict: Some(shown(questions(&s, &form.schema, &form.rules, &form.saved), &form.saved)),
            who: "Ben",
        };
        let html = view.render().unwrap();
        assert!(html.contains("Mine") && html.contains("Less &#60;paper&#62;") && html.contains("Ben"));
    }

    #[test]
    fn the_answers_are_read_back_before_they_are_sent() {
        let s = crate::walk::shell(Area::Portal, Locale::En);
        let form = loaded();
        let list = shown(questions(&s, &form.schema, &form.rules, &form.saved), &form.saved);
        assert!(
            list.iter().all(|question| question.name != "existing_system"),
            "a hidden question is not read back"
        );
        let view =
            ReadBack { s: &s, step: "1", etag: "3", questions: list, errors: &Errors::none(), open: true };
        let html = view.render().unwrap();
        assert!(html.contains("action=\"/tasks/1/submit\"") && html.contains("/tasks/1#f-goals"));
    }
}
