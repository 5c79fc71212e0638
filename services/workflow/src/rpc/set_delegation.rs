//! Asks somebody of the firm to approve in one's place for a while.

use chrono::TimeDelta;
use portico_core::{Ctx, PersonId};
use portico_events::{AuditDraft, audit};
use portico_proto::{
    identity::v1::Side,
    time::timestamp,
    workflow::v1::{Delegation as Message, SetDelegationRequest, SetDelegationResponse},
};
use serde_json::json;

use crate::{
    convert,
    error::WorkflowError,
    peers,
    service::Service,
    store::{self, delegations::Delegation},
};

/// The longest time for which somebody stands in.
const LONGEST: TimeDelta = TimeDelta::days(366);

/// What one asks goes no further than what one may approve oneself: an administrator's powers are not handed on, and neither is what
/// others have asked of them.
pub(crate) async fn handle(
    service: &Service,
    ctx: Ctx,
    request: SetDelegationRequest,
) -> Result<SetDelegationResponse, WorkflowError> {
    let me = ctx.actor.person.ok_or(WorkflowError::NotAllowed)?;
    let other: PersonId = request.person_id.parse()?;
    let reason = convert::text("reason", &request.reason, 0, 500)?;
    let until = convert::chosen("until", request.until.as_ref())?;
    let now = service.clock.now();
    let people = peers::people(service, &ctx, &[other]).await?;
    // Whom they may not know of is the same as nobody.
    let person =
        people.get(&other).filter(|person| person.side() == Side::Staff).ok_or(WorkflowError::NotFound)?;
    if other == me {
        return Err(WorkflowError::invalid(
            "person_id",
            "Choose somebody else: you approve for yourself anyway.",
        ));
    }
    if !person.active {
        return Err(WorkflowError::invalid(
            "person_id",
            "This person cannot sign in any more. Choose another one.",
        ));
    }
    if until <= now || until > now + LONGEST {
        return Err(WorkflowError::invalid("until", "Choose a day between tomorrow and a year from now."));
    }
    let roles = ctx.actor.roles.iter().filter(|role| role.as_str() != "admin").cloned().collect();
    let one = Delegation {
        id: service.entropy.uuid(now),
        from_person: me.0,
        from_name: ctx.actor.name.clone(),
        to_person: other.0,
        to_name: person.name.clone(),
        roles,
        until,
        reason,
    };
    let mut tx = service.store.begin(&ctx).await?;
    store::delegations::set(&mut tx, &one, now).await?;
    let draft = AuditDraft {
        action: "delegation.set",
        object_kind: "person",
        object_id: other.0,
        object_label: &one.to_name,
        version: "",
        account: None,
        details: json!({ "from": one.from_name, "to": one.to_name, "until": until }),
        internal: true,
    };
    audit(&mut tx, &*service.clock, &*service.entropy, draft).await?;
    tx.commit().await?;
    Ok(SetDelegationResponse { delegation: Some(message(&one)) })
}

pub(super) fn message(one: &Delegation) -> Message {
    Message {
        from_person_id: one.from_person.to_string(),
        from_name: one.from_name.clone(),
        to_person_id: one.to_person.to_string(),
        to_name: one.to_name.clone(),
        until: Some(timestamp(one.until)),
        reason: one.reason.clone(),
    }
}
