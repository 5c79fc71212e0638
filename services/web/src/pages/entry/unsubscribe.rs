//! The address under a mail that switches its kind off. Opening it changes nothing: mail scanners open every address.

use askama::Template;
use axum::{
    body::Bytes,
    extract::{Path, Query},
    response::{IntoResponse as _, Response},
};
use http::StatusCode;
use portico_core::ErrorCode;
use portico_proto::messaging::v1::{
    InspectUnsubscribeRequest, InspectUnsubscribeResponse, UnsubscribeRequest, mailing_client::MailingClient,
};
use portico_rpc::{CallerChannel, problem_from};
use serde::Deserialize;

use crate::{
    ask::Visit,
    doors::is_one_click,
    error::PageError,
    layout::{Area, Shell},
    render::{Page, see_other},
};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct After {
    done: String,
}

#[derive(Template)]
#[template(path = "pages/entry/unsubscribe.html")]
struct View<'a> {
    s: &'a Shell,
    /// The address of the code; empty where there is no such code.
    address: String,
    kind: String,
    off: bool,
}

pub(super) async fn show(
    visit: Visit,
    Path(token): Path<String>,
    Query(after): Query<After>,
) -> Result<Response, PageError> {
    let asked = InspectUnsubscribeRequest { token: token.clone() };
    let known = match mailing(&visit).inspect_unsubscribe(asked).await {
        Ok(answer) => Some(answer.into_inner()),
        Err(status) => match problem_from(&status) {
            problem if problem.code == ErrorCode::NotFound => None,
            problem => return Err(problem.into()),
        },
    };
    let s = &*visit.shell;
    let status = if known.is_some() { StatusCode::OK } else { StatusCode::NOT_FOUND };
    let view = View::new(s, &token, known.as_ref());
    let mut page = Page::new(view.title(), view).framed(Area::Plain).status(status);
    if after.done == "undone" {
        page = page.notice(s.t("unsubscribe-undone"));
    }
    page.respond(s, &visit.headers)
}

/// What a mail program does when its reader presses its own button (RFC 8058): it has neither cookie nor form token, and follows
/// nowhere.
pub(super) async fn one_click(
    visit: Visit,
    Path(token): Path<String>,
    body: Bytes,
) -> Result<Response, PageError> {
    if !is_one_click(&body) {
        return Ok(see_other(&address(&token)));
    }
    mailing(&visit).unsubscribe(UnsubscribeRequest { token, undo: false }).await?;
    Ok(visit.shell.t("unsubscribe-off").into_response())
}

pub(super) async fn off(visit: Visit, Path(token): Path<String>) -> Result<Response, PageError> {
    mailing(&visit).unsubscribe(UnsubscribeRequest { token: token.clone(), undo: false }).await?;
    Ok(see_other(&address(&token)))
}

pub(super) async fn undo(visit: Visit, Path(token): Path<String>) -> Result<Response, PageError> {
    mailing(&visit).unsubscribe(UnsubscribeRequest { token: token.clone(), undo: true }).await?;
    Ok(see_other(&format!("{}?done=undone", address(&token))))
}

fn mailing(visit: &Visit) -> MailingClient<CallerChannel> {
    MailingClient::new(visit.web.channel("messaging", visit.system("web.unsubscribe")))
}

fn address(token: &str) -> String {
    let encoded: String = url::form_urlencoded::byte_serialize(token.as_bytes()).collect();
    format!("/mail/unsubscribe/{encoded}")
}

impl<'a> View<'a> {
    fn new(s: &'a Shell, token: &str, known: Option<&InspectUnsubscribeResponse>) -> Self {
        Self {
            s,
            address: if known.is_some() { address(token) } else { String::new() },
            kind: known.map(|known| s.t(&format!("mail-kind-{}", known.kind))).unwrap_or_default(),
            off: known.is_some_and(|known| known.off),
        }
    }

    fn title(&self) -> String {
        self.s.t(match (self.address.is_empty(), self.off) {
            (true, _) => "unsubscribe-unknown",
            (false, true) => "unsubscribe-off",
            (false, false) => "unsubscribe-ask",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Locale;

    #[test]
    fn a_person_is_asked_before_anything_is_switched_off() {
        for locale in Locale::ALL {
            let s = crate::walk::shell(Area::Plain, locale);
            let html = |known: Option<InspectUnsubscribeResponse>| {
                let view = View::new(&s, "co/de", known.as_ref());
                Page::new(view.title(), view).whole(&s).unwrap()
            };
            let known =
                |off| InspectUnsubscribeResponse { kind: "task".to_owned(), off, language: String::new() };
            let on = html(Some(known(false)));
            assert!(on.contains("<form method=\"post\" action=\"/mail/unsubscribe/co%2Fde/off\""));
            assert!(
                !on.contains("/undo") && on.matches("<h1").count() == 1 && !on.contains("unsubscribe-ask")
            );
            let off = html(Some(known(true)));
            assert!(off.contains("action=\"/mail/unsubscribe/co%2Fde/undo\"") && !off.contains("/off\""));
            let nothing = html(None);
            assert!(!nothing.contains("<form method=\"post\" action=\"/mail"));
        }
    }
}
