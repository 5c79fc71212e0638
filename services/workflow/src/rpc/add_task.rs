//! Adds a one-off task to a run.

use chrono::{DateTime, TimeDelta, Utc};
use portico_core::{Ctx, RunId, StepId};
use portico_proto::workflow::v1::{AddTaskRequest, AddTaskResponse};
use serde_json::json;

use super::change;
use crate::{
    advance::{self, Stage},
    convert,
    domain::{engine::Event, permissions::Viewer},
    error::WorkflowError,
    reach,
    service::Service,
    store,
};

const COMMAND: &str = "add_task";

pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: AddTaskRequest,
) -> Result<AddTaskResponse, WorkflowError> {
    let id: RunId = request.run_id.parse()?;
    let viewer = Viewer::of(&ctx);
    let mut tx = service.store.begin(&ctx).await?;
    let mut found = reach::managed_run(service, &mut tx, &viewer, id).await?;
    tx.rollback().await?;
    convert::idempotency_key(&request.idempotency_key)?;
    let title = convert::text("title", &request.title, 1, 200)?;
    let due = request.due.as_ref().map(|due| convert::chosen("due", Some(due))).transpose()?;
    if let Some(due) = due {
        must_lie_ahead(service, due)?;
    }
    let to = change::named(service, &ctx, &found, &request.person_ids, &request.role).await?;
    let prepared = advance::prepare_for(service, &ctx, &found, &[]).await?;
    let mut stage = Stage::open(service, &ctx, prepared, found.record.id).await?;
    if let Some((made, event)) =
        store::idempotency::find(&mut stage.tx, COMMAND, &request.idempotency_key).await?
    {
        // Of two at the same moment the second has read the run before the first was done.
        found.run = store::runs::read(&mut stage.tx, id).await?.ok_or(WorkflowError::NotFound)?;
        let step = found.run.state.step(StepId(made)).map(|step| convert::step_of(&viewer, &found, step));
        return Ok(AddTaskResponse { step, event });
    }
    let step = StepId::new(stage.now, &*service.entropy);
    let event = Event::TaskAdded {
        step,
        title: title.clone(),
        to,
        due,
        client_visible: request.client_visible,
        asks: None,
    };
    found.run = stage.happen(id, event).await?;
    let event = stage.event().to_owned();
    let now = stage.now;
    store::idempotency::remember(&mut stage.tx, COMMAND, &request.idempotency_key, step.0, &event, now)
        .await?;
    if let Some(made) = found.run.state.step(step) {
        stage.audit_step("task.added", made, json!({ "run": id })).await?;
    }
    let event = stage.commit().await?;
    let step = found.run.state.step(step).map(|step| convert::step_of(&viewer, &found, step));
    Ok(AddTaskResponse { step, event })
}

/// A date in the past, or one so far ahead that it is a slip of the pen, is refused.
pub(super) fn must_lie_ahead(service: &Service, due: DateTime<Utc>) -> Result<(), WorkflowError> {
    let now = service.clock.now();
    if due > now && due < now + TimeDelta::days(3660) {
        Ok(())
    } else {
        Err(WorkflowError::invalid("due", "Choose a day that is still to come, within ten years."))
    }
}

#[cfg(test)]
mod tests {
    use portico_core::Clock as _;
    use portico_proto::{
        events::v1::NoticeRequested,
        time::timestamp,
        workflow::v1::{CompleteTaskRequest, Step},
    };

    use super::*;
    use crate::{
        rpc::complete_task,
        testing::{Engagement, Fixture},
    };

    async fn add(fixture: &Fixture, one: &Engagement, title: &str, days: Option<i64>) -> Step {
        let due = days.map(|days| timestamp(fixture.database.clock.now() + TimeDelta::days(days)));
        let request = AddTaskRequest {
            run_id: one.run.clone(),
            title: title.to_owned(),
            role: "client".to_owned(),
            due,
            ..Default::default()
        };
        handle(&fixture.service, one.manager.clone(), request).await.unwrap().step.unwrap()
    }

    #[tokio::test]
    async fn a_task_with_a_date_is_reminded_of_as_the_workflow_says_and_one_without_never() {
        let fixture = Fixture::new().await;
        let one = fixture.engagement().await;
        let dated = add(&fixture, &one, "Send the logo", Some(5)).await;
        add(&fixture, &one, "Think of a name", None).await;
        assert_eq!((dated.key.as_str(), dated.attempt, dated.can_act), ("", 1, false));
        let reminders = async |title: &str| {
            let subject = format!("Reminder: {title}");
            let told = fixture.said::<NoticeRequested>().await;
            told.into_iter().filter(|notice| notice.subject == subject).count()
        };
        let mut days = Vec::new();
        for day in 1..=30 {
            let before = reminders("Send the logo").await;
            fixture.pass(TimeDelta::days(1)).await;
            if reminders("Send the logo").await > before {
                days.push(day);
            }
        }
        // Two days before, then one day after and every three, three times.
        assert_eq!(days, [3, 6, 9, 12]);
        assert_eq!(reminders("Think of a name").await, 0);
    }

    #[tokio::test]
    async fn a_task_that_is_done_is_not_reminded_of_and_a_repeat_answers_the_same_event() {
        let fixture = Fixture::new().await;
        let one = fixture.engagement().await;
        let step = add(&fixture, &one, "Send the logo", Some(5)).await;
        let complete = async || {
            let request = CompleteTaskRequest { step_id: step.id.clone(), note: String::new() };
            complete_task::handle(&fixture.service, one.client.clone(), request).await.unwrap()
        };
        let first = complete().await;
        assert!(first.event.contains(';'));
        assert_eq!(complete().await.event, first.event);
        fixture.pass(TimeDelta::days(30)).await;
        let told = fixture.said::<NoticeRequested>().await;
        assert!(told.iter().all(|notice| notice.subject != "Reminder: Send the logo"));
    }
}
