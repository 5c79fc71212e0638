//! Waives a step with a reason.

use portico_core::Ctx;
use portico_proto::workflow::v1::{WaiveStepRequest, WaiveStepResponse};
use serde_json::json;

use super::change::{self, Need};
use crate::{
    convert,
    domain::{engine::Event, permissions::Viewer},
    error::WorkflowError,
    service::Service,
};

pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: WaiveStepRequest,
) -> Result<WaiveStepResponse, WorkflowError> {
    let viewer = Viewer::of(&ctx);
    let (step, found) = change::find(service, &ctx, &viewer, &request.step_id, Need::Manage).await?;
    let reason = convert::text("reason", &request.reason, 1, 1000)?;
    let mut held = change::hold(service, &ctx, &viewer, &step, found, Need::Manage, &[]).await?;
    held.happen(Event::Waived { step: step.id, reason }).await?;
    let (step, event) = held.finish("step.waived", json!({})).await?;
    Ok(WaiveStepResponse { step: Some(step), event })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Fixture;

    /// Whatever write fails, nothing of the change stays, and the same change goes through afterwards.
    #[tokio::test]
    async fn a_change_that_breaks_off_at_any_write_leaves_nothing() {
        let fixture = Fixture::new().await;
        let one = fixture.engagement().await;
        let step = fixture.step(&one.client, &one.run, "sysdocs").await.id;
        let waive = async || {
            let request = WaiveStepRequest { step_id: step.clone(), reason: "Not needed".to_owned() };
            handle(&fixture.service, one.manager.clone(), request).await
        };
        let admin = async |statement: String| {
            sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(fixture.database.admin()).await.unwrap();
        };
        admin("create function workflow.break_off() returns trigger language plpgsql as \
               $$ begin raise exception 'cut off'; end $$; grant execute on function workflow.break_off() to public"
            .to_owned())
        .await;
        let before = fixture.rows().await;
        let writes = [
            ("runs", "update"),
            ("run_events", "insert"),
            ("run_steps", "update"),
            ("turns", "delete"),
            ("timers", "delete"),
            ("outbox", "insert"),
        ];
        for (table, write) in writes {
            admin(format!(
                "create trigger break_off before {write} on workflow.{table} for each row execute function workflow.break_off()"
            ))
            .await;
            assert!(waive().await.is_err(), "{table}");
            assert_eq!(fixture.rows().await, before, "{table}");
            admin(format!("drop trigger break_off on workflow.{table}")).await;
        }
        waive().await.unwrap();
        assert_ne!(fixture.rows().await, before);
    }
}
