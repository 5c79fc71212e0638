//! "I am not the right person."

use portico_core::{Ctx, PersonId};
use portico_proto::workflow::v1::{DeclineStepRequest, DeclineStepResponse};
use serde_json::json;

use super::change::{self, Need};
use crate::{
    convert,
    domain::{
        engine::{Assignment, Event, PersonRef},
        permissions::Viewer,
    },
    error::WorkflowError,
    peers,
    service::Service,
};

pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: DeclineStepRequest,
) -> Result<DeclineStepResponse, WorkflowError> {
    let viewer = Viewer::of(&ctx);
    let (step, found) = change::find(service, &ctx, &viewer, &request.step_id, Need::Act).await?;
    let message = convert::text("message", &request.message, 0, 1000)?;
    let event = if request.colleague_id.is_empty() {
        Event::Declined { step: step.id, message }
    } else {
        let unknown =
            || WorkflowError::invalid("colleague_id", "Choose one of your colleagues from the list.");
        let colleague: PersonId = request.colleague_id.parse().map_err(|_| unknown())?;
        let members = peers::members(service, &ctx, found.record.account).await?;
        if Some(colleague) == ctx.actor.person || !members.iter().any(|(member, _)| *member == colleague) {
            return Err(unknown());
        }
        let people = peers::people(service, &ctx, &[colleague]).await?;
        let person = people.get(&colleague).filter(|person| person.active).ok_or_else(unknown)?;
        let to = Assignment {
            people: vec![PersonRef { id: colleague, name: person.name.clone() }],
            external: true,
            ..Assignment::default()
        };
        Event::Reassigned { step: step.id, to, reason: message }
    };
    let mut held = change::hold(service, &ctx, &viewer, &step, found, Need::Act, &[]).await?;
    held.must_be_open()?;
    held.happen(event).await?;
    let (_, event) = held.finish("step.declined", json!({ "colleague": request.colleague_id })).await?;
    Ok(DeclineStepResponse { event })
}

#[cfg(test)]
mod tests {
    use portico_proto::events::v1::{NoticeRequested, StepReassigned};
    use portico_rpc::ServiceError as _;

    use super::*;
    use crate::testing::{Fixture, id};

    #[tokio::test]
    async fn a_colleague_takes_over_or_staff_are_told() {
        let fixture = Fixture::new().await;
        let one = fixture.engagement().await;
        let bea = fixture.client("Bea Acme", fixture.acme, &["signatory"]);
        let gil = fixture.client("Gil", fixture.database.account(), &["client"]);
        let step = fixture.step(&one.client, &one.run, "intake").await;
        let decline = async |ctx: &Ctx, colleague: String| {
            let request = DeclineStepRequest {
                step_id: step.id.clone(),
                colleague_id: colleague,
                message: "Not me".to_owned(),
            };
            handle(&fixture.service, ctx.clone(), request).await
        };
        let refused = decline(&one.client, id(&gil)).await.unwrap_err().problem();
        assert_eq!(refused.fields[0].field, "colleague_id", "nobody of another account can be named");
        decline(&one.client, String::new()).await.unwrap();
        let told = fixture.said::<NoticeRequested>().await;
        let last = told.last().unwrap();
        assert_eq!(last.person_ids, [id(&one.manager)]);
        assert!(last.body.contains("Not me"));
        decline(&one.client, id(&bea)).await.unwrap();
        assert_eq!(fixture.said::<StepReassigned>().await[0].assignee_ids, [id(&bea)]);
        let now = fixture.step(&bea, &one.run, "intake").await;
        assert_eq!((now.can_act, now.assignee.unwrap().names), (true, vec!["Bea Acme".to_owned()]));
        assert!(decline(&one.client, String::new()).await.is_err(), "it is not theirs any more");
    }
}
