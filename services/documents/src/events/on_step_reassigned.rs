//! Names the one who signs now, after the step was given to somebody else.

use std::sync::Arc;

use async_trait::async_trait;
use portico_core::{AccountId, ActorKind, PersonId, StepId};
use portico_events::{HandleError, Handler, Received, Subscription, Topics, Types, claim};
use portico_proto::events::v1::StepReassigned;
use serde_json::json;

use super::{expected, on_step_activated::verdict, publish};
use crate::{
    domain::{
        envelope_chain::EventKind,
        signature::{Envelope, Side, Signer},
    },
    error::DocumentsError,
    peers,
    service::{Service, SharedService},
    store,
};

const CONSUMER: &str = "documents.reassign";

pub(super) struct Reassign(pub(super) SharedService);

pub(super) fn subscription(service: &SharedService) -> Subscription {
    Subscription {
        consumer: CONSUMER,
        topics: Topics::All,
        types: Types::only::<StepReassigned>(),
        handler: Arc::new(Reassign(Arc::clone(service))),
        durable: true,
    }
}

/// The place of whoever gave it away, where they are known to be the one who is to sign there.
fn turn<'a>(envelope: &'a Envelope, event: &Received) -> Option<&'a Signer> {
    let person = event.actor.person?;
    envelope.ready().find(|signer| signer.expected.as_ref().is_some_and(|expected| expected.person == person))
}

/// The place that the step's new holder takes over. A client gives away their own place and no other: not the firm's, and not one
/// that somebody else was named for. What staff give away at large is never a place for which somebody was named.
fn given_away<'a>(envelope: &'a Envelope, event: &Received) -> Option<&'a Signer> {
    let own = turn(envelope, event);
    if event.actor.kind == ActorKind::Client {
        return own.filter(|signer| signer.side == Side::External);
    }
    own.or_else(|| envelope.ready().find(|signer| !signer.named))
}

#[async_trait]
impl Handler for Reassign {
    async fn handle(&self, event: &Received) -> Result<(), HandleError> {
        let message: StepReassigned = event.decode()?;
        reassign(&self.0, event, &message).await.map_err(verdict)
    }
}

async fn reassign(
    service: &Service,
    event: &Received,
    message: &StepReassigned,
) -> Result<(), DocumentsError> {
    let ctx = event.ctx("Workflow");
    let (step, account): (StepId, AccountId) = (message.step_id.parse()?, message.account_id.parse()?);
    let mut tx = service.store.begin(&ctx).await?;
    // Most steps are not about a signature.
    let Some(envelope) = store::envelopes::find_by_step(&mut tx, step).await? else { return Ok(()) };
    drop(tx);
    let people = if message.assignee_ids.is_empty() {
        peers::people_in_role(service, &ctx, &message.assignee_role, account).await?
    } else {
        message.assignee_ids.iter().map(|id| id.parse::<PersonId>()).collect::<Result<Vec<_>, _>>()?
    };
    let expected = expected::only(service, &ctx, &people).await?;

    let mut tx = service.store.begin(&ctx).await?;
    if !claim(&mut tx, CONSUMER, event).await? {
        return Ok(());
    }
    let envelope = store::envelopes::lock(&mut tx, envelope.id).await?;
    if let Some(envelope) = envelope
        && let Some(ready) = given_away(&envelope, event)
        // A place that is one person's is not opened to everybody who holds a role.
        && (!ready.named || expected.is_some())
    {
        // A client who gives their place to a colleague stands on the certificate.
        let delegated = event.actor.kind == ActorKind::Client && expected.is_some();
        let by = if delegated { event.actor.name.as_str() } else { "" };
        if ready.named {
            // It stays one person's, so whoever gave it away cannot sign by their role after all.
            let mut named = ready.clone();
            named.expected.clone_from(&expected);
            named.delegated_by = by.to_owned();
            store::envelopes::name(&mut tx, &named).await?;
        } else {
            store::envelopes::expect(&mut tx, ready.id, expected.as_ref(), by).await?;
        }
        if let Some(expected) = expected.as_ref().filter(|_| delegated) {
            let mut chain = store::envelope_events::chain(&mut tx, envelope.id).await?;
            let who = format!("by {by} to {} ({})", expected.name, ready.role_title);
            chain.push(service.clock.now(), EventKind::Delegated, &who, event.actor.person);
            store::envelope_events::append(&mut tx, envelope.id, envelope.account_id, &chain).await?;
            let details = json!({ "place": ready.place, "role": ready.role, "to": expected.person });
            publish::envelope_changed(service, &mut tx, "envelope.delegated", &envelope, details).await?;
        }
    }
    Ok(tx.commit().await?)
}

#[cfg(test)]
mod tests {
    use portico_core::{Ctx, ErrorCode};
    use portico_proto::documents::v1::{
        DelegateSigningRequest, Envelope, GetEnvelopeRequest, SignEnvelopeRequest,
    };

    use super::*;
    use crate::testing::{Fixture, refused};

    async fn envelope(fixture: &Fixture, step: &str) -> Envelope {
        let get = GetEnvelopeRequest { step_id: step.to_owned(), ..Default::default() };
        fixture.documents(&fixture.manager()).get_envelope(get).await.unwrap().into_inner().envelope.unwrap()
    }

    /// The step goes from `by` to `to`; answers the names in both places.
    async fn given(fixture: &Fixture, step: &str, by: &Ctx, to: PersonId) -> [String; 2] {
        let mut event = fixture.received(&StepReassigned {
            run_id: fixture.run.to_string(),
            step_id: step.to_owned(),
            assignee_ids: vec![to.to_string()],
            account_id: fixture.acme.to_string(),
            ..StepReassigned::default()
        });
        event.actor.kind = by.actor.kind;
        event.actor.person = by.actor.person;
        event.actor.name.clone_from(&by.actor.name);
        fixture.deliver(&event).await.unwrap();
        let signers = envelope(fixture, step).await.signers;
        [signers[0].name.clone(), signers[1].name.clone()]
    }

    #[tokio::test]
    async fn a_client_gives_away_their_own_place_only_and_one_that_was_named_stays_one_persons() {
        let fixture = Fixture::new().await;
        fixture.upload_template().await;
        let (ana, bea, cara) =
            (fixture.client("signatory"), fixture.client("client"), fixture.client("client"));
        let ids = [(&ana, "Ana Ruiz"), (&bea, "Bea Roth"), (&cara, "Cara Lind")]
            .map(|(ctx, name)| fixture.named(ctx, name));
        {
            let mut world = fixture.world.lock().unwrap();
            world.holders.insert("signatory".to_owned(), vec![ids[0]]);
            world.members.insert(fixture.acme, ids.to_vec());
        }
        let step = fixture.activate("agreement").await;
        let open = envelope(&fixture, &step).await;
        let to_bea = DelegateSigningRequest {
            envelope_id: open.id.clone(),
            signer_id: open.signers[0].id.clone(),
            person_id: ids[1].to_string(),
            ..DelegateSigningRequest::default()
        };
        fixture.documents(&ana).delegate_signing(to_bea).await.unwrap();
        let names = |first: &str| [first.to_owned(), String::new()];
        assert_eq!(given(&fixture, &step, &ana, ids[0]).await, names("Bea Roth"), "nobody takes it back");
        assert_eq!(given(&fixture, &step, &fixture.manager(), ids[0]).await, names("Bea Roth"));
        assert_eq!(given(&fixture, &step, &bea, ids[2]).await, names("Cara Lind"));

        let signature = |name: &str| SignEnvelopeRequest {
            envelope_id: open.id.clone(),
            sha256: open.original.as_ref().unwrap().sha256.clone(),
            typed_name: name.to_owned(),
            consent: true,
            intent: true,
            ..SignEnvelopeRequest::default()
        };
        let by_role = refused(fixture.documents(&ana).sign_envelope(signature("Ana Ruiz")).await);
        assert_eq!(by_role.code, ErrorCode::FailedPrecondition, "it is still one person's");
        fixture.documents(&cara).sign_envelope(signature("Cara Lind")).await.unwrap();
        assert_eq!(given(&fixture, &step, &ana, ids[1]).await[1], "", "the firm's place is not hers");
        assert_eq!(given(&fixture, &step, &fixture.admin(), ids[1]).await[1], "Bea Roth");
    }
}
