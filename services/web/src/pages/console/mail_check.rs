//! What the world reads about the sender's domain, what is right and what to add; and the keys that sign.

use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
use portico_proto::{
    messaging::v1::{
        ActivateDkimKeyRequest, CheckMailDomainRequest, CheckMailDomainResponse, CreateDkimKeyRequest,
        DkimKey, ListDkimKeysRequest, MailFinding, RetireDkimKeyRequest,
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
    components::{Choice, Tag, Tone},
    error::PageError,
    layout::Shell,
    render::{Page, see_other},
};

/// Everything that can be found; each word has its sentences `mail-check-<word>` and, where something is to be done,
/// `mail-check-<word>-do`.
const REASONS: [&str; 23] = [
    "spf_ok",
    "spf_missing",
    "spf_twice",
    "spf_open",
    "spf_too_long",
    "spf_no_end",
    "spf_not_aligned",
    "dkim_ok",
    "dkim_missing",
    "dkim_gone",
    "dkim_other",
    "dkim_ready",
    "dkim_pending",
    "dkim_retired",
    "dkim_removed",
    "dmarc_ok",
    "dmarc_parent",
    "dmarc_none",
    "dmarc_missing",
    "dmarc_broken",
    "dmarc_twice",
    "mx_ok",
    "mx_missing",
];
/// What is said where name servers did not answer, or the word is not known.
const AWAY: &str = "dns_away";

struct Finding {
    subject: String,
    tag: Tag,
    sentence: String,
    todo: String,
    name: String,
    found: String,
    wanted: String,
}

struct Key {
    id: String,
    selector: String,
    meta: String,
    tag: Tag,
    name: String,
    text: String,
    activate: bool,
    retire: bool,
}

#[derive(Template)]
#[template(path = "pages/console/mail_check.html")]
struct View<'a> {
    s: &'a Shell,
    domain: String,
    summary: String,
    findings: Vec<Finding>,
    keys: Vec<Key>,
    algorithms: Vec<Choice>,
    /// Whether another key may be made: one waits at a time.
    room: bool,
    attempt: Attempt,
}

pub(super) async fn show(ask: AdminAsk, Query(done): Query<Done>) -> Result<Response, PageError> {
    page(&ask, Attempt::default(), &done).await
}

pub(super) async fn create(ask: AdminAsk, sent: Sent) -> Result<Response, PageError> {
    let asked = CreateDkimKeyRequest { algorithm: sent.text("algorithm") };
    let made = ask.mailing().create_dkim_key(asked).await;
    after(&ask, "create", sent, made.map(|_| ())).await
}

pub(super) async fn activate(
    ask: AdminAsk,
    Path(dkim_key_id): Path<String>,
    sent: Sent,
) -> Result<Response, PageError> {
    let done = ask.mailing().activate_dkim_key(ActivateDkimKeyRequest { dkim_key_id }).await;
    after(&ask, "activate", sent, done.map(|_| ())).await
}

pub(super) async fn retire(ask: AdminAsk, Path(dkim_key_id): Path<String>) -> Result<Response, PageError> {
    ask.mailing().retire_dkim_key(RetireDkimKeyRequest { dkim_key_id }).await?;
    Ok(see_other("/console/settings/mail/check?done=settings-saved"))
}

async fn after(
    ask: &AdminAsk,
    form: &'static str,
    sent: Sent,
    done: Result<(), tonic::Status>,
) -> Result<Response, PageError> {
    match done {
        Ok(()) => Ok(see_other("/console/settings/mail/check?done=settings-saved")),
        Err(status) => {
            let problem = problem_from(&status);
            let attempt = Attempt::refused(form, sent, &problem, &[]);
            let page = page(ask, attempt, &Done::default()).await;
            Ok(refused(problem, |_| page))
        }
    }
}

async fn page(ask: &AdminAsk, attempt: Attempt, done: &Done) -> Result<Response, PageError> {
    let (mut checking, mut listing) = (ask.mailing(), ask.mailing());
    let (checked, keys) = tokio::try_join!(
        checking.check_mail_domain(CheckMailDomainRequest {}),
        listing.list_dkim_keys(ListDkimKeysRequest {})
    )?;
    let s = &*ask.shell;
    let status = attempt.status();
    let view = View::new(s, checked.into_inner(), keys.into_inner().keys, attempt);
    let page = Page::new(s.t("mail-check"), view)
        .at("settings")
        .status(status)
        .under(s.t("mail-settings"), "/console/settings/mail");
    done.above(page, s).respond(s, &ask.headers)
}

impl<'a> View<'a> {
    fn new(s: &'a Shell, checked: CheckMailDomainResponse, keys: Vec<DkimKey>, attempt: Attempt) -> Self {
        let wrong = checked.findings.iter().filter(|finding| finding.verdict == "wrong").count();
        let advice = checked.findings.iter().filter(|finding| finding.verdict == "advice").count();
        let summary = match (wrong, advice) {
            (0, 0) => s.say("mail-check-all-right"),
            (0, advice) => s.say("mail-check-some-advice").arg("count", advice),
            (wrong, _) => s.say("mail-check-some-wrong").arg("count", wrong),
        };
        let chosen = attempt.value("create", "algorithm", "rsa");
        let algorithm = |word: &str| Choice::new(word, s.t(&format!("mail-key-{word}")), &chosen);
        Self {
            s,
            summary: summary.arg("domain", checked.domain.clone()).to_string(),
            domain: checked.domain,
            findings: checked.findings.into_iter().map(|finding| one(s, finding)).collect(),
            room: keys.iter().all(|key| key.state != "pending"),
            keys: keys.into_iter().map(|key| shown(s, key)).collect(),
            algorithms: ["rsa", "ed25519"].map(algorithm).into(),
            attempt,
        }
    }
}

fn one(s: &Shell, finding: MailFinding) -> Finding {
    let word = REASONS.into_iter().find(|word| *word == finding.reason).unwrap_or(AWAY).replace('_', "-");
    let (tone, key) = match finding.verdict.as_str() {
        "ok" => (Tone::Ok, "mail-check-ok"),
        "advice" => (Tone::Warn, "mail-check-advice"),
        _ => (Tone::Bad, "mail-check-wrong"),
    };
    let todo = if finding.verdict == "ok" { String::new() } else { s.t(&format!("mail-check-{word}-do")) };
    Finding {
        subject: finding.subject.to_uppercase(),
        tag: Tag::new(tone, s.t(key)),
        sentence: s.t(&format!("mail-check-{word}")),
        todo,
        name: finding.record_name,
        found: finding.found,
        wanted: finding.wanted,
    }
}

fn shown(s: &Shell, key: DkimKey) -> Key {
    let (tone, state) = match key.state.as_str() {
        "active" => (Tone::Ok, "mail-key-active"),
        "pending" => (Tone::Warn, "mail-key-pending"),
        _ => (Tone::Plain, "mail-key-retired"),
    };
    let since = key.retired_at.as_ref().or(key.activated_at.as_ref()).or(key.created_at.as_ref());
    let since = since.and_then(moment).map(|at| s.ago(&at)).unwrap_or_default();
    Key {
        meta: format!("{} · {since}", s.t(&format!("mail-key-{}", key.algorithm))),
        tag: Tag::new(tone, s.t(state)),
        activate: key.state == "pending",
        retire: key.state != "retired",
        id: key.id,
        selector: key.selector,
        name: key.record_name,
        text: key.record_text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{layout::Area, text::Locale};

    #[test]
    fn every_finding_has_its_sentence_and_what_to_do() {
        for locale in Locale::ALL {
            let s = crate::walk::shell(Area::Console, locale);
            let well =
                ["spf_ok", "dkim_ok", "dkim_retired", "dkim_removed", "dmarc_ok", "dmarc_parent", "mx_ok"];
            for reason in REASONS.into_iter().chain([AWAY]) {
                let verdict = if well.contains(&reason) { "ok" } else { "wrong" };
                let finding = MailFinding {
                    reason: reason.to_owned(),
                    verdict: verdict.to_owned(),
                    ..MailFinding::default()
                };
                let shown = one(&s, finding);
                assert!(!shown.sentence.starts_with("mail-check-"), "{reason}");
                assert!(!shown.todo.starts_with("mail-check-"), "{reason}");
                assert_eq!(shown.todo.is_empty(), verdict == "ok", "{reason}");
            }
        }
    }

    #[test]
    fn records_are_there_to_copy_and_a_waiting_key_can_be_put_to_use() {
        for locale in Locale::ALL {
            let s = crate::walk::shell(Area::Console, locale);
            let finding = MailFinding {
                subject: "spf".to_owned(),
                verdict: "wrong".to_owned(),
                reason: "spf_missing".to_owned(),
                record_name: "northwind.example".to_owned(),
                found: String::new(),
                wanted: "v=spf1 mx ~all".to_owned(),
            };
            let checked =
                CheckMailDomainResponse { domain: "northwind.example".to_owned(), findings: vec![finding] };
            let key = |id: &str, state: &str| DkimKey {
                id: id.to_owned(),
                state: state.to_owned(),
                algorithm: "rsa".to_owned(),
                selector: "s1".to_owned(),
                record_name: format!("{id}._domainkey.northwind.example"),
                record_text: "v=DKIM1; k=rsa; p=<AAAA>".to_owned(),
                ..DkimKey::default()
            };
            let keys = vec![key("a", "pending"), key("b", "active"), key("c", "retired")];
            let view = View::new(&s, checked, keys, Attempt::default());
            let html = Page::new("x", view).whole(&s).unwrap();
            assert!(html.contains("v=spf1 mx ~all") && html.contains("v=DKIM1; k=rsa; p=&#60;AAAA&#62;"));
            assert!(html.contains("/keys/a/activate") && !html.contains("/keys/b/activate"));
            assert!(html.contains("/keys/b/retire") && !html.contains("/keys/c/retire"));
            assert!(!html.contains("name=\"algorithm\""), "a key waits already");
            assert!(
                html.matches("<h1").count() == 1
                    && !html.contains("mail-check-")
                    && !html.contains("mail-key-")
            );
        }
    }
}
