use chrono::TimeDelta;
use portico_core::{Ctx, ErrorCode, Impersonator, Problem};
use portico_definition::Period;
use portico_proto::documents::v1::{
    DeclineEnvelopeRequest, DelegateSigningRequest, Envelope, FieldValue, GetEnvelopeRequest,
    GetSigningDraftRequest, SaveSigningDraftRequest, SignEnvelopeRequest, SigningDraft,
};

use crate::testing::{Fixture, refused};

async fn prepared() -> (Fixture, Ctx, Envelope) {
    let mut fixture = Fixture::new().await;
    fixture.upload_template().await;
    fixture.change_esign(|esign| esign.sign_within = Some(Period::days(10)));
    let step = fixture.activate("agreement").await;
    let ana = fixture.client("signatory");
    let get = GetEnvelopeRequest { step_id: step, ..Default::default() };
    let open = fixture.documents(&ana).get_envelope(get).await.unwrap().into_inner().envelope.unwrap();
    (fixture, ana, open)
}

fn draft() -> SigningDraft {
    let value = FieldValue { field_id: "a-field".to_owned(), value: "HRB 47".to_owned() };
    SigningDraft {
        typed_name: "Ana R".to_owned(),
        values: vec![value],
        reason: "Clause 4".to_owned(),
        ..SigningDraft::default()
    }
}

fn saving(envelope: &Envelope, draft: SigningDraft) -> SaveSigningDraftRequest {
    SaveSigningDraftRequest { envelope_id: envelope.id.clone(), draft: Some(draft) }
}

async fn read(fixture: &Fixture, who: &Ctx, envelope: &Envelope) -> Option<SigningDraft> {
    let asked = GetSigningDraftRequest { envelope_id: envelope.id.clone() };
    fixture.documents(who).get_signing_draft(asked).await.unwrap().into_inner().draft
}

/// How many drafts there are, and whether the words of one can be read in the rows.
async fn rows(fixture: &Fixture) -> (usize, bool) {
    let rows: Vec<Vec<u8>> =
        sqlx::query_scalar("select sealed from documents.signing_drafts where tenant_id = $1")
            .bind(fixture.tenant.0)
            .fetch_all(fixture.database.admin())
            .await
            .unwrap();
    let told = rows.iter().any(|row| row.windows(6).any(|part| part == b"Clause"));
    (rows.len(), told)
}

fn signature(envelope: &Envelope) -> SignEnvelopeRequest {
    SignEnvelopeRequest {
        envelope_id: envelope.id.clone(),
        sha256: envelope.original.as_ref().unwrap().sha256.clone(),
        typed_name: "Ana Ruiz".to_owned(),
        consent: true,
        intent: true,
        ..SignEnvelopeRequest::default()
    }
}

#[tokio::test]
async fn a_draft_is_its_signers_alone_and_goes_with_the_signature() {
    let (fixture, ana, open) = prepared().await;
    assert_eq!(read(&fixture, &ana, &open).await, None);
    fixture.documents(&ana).save_signing_draft(saving(&open, draft())).await.unwrap();
    let later = SigningDraft { typed_name: "Ana Ruiz".to_owned(), ..draft() };
    fixture.documents(&ana).save_signing_draft(saving(&open, later.clone())).await.unwrap();
    assert_eq!(read(&fixture, &ana, &open).await, Some(later), "the last one counts");
    assert_eq!(rows(&fixture).await, (1, false), "one row, and it is sealed");

    // Another who could sign in the same place, the firm, and whoever looks as her read nothing of it.
    let mut seen_as = ana.clone();
    let real = fixture.manager().actor.person.unwrap();
    seen_as.actor.impersonator = Some(Impersonator { person: real, reason: "A question".to_owned() });
    for (who, ctx) in [
        ("a colleague", fixture.client("signatory")),
        ("the firm", fixture.manager()),
        ("as her", seen_as.clone()),
    ] {
        assert_eq!(read(&fixture, &ctx, &open).await, None, "{who}");
    }
    assert!(fixture.documents(&seen_as).save_signing_draft(saving(&open, draft())).await.is_err());
    let early =
        refused(fixture.documents(&fixture.manager()).save_signing_draft(saving(&open, draft())).await);
    assert_eq!(early.reason, "not_your_turn", "the firm signs second");

    fixture.documents(&ana).sign_envelope(signature(&open)).await.unwrap();
    assert_eq!(rows(&fixture).await.0, 0, "signed");
    let late = refused(fixture.documents(&ana).save_signing_draft(saving(&open, draft())).await);
    assert_eq!(late.reason, "already_signed");
    assert_eq!(rows(&fixture).await.0, 0);
}

#[tokio::test]
async fn strangers_find_no_envelope_to_save_a_draft_for() {
    let (fixture, ana, open) = prepared().await;
    fixture.documents(&ana).save_signing_draft(saving(&open, draft())).await.unwrap();
    for stranger in &fixture.strangers() {
        let saved = refused(fixture.documents(stranger).save_signing_draft(saving(&open, draft())).await);
        assert_eq!(saved, Problem::not_found());
        let asked = GetSigningDraftRequest { envelope_id: open.id.clone() };
        let read = refused(fixture.documents(stranger).get_signing_draft(asked).await);
        assert_eq!(read, Problem::not_found());
    }
    assert_eq!(read(&fixture, &ana, &open).await, Some(draft()));
}

#[tokio::test]
async fn a_draft_ends_with_the_turn_that_it_was_for() {
    let (fixture, ana, open) = prepared().await;
    let save = || async {
        fixture.documents(&ana).save_signing_draft(saving(&open, draft())).await.unwrap();
        assert_eq!(rows(&fixture).await.0, 1);
    };
    save().await;
    fixture.documents(&ana).save_signing_draft(saving(&open, SigningDraft::default())).await.unwrap();
    assert_eq!(rows(&fixture).await.0, 0, "emptied by its signer");

    save().await;
    fixture.database.clock.advance(TimeDelta::days(11));
    fixture.work("documents.remind_signers").await;
    assert_eq!(rows(&fixture).await.0, 0, "too late");

    let (fixture, ana, open) = prepared().await;
    fixture.documents(&ana).save_signing_draft(saving(&open, draft())).await.unwrap();
    let decline = DeclineEnvelopeRequest { envelope_id: open.id.clone(), reason: "Clause 4".to_owned() };
    fixture.documents(&ana).decline_envelope(decline).await.unwrap();
    assert_eq!(rows(&fixture).await.0, 0, "declined");

    let (fixture, ana, open) = prepared().await;
    let bea = fixture.client("nobody");
    fixture.named(&bea, "Bea Roth");
    let members = vec![ana.actor.person.unwrap(), bea.actor.person.unwrap()];
    fixture.world.lock().unwrap().members.insert(fixture.acme, members);
    fixture.documents(&ana).save_signing_draft(saving(&open, draft())).await.unwrap();
    let give = DelegateSigningRequest {
        envelope_id: open.id.clone(),
        signer_id: open.signers[0].id.clone(),
        person_id: bea.actor.person.unwrap().to_string(),
        ..DelegateSigningRequest::default()
    };
    fixture.documents(&ana).delegate_signing(give).await.unwrap();
    assert_eq!(rows(&fixture).await.0, 0, "given to somebody else");
    assert_eq!(read(&fixture, &bea, &open).await, None);
}

#[tokio::test]
async fn a_draft_is_no_store_for_other_things() {
    let (fixture, ana, open) = prepared().await;
    let long = |most: usize| "x".repeat(most + 1);
    let value = FieldValue { field_id: "a".to_owned(), value: long(1000) };
    for (field, wrong) in [
        ("typed_name", SigningDraft { typed_name: long(120), ..draft() }),
        ("reason", SigningDraft { reason: long(1000), ..draft() }),
        ("values", SigningDraft { values: vec![value], ..draft() }),
        ("values", SigningDraft { values: vec![FieldValue::default(); 101], ..draft() }),
        ("drawn", SigningDraft { drawn: b"GIF89a".to_vec(), ..draft() }),
    ] {
        let problem = refused(fixture.documents(&ana).save_signing_draft(saving(&open, wrong)).await);
        assert_eq!((problem.code, problem.fields.len()), (ErrorCode::InvalidArgument, 1), "{field}");
        assert_eq!(problem.fields[0].field, field);
    }
    assert_eq!(rows(&fixture).await.0, 0);
}
