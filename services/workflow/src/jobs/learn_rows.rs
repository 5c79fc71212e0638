//! The rows of requests that were open before their rows were kept here: documents is asked for them, once for each step.
//!
//! The migration that made the table has set a timer for every such step. Requests since then tell of their rows themselves.

use portico_core::Ctx;

use crate::{
    error::WorkflowError,
    peers,
    service::Service,
    store::{self, timers::DueTimer},
};

/// The name of the timer.
pub(super) const TIMER: &str = "rows";

/// Keeps the rows of the timer's step, unless an event has told of them meanwhile.
pub(super) async fn run(
    service: &Service,
    ctx: &Ctx,
    timer: &DueTimer,
    fence: i64,
) -> Result<(), WorkflowError> {
    let rows = match peers::request_rows(service, ctx, timer.step).await {
        Err(WorkflowError::NotFound) => Vec::new(),
        rows => rows?,
    };
    let mut tx = service.store.begin(ctx).await?;
    if !store::timers::holds(&mut tx, timer, fence).await? {
        return Ok(());
    }
    let step = store::outstanding::hold(&mut tx, timer.step).await?;
    if let Some(step) = step
        && !store::outstanding::are_known(&mut tx, timer.step).await?
    {
        let since = step.turn_since.unwrap_or_else(|| service.clock.now());
        store::outstanding::keep(&mut tx, timer.step, &rows, since).await?;
    }
    store::timers::clear(&mut tx, timer.step, &timer.kind).await?;
    Ok(tx.commit().await?)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use portico_proto::{
        documents::v1::{Item, ItemState},
        workflow::v1::ListOutstandingRequest,
    };

    use crate::{rpc::list_outstanding, testing::Fixture};

    #[tokio::test]
    async fn what_was_asked_for_before_rows_were_kept_is_learnt_once() {
        let fixture = Fixture::new().await;
        let one = fixture.engagement().await;
        let step = fixture.step(&one.client, &one.run, "sysdocs").await.id;
        let item = |id: &str, name: &str| Item {
            id: id.to_owned(),
            name: name.to_owned(),
            min: 1,
            state: ItemState::Needed.into(),
            ..Item::default()
        };
        fixture.hold_items(&step, vec![item(&one.run, "Diagrams"), item(&step, "Licences")]);
        // As the migration leaves it.
        let set = "insert into workflow.timers (tenant_id, step_id, kind, run_id, account_id, due_at)
                   select tenant_id, id, 'rows', run_id, account_id, now() - interval '90 years' from workflow.run_steps
                   where body ->> 'kind' = 'document_request' and state in ('ready', 'active', 'returned')";
        sqlx::query(set).execute(fixture.database.admin()).await.unwrap();
        let names = async || -> Vec<String> {
            let request = ListOutstandingRequest::default();
            let found =
                list_outstanding::handle(&fixture.service, one.manager.clone(), request).await.unwrap();
            found.rows.into_iter().map(|row| row.name).collect()
        };
        assert!(names().await.is_empty());
        fixture.pass(TimeDelta::minutes(1)).await;
        assert_eq!(names().await, ["Diagrams", "Licences"]);
        // What is known is not learnt again.
        fixture.hold_items(&step, Vec::new());
        sqlx::query(set).execute(fixture.database.admin()).await.unwrap();
        fixture.pass(TimeDelta::minutes(1)).await;
        assert_eq!(names().await.len(), 2);
        let left: i64 = sqlx::query_scalar("select count(*) from workflow.timers where kind = 'rows'")
            .fetch_one(fixture.database.admin())
            .await
            .unwrap();
        assert_eq!(left, 0);
    }
}
