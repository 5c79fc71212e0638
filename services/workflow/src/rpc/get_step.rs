//! Reads a step.

use portico_core::{Ctx, StepId};
use portico_proto::workflow::v1::{Assignee, GetStepRequest, GetStepResponse};

use crate::{
    convert,
    domain::permissions::{StepAction, Viewer},
    error::WorkflowError,
    peers, reach,
    service::Service,
};

pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: GetStepRequest,
) -> Result<GetStepResponse, WorkflowError> {
    let id: StepId = request.step_id.parse()?;
    let viewer = Viewer::of(&ctx);
    let mut tx = service.store.begin(&ctx).await?;
    let (step, found) = reach::step(service, &mut tx, &viewer, id, StepAction::View).await?;
    tx.rollback().await?;
    let mut colleagues = Vec::new();
    if viewer.is_client() && viewer.can_act_now(&step, found.reads_record) {
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
