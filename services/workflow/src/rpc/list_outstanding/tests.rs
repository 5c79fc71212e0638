//! What is outstanding: in which order, narrowed how, and for whom.

use chrono::{DateTime, TimeDelta, Utc};
use portico_core::{AccountScope, Clock as _};
use portico_proto::{
    documents::v1::{RequestRow, RequestRowsChanged},
    time::moment,
    workflow::v1::{
        AskedItem, MoveDueDateRequest, PauseRunRequest, RequestDocumentsRequest, ResumeRunRequest,
    },
};
use portico_rpc::ServiceError as _;
use uuid::Uuid;

use super::*;
use crate::{
    rpc::{move_due_date, pause_run, request_documents, resume_run},
    testing::{Engagement, Fixture},
};

/// Documents tells how the rows of a request stand: name, whether it is required, state. A name is one and the same row in a step.
async fn tell(fixture: &Fixture, step: &str, rows: &[(&str, bool, &str)]) {
    let seed = step.parse::<Uuid>().unwrap().as_u128();
    let row = |(place, (name, required, state)): (usize, &(&str, bool, &str))| RequestRow {
        item_id: Uuid::from_u128(seed.wrapping_add(place as u128)).to_string(),
        name: (*name).to_owned(),
        required: *required,
        state: (*state).to_owned(),
    };
    let rows = rows.iter().enumerate().map(row).collect();
    let account_id = fixture.acme.to_string();
    fixture.receive(&RequestRowsChanged { step_id: step.to_owned(), account_id, rows }).await;
}

async fn list(fixture: &Fixture, ctx: &Ctx, request: ListOutstandingRequest) -> ListOutstandingResponse {
    handle(&fixture.service, ctx.clone(), request).await.unwrap()
}

async fn all(fixture: &Fixture, ctx: &Ctx) -> Vec<OutstandingRow> {
    list(fixture, ctx, ListOutstandingRequest::default()).await.rows
}

fn told(rows: &[OutstandingRow]) -> Vec<(&str, &str)> {
    rows.iter().map(|row| (row.name.as_str(), row.waits_for.as_str())).collect()
}

fn at(stamp: &Option<prost_types::Timestamp>) -> Option<DateTime<Utc>> {
    stamp.as_ref().and_then(moment)
}

const ROWS: [(&str, bool, &str); 4] = [
    ("System documentation", true, "needed"),
    ("Diagrams", true, "checking"),
    ("Log files", false, "needed"),
    ("Licences", true, "accepted"),
];

async fn sysdocs(fixture: &Fixture, one: &Engagement) -> String {
    let step = fixture.step(&one.client, &one.run, "sysdocs").await.id;
    tell(fixture, &step, &ROWS).await;
    step
}

#[tokio::test]
async fn a_row_says_whom_it_waits_for_since_when_and_until_when() {
    let fixture = Fixture::new().await;
    let one = fixture.engagement().await;
    let step = sysdocs(&fixture, &one).await;
    let began = fixture.database.clock.now();
    let rows = all(&fixture, &one.manager).await;
    assert_eq!(told(&rows), [("System documentation", "client"), ("Diagrams", "us")]);
    assert_eq!((rows[0].state.as_str(), rows[1].state.as_str()), ("needed", "checking"));
    assert!(rows[0].can_remind && !rows[1].can_remind && rows[0].last_reminder.is_none());
    assert_eq!((rows[0].account_name.as_str(), rows[0].record_title.as_str()), ("Acme", "New website"));
    let run = fixture.run(&one.manager, &one.run).await;
    let owner = run.steps.into_iter().find(|each| each.id == step).unwrap();
    assert_eq!((&rows[0].due, &rows[0].title), (&owner.due, &owner.title));

    fixture.database.clock.advance(TimeDelta::days(1));
    let later = [("System documentation", true, "checking"), ROWS[1], ROWS[2], ROWS[3]];
    tell(&fixture, &step, &later).await;
    let rows = all(&fixture, &one.manager).await;
    assert_eq!(told(&rows), [("System documentation", "us"), ("Diagrams", "us")]);
    let close =
        |stamp, expected: DateTime<Utc>| (at(stamp).unwrap() - expected).abs() < TimeDelta::seconds(1);
    assert!(close(&rows[0].since, began + TimeDelta::days(1)) && close(&rows[1].since, began));
}

#[tokio::test]
async fn the_list_is_narrowed_by_side_lateness_words_and_account() {
    let fixture = Fixture::new().await;
    let one = fixture.engagement().await;
    sysdocs(&fixture, &one).await;
    let names = async |request: ListOutstandingRequest| -> Vec<String> {
        list(&fixture, &one.manager, request).await.rows.into_iter().map(|row| row.name).collect()
    };
    let side = |word: &str| ListOutstandingRequest { waits_for: word.to_owned(), ..Default::default() };
    assert_eq!(names(side("client")).await, ["System documentation"]);
    assert_eq!(names(side("us")).await, ["Diagrams"]);
    let words = |query: &str| ListOutstandingRequest { query: query.to_owned(), ..Default::default() };
    assert_eq!(names(words(" DIAGRAM ")).await, ["Diagrams"]);
    assert_eq!(names(words("aCme")).await.len(), 2);
    for nothing in ["%", "_", "globex", "'"] {
        assert!(names(words(nothing)).await.is_empty(), "{nothing}");
    }
    let of =
        |account: AccountId| ListOutstandingRequest { account_id: account.to_string(), ..Default::default() };
    assert_eq!(names(of(fixture.acme)).await.len(), 2);
    assert!(names(of(fixture.database.account())).await.is_empty());
    let late = ListOutstandingRequest { overdue: true, ..Default::default() };
    assert!(names(late.clone()).await.is_empty());
    fixture.database.clock.advance(TimeDelta::days(30));
    assert_eq!(names(late).await.len(), 2);
    for (request, field) in [
        (side("them"), "waits_for"),
        (words(&"x".repeat(101)), "query"),
        (ListOutstandingRequest { page_token: "?".to_owned(), ..Default::default() }, "page_token"),
        (ListOutstandingRequest { page_token: "AAAA".to_owned(), ..Default::default() }, "page_token"),
    ] {
        let problem = handle(&fixture.service, one.manager.clone(), request).await.unwrap_err().problem();
        assert_eq!(problem.fields[0].field, field);
    }
}

#[tokio::test]
async fn what_is_on_hold_or_done_is_not_listed_and_a_date_that_moves_moves_its_rows() {
    let fixture = Fixture::new().await;
    let one = fixture.engagement().await;
    let step = sysdocs(&fixture, &one).await;
    let hold = PauseRunRequest { run_id: one.run.clone(), reason: "Holidays".to_owned() };
    pause_run::handle(&fixture.service, one.manager.clone(), hold).await.unwrap();
    assert!(all(&fixture, &one.manager).await.is_empty());
    let go_on = ResumeRunRequest { run_id: one.run.clone() };
    resume_run::handle(&fixture.service, one.manager.clone(), go_on).await.unwrap();
    assert_eq!(all(&fixture, &one.manager).await.len(), 2);
    let due = fixture.database.clock.now() + TimeDelta::days(77);
    let due = Some(portico_proto::time::timestamp(due));
    let moved = MoveDueDateRequest { step_id: step.clone(), due, reason: String::new() };
    move_due_date::handle(&fixture.service, one.manager.clone(), moved).await.unwrap();
    assert!(all(&fixture, &one.manager).await.iter().all(|row| row.due == due));
    let step = fixture.step(&one.client, &one.run, "sysdocs").await;
    fixture.fulfil(&one.run, &step).await;
    assert!(all(&fixture, &one.manager).await.is_empty());
}

#[tokio::test]
async fn pages_follow_each_other_by_date_and_what_has_none_comes_last() {
    let fixture = Fixture::new().await;
    let one = fixture.engagement().await;
    let first = sysdocs(&fixture, &one).await;
    for (place, due_days) in [0, 20, 0].into_iter().enumerate() {
        let item =
            AskedItem { name: "Receipts".to_owned(), accept: vec!["pdf".to_owned()], ..Default::default() };
        let request = RequestDocumentsRequest {
            account_ids: vec![fixture.acme.to_string()],
            title: format!("Request {place}"),
            items: vec![item],
            due_days,
            idempotency_key: format!("k{place}"),
            ..Default::default()
        };
        let sent = request_documents::handle(&fixture.service, one.manager.clone(), request).await.unwrap();
        tell(&fixture, &sent.results[0].step_id, &[("One", true, "needed"), ("Two", true, "returned")]).await;
    }
    let whole = all(&fixture, &one.manager).await;
    let ends: Vec<_> = whole.iter().map(|row| at(&row.due)).collect();
    let mut sorted = ends.clone();
    sorted.sort_by_key(|due| (due.is_none(), *due));
    assert_eq!((whole.len(), &ends, whole[0].step_id.as_str()), (8, &sorted, first.as_str()));
    assert!(ends[3].is_some() && ends[4].is_none());
    let (mut paged, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListOutstandingRequest { page_size: 3, page_token, ..Default::default() };
        let answer = list(&fixture, &one.manager, request).await;
        assert!(answer.rows.len() <= 3);
        paged.extend(answer.rows);
        page_token = answer.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(paged, whole);
}

#[tokio::test]
async fn nobody_sees_rows_outside_of_their_team_accounts_or_firm() {
    let fixture = Fixture::new().await;
    let one = fixture.engagement().await;
    sysdocs(&fixture, &one).await;
    assert_eq!((all(&fixture, &one.manager).await.len(), all(&fixture, &one.admin).await.len()), (2, 2));
    let mut scoped = one.admin.clone();
    scoped.actor.accounts = AccountScope::Listed(vec![fixture.database.account()]);
    for ctx in [
        fixture.staff("Not of the team", &["project_manager"]),
        fixture.staff("Without a role", &[]),
        portico_testkit::staff(fixture.database.tenant(), &["admin", "project_manager"]),
        scoped,
    ] {
        let filters = [String::new(), fixture.acme.to_string()];
        for account_id in filters {
            let request = ListOutstandingRequest { account_id, ..Default::default() };
            assert_eq!(list(&fixture, &ctx, request).await, ListOutstandingResponse::default());
        }
    }
}

#[tokio::test]
async fn an_event_that_comes_again_changes_nothing_and_one_about_no_step_is_set_aside() {
    use portico_events::{EventActor, HandleError, Received};
    let fixture = Fixture::new().await;
    let one = fixture.engagement().await;
    let step = sysdocs(&fixture, &one).await;
    let before = all(&fixture, &one.manager).await;
    let event = |step_id: &str, state: &str| {
        let row = RequestRow { item_id: step.clone(), state: state.to_owned(), ..Default::default() };
        RequestRowsChanged {
            step_id: step_id.to_owned(),
            account_id: fixture.acme.to_string(),
            rows: vec![row],
        }
    };
    let subscription = crate::events::subscriptions(&fixture.service)
        .into_iter()
        .find(|one| one.consumer == "workflow.request_rows")
        .unwrap();
    for (step_id, state) in [(one.run.as_str(), "needed"), (step.as_str(), "lost"), ("x", "needed")] {
        let received = Received {
            id: portico_core::EventId::new(fixture.database.clock.now(), &*fixture.database.entropy),
            tenant: fixture.tenant,
            account: None,
            topic: "portico.documents.request.v1".to_owned(),
            event_type: "portico.documents.v1.RequestRowsChanged".to_owned(),
            key: String::new(),
            actor: EventActor {
                kind: one.admin.actor.kind,
                person: None,
                name: String::new(),
                impersonator: None,
            },
            trace: String::new(),
            address: None,
            occurred_at: fixture.database.clock.now(),
            body: prost::Message::encode_to_vec(&event(step_id, state)),
        };
        let refused = subscription.handler.handle(&received).await;
        assert!(matches!(refused, Err(HandleError::Reject(_))), "{step_id} {state}");
    }
    assert_eq!(all(&fixture, &one.manager).await, before);
}
