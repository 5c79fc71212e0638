//! Runs deviate: staff waive, move, add, reassign, pause and cancel, and the client sees what follows. Deadlines run on durable timers.

use anyhow::{Context as _, ensure};
use chrono::TimeDelta;
use portico_core::Clock as _;
use portico_proto::{
    time::{moment, timestamp},
    workflow::v1::{
        AddTaskRequest, CancelRunRequest, CompleteTaskRequest, DeclineStepRequest, GetStepRequest,
        MoveDueDateRequest, PauseRunRequest, ReassignStepRequest, ResumeRunRequest, RunState, StepState,
        WaiveStepRequest,
    },
};

use crate::harness::{Outcome, World, steps};

/// Story 10: each deviation, and what the client sees of it.
pub(super) async fn s10_staff_deviate_and_the_client_sees_the_consequence() -> Outcome {
    let world = World::demo().await?;
    let engagement = world.signed_engagement("Warehouse audit").await?;
    let (ana, paul) = (
        world.person("northwind", "ana@acme.example").await?,
        world.person("northwind", "paul@northwind.example").await?,
    );
    let run = paul.run(&engagement.run).await?;
    let by_key = steps(&run);

    let reason = "You sent the answers by post".to_owned();
    paul.workflow()
        .waive_step(WaiveStepRequest { step_id: by_key["intake"].id.clone(), reason: reason.clone() })
        .await?;
    let seen = steps(&ana.run(&engagement.run).await?)["intake"].clone();
    ensure!(
        seen.state() == StepState::Waived && seen.reason.contains("by post"),
        "the client does not see the waiver: {seen:?}"
    );

    let later = world_now(&run) + TimeDelta::days(30);
    let asked = MoveDueDateRequest {
        step_id: by_key["sysdocs"].id.clone(),
        due: Some(timestamp(later)),
        reason: "Holidays".to_owned(),
    };
    paul.workflow().move_due_date(asked).await?;
    let seen = steps(&ana.run(&engagement.run).await?)["sysdocs"].clone();
    let due = seen.due.as_ref().and_then(moment).context("no due date")?;
    ensure!((due - later).num_hours().abs() < 24, "the client sees {due} instead of {later}");

    let asked = AddTaskRequest {
        run_id: engagement.run.clone(),
        title: "Name a contact for IT".to_owned(),
        person_ids: vec![ana.id.clone()],
        client_visible: true,
        ..AddTaskRequest::default()
    };
    let task = paul.workflow().add_task(asked).await?.into_inner().step.context("no task")?;
    let hidden = AddTaskRequest {
        run_id: engagement.run.clone(),
        title: "Check the credit rating".to_owned(),
        person_ids: vec![paul.id.clone()],
        client_visible: false,
        ..AddTaskRequest::default()
    };
    let hidden = paul.workflow().add_task(hidden).await?.into_inner().step.context("no task")?;
    let titles: Vec<String> =
        ana.run(&engagement.run).await?.steps.into_iter().map(|step| step.title).collect();
    ensure!(
        titles.contains(&"Name a contact for IT".to_owned()),
        "the client does not see the new task: {titles:?}"
    );
    ensure!(!titles.contains(&"Check the credit rating".to_owned()), "the client sees an internal task");
    ensure!(
        ana.workflow().get_step(GetStepRequest { step_id: hidden.id }).await.is_err(),
        "the client opens an internal task"
    );
    ana.workflow()
        .complete_task(CompleteTaskRequest { step_id: task.id, note: "It is me".to_owned() })
        .await?;

    let sam = world.person("northwind", "sam@acme.example").await?;
    let asked = DeclineStepRequest {
        step_id: by_key["sysdocs"].id.clone(),
        colleague_id: sam.id.clone(),
        message: String::new(),
    };
    ana.workflow().decline_step(asked).await?;
    let now = steps(&paul.run(&engagement.run).await?)["sysdocs"].clone();
    ensure!(
        now.assignee.is_some_and(|who| who.person_ids == [sam.id.clone()]),
        "the task did not move to the colleague"
    );
    let asked = ReassignStepRequest {
        step_id: by_key["sysdocs"].id.clone(),
        person_ids: vec![ana.id.clone()],
        ..ReassignStepRequest::default()
    };
    paul.workflow().reassign_step(asked).await?;

    paul.workflow()
        .pause_run(PauseRunRequest { run_id: engagement.run.clone(), reason: "Budget".to_owned() })
        .await?;
    let seen = ana.run(&engagement.run).await?;
    ensure!(
        seen.state() == RunState::Paused && seen.reason.contains("Budget"),
        "the client does not see the pause"
    );
    paul.workflow().resume_run(ResumeRunRequest { run_id: engagement.run.clone() }).await?;
    paul.workflow()
        .cancel_run(CancelRunRequest {
            run_id: engagement.run.clone(),
            reason: "The project is off".to_owned(),
        })
        .await?;
    let seen = ana.run(&engagement.run).await?;
    ensure!(seen.state() == RunState::Cancelled, "the run is not cancelled");
    ensure!(
        seen.steps.iter().all(|step| !matches!(step.state(), StepState::Active | StepState::Ready)),
        "an ended run has open steps"
    );
    Ok(())
}

fn world_now(run: &portico_proto::workflow::v1::Run) -> chrono::DateTime<chrono::Utc> {
    run.started_at.as_ref().and_then(moment).unwrap_or_default()
}

/// Reminders come before and after, at most as often as the definition says, never once it is done; a restart repeats none.
pub(super) async fn reminders_come_as_often_as_the_definition_says_and_a_restart_repeats_none() -> Outcome {
    let mut world = World::demo_with_clock().await?;
    let engagement = world.signed_engagement("Warehouse audit").await?;
    let paul = world.person("northwind", "paul@northwind.example").await?;
    let run = paul.run(&engagement.run).await?;
    // Only the questionnaire stays open, so that every reminder is about it.
    for (key, step) in steps(&run) {
        if key != "intake" && !matches!(step.state(), StepState::Done) {
            let asked = WaiveStepRequest { step_id: step.id, reason: "not in this test".to_owned() };
            let _ = paul.workflow().waive_step(asked).await;
        }
    }
    let due = steps(&run)["intake"].due.as_ref().and_then(moment).context("no due date")?;
    let mut counts = Vec::new();
    for (day, expected) in [(-3, 0), (-1, 1), (2, 2), (2, 2), (5, 3), (8, 4), (11, 4), (40, 4)] {
        world.clock().set(due + TimeDelta::days(day));
        // Each time after a restart: what was due is found again, and nothing is repeated.
        world.restart().await?;
        counts.push(reminders(&world, expected).await?);
    }
    ensure!(
        counts == [0, 1, 2, 2, 3, 4, 4, 4],
        "one two days before, then one, four and seven days after: {counts:?}"
    );
    ensure!(world.clock().now() > due, "the clock did not move");
    Ok(())
}

/// The reminders that came: waits until there are as many as expected, and then whether one too many follows.
async fn reminders(world: &World, expected: usize) -> anyhow::Result<usize> {
    let mailbox = world.mailbox("northwind").await?;
    let patience = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while mailbox.count("ana@acme.example", "reminder").await? < expected
        && std::time::Instant::now() < patience
    {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    world.settle().await?;
    mailbox.count("ana@acme.example", "reminder").await
}
