//! What clients were asked for and somebody still has to do something about, over all accounts; and reminding of it.

use std::collections::HashSet;

use askama::Template;
use axum::{extract::Query, response::Response};
use portico_core::Problem;
use portico_proto::{
    time::moment,
    workflow::v1::{
        ListOutstandingRequest, ListOutstandingResponse, OutstandingRow, RemindClientsRequest, RemindOutcome,
        RemindResult, Reminder,
    },
};
use portico_rpc::problem_from;
use serde::Deserialize;

use super::{
    attempt::{Attempt, Sent},
    requests,
};
use crate::{
    ask::{StaffAsk, refused, remember},
    components::{Choice, Tag, Tone},
    error::PageError,
    layout::Shell,
    render::Page,
    wording,
};

/// What the list can be narrowed to, as the address has it.
const STATES: [&str; 3] = ["overdue", "client", "us"];

/// What the list is narrowed to; it stands in the address, and in the form that reminds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct Filter {
    state: String,
    account: String,
    q: String,
    after: String,
}

/// A row of the table.
struct Line {
    name: String,
    href: String,
    about: String,
    account: String,
    state: Tag,
    since: String,
    due: Option<Tag>,
    reminded: String,
    /// The request that can be reminded of here; empty where none can, or a row above has it.
    step: String,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "pages/console/outstanding.html")]
struct View<'a> {
    s: &'a Shell,
    filter: &'a Filter,
    key: String,
    states: Vec<Choice>,
    accounts: Vec<Choice>,
    lines: Vec<Line>,
    newest: String,
    older: String,
    /// What became of the reminders that were just asked for, a sentence each; empty where none were.
    told: Vec<String>,
    attempt: Attempt,
}

pub(super) async fn show(ask: StaffAsk, Query(filter): Query<Filter>) -> Result<Response, PageError> {
    page(&ask, &filter, Kept::default(), Attempt::default()).await
}

/// What the form is drawn with after it was sent.
#[derive(Default)]
struct Kept {
    told: Vec<String>,
    /// The key to go on with; empty for a fresh one.
    key: String,
    chosen: Vec<String>,
}

/// Reminds of the chosen requests. What became of it stands on the page that answers; a repeat reminds nobody twice.
pub(super) async fn remind(ask: StaffAsk, sent: Sent) -> Result<Response, PageError> {
    let filter = Filter {
        state: sent.text("state"),
        account: sent.text("account"),
        q: sent.text("q"),
        after: sent.text("after"),
    };
    let (chosen, key) = (sent.all("step"), sent.text("key"));
    let answer = if chosen.is_empty() {
        Err(Problem::invalid("", ask.shell.t("outstanding-choose")))
    } else {
        let asked = RemindClientsRequest { step_ids: chosen.clone(), idempotency_key: key.clone() };
        let answer = ask.workflow_without_deadline().remind_clients(asked).await;
        answer.map(tonic::Response::into_inner).map_err(|status| problem_from(&status))
    };
    match answer {
        Ok(answer) => {
            let failed = answer.results.iter().any(|result| result.outcome() == RemindOutcome::Failed);
            let told = told(&ask.shell, &answer.results);
            let kept = if failed { Kept { told, key, chosen } } else { Kept { told, ..Kept::default() } };
            let mut page = page(&ask, &filter, kept, Attempt::default()).await?;
            remember(&mut page, &answer.event);
            Ok(page)
        }
        Err(problem) => {
            let names = [("step_ids", ""), ("idempotency_key", "")];
            let attempt = Attempt::refused("remind", sent, &problem, &names);
            let page = page(&ask, &filter, Kept { chosen, ..Kept::default() }, attempt).await;
            Ok(refused(problem, |_| page))
        }
    }
}

/// What became of reminders: a sentence for each way it went.
pub(super) fn told(s: &Shell, results: &[RemindResult]) -> Vec<String> {
    let ways = [
        (RemindOutcome::Sent, "outstanding-sent"),
        (RemindOutcome::TooSoon, "outstanding-too-soon"),
        (RemindOutcome::NotWaiting, "outstanding-not-waiting"),
        (RemindOutcome::NotFound, "outstanding-not-found"),
        (RemindOutcome::Failed, "outstanding-failed"),
    ];
    let sentence = |(outcome, key): &(RemindOutcome, &'static str)| {
        let same: Vec<_> = results.iter().filter(|result| result.outcome() == *outcome).collect();
        let at = same.first()?.reminded_at.as_ref().and_then(moment);
        let ago = at.map(|at| s.ago(&at)).unwrap_or_default();
        let count = i64::try_from(same.len()).unwrap_or(i64::MAX);
        Some(s.say(key).arg("count", count).arg("ago", ago).to_string())
    };
    ways.iter().filter_map(sentence).collect()
}

async fn page(ask: &StaffAsk, filter: &Filter, kept: Kept, attempt: Attempt) -> Result<Response, PageError> {
    let asked = ListOutstandingRequest {
        account_id: filter.account.clone(),
        waits_for: if filter.state == "overdue" { String::new() } else { filter.known_state().to_owned() },
        overdue: filter.state == "overdue",
        query: filter.q.clone(),
        page_size: 50,
        page_token: filter.after.clone(),
    };
    let found = ask.workflow().list_outstanding(asked).await?.into_inner();
    let accounts = requests::accounts(ask).await?;
    let s = &*ask.shell;
    let status = attempt.status();
    let view = View::new(s, filter, &found, &accounts, ask.form_key(), kept, attempt);
    Page::new(s.t("outstanding-title"), view).at("outstanding").status(status).respond(s, &ask.headers)
}

impl Filter {
    /// The state where it is one of ours.
    fn known_state(&self) -> &str {
        STATES.into_iter().find(|state| *state == self.state).unwrap_or_default()
    }

    fn is_narrow(&self) -> bool {
        !(self.known_state().is_empty() && self.account.is_empty() && self.q.trim().is_empty())
    }

    /// The list with the same filter, after this row; empty for the first page.
    fn href(&self, after: &str) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        let parts =
            [("state", self.known_state()), ("account", &self.account), ("q", &self.q), ("after", after)];
        for (name, value) in parts.into_iter().filter(|(_, value)| !value.is_empty()) {
            query.append_pair(name, value);
        }
        format!("/console/outstanding?{}", query.finish())
    }
}

impl<'a> View<'a> {
    fn new(
        s: &'a Shell,
        filter: &'a Filter,
        found: &ListOutstandingResponse,
        accounts: &[(String, String)],
        fresh: String,
        kept: Kept,
        attempt: Attempt,
    ) -> Self {
        let mut seen = HashSet::new();
        let line = |row: &OutstandingRow| {
            // Several rows of one request are reminded of together, so one box is enough.
            let step = if row.can_remind && seen.insert(row.step_id.clone()) {
                row.step_id.clone()
            } else {
                String::new()
            };
            let chosen = !step.is_empty() && kept.chosen.contains(&step);
            Line { step, chosen, ..line(s, row) }
        };
        let all = |chosen: &str| Choice::new("", s.t("console-all"), chosen);
        let state =
            |state: &str| Choice::new(state, s.t(&format!("outstanding-filter-{state}")), &filter.state);
        let account = |(id, name): &(String, String)| Choice::new(id.clone(), name.clone(), &filter.account);
        let next = &found.next_page_token;
        Self {
            s,
            filter,
            key: if kept.key.is_empty() { fresh } else { kept.key.clone() },
            states: std::iter::once(all(&filter.state)).chain(STATES.map(state)).collect(),
            accounts: std::iter::once(all(&filter.account)).chain(accounts.iter().map(account)).collect(),
            lines: found.rows.iter().map(line).collect(),
            newest: if filter.after.is_empty() { String::new() } else { filter.href("") },
            older: if next.is_empty() { String::new() } else { filter.href(next) },
            told: kept.told,
            attempt,
        }
    }

    /// Whether the page has anything to remind of.
    fn can_remind(&self) -> bool {
        self.lines.iter().any(|line| !line.step.is_empty())
    }
}

fn line(s: &Shell, row: &OutstandingRow) -> Line {
    let (ours, paper) = (row.waits_for == "us", row.r#type == "esign");
    let (tone, key) = match row.state.as_str() {
        "returned" => (Tone::Warn, "outstanding-returned"),
        "checking" if paper => (Tone::Info, "outstanding-to-sign"),
        "checking" => (Tone::Info, "outstanding-checking"),
        "not_available" => (Tone::Info, "outstanding-not-available"),
        _ => (Tone::Neutral, "outstanding-needed"),
    };
    let due = row.due.as_ref().and_then(moment).map(|due| s.due(&due));
    let place = match (paper, ours) {
        (true, _) => "/envelope",
        (false, true) => "/review",
        (false, false) => "",
    };
    let about = [row.title.as_str(), row.record_title.as_str()];
    Line {
        name: row.name.clone(),
        href: format!("/console/steps/{}{place}", row.step_id),
        about: about.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · "),
        account: row.account_name.clone(),
        state: Tag::new(tone, s.t(key)),
        since: row.since.as_ref().and_then(moment).map(|at| s.formats.short_date(&at)).unwrap_or_default(),
        due: due.map(|due| {
            let tone = if due.overdue {
                Tone::Bad
            } else if due.soon {
                Tone::Warn
            } else {
                Tone::Neutral
            };
            Tag::new(tone, due.text)
        }),
        reminded: row.last_reminder.as_ref().map(|last| reminded(s, last)).unwrap_or_default(),
        step: String::new(),
        chosen: false,
    }
}

/// Who was reminded when, and by whom: "Ana Souza, 10 minutes ago, by Paul Winter".
pub(super) fn reminded(s: &Shell, last: &Reminder) -> String {
    let who = last.to.as_ref().map(|to| wording::assignee(s, to)).unwrap_or_default();
    let ago = last.at.as_ref().and_then(moment).map(|at| s.ago(&at)).unwrap_or_default();
    let key = if last.by.is_empty() { "outstanding-reminded" } else { "outstanding-reminded-by" };
    s.say(key).arg("who", who).arg("ago", ago).arg("by", &last.by).to_string()
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use portico_proto::{time::timestamp, workflow::v1::Assignee};

    use super::*;
    use crate::{layout::Area, text::Locale};

    fn found(s: &Shell) -> ListOutstandingResponse {
        let row = |name: &str, state: &str, waits_for: &str, days| OutstandingRow {
            name: name.to_owned(),
            state: state.to_owned(),
            waits_for: waits_for.to_owned(),
            since: Some(timestamp(s.formats.now())),
            due: Some(timestamp(s.formats.now() + TimeDelta::days(days))),
            step_id: "0190aaaa-0000-7000-8000-000000000007".to_owned(),
            title: "Send your papers".to_owned(),
            record_title: "Audit".to_owned(),
            account_name: "Acme <b>".to_owned(),
            can_remind: waits_for == "client",
            ..OutstandingRow::default()
        };
        let last = Reminder {
            at: Some(timestamp(s.formats.now() - TimeDelta::minutes(10))),
            to: Some(Assignee { names: vec!["Ana Souza".to_owned()], ..Assignee::default() }),
            by: "Paul Winter".to_owned(),
        };
        let first = OutstandingRow { last_reminder: Some(last), ..row("Statements", "needed", "client", -2) };
        let rows = vec![first, row("Receipts", "returned", "client", -2), row("Slips", "checking", "us", 9)];
        ListOutstandingResponse { rows, next_page_token: "a b&c".to_owned() }
    }

    fn html(s: &Shell, filter: &Filter, kept: Kept, attempt: Attempt) -> String {
        let accounts = [("a1".to_owned(), "Acme".to_owned())];
        let view = View::new(s, filter, &found(s), &accounts, "fresh".to_owned(), kept, attempt);
        Page::new("x", view).whole(s).unwrap()
    }

    #[test]
    fn a_row_says_what_of_whom_how_it_stands_and_who_was_reminded_when() {
        let s = crate::walk::shell(Area::Console, Locale::En);
        let filter = Filter {
            state: "client".to_owned(),
            account: "a1".to_owned(),
            q: "x&y".to_owned(),
            ..Filter::default()
        };
        let html = html(&s, &filter, Kept::default(), Attempt::default());
        assert!(html.contains("Acme &#60;b&#62;") && html.contains("Send your papers · Audit"), "{html}");
        assert!(
            html.contains("2 days overdue") && html.contains("Ana Souza, 10 minutes ago, by Paul Winter")
        );
        assert!(
            html.contains("000000000007/review\"") && html.contains("000000000007\">Statements"),
            "{html}"
        );
        assert_eq!(html.matches("name=\"step\"").count(), 1, "one box for the rows of one request");
        assert!(html.contains("state=client&#38;account=a1&#38;q=x%26y&#38;after=a+b%26c"), "{html}");
        assert!(html.contains("value=\"client\" selected") && html.contains("value=\"a1\" selected"));
        assert!(html.matches("<h1").count() == 1 && !html.contains("outstanding-"), "{html}");
    }

    #[test]
    fn a_paper_to_sign_leads_to_its_envelope_whoever_signs_next() {
        for locale in Locale::ALL {
            let s = crate::walk::shell(Area::Console, locale);
            let paper = |state: &str, waits_for: &str| OutstandingRow {
                state: state.to_owned(),
                waits_for: waits_for.to_owned(),
                step_id: "s1".to_owned(),
                r#type: "esign".to_owned(),
                ..OutstandingRow::default()
            };
            let (theirs, ours) = (line(&s, &paper("needed", "client")), line(&s, &paper("checking", "us")));
            assert!(theirs.href == "/console/steps/s1/envelope" && ours.href == theirs.href);
            assert_eq!(ours.state.text, s.t("outstanding-to-sign"));
            assert_ne!(theirs.state.text, ours.state.text);
        }
    }

    #[test]
    fn what_became_of_reminders_is_said_in_every_language_and_a_failed_one_is_sent_again_with_its_key() {
        for locale in Locale::ALL {
            let s = crate::walk::shell(Area::Console, locale);
            let at = Some(timestamp(s.formats.now() - TimeDelta::minutes(10)));
            let result = |outcome: RemindOutcome| RemindResult { outcome: outcome.into(), reminded_at: at };
            use RemindOutcome::{Failed, NotFound, NotWaiting, Sent, TooSoon};
            let results = [Sent, Sent, TooSoon, NotWaiting, NotFound, Failed].map(result);
            let told = told(&s, &results);
            assert!(told.len() == 5 && told.iter().all(|text| !text.contains("outstanding-")), "{told:?}");
            assert!(told[0].contains('2') && told[1].contains("10"), "{told:?}");
            let chosen = vec!["0190aaaa-0000-7000-8000-000000000007".to_owned()];
            let kept = Kept { told, key: "k1".to_owned(), chosen };
            let html = html(&s, &Filter::default(), kept, Attempt::default());
            assert!(html.contains("value=\"k1\"") && !html.contains("value=\"fresh\""));
            assert!(html.contains("role=\"status\"") && html.contains(" checked"), "{html}");
        }
    }

    #[test]
    fn nothing_outstanding_is_good_news_and_a_refusal_is_told() {
        let s = crate::walk::shell(Area::Console, Locale::En);
        let none = ListOutstandingResponse::default();
        let of = |filter: &Filter| {
            let none = View::new(&s, filter, &none, &[], String::new(), Kept::default(), Attempt::default());
            none.render().unwrap()
        };
        let (wide, narrow) = (Filter::default(), Filter { state: "us".to_owned(), ..Filter::default() });
        assert!(of(&wide).contains("Nothing is outstanding") && !of(&wide).contains("<table"));
        assert!(of(&narrow).contains(&s.t("console-nothing-found")));
        let attempt = Attempt::refused("remind", Sent::default(), &Problem::invalid("", "Choose one."), &[]);
        assert!(html(&s, &wide, Kept::default(), attempt).contains("Choose one."));
    }
}
