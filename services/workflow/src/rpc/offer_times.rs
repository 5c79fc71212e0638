//! Offers times for a meeting.

use portico_core::{Ctx, StepId};
use portico_events::{AuditDraft, audit};
use portico_proto::workflow::v1::{OfferTimesRequest, OfferTimesResponse, StepChanged};
use serde_json::json;

use super::{
    change::must_be_open,
    get_meeting::{meeting_of, minutes},
};
use crate::{
    convert,
    domain::permissions::{StepAction, Viewer},
    error::WorkflowError,
    events::publish::step_changed,
    reach,
    service::Service,
    store,
};

/// The most times for one meeting.
const MOST: usize = 40;

/// The caller is whom the client will meet. Times that were offered before and not taken make room for these.
pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: OfferTimesRequest,
) -> Result<OfferTimesResponse, WorkflowError> {
    let id: StepId = request.step_id.parse()?;
    let viewer = Viewer::of(&ctx);
    let mut tx = service.store.begin(&ctx).await?;
    let (step, found) = reach::step(service, &mut tx, &viewer, id, StepAction::Review).await?;
    let meeting = meeting_of(&found, &step)?;
    must_be_open(&found, &step)?;
    let host = ctx.actor.person.ok_or(WorkflowError::NotAllowed)?;
    let (now, length) = (service.clock.now(), minutes(meeting.duration.total_minutes()));
    let earliest = now + minutes(meeting.notice.total_minutes());
    if request.starts.is_empty() || request.starts.len() > MOST {
        return Err(WorkflowError::invalid("starts", format!("Offer between 1 and {MOST} times.")));
    }
    let mut slots = Vec::new();
    for (place, start) in request.starts.iter().enumerate() {
        let field = format!("starts[{place}]");
        let start = convert::chosen(&field, Some(start))?;
        if start <= earliest || start > now + minutes(366 * 24 * 60) {
            let text =
                "Choose times that are far enough ahead for the notice that is asked for, within a year.";
            return Err(WorkflowError::invalid(&field, text));
        }
        slots.push((service.entropy.uuid(now), start, start + length));
    }
    store::records::lock(&mut tx, found.record.id).await?;
    store::meetings::offer(&mut tx, id, found.record.account, host, &slots).await?;
    let (clock, entropy) = (&*service.clock, &*service.entropy);
    let account = Some(found.record.account);
    let changed = step_changed(&found.run, &step);
    let outgoing = portico_events::Outgoing { aggregate: "step", key: id.0, account, body: &changed };
    let event = portico_events::publish(&mut tx, clock, entropy, outgoing).await?;
    let draft = AuditDraft {
        action: "meeting.offered",
        object_kind: "step",
        object_id: id.0,
        object_label: &step.title,
        version: "",
        account,
        details: json!({ "times": slots.len() }),
        internal: false,
    };
    audit(&mut tx, clock, entropy, draft).await?;
    let slots = store::meetings::slots(&mut tx, id).await?;
    tx.commit().await?;
    let name = <StepChanged as prost::Name>::full_name();
    Ok(OfferTimesResponse {
        slots: slots.iter().map(convert::slot).collect(),
        event: format!("{name};{event}"),
    })
}
