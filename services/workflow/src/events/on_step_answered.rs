//! What the owners of steps answer: done, to be done again, somebody else's turn, a new version of a deliverable.

use std::sync::Arc;

use async_trait::async_trait;
use portico_core::StepId;
use portico_events::{HandleError, Handler, Received, Subscription, Topics, Types, claim};
use portico_proto::events::v1::{DeliverableVersionAdded, StepFulfilled, StepProgressed, StepReturned};

use crate::{
    advance::{self, Stage},
    domain::{
        engine::{Deliverable, Event, PersonRef, Turn},
        permissions::Viewer,
    },
    error::WorkflowError,
    peers, reach,
    service::SharedService,
    store,
};

const CONSUMER: &str = "workflow.steps";

pub(super) struct Steps(pub(super) SharedService);

pub(super) fn subscription(service: &SharedService) -> Subscription {
    Subscription {
        consumer: CONSUMER,
        // Whoever owns a type of step answers on a topic of their own.
        topics: Topics::All,
        types: Types::only::<StepFulfilled>()
            .and::<StepReturned>()
            .and::<StepProgressed>()
            .and::<DeliverableVersionAdded>(),
        handler: Arc::new(Steps(Arc::clone(service))),
        durable: true,
    }
}

fn step(text: &str) -> Result<StepId, HandleError> {
    text.parse().map_err(|_| HandleError::Reject("the event names no step".to_owned()))
}

fn person(id: &str, name: String) -> Option<PersonRef> {
    Some(PersonRef { id: id.parse().ok()?, name })
}

/// The event as the engine knows it, and who has caused it.
fn read(event: &Received) -> Result<(Event, Option<PersonRef>), HandleError> {
    let attempt = |attempt: i32| u32::try_from(attempt).unwrap_or_default();
    let actor = || event.actor.person.map(|id| PersonRef { id, name: event.actor.name.clone() });
    if event.is::<StepFulfilled>() {
        let message: StepFulfilled = event.decode()?;
        let by = person(&message.person_id, message.person_name).or_else(actor);
        let step = step(&message.step_id)?;
        return Ok((
            Event::Fulfilled {
                step,
                attempt: attempt(message.attempt),
                by: by.clone(),
                outcome: message.outcome,
            },
            by,
        ));
    }
    if event.is::<StepReturned>() {
        let message: StepReturned = event.decode()?;
        let by = person(&message.person_id, message.person_name).or_else(actor);
        let step = step(&message.step_id)?;
        return Ok((
            Event::Returned {
                step,
                attempt: attempt(message.attempt),
                by: by.clone(),
                reason: message.reason,
            },
            by,
        ));
    }
    if event.is::<StepProgressed>() {
        let message: StepProgressed = event.decode()?;
        let turn = match (
            person(&message.next_person_id, String::new()),
            message.next_role,
            message.waiting_on.as_str(),
        ) {
            (Some(person), _, waiting_on) => Turn::Person { person, external: waiting_on != "reviewer" },
            (None, role, _) if !role.is_empty() => Turn::Role(role),
            (_, _, "reviewer") => Turn::Reviewer,
            _ => Turn::Owner,
        };
        let step = step(&message.step_id)?;
        return Ok((
            Event::Progressed { step, attempt: attempt(message.attempt), turn, progress: message.progress },
            actor(),
        ));
    }
    let message: DeliverableVersionAdded = event.decode()?;
    let deliverable = Deliverable {
        document: message.document_id,
        version: message.version_id,
        number: message.number,
        sha256: message.sha256,
        file_name: message.file_name,
        by: None,
    };
    Ok((Event::VersionAdded { step: step(&message.step_id)?, deliverable }, actor()))
}

#[async_trait]
impl Handler for Steps {
    async fn handle(&self, event: &Received) -> Result<(), HandleError> {
        let service = &*self.0;
        let ctx = event.ctx("Workflow");
        let (mut happened, by) = read(event)?;
        let (Event::Fulfilled { step, .. }
        | Event::Returned { step, .. }
        | Event::Progressed { step, .. }
        | Event::VersionAdded { step, .. }) = &happened
        else {
            return Ok(());
        };
        let mut tx = service.store.begin(&ctx).await?;
        let run = store::runs::of_step(&mut tx, *step).await?;
        let Some(run) = run else {
            return Err(HandleError::Reject("the event is about a step that is not there".to_owned()));
        };
        let found = reach::run(service, &mut tx, &Viewer::of(&ctx), run.id).await?;
        tx.rollback().await?;

        let prepared = advance::prepare_for(service, &ctx, &found, &[]).await?;
        if let Event::Progressed { turn: Turn::Person { person, .. }, .. } = &mut happened {
            let people = peers::people(service, &ctx, &[person.id]).await?;
            person.name = people.get(&person.id).map(|person| person.name.clone()).unwrap_or_default();
        }
        let mut stage = Stage::open(service, &ctx, prepared, found.record.id).await?;
        if !claim(&mut stage.tx, CONSUMER, event).await? {
            return Ok(());
        }
        stage.acting(by);
        match stage.happen(run.id, happened).await {
            Ok(_) => {}
            // What a run no longer takes is not taken later either, and was no mistake of the sender.
            Err(WorkflowError::Refused(_)) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        stage.commit().await?;
        Ok(())
    }
}
