//! One record: its fields, its state with the states that may follow, its runs and its conversation.

use askama::Template;
use axum::{
    extract::{FromRequest as _, Path, Query, Request},
    response::Response,
};
use portico_definition::Definition;
use portico_proto::{
    json::to_struct,
    workflow::v1::{
        GetRecordRequest, ListRunsRequest, Record, Run, TransitionRecordRequest, UpdateRecordRequest,
    },
};
use portico_rpc::problem_from;
use serde_json::Value;
use std::sync::Arc;

use super::{
    attempt::{Attempt, Sent},
    choose,
    done::Done,
    overview,
};
use crate::{
    ask::{Ask, StaffAsk, not_here, refused, see_other_after},
    components::{Row, Tag, Tone},
    csrf::FileForm,
    error::PageError,
    layout::Shell,
    record_form::{Asked, Input, Options, asked, at_fields, changed, first, pairs_of, receive, values},
    render::{Page, see_other},
    site::SignedIn,
    values::{Line, fields_of, kind_title, lines},
    wording::humanize,
};

/// A state that the reader may set by hand.
struct Move {
    state: String,
    label: String,
}

#[derive(Template)]
#[template(path = "pages/console/record.html")]
struct View<'a> {
    s: &'a Shell,
    id: &'a str,
    etag: &'a str,
    title: String,
    kind: String,
    number: &'a str,
    account: &'a str,
    account_href: String,
    state: Option<Tag>,
    moves: Vec<Move>,
    key: String,
    lines: Vec<Line>,
    may_edit: bool,
    fields: Vec<Asked>,
    runs: Vec<Row>,
    attempt: Attempt,
}

/// Everything that the page shows.
struct Found {
    record: Record,
    definition: Arc<Definition>,
    options: Options,
    runs: Vec<Run>,
}

pub(super) async fn show(
    ask: StaffAsk,
    Path(record_id): Path<String>,
    Query(done): Query<Done>,
) -> Result<Response, PageError> {
    page(&ask, &record_id, Attempt::default(), &done).await
}

pub(super) async fn update(
    ask: StaffAsk,
    Path(record_id): Path<String>,
    request: Request,
) -> Result<Response, PageError> {
    let form = FileForm::from_request(request, &()).await?;
    let (record, definition) = read(&ask, &record_id).await?;
    let kind = definition.spec.records.get(&record.kind).ok_or_else(not_here)?;
    let (pairs, mut errors) = receive(&ask, form, kind, |_| record.account_id.clone()).await?;
    let (fields, wrong) = values(&ask.shell, kind, &choose::fields(kind, &ask.reader), &pairs);
    errors.extend(wrong);
    let saved = match errors.as_problem() {
        None => {
            let fields = changed(&fields_of(&record), fields);
            if fields.is_empty() {
                return Ok(see_other(&format!("/console/records/{record_id}")));
            }
            let fields = Some(to_struct(&Value::Object(fields)));
            let etag = first(&pairs, "etag").to_owned();
            let asked = UpdateRecordRequest { record_id: record_id.clone(), fields, etag };
            ask.workflow().update_record(asked).await.map_err(|status| problem_from(&status))
        }
        Some(problem) => Err(problem),
    };
    match saved {
        Ok(answer) => {
            let href = format!("/console/records/{record_id}?done=record-saved");
            Ok(see_other_after(&href, &answer.into_inner().event))
        }
        Err(problem) => {
            let problem = at_fields(problem);
            let attempt = Attempt::refused("record", pairs.into_iter().collect(), &problem, &[]);
            let page = page(&ask, &record_id, attempt, &Done::default()).await;
            Ok(refused(problem, |_| page))
        }
    }
}

pub(super) async fn set_state(
    ask: StaffAsk,
    Path(record_id): Path<String>,
    sent: Sent,
) -> Result<Response, PageError> {
    let asked = TransitionRecordRequest {
        record_id: record_id.clone(),
        to_state: sent.text("state"),
        etag: sent.text("etag"),
        idempotency_key: sent.text("key"),
    };
    match ask.workflow().transition_record(asked).await {
        Ok(answer) => {
            let answer = answer.into_inner();
            // Where exactly one run began, its page is what one wants to see.
            let href = match answer.run_ids.as_slice() {
                [run] => format!("/console/runs/{run}?done=record-moved"),
                _ => format!("/console/records/{record_id}?done=record-moved"),
            };
            Ok(see_other_after(&href, &answer.event))
        }
        Err(status) => {
            let problem = problem_from(&status);
            let attempt = Attempt::refused("state", sent, &problem, &[]);
            let page = page(&ask, &record_id, attempt, &Done::default()).await;
            Ok(refused(problem, |_| page))
        }
    }
}

async fn read(ask: &Ask, record_id: &str) -> Result<(Record, Arc<Definition>), PageError> {
    let asked = GetRecordRequest { record_id: record_id.to_owned() };
    let record = ask.workflow().get_record(asked).await?.into_inner().record.ok_or_else(not_here)?;
    let portals = ask.web.portals(ask.tenant()).await?;
    let published =
        portals.iter().find(|published| published.portal.id == record.portal_id).ok_or_else(not_here)?;
    Ok((record, Arc::clone(&published.definition)))
}

async fn page(ask: &StaffAsk, record_id: &str, attempt: Attempt, done: &Done) -> Result<Response, PageError> {
    let (record, definition) = read(ask, record_id).await?;
    let kind = definition.spec.records.get(&record.kind).ok_or_else(not_here)?;
    let options = if record.allowed.iter().any(|act| act == "update") {
        Options {
            held: record.labels.clone(),
            ..choose::options(ask, &record.portal_id, &record.account_id, kind).await?
        }
    } else {
        Options::default()
    };
    let asked =
        ListRunsRequest { record_id: record_id.to_owned(), page_size: 20, ..ListRunsRequest::default() };
    let runs = ask.workflow().list_runs(asked).await?.into_inner().runs;
    let found = Found { record, definition, options, runs };
    let s = &*ask.shell;
    let status = attempt.status();
    let view = View::new(s, &found, &ask.reader, ask.form_key(), attempt);
    let page = Page::new(view.title.clone(), view).at("accounts").status(status);
    done.above(page, s)
        .under(s.t("nav-accounts"), "/console/accounts")
        .under(found.record.account_name.clone(), format!("/console/accounts/{}", found.record.account_id))
        .respond(s, &ask.headers)
}

impl<'a> View<'a> {
    fn new(s: &'a Shell, found: &'a Found, reader: &SignedIn, key: String, attempt: Attempt) -> Self {
        let Found { record, definition, options, runs } = found;
        let kind = definition.spec.records.get(&record.kind);
        let may_edit = record.allowed.iter().any(|act| act == "update");
        let fields = kind.filter(|_| may_edit).map(|kind| {
            let pairs = attempt.sent("record").cloned().unwrap_or_else(|| pairs_of(kind, record));
            asked(s, kind, &choose::fields(kind, reader), options, &pairs)
        });
        let moves = record.allowed.iter().filter_map(|act| act.strip_prefix("to:"));
        Self {
            s,
            id: &record.id,
            etag: &record.etag,
            title: overview::record_title(s, record),
            kind: kind_title(definition, &record.kind),
            number: if record.number == record.title { "" } else { &record.number },
            account: &record.account_name,
            account_href: format!("/console/accounts/{}", record.account_id),
            state: (!record.state.is_empty()).then(|| Tag::new(Tone::Info, humanize(&record.state))),
            moves: moves.map(|state| Move { state: state.to_owned(), label: humanize(state) }).collect(),
            key,
            lines: kind.map(|kind| lines(s, kind, record, &[])).unwrap_or_default(),
            may_edit,
            fields: fields.unwrap_or_default(),
            runs: runs.iter().map(|run| overview::run_row(s, &[], run)).collect(),
            attempt,
        }
    }
}

#[cfg(test)]
mod tests {
    use portico_proto::identity::v1::Person;
    use serde_json::json;

    use super::*;
    use crate::{layout::Area, text::Locale};

    pub(super) fn reader(roles: &[&str]) -> SignedIn {
        SignedIn {
            token: "t".into(),
            person: Arc::new(Person::default()),
            session: "s".into(),
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
            accounts: [].into(),
        }
    }

    fn found(allowed: &[&str]) -> Found {
        let record = Record {
            id: "rec".to_owned(),
            kind: "engagement".to_owned(),
            title: "Website".to_owned(),
            state: "proposed".to_owned(),
            account_name: "Acme".to_owned(),
            fields: Some(to_struct(&json!({"title": "Website", "start_date": "2026-12-03"}))),
            allowed: allowed.iter().map(|act| (*act).to_owned()).collect(),
            ..Record::default()
        };
        let definition = Arc::new(portico_definition::parse(portico_definition::gallery()[0].yaml).unwrap());
        Found { record, definition, options: Options::default(), runs: Vec::new() }
    }

    #[test]
    fn the_states_that_may_follow_are_buttons() {
        let s = crate::walk::shell(Area::Console, Locale::En);
        let found = found(&["update", "to:signed", "to:lost"]);
        let html =
            Page::new("x", View::new(&s, &found, &reader(&["admin"]), "k".to_owned(), Attempt::default()))
                .whole(&s)
                .unwrap();
        assert!(
            html.contains("name=\"state\" value=\"signed\"")
                && html.contains("name=\"state\" value=\"lost\"")
        );
        assert!(html.contains("3 December 2026") && html.contains("name=\"fee\""));
        assert!(html.contains("href=\"/messages/rec\"") && !html.contains("console-"));
        assert_eq!(html.matches("<h1").count(), 1);
    }

    #[test]
    fn whoever_may_only_read_gets_no_form_and_no_hidden_field() {
        let s = crate::walk::shell(Area::Console, Locale::En);
        let read_only = found(&[]);
        let html =
            View::new(&s, &read_only, &reader(&[]), "k".to_owned(), Attempt::default()).render().unwrap();
        assert!(!html.contains("<form") && html.contains("Website"));
        let editing = found(&["update"]);
        let view = View::new(&s, &editing, &reader(&["finance"]), "k".to_owned(), Attempt::default());
        assert!(view.fields.iter().all(|field| field.name != "fee"), "the fee is the project manager's");
    }
}
