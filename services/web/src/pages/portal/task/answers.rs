//! Saving and sending a form's answers.

use axum::{
    Form,
    extract::Path,
    response::{IntoResponse as _, Response},
};
use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode,
    header::{ETAG, IF_MATCH},
};
use portico_core::{ErrorCode, Problem};
use portico_definition::QuestionKind;
use portico_proto::workflow::v1::{SaveDraftRequest, SaveDraftResponse, SubmitFormRequest};
use portico_rpc::problem_from;
use serde_json::{Map, Value};

use super::{
    Task, Tried, acted,
    form::{Loaded, SAVED_ELSEWHERE},
    given::{answers, question_of, without_row},
    is_mendable, page,
};
use crate::{
    ask::{Ask, see_other_after},
    csrf::{FileForm, MAX_FORM_BYTES},
    error::PageError,
    form::{Errors, field_id},
    render::see_other,
    sending::{cut, read_text, send_file, text_of},
};

type Pairs = Vec<(String, String)>;

/// The questions that show now, for the script: only the server decides what it cannot.
const SHOWN: HeaderName = HeaderName::from_static("x-shown");

/// Saves what was typed so far, for the script: 204 with the new tag, 412 where it was saved elsewhere meanwhile.
pub(in crate::pages::portal) async fn draft(
    ask: Ask,
    Path(step): Path<String>,
    headers: HeaderMap,
    Form(pairs): Form<Pairs>,
) -> Result<Response, PageError> {
    let etag =
        headers.get(IF_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default().trim_matches('"');
    let form = Loaded::load(&ask, &step).await?;
    let whole = merged(&ask, &form, &pairs);
    let saved = save(&ask, &step, &whole, etag).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    let mut shown: Vec<&str> = form.form.shown(&whole).into_iter().collect();
    shown.sort_unstable();
    let headers = [(ETAG, format!("\"{}\"", saved.etag)), (SHOWN, shown.join(" "))];
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    Ok(response)
}

/// Saves a page that asks for no files and goes on: to the next page, or to reading everything back.
pub(in crate::pages::portal) async fn keep(
    ask: Ask,
    Path(step): Path<String>,
    Form(pairs): Form<Pairs>,
) -> Result<Response, PageError> {
    let form = Loaded::load(&ask, &step).await?;
    kept(&ask, &step, &form, pairs, Errors::none()).await
}

/// The same for a page that asks for files: they go on to documents as they come, and their ids stay in the answers.
pub(in crate::pages::portal) async fn keep_with_files(
    ask: Ask,
    Path(step): Path<String>,
    FileForm(mut parts): FileForm,
) -> Result<Response, PageError> {
    let task = Task::load(&ask, &step).await?;
    let form = Loaded::load(&ask, &step).await?;
    let s = &*ask.shell;
    let route = format!("/record-files?account_id={}", task.run.account_id);
    let (mut pairs, mut errors, mut room) = (Pairs::new(), Errors::none(), MAX_FORM_BYTES);
    while let Some(mut part) = parts.next_field().await.map_err(|_| PageError(cut(s)))? {
        let name = part.name().unwrap_or_default().to_owned();
        let Some(file) = part.file_name().map(str::to_owned) else {
            let text = read_text(&mut part).await.map_err(|wrong| PageError(wrong.at(&name, s)))?;
            let left = room.checked_sub(name.len() + text.len());
            room = left.ok_or_else(|| PageError(Problem::invalid(&name, s.t("thread-too-long"))))?;
            pairs.push((name, text));
            continue;
        };
        if file.is_empty() || form.form.kind(&name) != Some(QuestionKind::File) {
            continue;
        }
        match send_file(&ask, &route, part).await {
            Ok(stored) => {
                pairs.push((format!("{name}.file"), format!("{} {file}", text_of(&stored, "document_id"))))
            }
            Err(problem) if is_mendable(&problem) => {
                let told = problem.fields.first().map_or(&problem.message, |first| &first.description);
                errors.add(name, told.clone());
            }
            Err(problem) => return Err(PageError(problem)),
        }
    }
    kept(&ask, &step, &form, pairs, errors).await
}

/// The address of a question on its page.
fn place(step: &str, page: usize, anchor: &str) -> String {
    let anchor = if anchor.is_empty() { String::new() } else { format!("#{}", field_id(anchor)) };
    format!("/tasks/{step}?page={page}{anchor}")
}

async fn kept(
    ask: &Ask,
    step: &str,
    form: &Loaded,
    mut pairs: Pairs,
    mut errors: Errors,
) -> Result<Response, PageError> {
    let go = value_of(&pairs, "go").to_owned();
    let here = page_number(&pairs);
    let (act, subject) = go.split_once(':').unwrap_or((&go, ""));
    if let ("remove", Some((table, row))) = (act, subject.rsplit_once(':')) {
        without_row(&mut pairs, table, row);
    }
    let whole = merged(ask, form, &pairs);
    let etag = value_of(&pairs, "etag").to_owned();
    let faults = match save(ask, step, &whole, &etag).await {
        Ok(saved) => saved.faults,
        // The script has saved the same a moment before: nothing is lost by going on.
        Err(problem) if problem.code == ErrorCode::Conflict && whole == form.saved => Vec::new(),
        Err(problem) if is_mendable(&problem) => return again(ask, step, here, &problem, pairs).await,
        Err(problem) => return Ok(PageError(problem).into_response()),
    };
    match act {
        "later" => return Ok(see_other("/tasks")),
        "add" => {
            let rows = whole.get(subject).and_then(Value::as_array).map_or(0, Vec::len);
            let row = format!(
                "{subject}.{rows}.{}",
                form.form.columns(subject).next().map_or("", |(name, _)| name)
            );
            return Ok(see_other(&format!("/tasks/{step}?page={here}&add={subject}#{}", field_id(&row))));
        }
        "remove" => return Ok(see_other(&place(step, here, subject.split(':').next().unwrap_or_default()))),
        "upload" if errors.is_empty() => return Ok(see_other(&place(step, here, subject))),
        _ => {}
    }
    let on_page = form.questions_on(here);
    // A question that shows since this page was filled in is asked before one goes on.
    let sent: Vec<&str> =
        pairs.iter().filter(|(key, _)| key == "_shown").map(|(_, name)| name.as_str()).collect();
    let shown = form.form.shown(&whole);
    let fresh = on_page
        .iter()
        .filter(|name| depends_on_this_page(form, name))
        .find(|name| shown.contains(**name) && !sent.contains(*name));
    if let Some(name) = fresh.filter(|_| errors.is_empty()) {
        return Ok(see_other(&place(step, here, name)));
    }
    if !form.form.pages.is_empty() {
        for fault in faults {
            let question = fault.question.split('.').next().unwrap_or_default().to_owned();
            if on_page.contains(&question.as_str()) && errors.of(&question).is_empty() {
                errors.add(fault.question, fault.description);
            }
        }
    }
    if !errors.is_empty() {
        let task = Task::load(ask, step).await?;
        let tried = Tried { errors, typed: Vec::new() };
        return page(ask, &task, &here.to_string(), &tried, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    let next = form.pages(&whole).into_iter().find(|page| *page > here);
    Ok(see_other(&next.map_or_else(|| format!("/tasks/{step}?step=review"), |next| place(step, next, ""))))
}

/// Whether a question has another condition than that of its page.
fn depends_on_this_page(form: &Loaded, name: &str) -> bool {
    let page = form.form.pages.get(form.page_of(name) - 1);
    let of_page = page.is_some_and(|page| page.visible_when.is_some());
    form.form.conditions(name).len() > usize::from(of_page)
}

/// Hands the form in as it was read back.
pub(in crate::pages::portal) async fn submit(
    ask: Ask,
    Path(step): Path<String>,
    Form(pairs): Form<Pairs>,
) -> Result<Response, PageError> {
    let form = Loaded::load(&ask, &step).await?;
    let asked = SubmitFormRequest {
        step_id: step.clone(),
        answers_json: Value::Object(form.saved.clone()).to_string(),
        etag: value_of(&pairs, "etag").to_owned(),
    };
    match ask.workflow().submit_form(asked).await {
        Ok(answer) => Ok(see_other_after(&format!("/tasks/{step}"), &answer.into_inner().event)),
        Err(status) => match problem_from(&status) {
            problem if problem.code == ErrorCode::InvalidArgument => {
                let first = problem.fields.first().map(|fault| question_of(&fault.field)).unwrap_or_default();
                again(&ask, &step, form.page_of(&first), &problem, Vec::new()).await
            }
            // Changed since it was read back: it is read back again as it is now.
            problem if problem.code == ErrorCode::Conflict => {
                Ok(see_other(&format!("/tasks/{step}?step=review")))
            }
            problem => acted(&ask, &step, Err(problem), Vec::new()).await,
        },
    }
}

/// All answers: those of the other pages as they are saved, those of this one as they were sent.
fn merged(ask: &Ask, form: &Loaded, pairs: &Pairs) -> Map<String, Value> {
    let here = form.questions_on(page_number(pairs));
    let mut whole = form.saved.clone();
    whole.retain(|name, _| !here.contains(&name.as_str()));
    whole.extend(answers(ask.shell.texts.locale, &form.form, here.iter().copied(), pairs));
    whole
}

async fn save(
    ask: &Ask,
    step: &str,
    whole: &Map<String, Value>,
    etag: &str,
) -> Result<SaveDraftResponse, Problem> {
    let asked = SaveDraftRequest {
        step_id: step.to_owned(),
        answers_json: Value::Object(whole.clone()).to_string(),
        etag: etag.to_owned(),
    };
    let saved = ask.workflow().save_draft(asked).await.map_err(|status| problem_from(&status))?;
    Ok(saved.into_inner())
}

/// The page again with what was wrong; `typed` is what was sent where it could not be saved.
async fn again(
    ask: &Ask,
    step: &str,
    here: usize,
    problem: &Problem,
    mut typed: Pairs,
) -> Result<Response, PageError> {
    let mut errors = Errors::none();
    if problem.code == ErrorCode::Conflict {
        typed.push((SAVED_ELSEWHERE.to_owned(), "yes".to_owned()));
    } else {
        for violation in Errors::from(problem).all() {
            errors.add(question_of(&violation.field), violation.description.clone());
        }
    }
    let task = Task::load(ask, step).await?;
    page(ask, &task, &here.to_string(), &Tried { errors, typed }, StatusCode::UNPROCESSABLE_ENTITY).await
}

/// The page that was sent, counted from 1.
fn page_number(pairs: &Pairs) -> usize {
    value_of(pairs, "page").parse().unwrap_or(1).max(1)
}

fn value_of<'a>(pairs: &'a Pairs, name: &str) -> &'a str {
    pairs.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
}
