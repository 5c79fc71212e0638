//! Holds a run: no reminders, no deadlines.

use portico_core::Ctx;
use portico_proto::workflow::v1::{PauseRunRequest, PauseRunResponse};
use serde_json::json;

use super::change;
use crate::{convert, domain::engine::Event, error::WorkflowError, service::Service};

pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: PauseRunRequest,
) -> Result<PauseRunResponse, WorkflowError> {
    let event = Event::Paused { reason: convert::text("reason", &request.reason, 1, 1000)? };
    let (run, event) = change::run(service, &ctx, &request.run_id, event, "run.paused", json!({})).await?;
    Ok(PauseRunResponse { run: Some(run), event })
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use portico_core::ErrorCode;
    use portico_proto::workflow::v1::{
        AddTaskRequest, CancelRunRequest, CompleteTaskRequest, MoveDueDateRequest, ReassignStepRequest,
        ResumeRunRequest, RunState, StepState, WaiveStepRequest,
    };
    use portico_proto::{events::v1::StepWithdrawn, time::timestamp};
    use portico_rpc::ServiceError as _;

    use super::*;
    use crate::{
        rpc::{add_task, cancel_run, complete_task, move_due_date, reassign_step, resume_run, waive_step},
        testing::{Fixture, id},
    };

    #[tokio::test]
    async fn a_run_deviates_in_every_way() {
        let fixture = Fixture::new().await;
        let one = fixture.engagement().await;
        let step = async |key: &str| fixture.step(&one.client, &one.run, key).await;

        let intake = step("intake").await;
        let waive = |ctx: &Ctx, reason: &str| {
            let request = WaiveStepRequest { step_id: intake.id.clone(), reason: reason.to_owned() };
            waive_step::handle(&fixture.service, ctx.clone(), request)
        };
        assert_eq!(waive(&one.client, "x").await.unwrap_err().problem().code, ErrorCode::PermissionDenied);
        assert_eq!(waive(&one.manager, " ").await.unwrap_err().problem().fields[0].field, "reason");
        let waived = waive(&one.manager, "We know you already").await.unwrap().step.unwrap();
        assert_eq!((waived.state(), waived.reason.as_str()), (StepState::Waived, "We know you already"));
        assert_eq!(fixture.said::<StepWithdrawn>().await.len(), 1);

        let due = portico_core::Clock::now(&fixture.database.clock) + TimeDelta::days(30);
        let request = MoveDueDateRequest {
            step_id: step("sysdocs").await.id,
            due: Some(timestamp(due)),
            reason: "Holiday".to_owned(),
        };
        move_due_date::handle(&fixture.service, one.manager.clone(), request).await.unwrap();
        assert_eq!(step("sysdocs").await.due, Some(timestamp(due)));

        let bea = fixture.client("Bea Acme", fixture.acme, &["client"]);
        let gil = fixture.client("Gil", fixture.database.account(), &["client"]);
        let give = async |person: &Ctx| {
            let request = ReassignStepRequest {
                step_id: step("agreement").await.id,
                person_ids: vec![id(person)],
                ..Default::default()
            };
            reassign_step::handle(&fixture.service, one.manager.clone(), request).await
        };
        assert_eq!(give(&gil).await.unwrap_err().problem().fields[0].field, "person_ids");
        give(&bea).await.unwrap();
        let agreement = fixture.step(&bea, &one.run, "agreement").await;
        assert!(!step("agreement").await.can_act && agreement.can_act);

        let task = AddTaskRequest {
            run_id: one.run.clone(),
            title: "Send the logo".to_owned(),
            role: "client".to_owned(),
            idempotency_key: "t".to_owned(),
            ..Default::default()
        };
        let added = add_task::handle(&fixture.service, one.manager.clone(), task.clone())
            .await
            .unwrap()
            .step
            .unwrap();
        let again =
            add_task::handle(&fixture.service, one.manager.clone(), task).await.unwrap().step.unwrap();
        assert_eq!(added.id, again.id);

        let pause = PauseRunRequest { run_id: one.run.clone(), reason: "Summer".to_owned() };
        assert!(handle(&fixture.service, one.client.clone(), pause.clone()).await.is_err());
        handle(&fixture.service, one.manager.clone(), pause).await.unwrap();
        let complete = || {
            let request = CompleteTaskRequest { step_id: added.id.clone(), note: String::new() };
            complete_task::handle(&fixture.service, one.client.clone(), request)
        };
        assert_eq!(complete().await.unwrap_err().problem().reason, "run_paused");
        fixture.pass(TimeDelta::days(3)).await;
        let resume = ResumeRunRequest { run_id: one.run.clone() };
        resume_run::handle(&fixture.service, one.manager.clone(), resume).await.unwrap();
        assert_eq!(step("sysdocs").await.due, Some(timestamp(due + TimeDelta::days(3))));
        complete().await.unwrap();
        let rows = fixture.rows().await;
        complete().await.unwrap();
        assert_eq!(fixture.rows().await, rows, "a double click completes once");

        let cancel = CancelRunRequest { run_id: one.run.clone(), reason: "Merged".to_owned() };
        let cancelled =
            cancel_run::handle(&fixture.service, one.manager.clone(), cancel).await.unwrap().run.unwrap();
        assert_eq!(cancelled.state(), RunState::Cancelled);
        assert!(
            cancelled
                .steps
                .iter()
                .all(|step| !matches!(step.state(), StepState::Active | StepState::Blocked))
        );
        let timers: i64 = sqlx::query_scalar("select count(*) from workflow.timers")
            .fetch_one(fixture.database.admin())
            .await
            .unwrap();
        assert_eq!(timers, 0);
    }

    #[tokio::test]
    async fn a_run_of_strangers_is_not_there() {
        let fixture = Fixture::new().await;
        let one = fixture.engagement().await;
        let before = fixture.rows().await;
        for ctx in [
            fixture.staff("Other", &["project_manager"]),
            portico_testkit::staff(fixture.database.tenant(), &["admin"]),
        ] {
            let request = PauseRunRequest { run_id: one.run.clone(), reason: "x".to_owned() };
            let problem = handle(&fixture.service, ctx, request).await.unwrap_err().problem();
            assert_eq!(problem, portico_core::Problem::not_found());
        }
        assert_eq!(fixture.rows().await, before);
    }
}
