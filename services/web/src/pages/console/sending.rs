//! A paper that was sent to many accounts: how it stands in each, and reminding of it.

use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
use http::StatusCode;
use portico_core::Problem;
use portico_proto::{
    documents::v1::{GetSendingRequest, ListSendingsRequest, Sending, SendingRow},
    time::moment,
    workflow::v1::RemindClientsRequest,
};
use portico_rpc::problem_from;

use super::{attempt::Sent, done::Done, outstanding::told, send_paper::why};
use crate::{
    ask::{StaffAsk, not_here, refused, remember},
    components::{Row, Tag, Tone},
    error::PageError,
    form::Errors,
    layout::Shell,
    render::Page,
};

/// Steps that workflow reminds of at once.
const AT_ONCE: usize = 100;
/// How a paper can stand, in the order in which the page counts them.
const STATES: [&str; 8] =
    ["signed", "opened", "sent", "preparing", "expired", "declined", "withdrawn", "failed"];

/// A row of the table.
struct Line {
    account: String,
    href: String,
    state: Tag,
    /// "1 of 2"; empty where one alone signs.
    progress: String,
    waits_for: String,
    /// Why it failed, or what was said by whoever declined.
    reason: String,
    /// The step that can be reminded of; empty where none can.
    step: String,
}

#[derive(Template)]
#[template(path = "pages/console/sending.html")]
struct View<'a> {
    s: &'a Shell,
    sending: &'a Sending,
    meta: String,
    /// "2 signed · 1 declined"
    counts: String,
    action: String,
    key: String,
    lines: Vec<Line>,
    preparing: bool,
    told: Vec<String>,
    errors: Errors,
}

pub(super) async fn show(
    ask: StaffAsk,
    Path((template, id)): Path<(String, String)>,
    Query(done): Query<Done>,
) -> Result<Response, PageError> {
    page(&ask, template, id, (Vec::new(), Errors::none()), &done).await
}

/// Reminds of the chosen ones. What became of it stands on the page that answers; a repeat reminds nobody twice.
pub(super) async fn remind(
    ask: StaffAsk,
    Path((template, id)): Path<(String, String)>,
    sent: Sent,
) -> Result<Response, PageError> {
    let (chosen, key) = (sent.all("step"), sent.text("key"));
    let (mut results, mut event) = (Vec::new(), String::new());
    let mut problem = chosen.is_empty().then(|| Problem::invalid("", ask.shell.t("outstanding-choose")));
    for (part, steps) in chosen.chunks(AT_ONCE).enumerate() {
        let asked =
            RemindClientsRequest { step_ids: steps.to_vec(), idempotency_key: format!("{key}:{part}") };
        match ask.workflow_without_deadline().remind_clients(asked).await {
            Ok(answer) => {
                let answer = answer.into_inner();
                results.extend(answer.results);
                event = answer.event;
            }
            Err(status) => problem = Some(problem_from(&status)),
        }
    }
    let told = told(&ask.shell, &results);
    match problem {
        None => {
            let mut page = page(&ask, template, id, (told, Errors::none()), &Done::default()).await?;
            remember(&mut page, &event);
            Ok(page)
        }
        Some(problem) => {
            let mut errors = Errors::none();
            errors.add("", problem.message.clone());
            let page = page(&ask, template, id, (told, errors), &Done::default()).await;
            Ok(refused(problem, |_| page))
        }
    }
}

/// What was sent from a template, as the template's page lists it.
pub(super) async fn listed(ask: &StaffAsk, template: &str) -> Result<Vec<Row>, PageError> {
    let asked = ListSendingsRequest { paper_template_id: template.to_owned() };
    let found = ask.sendings().list_sendings(asked).await?.into_inner().sendings;
    let s = &*ask.shell;
    Ok(found.iter().map(|one| row(s, one)).collect())
}

fn row(s: &Shell, sending: &Sending) -> Row {
    let href = format!("/console/papers/{}/sendings/{}", sending.paper_template_id, sending.id);
    let row = Row::new(sending.title.clone(), href, meta(s, sending));
    let count = s.say("sending-signed-of").arg("signed", sending.signed).arg("accounts", sending.accounts);
    row.tagged(if sending.signed == sending.accounts { Tone::Ok } else { Tone::Neutral }, count.to_string())
}

/// Who sent it, when, and by when it is due.
fn meta(s: &Shell, sending: &Sending) -> String {
    let at = sending.sent_at.as_ref().and_then(moment).map(|at| s.date_time(&at)).unwrap_or_default();
    let by = s.say("sending-meta").arg("who", &sending.sent_by).arg("at", at).to_string();
    match sending.due.as_ref().and_then(moment) {
        Some(due) => format!("{by} · {}", s.due(&due).text),
        None => by,
    }
}

async fn page(
    ask: &StaffAsk,
    template: String,
    sending_id: String,
    (told, errors): (Vec<String>, Errors),
    done: &Done,
) -> Result<Response, PageError> {
    let found = ask.sendings().get_sending(GetSendingRequest { sending_id }).await?.into_inner().sending;
    let sending = found.filter(|one| one.paper_template_id == template).ok_or_else(not_here)?;
    let s = &*ask.shell;
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let view = View::new(s, &sending, ask.form_key(), told, errors);
    let page = Page::new(sending.title.clone(), view).at("accounts").status(status);
    let page = done.above(page, s).under(s.t("papers-title"), "/console/papers".to_owned());
    page.under(sending.paper_title.clone(), format!("/console/papers/{template}")).respond(s, &ask.headers)
}

impl<'a> View<'a> {
    fn new(s: &'a Shell, sending: &'a Sending, key: String, told: Vec<String>, errors: Errors) -> Self {
        let counted = STATES.into_iter().filter_map(|state| {
            let count = sending.rows.iter().filter(|row| row.state == state).count();
            (count > 0).then(|| format!("{count} {}", state_name(s, state)))
        });
        Self {
            s,
            sending,
            meta: meta(s, sending),
            counts: counted.collect::<Vec<_>>().join(" · "),
            action: format!("/console/papers/{}/sendings/{}", sending.paper_template_id, sending.id),
            key,
            lines: sending.rows.iter().map(|row| line(s, row)).collect(),
            preparing: sending.rows.iter().any(|row| row.state == "preparing"),
            told,
            errors,
        }
    }

    /// Whether the page has anything to remind of.
    fn can_remind(&self) -> bool {
        self.lines.iter().any(|line| !line.step.is_empty())
    }
}

fn state_name(s: &Shell, state: &str) -> String {
    s.t(&format!("sending-state-{}", STATES.into_iter().find(|one| *one == state).unwrap_or("preparing")))
}

fn line(s: &Shell, row: &SendingRow) -> Line {
    let tone = match row.state.as_str() {
        "signed" => Tone::Ok,
        "opened" => Tone::Info,
        "expired" => Tone::Warn,
        "declined" | "failed" => Tone::Bad,
        _ => Tone::Neutral,
    };
    let waits = matches!(row.state.as_str(), "sent" | "opened");
    Line {
        account: row.account_name.clone(),
        href: match row.step_id.as_str() {
            "" => format!("/console/accounts/{}", row.account_id),
            step => format!("/console/steps/{step}/envelope"),
        },
        state: Tag::new(tone, state_name(s, &row.state)),
        progress: if row.of > 1 {
            s.say("sending-signed-of").arg("signed", row.done).arg("accounts", row.of).to_string()
        } else {
            String::new()
        },
        waits_for: row.waits_for.join(", "),
        reason: if row.state == "failed" { why(s, &row.reason) } else { row.reason.clone() },
        step: if waits { row.step_id.clone() } else { String::new() },
    }
}

#[cfg(test)]
mod tests {
    use portico_proto::time::timestamp;

    use super::*;
    use crate::{layout::Area, text::Locale};

    fn sending(s: &Shell) -> Sending {
        let row = |state: &str, reason: &str| SendingRow {
            account_id: format!("account-{state}"),
            account_name: format!("<{state}>"),
            state: state.to_owned(),
            reason: reason.to_owned(),
            step_id: if matches!(state, "failed" | "preparing") {
                String::new()
            } else {
                format!("step-{state}")
            },
            done: 1,
            of: 2,
            waits_for: vec!["Ana Souza".to_owned()],
            ended_at: None,
        };
        let rows: Vec<_> = STATES
            .into_iter()
            .map(|state| {
                let reason = match state {
                    "failed" => "nobody",
                    "declined" => "Not <this>",
                    _ => "",
                };
                row(state, reason)
            })
            .collect();
        Sending {
            id: "s1".to_owned(),
            paper_template_id: "t1".to_owned(),
            title: "Sign the <NDA>".to_owned(),
            paper_title: "NDA".to_owned(),
            sent_by: "Paul".to_owned(),
            sent_at: Some(timestamp(s.formats.now())),
            due: Some(timestamp(s.formats.now() + chrono::TimeDelta::days(3))),
            accounts: 8,
            signed: 1,
            rows,
        }
    }

    #[test]
    fn every_state_is_said_in_every_language_and_only_what_is_open_is_reminded_of() {
        for locale in Locale::ALL {
            let s = crate::walk::shell(Area::Console, locale);
            let sending = sending(&s);
            let mut errors = Errors::none();
            errors.add("", "Choose one.");
            let view = View::new(&s, &sending, "k1".to_owned(), vec!["Told.".to_owned()], errors);
            let html = Page::new("x", view).whole(&s).unwrap();
            for state in STATES {
                assert!(
                    html.contains(&format!("&#60;{state}&#62;")) && html.contains(&state_name(&s, state))
                );
            }
            assert_eq!(html.matches("name=\"step\"").count(), 2, "{html}");
            assert!(html.contains("/console/steps/step-opened/envelope") && html.contains("account-failed"));
            assert!(html.contains("Not &#60;this&#62;") && html.contains(&s.t("sending-why-nobody")));
            assert!(html.contains("Told.") && html.contains("Choose one.") && html.contains("Ana Souza"));
            assert!(html.matches("<h1").count() == 1 && !html.contains("sending-"), "{html}");
            let row = row(&s, &sending);
            assert!(row.href == "/console/papers/t1/sendings/s1" && row.meta.contains("Paul"));
            assert!(!row.tag.unwrap().text.contains("sending-") && !row.meta.contains("sending-"));
        }
    }
}
