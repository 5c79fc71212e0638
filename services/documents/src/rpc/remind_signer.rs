//! Reminds somebody whose turn it is, because somebody of the firm asks for it.

use chrono::{DateTime, TimeDelta, Utc};
use portico_core::EnvelopeId;
use portico_proto::documents::v1::{RemindSignerRequest, RemindSignerResponse};
use serde_json::json;
use uuid::Uuid;

use crate::{
    domain::{
        envelope_chain::{Chain, EventKind},
        nudge::{Act, Nudge},
        signature::{EnvelopeState, Signer},
    },
    error::DocumentsError,
    events::{envelope_notices, publish},
    peers::{self, StepAction},
    service::{Call, SharedService},
    store,
};

/// The least time between being asked or reminded and the next reminder by hand.
const APART: TimeDelta = TimeDelta::hours(1);

pub(super) async fn handle(
    service: &SharedService,
    call: Call,
    request: RemindSignerRequest,
) -> Result<RemindSignerResponse, DocumentsError> {
    let id: EnvelopeId = request.envelope_id.parse()?;
    let signer: Uuid = request.signer_id.parse().map_err(|_| DocumentsError::NotFound)?;
    let mut tx = service.store.begin(&call.ctx).await?;
    let envelope = store::envelopes::read(&mut tx, id).await?.ok_or(DocumentsError::NotFound)?;
    drop(tx);
    peers::authorize_step(service, &call.caller, envelope.step_id, StepAction::Manage).await?;
    let zone = peers::firm(service, &call.ctx).await?.firm.zone;

    let mut tx = service.store.begin(&call.ctx).await?;
    let envelope = store::envelopes::lock(&mut tx, id).await?.ok_or(DocumentsError::NotFound)?;
    if !envelope.signers.iter().any(|one| one.id == signer) {
        return Err(DocumentsError::NotFound);
    }
    let now = service.clock.now();
    let open = envelope.state == EnvelopeState::Open;
    let ready = envelope.ready().find(|one| one.id == signer && open && !one.has_expired(now));
    let Some(ready) = ready else {
        let text = "It is not this person's turn to sign, so there is nothing to remind them of.".to_owned();
        return Err(DocumentsError::Envelope { reason: "not_their_turn", text });
    };
    let mut chain = store::envelope_events::chain(&mut tx, id).await?;
    if last_told(&chain, ready).is_some_and(|at| now < at + APART) {
        let text = "They were asked or reminded less than an hour ago, so nothing was sent. Wait an hour between reminders.";
        return Err(DocumentsError::Envelope { reason: "reminded_lately", text: text.to_owned() });
    }
    // The clock counts from this reminder on, where it reminds at all.
    let kept = store::nudges::read(&mut tx, &envelope, ready).await?;
    let nudge = Nudge { since: now, ..kept.unwrap_or(Nudge::begin(now, None, ready.expires_at)) };
    envelope_notices::remind_signer(service, &mut tx, &envelope, ready, (&nudge, zone)).await?;
    if let Some(kept) = kept {
        store::nudges::put(&mut tx, &envelope, ready, &kept.after(Act::Remind, now)).await?;
    }
    chain.push(now, EventKind::Reminded, &ready.certified(), call.ctx.actor.person);
    store::envelope_events::append(&mut tx, id, envelope.account_id, &chain).await?;
    let details = json!({ "place": ready.place, "role": ready.role });
    let event = publish::envelope_changed(service, &mut tx, "envelope.reminded", &envelope, details).await?;
    tx.commit().await?;
    service.nudges.notify_one();
    Ok(RemindSignerResponse { event })
}

/// When somebody was asked or reminded last.
fn last_told(chain: &Chain, signer: &Signer) -> Option<DateTime<Utc>> {
    let who = signer.certified();
    let told = |kind: &str| [EventKind::Sent.word(), EventKind::Reminded.word()].contains(&kind);
    let last = chain.entries.iter().rev().find(|entry| told(&entry.kind) && entry.text == who);
    last.map(|entry| entry.at).max(signer.sent_at)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use portico_core::{Ctx, ErrorCode, Problem};
    use portico_definition::Period;
    use portico_proto::{
        documents::v1::{
            Envelope, GetEnvelopeRequest, ListEnvelopeEventsRequest, RemindSignerRequest, SignEnvelopeRequest,
        },
        events::v1::NoticeRequested,
    };

    use crate::testing::{Fixture, refused};

    async fn prepared() -> (Fixture, Ctx, Envelope) {
        let mut fixture = Fixture::new().await;
        fixture.upload_template().await;
        fixture.change_esign(|esign| esign.remind_every = Some(Period::days(3)));
        let step = fixture.activate("agreement").await;
        let ana = fixture.client("signatory");
        let get = GetEnvelopeRequest { step_id: step, ..Default::default() };
        let open = fixture.documents(&ana).get_envelope(get).await.unwrap().into_inner().envelope.unwrap();
        (fixture, ana, open)
    }

    fn about(envelope: &Envelope, place: usize) -> RemindSignerRequest {
        let signer_id = envelope.signers[place].id.clone();
        RemindSignerRequest { envelope_id: envelope.id.clone(), signer_id }
    }

    async fn reminders(fixture: &Fixture) -> usize {
        let said = fixture.said::<NoticeRequested>().await;
        said.iter().filter(|notice| notice.kind == "reminder").count()
    }

    async fn kinds(fixture: &Fixture, who: &Ctx, envelope: &Envelope) -> Vec<String> {
        let asked = ListEnvelopeEventsRequest { envelope_id: envelope.id.clone() };
        let events = fixture.documents(who).list_envelope_events(asked).await.unwrap().into_inner().events;
        events.into_iter().map(|event| event.kind).collect()
    }

    #[tokio::test]
    async fn whose_turn_it_is_is_reminded_once_an_hour_and_it_stands_among_what_happened() {
        let (fixture, ana, open) = prepared().await;
        let manager = fixture.manager();
        let early = refused(fixture.documents(&manager).remind_signer(about(&open, 0)).await);
        assert_eq!(early.reason, "reminded_lately", "they were asked a moment ago");
        fixture.database.clock.advance(TimeDelta::hours(2));
        let answer = fixture.documents(&manager).remind_signer(about(&open, 0)).await.unwrap().into_inner();
        assert!(answer.event.contains(';'));
        let again = refused(fixture.documents(&manager).remind_signer(about(&open, 0)).await);
        assert_eq!((again.reason.as_str(), reminders(&fixture).await), ("reminded_lately", 1));
        fixture.database.clock.advance(TimeDelta::hours(1));
        fixture.documents(&manager).remind_signer(about(&open, 0)).await.unwrap();
        assert_eq!(reminders(&fixture).await, 2);
        // The clock counts from the last one: nothing on the third day after the asking, one on the third after that.
        fixture.database.clock.advance(TimeDelta::hours(70));
        fixture.work("documents.remind_signers").await;
        assert_eq!(reminders(&fixture).await, 2);
        fixture.database.clock.advance(TimeDelta::hours(3));
        fixture.work("documents.remind_signers").await;
        assert_eq!(reminders(&fixture).await, 3);
        let told = kinds(&fixture, &manager, &open).await;
        assert_eq!(told, ["prepared", "sent", "reminded", "reminded", "reminded"]);
        assert_eq!(fixture.audited().await.iter().filter(|action| *action == "envelope.reminded").count(), 3);

        let later = refused(fixture.documents(&manager).remind_signer(about(&open, 1)).await);
        assert_eq!(later.reason, "not_their_turn");
        let sign = SignEnvelopeRequest {
            envelope_id: open.id.clone(),
            sha256: open.original.as_ref().unwrap().sha256.clone(),
            typed_name: "Ana Ruiz".to_owned(),
            consent: true,
            intent: true,
            ..SignEnvelopeRequest::default()
        };
        fixture.documents(&ana).sign_envelope(sign).await.unwrap();
        let done = refused(fixture.documents(&manager).remind_signer(about(&open, 0)).await);
        assert_eq!(done.reason, "not_their_turn");
    }

    #[tokio::test]
    async fn only_staff_who_manage_the_step_remind_and_only_the_firm_reads_what_happened() {
        let (fixture, ana, open) = prepared().await;
        fixture.database.clock.advance(TimeDelta::hours(2));
        let lesser = portico_testkit::staff(fixture.tenant, &["accountant"]);
        for ctx in [&ana, &lesser] {
            let refusal = refused(fixture.documents(ctx).remind_signer(about(&open, 0)).await);
            assert_eq!(refusal.code, ErrorCode::PermissionDenied);
        }
        let asked = ListEnvelopeEventsRequest { envelope_id: open.id.clone() };
        let refusal = refused(fixture.documents(&ana).list_envelope_events(asked.clone()).await);
        assert_eq!(refusal.code, ErrorCode::PermissionDenied);
        // Staff of another firm, who may ask.
        let stranger = &fixture.strangers()[2];
        assert_eq!(
            refused(fixture.documents(stranger).remind_signer(about(&open, 0)).await),
            Problem::not_found()
        );
        assert_eq!(
            refused(fixture.documents(stranger).list_envelope_events(asked).await),
            Problem::not_found()
        );
        for id in ["", "x", fixture.record.to_string().as_str()] {
            let manager = fixture.manager();
            let wrong = RemindSignerRequest { signer_id: id.to_owned(), ..about(&open, 0) };
            assert_eq!(refused(fixture.documents(&manager).remind_signer(wrong).await), Problem::not_found());
            let wrong = ListEnvelopeEventsRequest { envelope_id: id.to_owned() };
            assert_eq!(
                refused(fixture.documents(&manager).list_envelope_events(wrong).await),
                Problem::not_found()
            );
        }
        assert_eq!(reminders(&fixture).await, 0);
    }
}
