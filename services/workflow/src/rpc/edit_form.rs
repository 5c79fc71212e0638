//! Says that somebody is filling a form in, and answers who else is.

use portico_core::{Ctx, StepId};
use portico_events::{Outgoing, publish};
use portico_proto::workflow::v1::{EditFormRequest, EditFormResponse};

use super::{change::must_be_open, get_form::form_of};
use crate::{
    domain::permissions::{StepAction, Viewer},
    error::WorkflowError,
    events::publish::step_changed,
    reach,
    service::Service,
    store,
};

/// Only those who may fill the form in are seen, and only they see each other. Pages are told when somebody comes or goes, and of
/// nothing in between.
pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: EditFormRequest,
) -> Result<EditFormResponse, WorkflowError> {
    let id: StepId = request.step_id.parse()?;
    let viewer = Viewer::of(&ctx);
    let person = ctx.actor.person.ok_or(WorkflowError::NotAllowed)?;
    let mut tx = service.store.begin(&ctx).await?;
    let (step, found) = reach::step(service, &mut tx, &viewer, id, StepAction::Act).await?;
    form_of(&found, &step)?;
    must_be_open(&found, &step)?;
    let now = service.clock.now();
    let account = found.record.account;
    let news = if request.leaving {
        store::forms::leave(&mut tx, id, person, now).await?
    } else {
        store::forms::enter(&mut tx, id, account, person, now).await?
    };
    let editors = store::forms::editors(&mut tx, id, now).await?;
    if news {
        let body = step_changed(&found.run, &step);
        let outgoing = Outgoing { aggregate: "step", key: id.0, account: Some(account), body: &body };
        publish(&mut tx, &*service.clock, &*service.entropy, outgoing).await?;
    }
    tx.commit().await?;
    Ok(EditFormResponse { editors })
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use portico_core::{ErrorCode, Problem};
    use portico_proto::workflow::v1::{GetFormRequest, StepChanged};
    use portico_rpc::ServiceError as _;

    use super::*;
    use crate::{rpc::get_form, testing::Fixture};

    #[tokio::test]
    async fn colleagues_see_each_other_by_name_until_one_leaves_or_falls_silent() {
        let fixture = Fixture::new().await;
        let one = fixture.engagement().await;
        let bea = fixture.client("Bea Acme", fixture.acme, &["client"]);
        let step = fixture.step(&one.client, &one.run, "intake").await.id;
        let edit = async |ctx: &Ctx, leaving: bool| {
            let request = EditFormRequest { step_id: step.clone(), leaving };
            handle(&fixture.service, ctx.clone(), request).await.map(|answer| answer.editors)
        };
        let told = async || fixture.said::<StepChanged>().await.len();
        let before = told().await;
        assert!(edit(&one.client, false).await.unwrap().is_empty(), "nobody sees themselves");
        assert_eq!(edit(&bea, false).await.unwrap(), ["Ana Acme"]);
        assert_eq!(edit(&one.client, false).await.unwrap(), ["Bea Acme"]);
        assert_eq!(told().await, before + 2, "once for each who has come");
        let request = GetFormRequest { step_id: step.clone() };
        let staff = get_form::handle(&fixture.service, one.manager.clone(), request).await.unwrap();
        assert_eq!(staff.editors, ["Ana Acme", "Bea Acme"]);

        assert_eq!(edit(&bea, true).await.unwrap(), ["Ana Acme"]);
        assert!(edit(&one.client, false).await.unwrap().is_empty());
        edit(&bea, false).await.unwrap();
        fixture.database.clock.advance(TimeDelta::seconds(61));
        assert!(edit(&one.client, false).await.unwrap().is_empty(), "silence is leaving");
    }

    #[tokio::test]
    async fn whoever_may_not_fill_it_in_is_neither_seen_nor_sees() {
        let fixture = Fixture::new().await;
        let one = fixture.engagement().await;
        let step = fixture.step(&one.client, &one.run, "intake").await.id;
        let edit = async |ctx: &Ctx, step: &str| {
            let request = EditFormRequest { step_id: step.to_owned(), leaving: false };
            handle(&fixture.service, ctx.clone(), request).await.unwrap_err().problem()
        };
        let globex = fixture.client("Gil", fixture.database.account(), &["client"]);
        let elsewhere = portico_testkit::client(fixture.database.tenant(), &[fixture.acme], &["client"]);
        for ctx in [&globex, &elsewhere] {
            assert_eq!(edit(ctx, &step).await, Problem::not_found());
            assert_eq!(edit(ctx, &fixture.tenant.to_string()).await, Problem::not_found());
        }
        let reader = fixture.client("Reads only", fixture.acme, &["signatory"]);
        for ctx in [&reader, &one.manager] {
            assert_eq!(edit(ctx, &step).await.code, ErrorCode::PermissionDenied);
        }
        let kickoff = fixture.step(&one.client, &one.run, "kickoff").await.id;
        assert_eq!(edit(&one.client, &kickoff).await.reason, "not_a_form");
    }
}
