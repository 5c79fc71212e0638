//! Mails that went out, wait, or failed.

use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
use portico_proto::{
    messaging::v1::{ListMailsRequest, ListMailsResponse, Mail, MailState, ResendMailRequest},
    time::moment,
};
use serde::Deserialize;

use super::done::Done;
use crate::{
    ask::StaffAsk,
    components::{Tag, Tone},
    error::PageError,
    layout::Shell,
    render::{Page, see_other},
    wording::humanize,
};

/// What the list is narrowed to; it stands in the address.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Filter {
    state: String,
    after: String,
}

struct Chip {
    label: String,
    href: String,
    current: bool,
}

struct Row {
    subject: String,
    to: String,
    meta: String,
    error: String,
    tag: Tag,
    /// Where it is tried again; empty where that is not needed.
    resend: String,
}

#[derive(Template)]
#[template(path = "pages/console/mail.html")]
struct Mails<'a> {
    s: &'a Shell,
    chips: Vec<Chip>,
    rows: Vec<Row>,
    newest: String,
    older: String,
}

pub(super) async fn list(
    ask: StaffAsk,
    Query(filter): Query<Filter>,
    Query(done): Query<Done>,
) -> Result<Response, PageError> {
    let asked = ListMailsRequest {
        state: state_called(&filter.state).into(),
        page_size: 50,
        page_token: filter.after.clone(),
        ..ListMailsRequest::default()
    };
    let found = ask.messaging().list_mails(asked).await?.into_inner();
    let s = &*ask.shell;
    done.above(Page::new(s.t("nav-mail"), Mails::new(s, &filter, &found)).at("mail"), s)
        .respond(s, &ask.headers)
}

pub(super) async fn resend(ask: StaffAsk, Path(mail_id): Path<String>) -> Result<Response, PageError> {
    ask.messaging().resend_mail(ResendMailRequest { mail_id }).await?;
    Ok(see_other("/console/mail?done=mail-queued"))
}

fn state_called(word: &str) -> MailState {
    match word {
        "queued" => MailState::Queued,
        "sent" => MailState::Sent,
        "failed" => MailState::Failed,
        _ => MailState::Unspecified,
    }
}

impl<'a> Mails<'a> {
    fn new(s: &'a Shell, filter: &Filter, found: &ListMailsResponse) -> Self {
        let href = |state: &str, after: &str| {
            let mut query = url::form_urlencoded::Serializer::new(String::new());
            for (name, value) in
                [("state", state), ("after", after)].into_iter().filter(|(_, value)| !value.is_empty())
            {
                query.append_pair(name, value);
            }
            format!("/console/mail?{}", query.finish())
        };
        let chips = [
            ("", "console-all"),
            ("queued", "console-mail-queued"),
            ("sent", "console-mail-sent"),
            ("failed", "console-mail-failed"),
        ];
        let chip = |(state, key): (&str, &str)| Chip {
            label: s.t(key),
            href: href(state, ""),
            current: filter.state == state,
        };
        let older = &found.next_page_token;
        Self {
            s,
            chips: chips.map(chip).into(),
            rows: found.mails.iter().map(|mail| row(s, mail)).collect(),
            newest: if filter.after.is_empty() { String::new() } else { href(&filter.state, "") },
            older: if older.is_empty() { String::new() } else { href(&filter.state, older) },
        }
    }
}

fn row(s: &Shell, mail: &Mail) -> Row {
    let (tone, key) = match mail.state() {
        MailState::Queued | MailState::Unspecified => (Tone::Info, "console-mail-queued"),
        MailState::Sent => (Tone::Plain, "console-mail-sent"),
        MailState::Failed => (Tone::Bad, "console-mail-failed"),
    };
    let at = mail
        .sent_at
        .as_ref()
        .or(mail.created_at.as_ref())
        .and_then(moment)
        .map(|at| s.ago(&at))
        .unwrap_or_default();
    let tries = if mail.attempts > 1 {
        s.say("console-mail-tries").arg("count", mail.attempts).to_string()
    } else {
        String::new()
    };
    let parts = [humanize(&mail.kind), at, tries].into_iter().filter(|part| !part.is_empty());
    Row {
        subject: mail.subject.clone(),
        to: mail.to.clone(),
        meta: parts.collect::<Vec<_>>().join(" · "),
        error: mail.error.clone(),
        tag: Tag::new(tone, s.t(key)),
        resend: if mail.state() == MailState::Failed {
            format!("/console/mail/{}/resend", mail.id)
        } else {
            String::new()
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{layout::Area, text::Locale};

    #[test]
    fn a_failed_mail_says_why_and_can_be_tried_again() {
        let s = crate::walk::shell(Area::Console, Locale::En);
        let mail = |id: &str, state: MailState| Mail {
            id: id.to_owned(),
            to: "ana@acme.example".to_owned(),
            subject: "You are <invited>".to_owned(),
            kind: "invitation".to_owned(),
            state: state.into(),
            attempts: 3,
            error: "550 no such user".to_owned(),
            ..Mail::default()
        };
        let found = ListMailsResponse {
            mails: vec![mail("a", MailState::Failed), mail("b", MailState::Sent)],
            next_page_token: "n".to_owned(),
        };
        let filter = Filter { state: "failed".to_owned(), after: String::new() };
        let html = Page::new("x", Mails::new(&s, &filter, &found)).whole(&s).unwrap();
        assert!(
            html.contains("550 no such user")
                && html.contains("/console/mail/a/resend")
                && !html.contains("/console/mail/b/")
        );
        assert!(
            html.contains("href=\"/console/mail?state=failed&#38;after=n\"")
                && html.contains("You are &#60;invited&#62;")
        );
        assert!(html.matches("<h1").count() == 1 && !html.contains("console-"));
    }
}
