//! Whole envelopes, signed and declined.

mod drawn;
mod papers;
mod parts;
mod placed;
mod sealed;
mod turns;

use std::{io::Write as _, process::Command};

use portico_core::{Ctx, ErrorCode, Problem};
use portico_proto::{
    documents::v1::{
        DeclineEnvelopeRequest, Envelope, GetEnvelopeRequest, ListDocumentsRequest, SignEnvelopeRequest,
        SignerState,
    },
    events::v1::{NoticeRequested, StepFulfilled, StepProgressed, StepReturned},
};

use crate::testing::{Fixture, refused};

async fn envelope(fixture: &Fixture, ctx: &Ctx, step: &str) -> Envelope {
    let get = GetEnvelopeRequest { step_id: step.to_owned(), ..Default::default() };
    fixture.documents(ctx).get_envelope(get).await.unwrap().into_inner().envelope.unwrap()
}

fn signature(envelope: &Envelope, name: &str) -> SignEnvelopeRequest {
    SignEnvelopeRequest {
        envelope_id: envelope.id.clone(),
        sha256: envelope.original.as_ref().unwrap().sha256.clone(),
        typed_name: name.to_owned(),
        consent: true,
        intent: true,
        user_agent: "Test browser".to_owned(),
        ..SignEnvelopeRequest::default()
    }
}

async fn prepared() -> (Fixture, String) {
    let fixture = Fixture::new().await;
    fixture.upload_template().await;
    let step = fixture.activate("agreement").await;
    (fixture, step)
}

#[tokio::test]
async fn two_people_sign_one_after_the_other_and_get_the_file() {
    let (fixture, step) = prepared().await;
    let (ana, manager) = (fixture.client("signatory"), fixture.manager());
    let open = envelope(&fixture, &ana, &step).await;
    assert_eq!((open.state.as_str(), open.waiting_for.as_str()), ("open", "May sign for the company"));
    assert!(open.signers[0].is_caller && !open.signers[1].is_caller);
    assert_eq!(open.fields.len(), 3);
    assert!(!envelope(&fixture, &manager, &step).await.signers[1].is_caller, "it is not their turn");
    let early = refused(fixture.documents(&manager).sign_envelope(signature(&open, "Tom Weber")).await);
    assert_eq!((early.code, early.reason.as_str()), (ErrorCode::FailedPrecondition, "not_your_turn"));

    let first =
        fixture.documents(&ana).sign_envelope(signature(&open, "Ana Ruiz")).await.unwrap().into_inner();
    assert!(first.event.starts_with("portico.events.v1.StepProgressed;"), "{}", first.event);
    let after = first.envelope.unwrap();
    assert_eq!(
        (after.signers[0].state(), after.signers[1].state()),
        (SignerState::Signed, SignerState::Ready)
    );
    assert_eq!(fixture.said::<StepProgressed>().await[0].next_role, "project_manager");
    let again =
        fixture.documents(&ana).sign_envelope(signature(&open, "Ana Ruiz")).await.unwrap().into_inner();
    assert_eq!((again.event.as_str(), again.envelope.unwrap().signers), ("", after.signers));

    let both = [signature(&open, "Tom Weber"), signature(&open, "Tom Weber")];
    let [one, other] = both.map(|request| {
        let mut documents = fixture.documents(&manager);
        async move { documents.sign_envelope(request).await.unwrap().into_inner() }
    });
    let (one, other) = tokio::join!(one, other);
    assert_eq!(one.envelope, other.envelope, "a double click signs once");
    let done = one.envelope.unwrap();
    assert_eq!(done.state, "completed");
    assert_eq!(fixture.said::<StepFulfilled>().await.len(), 1);
    let notice = fixture.said::<NoticeRequested>().await.pop().unwrap();
    assert_eq!(notice.person_ids.len(), 2);
    // The template, the contract and the signed file; the other click left none.
    assert_eq!(fixture.blobs(), 3);

    let signed = done.signed.unwrap();
    assert_eq!(notice.link, format!("/files/{}/view", signed.id));
    let bytes = fixture.get(&ana, &format!("/versions/{}", signed.id)).await.unwrap().into_body();
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&bytes).unwrap();
    let text = Command::new("pdftotext").arg("-layout").arg(file.path()).arg("-").output().unwrap().stdout;
    let text = String::from_utf8_lossy(&text).into_owned();
    for words in
        ["Ana Ruiz", "Tom Weber", "15 January 2027", &open.original.unwrap().sha256, "Northwind Consulting"]
    {
        assert!(text.contains(words), "{words} is missing in {text}");
    }
    assert!(!text.contains("Portico"));
    let listed =
        fixture.documents(&ana).list_documents(ListDocumentsRequest::default()).await.unwrap().into_inner();
    assert_eq!(
        listed.documents.iter().map(|document| document.kind.as_str()).collect::<Vec<_>>(),
        ["signed"]
    );
    for stranger in fixture.strangers() {
        let refusal = fixture.get(&stranger, &format!("/versions/{}", signed.id)).await.unwrap_err();
        assert_eq!(refusal, Problem::not_found());
        let sign = refused(fixture.documents(&stranger).sign_envelope(signature(&bare(&done.id), "X")).await);
        assert_eq!(sign, Problem::not_found());
    }
}

/// What somebody who has never seen the envelope could name of it.
fn bare(id: &str) -> Envelope {
    Envelope { id: id.to_owned(), original: Some(Default::default()), ..Envelope::default() }
}

#[tokio::test]
async fn a_signature_needs_everything_it_says() {
    let (fixture, step) = prepared().await;
    let ana = fixture.client("signatory");
    let open = envelope(&fixture, &ana, &step).await;
    let wrong = SignEnvelopeRequest {
        sha256: "0".repeat(64),
        typed_name: " ".to_owned(),
        drawn: b"GIF89a".to_vec(),
        consent: false,
        intent: false,
        ..signature(&open, "")
    };
    let problem = refused(fixture.documents(&ana).sign_envelope(wrong).await);
    let named: Vec<_> = problem.fields.iter().map(|at| at.field.as_str()).collect();
    assert_eq!(named, ["typed_name", "sha256", "consent", "intent", "drawn"]);
    let unprintable = signature(&open, "Ana \u{13000}");
    assert_eq!(
        refused(fixture.documents(&ana).sign_envelope(unprintable).await).fields[0].field,
        "typed_name"
    );
    let other = fixture.client("client");
    let refusal = refused(fixture.documents(&other).sign_envelope(signature(&open, "Eve")).await);
    assert_eq!(refusal.code, ErrorCode::PermissionDenied);
    assert_eq!(envelope(&fixture, &ana, &step).await.signers[0].state(), SignerState::Ready);
    fixture.withdraw(&step).await;
    let late = refused(fixture.documents(&ana).sign_envelope(signature(&open, "Ana Ruiz")).await);
    assert_eq!(late.reason, "envelope_withdrawn");
}

#[tokio::test]
async fn a_refusal_ends_the_envelope_and_the_next_attempt_has_its_own() {
    let (fixture, step) = prepared().await;
    let ana = fixture.client("signatory");
    let open = envelope(&fixture, &ana, &step).await;
    let decline =
        DeclineEnvelopeRequest { envelope_id: open.id.clone(), reason: "Clause 4 is not ours.".to_owned() };
    let declined =
        fixture.documents(&ana).decline_envelope(decline).await.unwrap().into_inner().envelope.unwrap();
    assert_eq!((declined.state.as_str(), declined.reason.as_str()), ("declined", "Clause 4 is not ours."));
    assert_eq!(fixture.said::<StepReturned>().await[0].reason, "Clause 4 is not ours.");
    let late = refused(fixture.documents(&ana).sign_envelope(signature(&open, "Ana Ruiz")).await);
    assert_eq!(late.reason, "envelope_declined");
    fixture.activate_again("agreement", &step, 2).await.unwrap();
    let next = envelope(&fixture, &ana, &step).await;
    assert_eq!(next.state, "open");
    assert_ne!(next.id, open.id);
}

#[tokio::test]
async fn without_its_template_a_step_is_tried_again() {
    let fixture = Fixture::new().await;
    let step = fixture.database.account().to_string();
    let event = fixture.received(&fixture.activation("agreement", &step, 1));
    let outcome = fixture.deliver(&event).await;
    assert!(matches!(outcome, Err(portico_events::HandleError::Retry(_))), "{outcome:?}");
    fixture.upload_template().await;
    fixture.deliver(&event).await.unwrap();
    fixture.deliver(&event).await.unwrap();
    assert_eq!((fixture.rows("envelopes").await, fixture.blobs()), (1, 2));
}
