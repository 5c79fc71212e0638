//! Waives a step with a reason.

use portico_core::Ctx;
use portico_proto::workflow::v1::{WaiveStepRequest, WaiveStepResponse};
use serde_json::json;

use super::change::{self, Held, Need};
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
    must_be_anothers(&held, &viewer)?;
    held.happen(Event::Waived { step: step.id, reason }).await?;
    let (step, event) = held.finish("step.waived", json!({})).await?;
    Ok(WaiveStepResponse { step: Some(step), event })
}

/// To waive an approval is to decide about it: what must be another's to approve must be another's to waive.
fn must_be_anothers(held: &Held<'_>, viewer: &Viewer) -> Result<(), WorkflowError> {
    if held.step.kind != "approval" {
        return Ok(());
    }
    change::four_eyes(&held.found, &held.step, viewer.person().as_slice())?;
    let handed_over = held.step.deliverable.as_ref().and_then(|deliverable| deliverable.by.as_ref());
    if handed_over.is_some_and(|by| viewer.person() == Some(by.id)) {
        return Err(WorkflowError::Precondition {
            reason: "four_eyes",
            message: "You have handed over what is to be approved, so somebody else has to waive it."
                .to_owned(),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use portico_proto::{events::v1::DeliverableVersionAdded, workflow::v1::StepState};
    use portico_rpc::ServiceError as _;

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
    #[tokio::test]
    async fn nobody_waves_through_what_they_have_handed_over() {
        let fixture = Fixture::new().await;
        let one = fixture.engagement().await;
        for key in ["intake", "sysdocs", "agreement", "kickoff"] {
            let step = fixture.step(&one.client, &one.run, key).await;
            fixture.fulfil(&one.run, &step).await;
        }
        let plan = fixture.step(&one.client, &one.run, "plan").await;
        let added = DeliverableVersionAdded {
            run_id: one.run.clone(),
            step_id: plan.id.clone(),
            document_id: one.run.clone(),
            version_id: "v1".to_owned(),
            number: 1,
            sha256: format!("{:064x}", 1),
            file_name: "plan.pdf".to_owned(),
            ..Default::default()
        };
        fixture.receive_from(&one.manager, &added).await;
        let waive = async |ctx: &Ctx| {
            let request = WaiveStepRequest { step_id: plan.id.clone(), reason: "It is fine".to_owned() };
            handle(&fixture.service, ctx.clone(), request).await.map_err(|error| error.problem())
        };
        let rows = fixture.rows().await;
        assert_eq!(waive(&one.manager).await.unwrap_err().reason, "four_eyes");
        assert_eq!(fixture.rows().await, rows);
        let waived = waive(&one.admin).await.unwrap().step.unwrap();
        assert_eq!(waived.state(), StepState::Waived);
    }
}
