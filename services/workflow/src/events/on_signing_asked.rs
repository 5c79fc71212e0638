//! Gives a run the step for a paper that the firm has sent to many accounts.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use portico_core::{Ctx, PersonId, RunId, StepId};
use portico_events::{HandleError, Handler, Outgoing, Received, Subscription, Topics, Types, claim, publish};
use portico_proto::{
    events::v1::{SigningAsked, SigningRefused},
    time::moment,
};

use crate::{
    advance::{self, Stage},
    domain::{
        engine::{Asked, Assignment, Event, PersonRef},
        permissions::Viewer,
    },
    error::WorkflowError,
    reach,
    service::{Service, SharedService},
};

const CONSUMER: &str = "workflow.signings";
/// The word for a run that has ended, or is gone, since the paper was sent.
const RUN_ENDED: &str = "run_ended";

pub(super) struct Signings(pub(super) SharedService);

pub(super) fn subscription(service: &SharedService) -> Subscription {
    Subscription {
        consumer: CONSUMER,
        topics: Topics::All,
        types: Types::only::<SigningAsked>(),
        handler: Arc::new(Signings(Arc::clone(service))),
        durable: true,
    }
}

/// What was asked for, as the engine knows it.
struct Wanted {
    run: RunId,
    step: StepId,
    title: String,
    paper: String,
    due: Option<DateTime<Utc>>,
    first: PersonRef,
    external: bool,
    sender: Option<PersonRef>,
}

fn read(message: SigningAsked) -> Option<Wanted> {
    let person = |id: &str, name: String| Some(PersonRef { id: id.parse::<PersonId>().ok()?, name });
    Some(Wanted {
        run: message.run_id.parse().ok()?,
        step: message.step_id.parse().ok()?,
        title: message.title,
        paper: message.paper,
        due: message.due.as_ref().and_then(moment),
        first: person(&message.person_id, message.person_name)?,
        external: message.external,
        sender: person(&message.sender_id, message.sender_name),
    })
}

#[async_trait]
impl Handler for Signings {
    async fn handle(&self, event: &Received) -> Result<(), HandleError> {
        let message: SigningAsked = event.decode()?;
        let unreadable = || HandleError::Reject("the event names no run, step or person".to_owned());
        let refusal = SigningRefused {
            step_id: message.step_id.clone(),
            account_id: message.account_id.clone(),
            reason: RUN_ENDED.to_owned(),
        };
        let wanted = read(message).ok_or_else(unreadable)?;
        let ctx = event.ctx("Workflow");
        match add(&self.0, &ctx, event, wanted).await {
            Err(WorkflowError::Refused(_) | WorkflowError::NotFound) => {
                refuse(&self.0, &ctx, event, refusal).await
            }
            other => Ok(other?),
        }
    }
}

async fn add(service: &Service, ctx: &Ctx, event: &Received, wanted: Wanted) -> Result<(), WorkflowError> {
    let mut tx = service.store.begin(ctx).await?;
    let found = reach::run(service, &mut tx, &Viewer::of(ctx), wanted.run).await?;
    tx.rollback().await?;
    let prepared = advance::prepare_for(service, ctx, &found, &[]).await?;
    let mut stage = Stage::open(service, ctx, prepared, found.record.id).await?;
    if !claim(&mut stage.tx, CONSUMER, event).await? {
        return Ok(());
    }
    stage.acting(wanted.sender);
    let happened = Event::TaskAdded {
        step: wanted.step,
        title: wanted.title,
        to: Assignment { people: vec![wanted.first], external: wanted.external, ..Assignment::default() },
        due: wanted.due,
        client_visible: true,
        asks: Some(Box::new(Asked::Signatures { paper: wanted.paper })),
    };
    stage.happen(wanted.run, happened).await?;
    stage.commit().await?;
    Ok(())
}

async fn refuse(
    service: &Service,
    ctx: &Ctx,
    event: &Received,
    refusal: SigningRefused,
) -> Result<(), HandleError> {
    let mut tx = service.store.begin(ctx).await?;
    if !claim(&mut tx, CONSUMER, event).await? {
        return Ok(());
    }
    let step: StepId =
        refusal.step_id.parse().map_err(|_| HandleError::Reject("the event names no step".to_owned()))?;
    let account = refusal.account_id.parse().ok();
    let outgoing = Outgoing { aggregate: "step", key: step.0, account, body: &refusal };
    publish(&mut tx, &*service.clock, &*service.entropy, outgoing).await?;
    tx.commit().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use portico_core::Clock as _;
    use portico_proto::{
        events::v1::{NoticeRequested, StepActivated, StepProgressed, StepReturned},
        time::timestamp,
        workflow::v1::{CancelRunRequest, ListOutstandingRequest, StepState},
    };

    use super::*;
    use crate::{
        rpc::{cancel_run, list_outstanding},
        testing::{Engagement, Fixture, id},
    };

    fn asked(fixture: &Fixture, one: &Engagement, step: &str) -> SigningAsked {
        SigningAsked {
            step_id: step.to_owned(),
            run_id: one.run.clone(),
            account_id: fixture.acme.to_string(),
            title: "Sign the NDA".to_owned(),
            paper: "NDA".to_owned(),
            due: Some(timestamp(fixture.database.clock.now() + chrono::TimeDelta::days(10))),
            person_id: id(&one.client),
            person_name: "Ana Souza".to_owned(),
            external: true,
            sender_id: id(&one.manager),
            sender_name: "Paul Meyer".to_owned(),
        }
    }

    const STEP: &str = "01890000-0000-7000-8000-000000000777";

    #[tokio::test]
    async fn a_paper_is_a_step_once_and_a_return_ends_it() {
        let fixture = Fixture::new().await;
        let one = fixture.engagement().await;
        let event = fixture.receive(&asked(&fixture, &one, STEP)).await;
        fixture.deliver(&event).await;
        fixture.deliver(&event).await;
        // The same under another event, as after a replay: the step is there already.
        let again = fixture.receive(&asked(&fixture, &one, STEP)).await;
        fixture.deliver(&again).await;
        let run = fixture.run(&one.client, &one.run).await;
        let steps: Vec<_> = run.steps.iter().filter(|step| step.id == STEP).collect();
        assert_eq!(steps.len(), 1);
        assert!(steps[0].can_act && steps[0].r#type == "esign" && steps[0].due.is_some());
        let said = fixture.said::<StepActivated>().await;
        assert_eq!(said.iter().filter(|said| said.step_id == STEP).count(), 1);
        let told = fixture.said::<NoticeRequested>().await;
        assert!(told.iter().any(|notice| notice.link == format!("/tasks/{STEP}")), "the client is told");
        let outstanding = async || {
            let asked = ListOutstandingRequest::default();
            let rows =
                list_outstanding::handle(&fixture.service, one.manager.clone(), asked).await.unwrap().rows;
            let ours = rows.into_iter().filter(|row| row.step_id == STEP);
            ours.map(|row| (row.name, row.r#type, row.waits_for, row.can_remind)).collect::<Vec<_>>()
        };
        let row = |waits_for: &str, can_remind| {
            vec![("NDA".to_owned(), "esign".to_owned(), waits_for.to_owned(), can_remind)]
        };
        assert_eq!(outstanding().await, row("client", true));
        let countersigned = StepProgressed {
            run_id: one.run.clone(),
            step_id: STEP.to_owned(),
            attempt: 1,
            waiting_on: "reviewer".to_owned(),
            progress: "1 of 2".to_owned(),
            next_person_id: id(&one.manager),
            ..StepProgressed::default()
        };
        fixture.receive(&countersigned).await;
        assert_eq!(outstanding().await, row("us", false));

        let returned = StepReturned {
            run_id: one.run.clone(),
            step_id: STEP.to_owned(),
            attempt: 1,
            person_id: id(&one.client),
            person_name: "Ana Souza".to_owned(),
            reason: "Not with this clause".to_owned(),
        };
        fixture.deliver(&fixture.receive(&returned).await).await;
        let run = fixture.run(&one.manager, &one.run).await;
        let step = run.steps.into_iter().find(|step| step.id == STEP).unwrap();
        assert!(outstanding().await.is_empty(), "nobody waits for it any more");
        assert_eq!((step.state(), step.attempt), (StepState::Returned, 1), "nobody is asked again by itself");
        let said = fixture.said::<StepActivated>().await;
        assert_eq!(said.iter().filter(|said| said.step_id == STEP).count(), 1);
    }

    #[tokio::test]
    async fn a_run_that_has_ended_takes_none_and_the_sender_is_answered() {
        let fixture = Fixture::new().await;
        let one = fixture.engagement().await;
        let cancel = CancelRunRequest { run_id: one.run.clone(), reason: "Over".to_owned() };
        cancel_run::handle(&fixture.service, one.manager.clone(), cancel).await.unwrap();
        let event = fixture.receive(&asked(&fixture, &one, STEP)).await;
        fixture.deliver(&event).await;
        let gone = "01890000-0000-7000-8000-000000000778";
        let nowhere = SigningAsked {
            run_id: "01890000-0000-7000-8000-000000000001".to_owned(),
            ..asked(&fixture, &one, gone)
        };
        fixture.deliver(&fixture.receive(&nowhere).await).await;
        let refused = fixture.said::<SigningRefused>().await;
        let refused: Vec<_> = refused.iter().map(|one| (one.step_id.as_str(), one.reason.as_str())).collect();
        assert_eq!(refused, [(STEP, RUN_ENDED), (gone, RUN_ENDED)]);
    }
}
