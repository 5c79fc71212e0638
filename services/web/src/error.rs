//! Refusals as people see them.
//!
//! A handler answers `Result<Response, PageError>`; `?` on a service's [`Problem`] is enough. The layer [`dress`]
//! turns the refusal into a page in the reader's frame and language, or into JSON for a script that asked for it.

use std::sync::Arc;

use askama::Template;
use axum::{
    Json,
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{
    Extensions, HeaderMap, HeaderValue, Method, StatusCode,
    header::{ACCEPT, ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER},
};
use portico_core::{ErrorCode, Problem};
use serde_json::json;

use crate::{
    layout::Shell,
    render::Page,
    site::SignedIn,
    text::{Locale, Texts},
};

/// A refusal on its way to a person.
#[derive(Debug, Clone)]
pub struct PageError(pub Problem);

impl From<Problem> for PageError {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let mut response = status(self.0.code).into_response();
        response.extensions_mut().insert(Refusal(self.0));
        response
    }
}

#[derive(Clone)]
struct Refusal(Problem);

/// The request's reference, as it stands in the log: whoever starts the trace puts it into the request's extensions.
#[derive(Debug, Clone)]
pub struct Reference(pub String);

/// A code's HTTP status.
pub const fn status(code: ErrorCode) -> StatusCode {
    match code {
        ErrorCode::InvalidArgument => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorCode::Unauthenticated => StatusCode::UNAUTHORIZED,
        ErrorCode::PermissionDenied => StatusCode::FORBIDDEN,
        ErrorCode::NotFound => StatusCode::NOT_FOUND,
        ErrorCode::AlreadyExists | ErrorCode::FailedPrecondition => StatusCode::CONFLICT,
        ErrorCode::Conflict => StatusCode::PRECONDITION_FAILED,
        ErrorCode::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
        ErrorCode::DeadlineExceeded | ErrorCode::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The reason of a refusal whose form token is wrong or missing.
pub(crate) const FORM_EXPIRED: &str = "form_expired";

/// The reason of a refusal whose form holds more than any may.
pub(crate) const FORM_TOO_LARGE: &str = "form_too_large";

/// The reason of a refusal by a full store of files, which waiting a moment does not mend.
const STORAGE_FULL: &str = "storage_full";
/// How the reasons of outages begin that have a sentence of their own: a file that did not arrive whole.
pub(crate) const UPLOAD: &str = "upload_";

/// A refusal of the pages' own, before any handler has its shell: the sentence `key` in the reader's language.
pub(crate) fn told(extensions: &Extensions, code: ErrorCode, reason: &'static str, key: &str) -> PageError {
    let texts = extensions.get::<Arc<Shell>>().map(|shell| shell.texts).unwrap_or_default();
    PageError(Problem::new(code, reason, texts.t(key)))
}

/// A layer (`axum::middleware::from_fn`) around all pages: it needs `Arc<Shell>` and, for defects and outages,
/// [`Reference`] in the request's extensions. Who is not signed in is sent to `/sign-in` and comes back from there.
pub async fn dress(request: Request, next: Next) -> Response {
    let shell = request.extensions().get::<Arc<Shell>>().cloned();
    let reference =
        request.extensions().get::<Reference>().map(|reference| reference.0.clone()).unwrap_or_default();
    let headers = request.headers().clone();
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let reading = matches!(*request.method(), Method::GET | Method::HEAD);
    let signed_out = request.extensions().get::<SignedIn>().is_none();
    let response = next.run(request).await;
    let Some(Refusal(problem)) = response.extensions().get::<Refusal>().cloned() else { return response };
    if let Some(cause) = &problem.cause {
        tracing::error!(reason = %problem.reason, reference, cause, "a page was refused");
    }
    if asks_for_json(&headers) {
        return as_json(&problem, shell.as_deref(), &reference);
    }
    if problem.code == ErrorCode::Unauthenticated {
        return to_sign_in(&headers, if reading { &path } else { "/" });
    }
    // The form was sent by somebody whose session has ended in the meantime: they sign in and are back at its page.
    if problem.reason == FORM_EXPIRED
        && signed_out
        && let Some(path) = page_of_form(&headers)
    {
        return to_sign_in(&headers, &path);
    }
    let Some(shell) = shell else { return response };
    page(&problem, &shell, &reference, &headers)
}

/// The page for a refusal, for those who answer outside of [`dress`].
pub fn page(problem: &Problem, shell: &Shell, reference: &str, headers: &HeaderMap) -> Response {
    let view = ErrorPage::of(problem, shell, reference);
    let title = view.title.clone();
    let rendered = Page::new(title, view).status(status(problem.code)).respond(shell, headers);
    let mut response = rendered.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response());
    set_retry(problem, &mut response);
    response
}

/// A plain answer in the language that `headers` ask for, made of nothing that could fail: for an address that asks too much, and for
/// where the pages' own layers panicked. It names nothing but `reference`, which may be empty.
pub fn plain(problem: &Problem, headers: &HeaderMap, reference: &str) -> Response {
    let asked = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let texts = Texts::new(asked.map(Locale::negotiate).unwrap_or_default());
    let key = match problem.code {
        ErrorCode::ResourceExhausted => "busy",
        ErrorCode::Unavailable | ErrorCode::DeadlineExceeded => "away",
        _ => "broken",
    };
    let title = texts.t(&format!("{key}-title"));
    let text = texts.t(&format!("{key}-text"));
    let named = if reference.is_empty() {
        String::new()
    } else {
        format!("<p>{}: {reference}</p>", texts.t("reference"))
    };
    let language = texts.locale.tag();
    let body = format!(
        "<!doctype html>\n<html lang=\"{language}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title}</title></head><body><main><h1>{title}</h1><p>{text}</p>{named}</main></body></html>\n"
    );
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    let kept = HeaderValue::from_static("no-store");
    let mut response =
        (status(problem.code), [(CONTENT_TYPE, kind), (CACHE_CONTROL, kept)], body).into_response();
    set_retry(problem, &mut response);
    response
}

/// The page that the service worker keeps for when there is no network. It belongs to nobody.
pub fn offline(shell: &Shell) -> Response {
    let view = ErrorPage {
        s: shell,
        title: shell.t("offline-title"),
        text: shell.t("offline-text"),
        ask: String::new(),
        reference: "",
        again: true,
    };
    let nobody = Shell { reader: None, companies: Vec::new(), nav: Vec::new(), live: false, ..shell.clone() };
    let page = Page::new(view.title.clone(), view).framed(crate::layout::Area::Plain);
    page.respond(&nobody, &HeaderMap::new()).unwrap_or_else(IntoResponse::into_response)
}

#[derive(Template)]
#[template(path = "errors/error.html")]
struct ErrorPage<'a> {
    s: &'a Shell,
    title: String,
    text: String,
    ask: String,
    reference: &'a str,
    again: bool,
}

impl<'a> ErrorPage<'a> {
    fn of(problem: &Problem, s: &'a Shell, reference: &'a str) -> Self {
        let (title, text) = words(problem, s);
        let ask = match (&s.contact, problem.code) {
            (Some(who), ErrorCode::NotFound) => s.say("missing-ask").arg("who", who).to_string(),
            (None, ErrorCode::NotFound) => s.t("missing-ask-firm"),
            _ => String::new(),
        };
        let ours = matches!(
            problem.code,
            ErrorCode::Internal | ErrorCode::Unavailable | ErrorCode::DeadlineExceeded
        );
        let reference = if ours { reference } else { "" };
        let again = ours || matches!(problem.code, ErrorCode::ResourceExhausted | ErrorCode::Conflict);
        Self { s, title: s.t(title), text, ask, reference, again }
    }
}

/// The key of the title, and the text.
fn words(problem: &Problem, s: &Shell) -> (&'static str, String) {
    match problem.code {
        ErrorCode::NotFound => ("missing-title", s.t("missing-text")),
        ErrorCode::PermissionDenied if problem.reason == FORM_EXPIRED => {
            ("expired-title", s.t("expired-text"))
        }
        ErrorCode::PermissionDenied => ("forbidden-title", problem.message.clone()),
        ErrorCode::Conflict => ("stale-title", s.t("stale-text")),
        ErrorCode::ResourceExhausted if problem.reason == FORM_TOO_LARGE => {
            ("refused-title", problem.message.clone())
        }
        ErrorCode::ResourceExhausted if problem.reason == STORAGE_FULL => {
            ("refused-title", s.t("storage-full-text"))
        }
        ErrorCode::ResourceExhausted => ("busy-title", s.t("busy-text")),
        ErrorCode::Unavailable if problem.reason.starts_with(UPLOAD) => {
            ("refused-title", problem.message.clone())
        }
        ErrorCode::Unavailable | ErrorCode::DeadlineExceeded => ("away-title", s.t("away-text")),
        ErrorCode::Internal => ("broken-title", s.t("broken-text")),
        ErrorCode::InvalidArgument
        | ErrorCode::Unauthenticated
        | ErrorCode::AlreadyExists
        | ErrorCode::FailedPrecondition => ("refused-title", problem.message.clone()),
    }
}

fn asks_for_json(headers: &HeaderMap) -> bool {
    headers
        .get(ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|kinds| kinds.starts_with("application/json"))
}

fn as_json(problem: &Problem, shell: Option<&Shell>, reference: &str) -> Response {
    let message = shell.map_or_else(|| problem.message.clone(), |shell| words(problem, shell).1);
    let body = json!({
        "reason": problem.reason, "message": message, "fields": problem.fields, "reference": reference,
    });
    let kept = [(CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    let mut response = (status(problem.code), kept, Json(body)).into_response();
    set_retry(problem, &mut response);
    response
}

fn set_retry(problem: &Problem, response: &mut Response) {
    let wait = match (problem.retry_after, problem.code) {
        (Some(wait), _) => wait.as_secs().max(1),
        (None, ErrorCode::Unavailable | ErrorCode::DeadlineExceeded | ErrorCode::ResourceExhausted) => 5,
        (None, _) => return,
    };
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(wait));
}

/// The page for people who are signed in that a form was sent from, as the browser says; nothing for the doors themselves.
fn page_of_form(headers: &HeaderMap) -> Option<String> {
    const DOORS: [&str; 5] = ["/sign-in", "/sign-out", "/link/", "/verify", "/mailbox"];
    let text = |name: http::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let from: http::Uri = text(http::header::REFERER)?.parse().ok()?;
    if from.authority()?.as_str() != text(http::header::HOST)? {
        return None;
    }
    let path = from.path_and_query()?.as_str();
    (path != "/" && !DOORS.iter().any(|door| path.starts_with(door))).then(|| path.to_owned())
}

fn to_sign_in(headers: &HeaderMap, path: &str) -> Response {
    let next: String = url::form_urlencoded::byte_serialize(path.as_bytes()).collect();
    let href = if path == "/" { "/sign-in".to_owned() } else { format!("/sign-in?next={next}") };
    if headers.contains_key("hx-request") {
        // A sign-in form inside a part of a page would be no use: the whole page goes there.
        let location = HeaderValue::from_str(&href).unwrap_or(HeaderValue::from_static("/sign-in"));
        return (StatusCode::OK, [("hx-redirect", location)]).into_response();
    }
    crate::render::see_other(&href)
}
