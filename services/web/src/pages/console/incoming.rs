//! The mailbox that bounces and answers are fetched from: connected, looked after and forgotten here.

use askama::Template;
use axum::{extract::Query, response::Response};
use portico_proto::{
    messaging::v1::{
        DisconnectMailboxRequest, GetMailboxRequest, LookIntoMailboxRequest, Mailbox, UpdateMailboxRequest,
    },
    time::moment,
};
use portico_rpc::problem_from;

use super::{
    attempt::{Attempt, Sent},
    done::Done,
};
use crate::{
    ask::{AdminAsk, refused},
    components::Choice,
    error::PageError,
    layout::Shell,
    render::{Page, see_other},
};

/// The name of the form.
const FORM: &str = "mailbox";
/// Why a look came to nothing; each word has its sentence `mailbox-trouble-<word>`.
const REASONS: [&str; 11] = [
    "unknown_host",
    "not_allowed",
    "unreachable",
    "tls",
    "credentials",
    "folder",
    "no_move",
    "too_large",
    "later",
    "timeout",
    "refused",
];

#[derive(Template)]
#[template(path = "pages/console/incoming.html")]
struct View<'a> {
    s: &'a Shell,
    /// Whether one is connected.
    connected: bool,
    /// How it stands, where it does.
    lines: Vec<String>,
    /// Why the last look came to nothing; empty where it did not.
    trouble: String,
    /// What the server said then.
    answer: String,
    etag: String,
    host: String,
    port: String,
    security: Vec<Choice>,
    user: String,
    folder: String,
    done_folder: String,
    attempt: Attempt,
}

pub(super) async fn show(ask: AdminAsk, Query(done): Query<Done>) -> Result<Response, PageError> {
    page(&ask, Attempt::default(), &done).await
}

pub(super) async fn save(ask: AdminAsk, sent: Sent) -> Result<Response, PageError> {
    let mailbox = Mailbox {
        server_host: sent.text("server_host"),
        server_port: sent.of("server_port").parse().unwrap_or_default(),
        server_security: sent.text("server_security"),
        server_user: sent.text("server_user"),
        folder: sent.text("folder"),
        done_folder: sent.text("done_folder"),
        etag: sent.text("etag"),
        ..Mailbox::default()
    };
    let server_password = sent.text("server_password");
    let asked = UpdateMailboxRequest { mailbox: Some(mailbox), server_password };
    match ask.mailing().update_mailbox(asked).await {
        Ok(_) => Ok(see_other("/console/settings/mail/mailbox?done=mailbox-connected")),
        Err(status) => {
            let problem = problem_from(&status);
            let page = page(&ask, Attempt::refused(FORM, sent, &problem, &[]), &Done::default()).await;
            Ok(refused(problem, |_| page))
        }
    }
}

pub(super) async fn look(ask: AdminAsk) -> Result<Response, PageError> {
    ask.mailing().look_into_mailbox(LookIntoMailboxRequest {}).await?;
    Ok(see_other("/console/settings/mail/mailbox?done=mailbox-called"))
}

pub(super) async fn disconnect(ask: AdminAsk) -> Result<Response, PageError> {
    ask.mailing().disconnect_mailbox(DisconnectMailboxRequest {}).await?;
    Ok(see_other("/console/settings/mail/mailbox?done=mailbox-disconnected"))
}

async fn page(ask: &AdminAsk, attempt: Attempt, done: &Done) -> Result<Response, PageError> {
    let there = ask.mailing().get_mailbox(GetMailboxRequest {}).await?.into_inner().mailbox;
    let s = &*ask.shell;
    let status = attempt.status();
    let page = Page::new(s.t("mailbox-title"), View::new(s, there.as_ref(), attempt))
        .at("settings")
        .status(status)
        .under(s.t("mail-settings"), "/console/settings/mail");
    done.above(page, s).respond(s, &ask.headers)
}

impl<'a> View<'a> {
    fn new(s: &'a Shell, there: Option<&Mailbox>, attempt: Attempt) -> Self {
        let known = there.cloned().unwrap_or_else(|| Mailbox {
            server_port: 993,
            server_security: "tls".to_owned(),
            folder: "INBOX".to_owned(),
            etag: "0".to_owned(),
            ..Mailbox::default()
        });
        let value = |name: &str, there: &str| attempt.value(FORM, name, there);
        let security = value("server_security", &known.server_security);
        let choice = |word: &str| Choice::new(word, s.t(&format!("mail-security-{word}")), &security);
        Self {
            s,
            connected: there.is_some(),
            lines: there.map(|there| lines(s, there)).unwrap_or_default(),
            trouble: trouble(s, &known),
            answer: known.answer.clone(),
            etag: value("etag", &known.etag),
            host: value("server_host", &known.server_host),
            port: value("server_port", &known.server_port.to_string()),
            security: ["tls", "starttls", "none"].map(choice).into(),
            user: value("server_user", &known.server_user),
            folder: value("folder", &known.folder),
            done_folder: value("done_folder", &known.done_folder),
            attempt,
        }
    }
}

fn lines(s: &Shell, mailbox: &Mailbox) -> Vec<String> {
    let time = |at: &Option<_>| at.as_ref().and_then(moment).map(|at| s.date_time(&at));
    let connected = s
        .say("mailbox-connected")
        .arg("user", mailbox.server_user.as_str())
        .arg("server", mailbox.server_host.as_str())
        .arg("folder", mailbox.folder.as_str())
        .to_string();
    let looked = match time(&mailbox.looked_at) {
        Some(at) => s.say("mailbox-looked").arg("time", at).to_string(),
        None => s.t("mailbox-not-looked"),
    };
    let mut lines = vec![connected, looked];
    if let Some(next) = time(&mailbox.next_at) {
        lines.push(s.say("mailbox-next").arg("time", next).to_string());
    }
    lines.push(s.say("mailbox-taken").arg("count", mailbox.taken).to_string());
    if mailbox.waiting > 0 {
        lines.push(s.say("mailbox-waiting").arg("count", mailbox.waiting).to_string());
    }
    lines
}

fn trouble(s: &Shell, mailbox: &Mailbox) -> String {
    if mailbox.reason.is_empty() {
        return String::new();
    }
    let word = REASONS.into_iter().find(|word| *word == mailbox.reason).unwrap_or("refused");
    s.t(&format!("mailbox-trouble-{}", word.replace('_', "-")))
}

#[cfg(test)]
mod tests {
    use portico_core::Problem;
    use portico_proto::time::timestamp;

    use super::*;
    use crate::{layout::Area, text::Locale};

    fn there(s: &Shell) -> Mailbox {
        Mailbox {
            server_host: "imap.northwind.example".to_owned(),
            server_port: 993,
            server_security: "tls".to_owned(),
            server_user: "in".to_owned(),
            folder: "INBOX".to_owned(),
            looked_at: Some(timestamp(s.formats.now())),
            next_at: Some(timestamp(s.formats.now())),
            taken: 2,
            waiting: 1,
            etag: "3".to_owned(),
            ..Mailbox::default()
        }
    }

    fn html(s: &Shell, there: Option<&Mailbox>, attempt: Attempt) -> String {
        Page::new("x", View::new(s, there, attempt)).whole(s).unwrap()
    }

    #[test]
    fn the_page_says_how_it_stands_and_why_it_does_not() {
        for locale in Locale::ALL {
            let s = crate::walk::shell(Area::Console, locale);
            let none = html(&s, None, Attempt::default());
            assert!(none.contains("value=\"993\"") && !none.contains("/mailbox/look"));
            let mut mailbox = there(&s);
            let well = html(&s, Some(&mailbox), Attempt::default());
            assert!(well.contains("imap.northwind.example") && well.contains("/mailbox/disconnect"));
            assert!(well.contains("type=\"password\" value=\"\"") && !well.contains("banner bad"));
            let mut sentences = std::collections::HashSet::new();
            for reason in REASONS {
                reason.clone_into(&mut mailbox.reason);
                mailbox.answer = "NO <wrong>".to_owned();
                let sentence = trouble(&s, &mailbox);
                assert!(!sentence.starts_with("mailbox-") && sentences.insert(sentence), "{reason}");
                let html = html(&s, Some(&mailbox), Attempt::default());
                assert!(html.contains("NO &#60;wrong&#62;") && html.contains("banner bad"), "{reason}");
                assert!(html.matches("<h1").count() == 1 && !html.contains("mailbox-trouble"));
            }
        }
    }

    #[test]
    fn a_refused_form_keeps_what_was_typed_but_the_password() {
        let s = crate::walk::shell(Area::Console, Locale::En);
        let sent: Sent = [("server_host", "imap.example.com"), ("server_password", "hunter2")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into_iter()
            .collect();
        let problem = Problem::invalid("server_port", "Enter the port.");
        let html = html(&s, None, Attempt::refused(FORM, sent, &problem, &[]));
        assert!(html.contains("value=\"imap.example.com\"") && html.contains("href=\"#f-server_port\""));
        assert!(!html.contains("hunter2"));
    }
}
