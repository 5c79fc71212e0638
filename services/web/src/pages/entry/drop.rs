//! The page of a drop link: whoever has it hands files in and sees nothing of what is there, not even of what they sent before.

use askama::Template;
use axum::{
    extract::Path,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, StatusCode, header::ACCEPT};
use portico_core::{ErrorCode, Problem};
use portico_proto::{
    documents::v1::{OpenDropLinkRequest, OpenDropLinkResponse},
    time::moment,
};
use portico_rpc::problem_from;

use crate::{
    ask::Visit,
    csrf::{FileForm, FileParts},
    error::PageError,
    form::Errors,
    layout::{Area, Shell},
    render::Page,
    sending::{cut, read_text, send_file_with, text_of},
    wording::accept_attribute,
};

/// The longest answer of a sender that is passed on, in characters; more than any that is taken.
const LONGEST: usize = 300;

/// What a sender filled in, and what of theirs has just arrived.
#[derive(Debug, Default)]
struct Sent {
    name: String,
    email: String,
    arrived: Vec<String>,
}

#[derive(Template)]
#[template(path = "pages/entry/drop.html")]
struct View<'a> {
    s: &'a Shell,
    action: String,
    link: &'a OpenDropLinkResponse,
    until: String,
    limit: String,
    accept: String,
    sent: &'a Sent,
    errors: Errors,
}

/// The page of a link that is over, or that never was.
#[derive(Template)]
#[template(path = "pages/entry/drop_gone.html")]
struct Gone<'a> {
    s: &'a Shell,
}

pub(super) async fn show(visit: Visit, Path(token): Path<String>) -> Result<Response, PageError> {
    match open(&visit, &token).await? {
        Some(link) => page(&visit, &token, &link, &Sent::default(), Errors::none()),
        None => gone(&visit),
    }
}

pub(super) async fn take(
    visit: Visit,
    Path(token): Path<String>,
    FileForm(parts): FileForm,
) -> Result<Response, PageError> {
    let by_script = wants_json(&visit.headers);
    // The link first: bytes for what is not there are not read.
    let Some(link) = open(&visit, &token).await? else {
        return if by_script { Err(PageError(Problem::not_found())) } else { gone(&visit) };
    };
    let (sent, outcome) = receive(&visit, &token, parts).await;
    match outcome {
        Ok(()) if by_script => Ok(StatusCode::NO_CONTENT.into_response()),
        Err(problem) if by_script => Err(PageError(problem)),
        Ok(()) => page(&visit, &token, &link, &sent, Errors::none()),
        // The last file that it takes may have come from somebody else.
        Err(problem) if problem.code == ErrorCode::NotFound => gone(&visit),
        Err(problem) if matches!(problem.code, ErrorCode::InvalidArgument | ErrorCode::ResourceExhausted) => {
            page(&visit, &token, &link, &sent, Errors::from(&at_files(problem)))
        }
        Err(problem) => Err(PageError(problem)),
    }
}

async fn open(visit: &Visit, token: &str) -> Result<Option<OpenDropLinkResponse>, PageError> {
    let asked = OpenDropLinkRequest { token: token.to_owned() };
    match visit.drops_of_visitor().open_drop_link(asked).await {
        Ok(answer) => Ok(Some(answer.into_inner())),
        Err(status) => match problem_from(&status) {
            problem if problem.code == ErrorCode::NotFound => Ok(None),
            problem => Err(problem.into()),
        },
    }
}

/// Sends every chosen file on. Those before one that is refused have arrived.
async fn receive(visit: &Visit, token: &str, mut parts: FileParts) -> (Sent, Result<(), Problem>) {
    let s = &*visit.shell;
    let mut sent = Sent::default();
    loop {
        let mut part = match parts.next_field().await {
            Ok(Some(part)) => part,
            Ok(None) => break,
            Err(_) => return (sent, Err(cut(s))),
        };
        match part.name() {
            Some("sender_name") => match read_text(&mut part).await {
                Ok(text) => sent.name = text.chars().take(LONGEST).collect(),
                Err(unread) => return (sent, Err(unread.at("sender_name", s))),
            },
            Some("sender_email") => match read_text(&mut part).await {
                Ok(text) => sent.email = text.chars().take(LONGEST).collect(),
                Err(unread) => return (sent, Err(unread.at("sender_email", s))),
            },
            Some("files") if part.file_name().is_some_and(|name| !name.is_empty()) => {
                let headers = [
                    ("x-drop-token", token),
                    ("x-sender-name", sent.name.as_str()),
                    ("x-sender-email", sent.email.as_str()),
                ];
                match send_file_with(visit, "web.drop", "/drops", &headers, part).await {
                    Ok(answer) => sent.arrived.push(text_of(&answer, "file_name").to_owned()),
                    Err(problem) => return (sent, Err(problem)),
                }
            }
            _ => {}
        }
    }
    let none = sent.arrived.is_empty();
    (sent, if none { Err(Problem::invalid("files", s.t("upload-none"))) } else { Ok(()) })
}

/// What is wrong with a file stands at the field it was chosen in.
fn at_files(mut problem: Problem) -> Problem {
    if problem.fields.is_empty() {
        let text = problem.message.clone();
        return problem.with_field("files", text);
    }
    for at in problem.fields.iter_mut().filter(|at| at.field == "file") {
        at.field = "files".to_owned();
    }
    problem
}

fn wants_json(headers: &HeaderMap) -> bool {
    headers
        .get(ACCEPT)
        .and_then(|kinds| kinds.to_str().ok())
        .is_some_and(|kinds| kinds.starts_with("application/json"))
}

fn page(
    visit: &Visit,
    token: &str,
    link: &OpenDropLinkResponse,
    sent: &Sent,
    errors: Errors,
) -> Result<Response, PageError> {
    let s = &*visit.shell;
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let view = view(s, token, link, sent, errors);
    Page::new(link.title.clone(), view).framed(Area::Plain).status(status).respond(s, &visit.headers)
}

fn view<'a>(
    s: &'a Shell,
    token: &str,
    link: &'a OpenDropLinkResponse,
    sent: &'a Sent,
    errors: Errors,
) -> View<'a> {
    let encoded: String = url::form_urlencoded::byte_serialize(token.as_bytes()).collect();
    View {
        s,
        action: format!("/drop/{encoded}"),
        link,
        until: link.expires_at.as_ref().and_then(moment).map(|at| s.date_time(&at)).unwrap_or_default(),
        // As the refusal of a file that is larger counts them.
        limit: format!("{} MB", link.max_bytes / (1024 * 1024)),
        accept: accept_attribute(&link.accept),
        sent,
        errors,
    }
}

fn gone(visit: &Visit) -> Result<Response, PageError> {
    let s = &*visit.shell;
    Page::new(s.t("drop-gone"), Gone { s })
        .framed(Area::Plain)
        .status(StatusCode::NOT_FOUND)
        .respond(s, &visit.headers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Locale;

    fn link() -> OpenDropLinkResponse {
        OpenDropLinkResponse {
            title: "Tax <papers>".to_owned(),
            note: "Please send\nall of them.".to_owned(),
            expires_at: Some(portico_proto::time::timestamp(
                chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap(),
            )),
            most_files: 12,
            max_bytes: 100 * 1024 * 1024,
            accept: vec!["pdf".to_owned(), "image".to_owned()],
        }
    }

    fn html(sent: &Sent, errors: Errors, locale: Locale) -> String {
        let s = crate::walk::shell(Area::Plain, locale);
        let link = link();
        let view = view(&s, "ab/c", &link, sent, errors);
        Page::new("x", view).framed(Area::Plain).whole(&s).unwrap()
    }

    #[test]
    fn what_may_be_sent_is_said_before_one_chooses() {
        for locale in Locale::ALL {
            let page = html(&Sent::default(), Errors::none(), locale);
            let at = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text}: {page}"));
            assert!(at("<dd>100 MB</dd>") < at("type=\"file\"") && at("<dd>12</dd>") < at("type=\"file\""));
            assert!(page.contains("data-max-bytes=\"104857600\""));
            assert!(at("name=\"sender_email\"") < at("type=\"file\""), "who sends comes before what is sent");
            assert!(page.contains("action=\"/drop/ab%2Fc\"") && page.contains("noindex"));
            assert!(page.contains("Tax &#60;papers&#62;") && !page.contains("drop-"), "{page}");
            assert_eq!(page.matches("<h1").count(), 1);
        }
    }

    #[test]
    fn what_arrived_is_named_and_what_was_typed_stays() {
        let sent = Sent {
            name: "Ada".to_owned(),
            email: "ada".to_owned(),
            arrived: vec!["plan <1>.pdf".to_owned()],
        };
        let page = html(&sent, Errors::none(), Locale::En);
        assert!(page.contains("plan &#60;1&#62;.pdf") && page.contains("value=\"Ada\""));
        let wrong = Errors::from(&Problem::invalid("sender_email", "Enter your e-mail address."));
        let page = html(&Sent { arrived: Vec::new(), ..sent }, wrong, Locale::En);
        assert!(page.contains("Enter your e-mail address.") && !page.contains("plan"));
    }

    #[test]
    fn a_refusal_stands_at_the_files() {
        let fields =
            |problem: Problem| at_files(problem).fields.into_iter().map(|at| at.field).collect::<Vec<_>>();
        assert_eq!(fields(Problem::invalid("file", "No PDF.")), ["files"]);
        assert_eq!(fields(Problem::invalid("sender_name", "Enter your name.")), ["sender_name"]);
        assert_eq!(fields(Problem::new(ErrorCode::ResourceExhausted, "too_many_files", "Wait.")), ["files"]);
    }

    #[test]
    fn a_link_that_is_over_says_no_more_than_one_that_never_was() {
        for locale in Locale::ALL {
            let s = crate::walk::shell(Area::Plain, locale);
            let page = Page::new(s.t("drop-gone"), Gone { s: &s }).framed(Area::Plain).whole(&s).unwrap();
            assert!(!page.contains("type=\"file\"") && !page.contains("drop-gone"));
        }
    }
}
