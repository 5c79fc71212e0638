//! A form: it saves itself, is read back once, and is sent once. A form of several pages is asked page by page.

use askama::Template;
use portico_definition::Form;
use portico_proto::{
    time::moment,
    workflow::v1::{GetFormRequest, GetFormResponse},
};
use serde_json::{Map, Value};

use super::{
    Body, Task, Tried,
    given::answers,
    questions::{Asking, Kind, Question},
    read_back::{Block, blocks},
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
    page: PageOf<'a>,
    groups: Vec<Group>,
    errors: &'a Errors,
    saved: String,
    conflict: Option<Vec<Block>>,
    who: &'a str,
    editors: String,
}

/// Which page of the form this is.
struct PageOf<'a> {
    /// Counted from 1; 0 in a form that declares none.
    number: usize,
    title: &'a str,
    help: &'a str,
    /// "Page 2 of 3"; empty where there is only one.
    count: String,
    /// The page before; empty for the first.
    back: String,
    /// Whether files are asked for, so that the form is sent in parts.
    files: bool,
    /// Whether there are other buttons before the one that goes on.
    buttons: bool,
}

/// Questions under one heading, which may be empty.
struct Group {
    title: String,
    help: String,
    questions: Vec<Question>,
}

impl Group {
    /// Whether none of its questions shows, so that its heading does not either.
    fn is_hidden(&self) -> bool {
        self.questions.iter().all(|question| question.hidden)
    }
}

#[derive(Template)]
#[template(path = "pages/task/form_review.html")]
struct ReadBack<'a> {
    s: &'a Shell,
    step: &'a str,
    etag: &'a str,
    blocks: Vec<Block>,
    errors: &'a Errors,
    open: bool,
    /// Whether there is something to print.
    print: bool,
    editors: String,
}

/// The form as the service answers it, read.
pub(super) struct Loaded {
    pub(super) answer: GetFormResponse,
    pub(super) form: Form,
    pub(super) saved: Map<String, Value>,
}

impl Loaded {
    pub(super) async fn load(ask: &Ask, step: &str) -> Result<Self, PageError> {
        let answer = ask.workflow().get_form(GetFormRequest { step_id: step.to_owned() }).await?.into_inner();
        Self::read(answer)
    }

    fn read(answer: GetFormResponse) -> Result<Self, PageError> {
        let form = serde_json::from_str(&answer.form_json)
            .map_err(|error| PageError(portico_core::Problem::internal(error)))?;
        Ok(Self { form, saved: serde_json::from_str(&answer.answers_json).unwrap_or_default(), answer })
    }

    fn saved_words(&self, s: &Shell) -> String {
        let at = self.answer.saved_at.as_ref().and_then(moment);
        at.map(|at| {
            s.say("form-saved").arg("when", s.ago(&at)).arg("name", &self.answer.saved_by).to_string()
        })
        .unwrap_or_default()
    }

    pub(super) fn blocks(&self, s: &Shell) -> Vec<Block> {
        blocks(s, &self.form, &self.saved, &self.answer.labels)
    }

    /// The names of the questions on a page, counted from 1.
    pub(super) fn questions_on(&self, page: usize) -> Vec<&str> {
        let sections = self.form.sections();
        sections.get(page.max(1) - 1).map(|section| section.questions().collect()).unwrap_or_default()
    }

    /// The page on which a question stands, counted from 1.
    pub(super) fn page_of(&self, question: &str) -> usize {
        let question = question.split('.').next().unwrap_or(question);
        let found =
            self.form.sections().iter().position(|section| section.questions().any(|one| one == question));
        found.map_or(1, |place| place + 1)
    }

    /// The pages of which something shows with these answers, counted from 1.
    pub(super) fn pages(&self, answers: &Map<String, Value>) -> Vec<usize> {
        let shown = self.form.shown(answers);
        let sections = self.form.sections();
        let shows =
            |section: &portico_definition::Section<'_>| section.questions().any(|name| shown.contains(name));
        (1..=sections.len()).filter(|page| shows(&sections[page - 1])).collect()
    }

    /// Where somebody comes in who has been here before: the first page on which something required is not answered.
    fn resume(&self) -> usize {
        let pages = self.pages(&self.saved);
        let first = pages.first().copied().unwrap_or(1);
        if self.form.pages.is_empty() || self.answer.etag.is_empty() {
            return first;
        }
        let required = self.form.schema["required"].as_array();
        let shown = self.form.shown(&self.saved);
        let open = required
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .filter(|name| shown.contains(name) && !self.saved.contains_key(*name));
        open.map(|name| self.page_of(name)).min().or(pages.last().copied()).unwrap_or(first)
    }
}

/// The mark of a refusal because the draft was saved elsewhere; it stands beside what was typed.
pub(super) const SAVED_ELSEWHERE: &str = "_saved_elsewhere";

/// "Ben is filling this in as well"; empty for nobody.
pub(super) fn editors(s: &Shell, names: &[String]) -> String {
    if names.is_empty() {
        return String::new();
    }
    s.say("form-editors").arg("count", names.len()).arg("names", names.join(", ")).to_string()
}

/// The step's form. `at` is `review`, or the page and, behind a plus, the table that is to have another row.
pub(super) async fn body(ask: &Ask, task: &Task, at: &str, tried: &Tried) -> Result<Body, PageError> {
    let s = &*ask.shell;
    let form = Loaded::load(ask, &task.step.id).await?;
    let open = is_open(&task.step) && task.step.can_act;
    if !open || at == "review" {
        let view = ReadBack {
            s,
            step: &task.step.id,
            etag: &form.answer.etag,
            blocks: form.blocks(s),
            errors: &tried.errors,
            open,
            print: form.answer.submitted_at.is_some(),
            editors: editors(s, &form.answer.editors),
        };
        return Ok(Body { html: html(&view)?, script: None, live: !open });
    }
    let (page, add) = at.split_once('+').unwrap_or((at, ""));
    let page = match page.parse() {
        Ok(page) if (1..=form.form.sections().len()).contains(&page) => page,
        _ => form.resume(),
    };
    let view = fill(s, task, &form, page, add, tried);
    Ok(Body { html: html(&view)?, script: None, live: false })
}

fn fill<'a>(
    s: &'a Shell,
    task: &'a Task,
    form: &'a Loaded,
    page: usize,
    add: &str,
    tried: &'a Tried,
) -> Fill<'a> {
    let here = form.questions_on(page);
    let mut current = form.saved.clone();
    if !tried.typed.is_empty() {
        current.retain(|name, _| !here.contains(&name.as_str()));
        current.extend(answers(s.texts.locale, &form.form, here.iter().copied(), &tried.typed));
    }
    let asking = Asking {
        s,
        form: &form.form,
        answers: &current,
        labels: &form.answer.labels,
        account: &task.run.account_id,
        add,
    };
    let section = form.form.sections().into_iter().nth(page - 1);
    let groups: Vec<Group> = section
        .iter()
        .flat_map(|section| &section.groups)
        .map(|(title, help, names)| Group {
            title: (*title).to_owned(),
            help: (*help).to_owned(),
            questions: asking.questions(names, &here),
        })
        .collect();
    let pages = form.pages(&current);
    let place = pages.iter().position(|each| *each == page);
    let count = place
        .filter(|_| pages.len() > 1)
        .map(|place| s.say("form-page-of").arg("page", place + 1).arg("all", pages.len()).to_string());
    let before = place.and_then(|place| pages.get(place.checked_sub(1)?));
    let kinds = || groups.iter().flat_map(|group| &group.questions).map(|question| &question.kind);
    let files = kinds().any(|kind| matches!(kind, Kind::Files(..)));
    let buttons = files || kinds().any(|kind| *kind == Kind::Table);
    let elsewhere = !tried.typed(SAVED_ELSEWHERE).is_empty();
    Fill {
        s,
        step: &task.step.id,
        etag: &form.answer.etag,
        page: PageOf {
            number: if form.form.pages.is_empty() { 0 } else { page },
            title: section.as_ref().map_or("", |section| section.title),
            help: section.as_ref().map_or("", |section| section.help),
            count: count.unwrap_or_default(),
            back: before.map(|page| format!("/tasks/{}?page={page}", task.step.id)).unwrap_or_default(),
            files,
            buttons,
        },
        groups,
        errors: &tried.errors,
        saved: form.saved_words(s),
        conflict: elsewhere.then(|| form.blocks(s)),
        who: &form.answer.saved_by,
        editors: editors(s, &form.answer.editors),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use portico_proto::workflow::v1::StepState;
    use serde_json::json;

    use super::*;
    use crate::{
        layout::Area, pages::portal::task::tests::task, render::Page, text::Locale, values::tests::gallery,
        wording::tests::step,
    };

    fn of(form: &Form, answers: Value, etag: &str) -> Loaded {
        Loaded::read(GetFormResponse {
            form_json: serde_json::to_string(form).unwrap(),
            answers_json: answers.to_string(),
            etag: etag.to_owned(),
            labels: HashMap::from([("d1".to_owned(), "scan.pdf".to_owned())]),
            ..GetFormResponse::default()
        })
        .unwrap()
    }

    fn loaded() -> Loaded {
        let definition = gallery("client-onboarding");
        of(&definition.spec.forms["intake_questionnaire"], json!({"goals": "Less <paper>"}), "3")
    }

    fn paged(answers: Value) -> Loaded {
        let form: Form = serde_json::from_value(json!({"schema": {"type": "object", "required": ["kind", "register", "sign"], "properties": {
            "kind": {"type": "string", "enum": ["company", "person"]}, "register": {"type": "string"},
            "fee": {"type": "object", "format": "money"}, "seat": {"type": "object", "format": "address", "title": "Seat"},
            "scan": {"type": "array", "format": "file"}, "sign": {"type": "object", "format": "signature"},
            "lines": {"type": "array", "items": {"type": "object", "properties": {
                "what": {"type": "string"}, "paid": {"type": "boolean"}, "cost": {"type": "object", "format": "money"}}}},
        }}, "pages": [
            {"title": "Who you are", "fields": ["kind"]},
            {"title": "Your company", "visibleWhen": {"field": "kind", "is": "company"}, "fields": ["register"],
             "groups": [{"title": "Figures", "help": "Roughly", "fields": ["fee", "lines"]}]},
            {"title": "The rest", "fields": ["seat", "scan", "sign"]}]}))
        .unwrap();
        of(&form, answers, "1")
    }

    fn render(locale: Locale, form: &Loaded, page: usize, add: &str, tried: &Tried) -> String {
        let s = crate::walk::shell(Area::Portal, locale);
        let task = task(step("form", "Complete the form", StepState::Active, 3));
        let view = fill(&s, &task, form, page, add, tried);
        Page::new("x", view).whole(&s).unwrap()
    }

    #[test]
    fn the_form_saves_itself_and_links_its_errors() {
        for locale in Locale::ALL {
            let mut tried = Tried::default();
            tried.errors.add("company_legal_name", "Enter the legal name.");
            let html = render(locale, &loaded(), 1, "", &tried);
            assert!(html.contains("/draft\"") && html.contains("data-etag=\"&#34;3&#34;\""));
            assert!(html.contains("data-visible-when=\"has_existing_system=yes\" hidden disabled"), "{html}");
            assert!(
                html.contains("href=\"#f-company_legal_name\"")
                    && html.contains("id=\"f-company_legal_name-error\"")
            );
            assert!(html.contains("Less &#60;paper&#62;") && !html.contains(" style="));
            assert!(html.contains("<label for=\"f-goals\">") && !html.contains("multipart"));
        }
    }

    #[test]
    fn what_was_saved_elsewhere_stands_beside_what_was_typed() {
        let mut form = loaded();
        form.answer.saved_by = "Ben".to_owned();
        let typed =
            vec![("goals".to_owned(), "Mine".to_owned()), (SAVED_ELSEWHERE.to_owned(), "yes".to_owned())];
        let html = render(Locale::En, &form, 1, "", &Tried { typed, ..Tried::default() });
        assert!(html.contains("Mine") && html.contains("Less &#60;paper&#62;") && html.contains("Ben"));
    }

    #[test]
    fn pages_are_asked_one_by_one_and_those_that_do_not_apply_are_left_out() {
        for locale in Locale::ALL {
            let company = paged(json!({"kind": "company", "register": "HRB 1"}));
            assert_eq!((company.pages(&company.saved), company.resume()), (vec![1, 2, 3], 3));
            let html = render(locale, &company, 2, "lines", &Tried::default());
            assert!(
                html.contains("Your company") && html.contains("Figures") && !html.contains("name=\"kind\"")
            );
            assert!(
                html.contains("name=\"lines.0.cost.currency\"") && html.contains("name=\"lines.0.paid\"")
            );
            assert!(html.contains("value=\"add:lines\"") && html.contains("value=\"remove:lines:0\""));
            assert!(html.contains("name=\"page\" value=\"2\"") && html.contains("?page=1\""));
            let person = paged(json!({"kind": "person"}));
            assert_eq!(person.pages(&person.saved), [1, 3]);
            let html = render(locale, &person, 3, "", &Tried::default());
            assert!(html.contains("multipart/form-data") && html.contains("/answers/files\""));
            assert!(html.contains("name=\"seat.street\"") && html.contains("name=\"sign.agreed\""));
            assert!(html.contains("autocomplete=\"country-name\"") && html.contains("?page=1\""));
            assert!(!html.contains("address-") || html.contains("address-line1"), "{html}");
        }
        assert_eq!((paged(json!({})).resume(), paged(json!({})).page_of("lines.3.cost")), (1, 2));
    }

    #[test]
    fn the_answers_are_read_back_before_they_are_sent() {
        let s = crate::walk::shell(Area::Portal, Locale::En);
        let form = loaded();
        let view = |form: &Loaded, open| ReadBack {
            s: Box::leak(Box::new(crate::walk::shell(Area::Portal, Locale::En))),
            step: "1",
            etag: "3",
            blocks: form.blocks(&s),
            errors: Box::leak(Box::new(Errors::none())),
            open,
            print: !open,
            editors: "Ben is filling this in as well".to_owned(),
        };
        let html = view(&form, true).render().unwrap();
        assert!(!html.contains("#f-existing_system"), "a hidden question is not read back");
        assert!(html.contains("action=\"/tasks/1/submit\"") && html.contains("/tasks/1#f-goals"));
        let html = view(&paged(json!({"kind": "company", "scan": ["d1"]})), true).render().unwrap();
        assert!(html.contains("/tasks/1?page=2#f-register") && html.contains("href=\"/documents/d1\""));
        assert!(html.contains("Figures") && html.contains("Who you are") && html.contains("Ben"));
        let html = view(&form, false).render().unwrap();
        assert!(html.contains("href=\"/tasks/1/answers\"") && !html.contains("<form"));
    }
}
