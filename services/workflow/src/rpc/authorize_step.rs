//! Decides whether the caller may see, act on or review a step.

use portico_core::{ActorKind, Ctx, StepId};
use portico_proto::workflow::v1::{AuthorizeStepRequest, AuthorizeStepResponse};

use super::change::four_eyes;
use crate::{
    convert, domain::permissions::StepAction, error::WorkflowError, peers, reach, service::Service, store,
};

pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: AuthorizeStepRequest,
) -> Result<AuthorizeStepResponse, WorkflowError> {
    let id: StepId = request.step_id.parse()?;
    let mut tx = service.store.begin(&ctx).await?;
    let viewer = store::delegations::viewer(&mut tx, &ctx, service.clock.now()).await?;
    tx.rollback().await?;
    let viewer = peers::standing_for_those_left(service, &ctx, viewer).await?;
    let mut tx = service.store.begin(&ctx).await?;
    let action = match request.action.as_str() {
        "view" => StepAction::View,
        "act" => StepAction::Act,
        "review" => StepAction::Review,
        _ => return Err(WorkflowError::invalid("action", "The action is view, act or review.")),
    };
    let (step, found) = reach::step(service, &mut tx, &viewer, id, action).await?;
    if action == StepAction::Act && ctx.actor.kind != ActorKind::System {
        four_eyes(&found, &step, viewer.person().as_slice())?;
    }
    let here = viewer.at(found.record.account);
    let roles =
        here.roles_here().iter().filter(|role| found.definition.spec.roles.contains_key(*role)).cloned();
    Ok(AuthorizeStepResponse {
        step: Some(convert::step_of(&viewer, &found, &step)),
        account_id: found.record.account.to_string(),
        roles: roles.collect(),
    })
}

#[cfg(test)]
mod tests {
    use portico_core::ErrorCode;
    use portico_rpc::ServiceError as _;

    use super::*;
    use crate::testing::Fixture;

    #[tokio::test]
    async fn who_sees_who_acts_and_who_reviews() {
        let fixture = Fixture::new().await;
        let one = fixture.engagement().await;
        let step = fixture.step(&one.client, &one.run, "sysdocs").await.id;
        let ask = async |ctx: &Ctx, action: &str| {
            let request = AuthorizeStepRequest { step_id: step.clone(), action: action.to_owned() };
            handle(&fixture.service, ctx.clone(), request)
                .await
                .map(|_| ())
                .map_err(|error| error.problem().code)
        };
        let denied = Err(ErrorCode::PermissionDenied);
        let hidden = Err(ErrorCode::NotFound);
        let reader = fixture.client("Rea", fixture.acme, &["signatory"]);
        let globex = fixture.client("Gil", fixture.database.account(), &["client"]);
        let other = fixture.staff("Other", &["project_manager"]);
        let stranger = portico_testkit::staff(fixture.database.tenant(), &["admin"]);
        for (ctx, expected) in [
            (&one.client, [Ok(()), Ok(()), denied]),
            (&reader, [Ok(()), denied, denied]),
            (&one.manager, [Ok(()), denied, Ok(())]),
            (&one.admin, [Ok(()), denied, Ok(())]),
            (&globex, [hidden; 3]),
            (&other, [hidden; 3]),
            (&stranger, [hidden; 3]),
        ] {
            let answers = [ask(ctx, "view").await, ask(ctx, "act").await, ask(ctx, "review").await];
            assert_eq!(answers, expected, "{}", ctx.actor.name);
        }
        assert_eq!(ask(&one.client, "own").await, Err(ErrorCode::InvalidArgument));
    }
}
