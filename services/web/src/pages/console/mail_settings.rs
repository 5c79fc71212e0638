//! How the firm's mail leaves: its own server, the sender, what is held and hidden; and a test that says what the server answered.

use askama::Template;
use axum::{extract::Query, response::Response};
use portico_proto::messaging::v1::{
    GetMailSettingsRequest, MailSettings, MakeIntakeSecretRequest, SendTestMailRequest, SendTestMailResponse,
    UpdateMailSettingsRequest,
};
use portico_rpc::problem_from;

use super::{
    attempt::{Attempt, Sent},
    done::Done,
};
use crate::{
    ask::{AdminAsk, not_here, refused},
    components::Choice,
    error::PageError,
    layout::Shell,
    render::{Page, see_other},
};

/// What a server's answer comes down to; each word has its sentence `mail-test-<word>`.
const REASONS: [&str; 13] = [
    "taken",
    "kept",
    "unknown_host",
    "not_allowed",
    "unreachable",
    "tls",
    "credentials",
    "sender",
    "recipient",
    "policy",
    "later",
    "timeout",
    "refused",
];

/// What a test came to.
struct Tested {
    accepted: bool,
    sentence: String,
    answer: String,
}

#[derive(Template)]
#[template(path = "pages/console/mail_settings.html")]
struct View<'a> {
    s: &'a Shell,
    leaves: String,
    etag: String,
    host: String,
    port: String,
    security: Vec<Choice>,
    user: String,
    password_set: bool,
    from_name: String,
    from_address: String,
    inbound: String,
    hold: String,
    hide: bool,
    own_address: &'a str,
    test: Option<Tested>,
    /// Where mail is handed over.
    intake: String,
    intake_open: bool,
    /// The secret that was just made; empty otherwise.
    secret: String,
    attempt: Attempt,
}

pub(super) async fn show(ask: AdminAsk, Query(done): Query<Done>) -> Result<Response, PageError> {
    page(&ask, Attempt::default(), None, &done).await
}

pub(super) async fn save(ask: AdminAsk, sent: Sent) -> Result<Response, PageError> {
    let number = |name: &str| sent.of(name).parse().unwrap_or(-1);
    let settings = MailSettings {
        server_host: sent.text("server_host"),
        server_port: if sent.of("server_port").is_empty() { 0 } else { number("server_port") },
        server_security: sent.text("server_security"),
        server_user: sent.text("server_user"),
        from_name: sent.text("from_name"),
        from_address: sent.text("from_address"),
        inbound_address: sent.text("inbound_address"),
        hold_seconds: number("hold_seconds"),
        hide_contents: sent.ticked("hide_contents"),
        etag: sent.text("etag"),
        ..MailSettings::default()
    };
    let server_password = sent.text("server_password");
    let asked = UpdateMailSettingsRequest { settings: Some(settings), server_password };
    match ask.mailing().update_mail_settings(asked).await {
        Ok(_) => Ok(see_other("/console/settings/mail?done=settings-saved")),
        Err(status) => {
            let problem = problem_from(&status);
            let attempt = Attempt::refused("mail", sent, &problem, &[]);
            let page = page(&ask, attempt, None, &Done::default()).await;
            Ok(refused(problem, |_| page))
        }
    }
}

/// Sends a test mail to whoever asks.
pub(super) async fn test(ask: AdminAsk) -> Result<Response, PageError> {
    let to = ask.reader.person.email.clone();
    let answer = ask.messaging().send_test_mail(SendTestMailRequest { to }).await?.into_inner();
    let tested = tested(&ask.shell, answer);
    page(&ask, Attempt::default(), Some(tested), &Done::default()).await
}

fn tested(s: &Shell, answer: SendTestMailResponse) -> Tested {
    let word = REASONS.into_iter().find(|word| *word == answer.reason).unwrap_or("refused");
    let sentence = s.t(&format!("mail-test-{}", word.replace('_', "-")));
    Tested { accepted: answer.accepted, sentence, answer: answer.answer }
}

/// Makes a new secret for the intake and shows it this once.
pub(super) async fn intake(ask: AdminAsk) -> Result<Response, PageError> {
    let made = ask.mailing().make_intake_secret(MakeIntakeSecretRequest {}).await?.into_inner();
    with_secret(&ask, Attempt::default(), None, &Done::default(), made.secret).await
}

async fn page(
    ask: &AdminAsk,
    attempt: Attempt,
    test: Option<Tested>,
    done: &Done,
) -> Result<Response, PageError> {
    with_secret(ask, attempt, test, done, String::new()).await
}

async fn with_secret(
    ask: &AdminAsk,
    attempt: Attempt,
    test: Option<Tested>,
    done: &Done,
    secret: String,
) -> Result<Response, PageError> {
    let answer = ask.mailing().get_mail_settings(GetMailSettingsRequest {}).await?.into_inner();
    let settings = answer.settings.ok_or_else(not_here)?;
    let s = &*ask.shell;
    let status = attempt.status();
    let host = ask.headers.get(http::header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let mut view = View::new(s, &settings, &ask.reader.person.email, test, attempt);
    view.intake = format!("{}://{host}/mail/intake", ask.web.config().scheme);
    view.secret = secret;
    let page = Page::new(s.t("mail-settings"), view)
        .at("settings")
        .status(status)
        .under(s.t("nav-settings"), "/console/settings");
    done.above(page, s).respond(s, &ask.headers)
}

impl<'a> View<'a> {
    fn new(
        s: &'a Shell,
        there: &MailSettings,
        own_address: &'a str,
        test: Option<Tested>,
        attempt: Attempt,
    ) -> Self {
        let value = |name: &str, there: &str| attempt.value("mail", name, there);
        let leaves = match there.leaves_through.as_str() {
            "own" => s.say("mail-leaves-own").arg("server", there.server_host.clone()),
            "installation" => s.say("mail-leaves-installation"),
            _ => s.say("mail-leaves-mailbox"),
        };
        let port = if there.server_port == 0 { String::new() } else { there.server_port.to_string() };
        let security = value("server_security", &there.server_security);
        let choice = |word: &str| Choice::new(word, s.t(&format!("mail-security-{word}")), &security);
        Self {
            s,
            leaves: leaves.arg("address", there.effective_from.clone()).to_string(),
            etag: value("etag", &there.etag),
            host: value("server_host", &there.server_host),
            port: value("server_port", &port),
            security: ["starttls", "tls", "none"].map(choice).into(),
            user: value("server_user", &there.server_user),
            password_set: there.server_password_set,
            from_name: value("from_name", &there.from_name),
            from_address: value("from_address", &there.from_address),
            inbound: value("inbound_address", &there.inbound_address),
            hold: value("hold_seconds", &there.hold_seconds.to_string()),
            hide: attempt.ticked("mail", "hide_contents", there.hide_contents),
            own_address,
            test,
            intake: String::new(),
            intake_open: there.intake_secret_set,
            secret: String::new(),
            attempt,
        }
    }
}

#[cfg(test)]
mod tests {
    use portico_core::Problem;

    use super::*;
    use crate::{layout::Area, text::Locale};

    fn html(test: Option<SendTestMailResponse>, attempt: Attempt, locale: Locale) -> String {
        let s = crate::walk::shell(Area::Console, locale);
        let settings = MailSettings {
            server_host: "smtp.northwind.example".to_owned(),
            server_port: 587,
            server_security: "starttls".to_owned(),
            server_user: "office".to_owned(),
            server_password_set: true,
            effective_from: "office@northwind.example".to_owned(),
            leaves_through: "own".to_owned(),
            hold_seconds: 90,
            etag: "3".to_owned(),
            ..MailSettings::default()
        };
        let test = test.map(|answer| tested(&s, answer));
        Page::new("x", View::new(&s, &settings, "nora@northwind.example", test, attempt)).whole(&s).unwrap()
    }

    #[test]
    fn the_page_says_how_mail_leaves_and_never_shows_the_password() {
        for locale in Locale::ALL {
            let html = html(None, Attempt::default(), locale);
            assert!(html.contains("smtp.northwind.example") && html.contains("office@northwind.example"));
            assert!(
                html.contains("type=\"password\" value=\"\"") && html.contains("name=\"etag\" value=\"3\"")
            );
            assert!(
                html.matches("<h1").count() == 1
                    && !html.contains("mail-settings")
                    && !html.contains("mail-test")
            );
        }
    }

    #[test]
    fn a_test_says_in_plain_words_what_the_server_meant() {
        for locale in Locale::ALL {
            let mut sentences = std::collections::HashSet::new();
            for reason in REASONS {
                let answer = SendTestMailResponse {
                    accepted: reason == "taken",
                    answer: "535 <no>".to_owned(),
                    reason: reason.to_owned(),
                };
                let s = crate::walk::shell(Area::Console, locale);
                let sentence = tested(&s, answer.clone()).sentence;
                assert!(!sentence.starts_with("mail-test-") && sentences.insert(sentence), "{reason}");
                let html = html(Some(answer), Attempt::default(), locale);
                assert!(html.contains("535 &#60;no&#62;"), "{reason}");
            }
        }
    }

    #[test]
    fn a_refused_form_keeps_what_was_typed_but_the_password() {
        let sent: Sent = [("server_host", "smtp.example.com"), ("server_password", "hunter2")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into_iter()
            .collect();
        let problem = Problem::invalid("server_port", "Enter the port.");
        let html = html(None, Attempt::refused("mail", sent, &problem, &[]), Locale::En);
        assert!(html.contains("value=\"smtp.example.com\"") && html.contains("href=\"#f-server_port\""));
        assert!(!html.contains("hunter2"));
    }
}
