//! Gives somebody whose turn it is more time to sign.

use portico_core::EnvelopeId;
use portico_proto::{
    documents::v1::{ExtendSigningRequest, ExtendSigningResponse},
    time::moment,
};
use serde_json::json;
use uuid::Uuid;

use super::get_envelope::{standing, view};
use crate::{
    domain::{envelope_chain::EventKind, signature::EnvelopeState},
    error::DocumentsError,
    events::{envelope_notices, publish},
    peers::{self, StepAction},
    service::{Call, SharedService},
    store,
};

/// The furthest that the end can be put off, in days.
const FURTHEST: i64 = 366;

pub(super) async fn handle(
    service: &SharedService,
    call: Call,
    request: ExtendSigningRequest,
) -> Result<ExtendSigningResponse, DocumentsError> {
    let id: EnvelopeId = request.envelope_id.parse()?;
    let signer: Uuid = request.signer_id.parse().map_err(|_| DocumentsError::NotFound)?;
    let mut tx = service.store.begin(&call.ctx).await?;
    let envelope = store::envelopes::read(&mut tx, id).await?.ok_or(DocumentsError::NotFound)?;
    drop(tx);
    peers::authorize_step(service, &call.caller, envelope.step_id, StepAction::Manage).await?;
    let now = service.clock.now();
    let until = request
        .until
        .as_ref()
        .and_then(moment)
        .filter(|until| *until > now && *until <= now + chrono::TimeDelta::days(FURTHEST));
    let Some(until) = until else {
        return Err(DocumentsError::invalid("until", "Choose a day from today on, at most a year from now."));
    };
    let zone = peers::firm(service, &call.ctx).await?.firm.zone;

    let mut tx = service.store.begin(&call.ctx).await?;
    let mut envelope = store::envelopes::lock(&mut tx, id).await?.ok_or(DocumentsError::NotFound)?;
    if !envelope.signers.iter().any(|one| one.id == signer) {
        return Err(DocumentsError::NotFound);
    }
    let open = envelope.state == EnvelopeState::Open;
    let ready = envelope.ready().find(|one| one.id == signer).cloned().filter(|_| open);
    let Some(mut ready) = ready else {
        let text = "It is not this person's turn to sign, so there is no time to give.".to_owned();
        return Err(DocumentsError::Envelope { reason: "not_their_turn", text });
    };
    let had_ended = ready.has_expired(now);
    ready.expires_at = Some(until);
    store::envelopes::set_expiry(&mut tx, ready.id, until).await?;
    let nudge = crate::domain::nudge::Nudge::begin(now, envelope.times.remind_every, Some(until));
    store::nudges::put(&mut tx, &envelope, &ready, &nudge).await?;
    for one in envelope.signers.iter_mut().filter(|one| one.id == signer) {
        *one = ready.clone();
    }
    let mut chain = store::envelope_events::chain(&mut tx, id).await?;
    let day = until.with_timezone(&zone).format("%-d %B %Y");
    chain.push(
        now,
        EventKind::Extended,
        &format!("{} until {day}", ready.certified()),
        call.ctx.actor.person,
    );
    store::envelope_events::append(&mut tx, id, envelope.account_id, &chain).await?;
    if had_ended {
        envelope_notices::tell_extended(service, &mut tx, &envelope, &ready, zone).await?;
    }
    let details = json!({ "place": ready.place, "role": ready.role, "until": until });
    let event = publish::envelope_changed(service, &mut tx, "envelope.extended", &envelope, details).await?;
    tx.commit().await?;
    service.nudges.notify_one();
    let standing = standing(service, &call, &envelope).await?;
    let envelope = Some(view(service, &call, &envelope, &standing.of(&call)).await?);
    Ok(ExtendSigningResponse { envelope, event })
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};
    use portico_core::{Clock as _, ErrorCode, Problem};
    use portico_definition::Period;
    use portico_proto::{
        documents::v1::{Envelope, GetEnvelopeRequest, SignEnvelopeRequest, SignerState},
        time::timestamp,
    };

    use super::*;
    use crate::testing::{Fixture, refused};

    async fn open(fixture: &Fixture, ctx: &portico_core::Ctx, step: &str) -> Envelope {
        let get = GetEnvelopeRequest { step_id: step.to_owned(), ..Default::default() };
        fixture.documents(ctx).get_envelope(get).await.unwrap().into_inner().envelope.unwrap()
    }

    fn more(envelope: &Envelope, signer: usize, until: DateTime<Utc>) -> ExtendSigningRequest {
        ExtendSigningRequest {
            envelope_id: envelope.id.clone(),
            signer_id: envelope.signers[signer].id.clone(),
            until: Some(timestamp(until)),
        }
    }

    #[tokio::test]
    async fn after_the_end_nobody_signs_until_there_is_more_time() {
        let mut fixture = Fixture::new().await;
        fixture.upload_template().await;
        fixture.change_esign(|esign| esign.sign_within = Some(Period::days(7)));
        let step = fixture.activate("agreement").await;
        let (ana, manager) = (fixture.client("signatory"), fixture.manager());
        let envelope = open(&fixture, &ana, &step).await;
        assert!(envelope.signers[0].expires_at.is_some() && !envelope.signers[0].expired);
        assert!(envelope.signers[1].expires_at.is_none(), "the second has not been asked");
        let sign = SignEnvelopeRequest {
            envelope_id: envelope.id.clone(),
            sha256: envelope.original.as_ref().unwrap().sha256.clone(),
            typed_name: "Ana Ruiz".to_owned(),
            consent: true,
            intent: true,
            ..SignEnvelopeRequest::default()
        };
        fixture.database.clock.advance(TimeDelta::days(8));
        let late = refused(fixture.documents(&ana).sign_envelope(sign.clone()).await);
        assert_eq!((late.code, late.reason.as_str()), (ErrorCode::FailedPrecondition, "envelope_expired"));
        let decline = portico_proto::documents::v1::DeclineEnvelopeRequest {
            envelope_id: envelope.id.clone(),
            reason: "No.".to_owned(),
        };
        assert_eq!(
            refused(fixture.documents(&ana).decline_envelope(decline).await).reason,
            "envelope_expired"
        );
        let seen = open(&fixture, &ana, &step).await;
        assert!(seen.signers[0].expired && !seen.signers[0].is_caller);
        assert_eq!(seen.signers[0].state(), SignerState::Ready);

        let now = fixture.database.clock.now();
        for wrong in [now - TimeDelta::days(1), now + TimeDelta::days(400)] {
            let refusal =
                refused(fixture.documents(&manager).extend_signing(more(&envelope, 0, wrong)).await);
            assert_eq!(refusal.fields[0].field, "until");
        }
        let early =
            fixture.documents(&manager).extend_signing(more(&envelope, 1, now + TimeDelta::days(2))).await;
        assert_eq!(refused(early).reason, "not_their_turn");
        let extended =
            fixture.documents(&manager).extend_signing(more(&envelope, 0, now + TimeDelta::days(2))).await;
        assert!(!extended.unwrap().into_inner().envelope.unwrap().signers[0].expired);
        assert!(fixture.audited().await.contains(&"envelope.extended".to_owned()));
        let signed =
            fixture.documents(&ana).sign_envelope(sign).await.unwrap().into_inner().envelope.unwrap();
        assert!(signed.signers[1].expires_at.is_some(), "the next has their own week");
    }

    #[tokio::test]
    async fn only_those_who_manage_the_step_give_time() {
        let fixture = Fixture::new().await;
        fixture.upload_template().await;
        let step = fixture.activate("agreement").await;
        let ana = fixture.client("signatory");
        let envelope = open(&fixture, &ana, &step).await;
        let until = fixture.database.clock.now() + TimeDelta::days(2);
        let refusal = refused(fixture.documents(&ana).extend_signing(more(&envelope, 0, until)).await);
        assert_eq!(refusal.code, ErrorCode::PermissionDenied);
        for stranger in fixture.strangers().into_iter().skip(2) {
            let refusal =
                refused(fixture.documents(&stranger).extend_signing(more(&envelope, 0, until)).await);
            assert_eq!(refusal, Problem::not_found());
        }
        let lesser = portico_testkit::staff(fixture.tenant, &["accountant"]);
        let refusal = refused(fixture.documents(&lesser).extend_signing(more(&envelope, 0, until)).await);
        assert_eq!(refusal.code, ErrorCode::PermissionDenied);
        let manager = fixture.manager();
        for (id, signer) in
            [("", ""), (envelope.id.as_str(), "x"), (envelope.id.as_str(), envelope.id.as_str())]
        {
            let mut request = more(&envelope, 0, until);
            (request.envelope_id, request.signer_id) = (id.to_owned(), signer.to_owned());
            assert_eq!(
                refused(fixture.documents(&manager).extend_signing(request).await),
                Problem::not_found()
            );
        }
    }
}
