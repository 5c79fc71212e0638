//! How often lists ask the database, whatever their length.

use std::{
    fmt::Debug,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use chrono::TimeDelta;
use portico_core::Ctx;
use portico_proto::workflow::v1::{
    ListAttentionRequest, ListBlockedRequest, ListRecordsRequest, ListRunsRequest, TransitionRecordRequest,
};
use serde_json::json;
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

use super::{list_attention, list_blocked, list_records, list_runs, transition_record};
use crate::testing::{Engagement, Fixture, id};

/// Counts the statements of this thread that read or write the service's tables. What a connection does for itself, such as ending a
/// transaction that was dropped, comes when it likes and is not counted.
#[derive(Clone, Default)]
struct Statements(Arc<AtomicUsize>);

impl Subscriber for Statements {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "sqlx::query"
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut statement = Statement::default();
        event.record(&mut statement);
        if statement.0.contains("workflow.") {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

/// What an event says of its statement.
#[derive(Default)]
struct Statement(String);

impl Visit for Statement {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "db.statement" {
            self.0 = format!("{value:?}");
        }
    }
}

async fn counted<T>(work: impl Future<Output = T>) -> (T, usize) {
    let statements = Statements::default();
    let guard = tracing::subscriber::set_default(statements.clone());
    let answer = work.await;
    drop(guard);
    (answer, statements.0.load(Ordering::Relaxed))
}

async fn another(fixture: &Fixture, one: &Engagement) {
    fixture.database.clock.advance(TimeDelta::seconds(1));
    let fields = json!({"title": "Audit", "team": [id(&one.manager)], "contacts": [id(&one.client)]});
    let record = fixture.record(&one.admin, one.portal, "engagement", fixture.acme, fields).await;
    let request =
        TransitionRecordRequest { record_id: record.id, to_state: "signed".to_owned(), ..Default::default() };
    transition_record::handle(&fixture.service, one.manager.clone(), request).await.unwrap();
}

/// The statements of home, of the console's board, of runs and of records, with how many rows the last three have.
async fn costs(fixture: &Fixture, one: &Engagement, ctx: &Ctx) -> ([usize; 4], [usize; 3]) {
    let service = &fixture.service;
    let home = list_attention::handle(service, ctx.clone(), ListAttentionRequest::default());
    let (_, home) = counted(home).await;
    let board = list_blocked::handle(service, ctx.clone(), ListBlockedRequest::default());
    let (blocked, board) = counted(board).await;
    let (runs, of_runs) = counted(list_runs::handle(service, ctx.clone(), ListRunsRequest::default())).await;
    let request = ListRecordsRequest {
        portal_id: one.portal.to_string(),
        kind: "engagement".to_owned(),
        ..Default::default()
    };
    let (records, of_records) = counted(list_records::handle(service, ctx.clone(), request)).await;
    let rows = [blocked.unwrap().items.len(), runs.unwrap().runs.len(), records.unwrap().records.len()];
    ([home, board, of_runs, of_records], rows)
}

#[tokio::test]
async fn a_longer_list_asks_no_oftener() {
    let fixture = Fixture::new().await;
    let one = fixture.engagement().await;
    for ctx in [&one.client, &one.manager] {
        // What is remembered for a while is remembered now.
        costs(&fixture, &one, ctx).await;
    }
    let before = [costs(&fixture, &one, &one.client).await, costs(&fixture, &one, &one.manager).await];
    for _ in 0..4 {
        another(&fixture, &one).await;
    }
    let after = [costs(&fixture, &one, &one.client).await, costs(&fixture, &one, &one.manager).await];
    for (before, after) in before.iter().zip(&after) {
        // Four rows more, and not a statement for each.
        assert!(after.0.iter().all(|count| (1..=4).contains(count)), "{before:?} {after:?}");
        assert_eq!((after.1[1], after.1[2]), (before.1[1] + 4, before.1[2] + 4));
    }
}
