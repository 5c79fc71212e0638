//! Reads a step.

use portico_core::{Ctx, StepId};
use portico_proto::workflow::v1::{Assignee, GetStepRequest, GetStepResponse};

use crate::{
    convert, domain::permissions::StepAction, error::WorkflowError, peers, reach, service::Service, store,
};

pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: GetStepRequest,
) -> Result<GetStepResponse, WorkflowError> {
    let id: StepId = request.step_id.parse()?;
    let mut tx = service.store.begin(&ctx).await?;
    let viewer = store::delegations::viewer(&mut tx, &ctx, service.clock.now()).await?;
    tx.rollback().await?;
    let viewer = peers::standing_for_those_left(service, &ctx, viewer).await?;
    let mut tx = service.store.begin(&ctx).await?;
    let (step, found) = reach::step(service, &mut tx, &viewer, id, StepAction::View).await?;
    tx.rollback().await?;
    let mut colleagues = Vec::new();
    if viewer.is_client() && viewer.at(found.run.account).can_act_now(&step, found.reads_record) {
        let members = peers::members(service, &ctx, found.record.account).await?;
        let others: Vec<_> =
            members.iter().map(|(id, _)| *id).filter(|id| Some(*id) != viewer.person()).collect();
        let people = peers::people(service, &ctx, &others).await?;
        let listed = others.iter().filter_map(|id| people.get(id)).filter(|person| person.active);
        colleagues = listed
            .map(|person| Assignee {
                person_ids: vec![person.id.clone()],
                names: vec![person.name.clone()],
                side: "external".to_owned(),
                ..Default::default()
            })
            .collect();
    }
    Ok(GetStepResponse {
        step: Some(convert::step_of(&viewer, &found, &step)),
        run: Some(convert::run_without_steps(&found.run, &found.record)),
        colleagues,
    })
}

#[cfg(test)]
mod tests {
    use portico_core::Problem;
    use portico_rpc::ServiceError as _;

    use super::*;
    use crate::{
        rpc::add_task,
        testing::{Fixture, id},
    };

    async fn read(fixture: &Fixture, ctx: &Ctx, step: &str) -> Result<GetStepResponse, Problem> {
        let request = GetStepRequest { step_id: step.to_owned() };
        handle(&fixture.service, ctx.clone(), request).await.map_err(|error| error.problem())
    }

    #[tokio::test]
    async fn a_client_reads_the_step_and_to_whom_they_could_hand_it() {
        let fixture = Fixture::new().await;
        let one = fixture.engagement().await;
        let bea = fixture.client("Bea Acme", fixture.acme, &["signatory"]);
        fixture.client("Gil Globex", fixture.database.account(), &["client"]);
        let step = fixture.step(&one.client, &one.run, "intake").await.id;
        let own = read(&fixture, &one.client, &step).await.unwrap();
        let names: Vec<_> = own.colleagues.iter().flat_map(|colleague| colleague.names.clone()).collect();
        assert_eq!(names, ["Bea Acme"], "themselves and people of other accounts are not offered");
        let (shown, run) = (own.step.unwrap(), own.run.unwrap());
        assert!(shown.can_act && shown.declaration.is_none());
        assert_eq!(
            (run.id.as_str(), run.record_title.as_str(), run.steps.len()),
            (one.run.as_str(), "New website", 0)
        );

        let looking = read(&fixture, &bea, &step).await.unwrap();
        assert!(
            !looking.step.unwrap().can_act && looking.colleagues.is_empty(),
            "it is not theirs to hand on"
        );
        let staff = read(&fixture, &one.manager, &step).await.unwrap();
        let shown = staff.step.unwrap();
        assert!(!shown.can_act && shown.declaration.is_some() && staff.colleagues.is_empty());
    }

    #[tokio::test]
    async fn what_one_may_not_see_is_as_absent_as_what_never_was() {
        let fixture = Fixture::new().await;
        let one = fixture.engagement().await;
        let step = fixture.step(&one.client, &one.run, "intake").await.id;
        let task = add_task::handle(
            &fixture.service,
            one.manager.clone(),
            portico_proto::workflow::v1::AddTaskRequest {
                run_id: one.run.clone(),
                title: "Check their credit".to_owned(),
                person_ids: vec![id(&one.manager)],
                ..Default::default()
            },
        );
        let internal = task.await.unwrap().step.unwrap().id;
        let mut both = fixture.client("Gil", fixture.database.account(), &["client"]);
        assert_eq!(read(&fixture, &both, &step).await.unwrap_err(), Problem::not_found());
        // Of two accounts, without a role in the step's own.
        both.actor.accounts =
            portico_core::AccountScope::Listed(vec![fixture.acme, fixture.database.account()]);
        assert_eq!(read(&fixture, &both, &step).await.unwrap_err(), Problem::not_found());
        for ctx in [
            fixture.staff("Other", &["project_manager"]),
            fixture.staff("None", &[]),
            portico_testkit::staff(fixture.database.tenant(), &["admin"]),
        ] {
            for hidden in [&step, &internal] {
                assert_eq!(read(&fixture, &ctx, hidden).await.unwrap_err(), Problem::not_found());
            }
        }
        assert!(read(&fixture, &one.manager, &internal).await.is_ok());
        for absent in [internal.as_str(), one.run.as_str(), "", "x"] {
            assert_eq!(
                read(&fixture, &one.client, absent).await.unwrap_err(),
                Problem::not_found(),
                "{absent}"
            );
        }
    }
}
