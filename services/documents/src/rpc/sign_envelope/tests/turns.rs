//! Several at once, and too late.

use portico_proto::{documents::v1::SignEnvelopeResponse, events::v1::StepReassigned};
use tonic::{Response, Status};

use super::*;

type Signed = Result<Response<SignEnvelopeResponse>, Status>;

async fn at_once(fixture: &Fixture, open: &Envelope, people: [(&Ctx, &str); 2]) -> [Signed; 2] {
    let [one, other] = people.map(|(ctx, name)| {
        let (mut documents, request) = (fixture.documents(ctx), signature(open, name));
        async move { documents.sign_envelope(request).await }
    });
    let (one, other) = tokio::join!(one, other);
    [one, other]
}

#[tokio::test]
async fn of_two_who_sign_for_one_place_at_once_one_signs_and_the_other_hears_so() {
    let (fixture, step) = prepared().await;
    let (ana, bea) = (fixture.client("signatory"), fixture.client("signatory"));
    let open = envelope(&fixture, &ana, &step).await;
    let both = at_once(&fixture, &open, [(&ana, "Ana Ruiz"), (&bea, "Bea Roth")]).await;
    assert_eq!(both.iter().filter(|signed| signed.is_ok()).count(), 1);
    for late in both.into_iter().filter(Result::is_err) {
        assert_eq!(refused(late).code, ErrorCode::FailedPrecondition);
    }
    assert_eq!(fixture.said::<StepProgressed>().await.len(), 1);

    let (tom, ida) = (fixture.manager(), fixture.manager());
    let both = at_once(&fixture, &open, [(&tom, "Tom Weber"), (&ida, "Ida Lang")]).await;
    assert_eq!(both.iter().filter(|signed| signed.is_ok()).count(), 1);
    assert_eq!(fixture.said::<StepFulfilled>().await.len(), 1);
    // The template, the contract and one signed file: the other's is gone.
    assert_eq!((fixture.blobs(), fixture.rows("versions").await), (3, 2));
    let done = envelope(&fixture, &ana, &step).await;
    assert_eq!(done.state, "completed");
    let third = fixture.manager();
    let late = refused(fixture.documents(&third).sign_envelope(signature(&open, "Kai Horn")).await);
    assert_eq!((late.code, late.reason.as_str()), (ErrorCode::FailedPrecondition, "already_signed"));
    assert!(late.message.contains("has signed here already"), "{}", late.message);
}

#[tokio::test]
async fn of_a_signature_and_a_refusal_at_once_one_counts() {
    let (fixture, step) = prepared().await;
    let (ana, bea) = (fixture.client("signatory"), fixture.client("signatory"));
    let open = envelope(&fixture, &ana, &step).await;
    let (mut hers, mut theirs) = (fixture.documents(&ana), fixture.documents(&bea));
    let decline = DeclineEnvelopeRequest { envelope_id: open.id.clone(), reason: "No.".to_owned() };
    let (signed, declined) =
        tokio::join!(hers.sign_envelope(signature(&open, "Ana Ruiz")), theirs.decline_envelope(decline));
    assert_ne!(signed.is_ok(), declined.is_ok(), "{signed:?} {declined:?}");
    let after = envelope(&fixture, &ana, &step).await;
    let (progressed, returned) =
        (fixture.said::<StepProgressed>().await.len(), fixture.said::<StepReturned>().await.len());
    if signed.is_ok() {
        assert_eq!((after.state.as_str(), progressed, returned), ("open", 1, 0));
    } else {
        assert_eq!((after.state.as_str(), progressed, returned), ("declined", 0, 1));
    }
}

#[tokio::test]
async fn what_has_ended_is_not_signed_however_it_ended() {
    for ended in ["waived", "expired", "cancelled", "skipped"] {
        let (fixture, step) = prepared().await;
        let ana = fixture.client("signatory");
        let open = envelope(&fixture, &ana, &step).await;
        fixture.withdraw_as(&step, ended, 1).await;
        let late = refused(fixture.documents(&ana).sign_envelope(signature(&open, "Ana Ruiz")).await);
        assert_eq!((late.code, late.reason.as_str()), (ErrorCode::FailedPrecondition, "envelope_withdrawn"));
        let decline = DeclineEnvelopeRequest { envelope_id: open.id.clone(), reason: "Too late.".to_owned() };
        let late = refused(fixture.documents(&ana).decline_envelope(decline).await);
        assert_eq!(late.reason, "envelope_withdrawn", "{ended}");
        assert_eq!((fixture.said::<StepProgressed>().await.len(), fixture.blobs()), (0, 2));
    }
}

#[tokio::test]
async fn a_new_attempt_takes_the_place_of_an_open_envelope() {
    let (fixture, step) = prepared().await;
    let ana = fixture.client("signatory");
    let old = envelope(&fixture, &ana, &step).await;
    fixture.activate_again("agreement", &step, 2).await.unwrap();
    let late = refused(fixture.documents(&ana).sign_envelope(signature(&old, "Ana Ruiz")).await);
    assert_eq!(late.reason, "envelope_withdrawn");
    // The end of the first attempt, heard late, does not end the second.
    fixture.withdraw_as(&step, "expired", 1).await;
    let new = envelope(&fixture, &ana, &step).await;
    assert_eq!(new.state, "open");
    fixture.documents(&ana).sign_envelope(signature(&new, "Ana Ruiz")).await.unwrap();
    assert_eq!(fixture.said::<StepProgressed>().await.last().unwrap().attempt, 2);
}

#[tokio::test]
async fn signers_are_named_as_soon_as_it_is_known_who_they_are() {
    let fixture = Fixture::new().await;
    fixture.upload_template().await;
    let (ana, bea) = (fixture.client("signatory"), fixture.client("client"));
    let (tom, ida) = (fixture.manager(), fixture.manager());
    let names = [(&ana, "Ana Ruiz"), (&bea, "Bea Roth"), (&tom, "Tom Weber"), (&ida, "Ida Lang")];
    let [ana_id, bea_id, tom_id, ida_id] = names.map(|(ctx, name)| fixture.named(ctx, name));
    {
        let mut world = fixture.world.lock().unwrap();
        world.holders.insert("signatory".to_owned(), vec![ana_id]);
        world.holders.insert("project_manager".to_owned(), vec![tom_id, ida_id]);
        // Two manage projects; the record names one of them.
        world.team = vec![ida_id];
    }
    let step = fixture.activate("agreement").await;
    let shown = async |ctx: &Ctx| {
        let envelope = envelope(&fixture, ctx, &step).await;
        let names: Vec<_> = envelope.signers.iter().map(|signer| signer.name.clone()).collect();
        (names, envelope.waiting_for)
    };
    let expected = (vec!["Ana Ruiz".to_owned(), "Ida Lang".to_owned()], "Ana Ruiz".to_owned());
    assert_eq!(shown(&ana).await, expected);
    let open = envelope(&fixture, &ida, &step).await;
    let early = refused(fixture.documents(&ida).sign_envelope(signature(&open, "Ida Lang")).await);
    assert!(early.message.starts_with("Ana Ruiz signs first"), "{}", early.message);

    let reassigned = |people: &[portico_core::PersonId], role: &str| StepReassigned {
        run_id: fixture.run.to_string(),
        step_id: step.clone(),
        assignee_ids: people.iter().map(ToString::to_string).collect(),
        assignee_role: role.to_owned(),
        account_id: fixture.acme.to_string(),
    };
    fixture.deliver(&fixture.received(&reassigned(&[bea_id], ""))).await.unwrap();
    assert_eq!(shown(&ana).await.0, ["Bea Roth", "Ida Lang"]);
    fixture.deliver(&fixture.received(&reassigned(&[], "signatory"))).await.unwrap();
    assert_eq!(shown(&ana).await.0, ["Ana Ruiz", "Ida Lang"]);
    fixture.deliver(&fixture.received(&reassigned(&[ana_id, bea_id], ""))).await.unwrap();
    assert_eq!(
        shown(&ana).await,
        (vec![String::new(), "Ida Lang".to_owned()], "May sign for the company".to_owned())
    );

    fixture.documents(&ana).sign_envelope(signature(&open, "Ana Ruiz")).await.unwrap();
    fixture.deliver(&fixture.received(&reassigned(&[tom_id], ""))).await.unwrap();
    let (names, waiting_for) = shown(&ana).await;
    assert_eq!((names[0].as_str(), waiting_for.as_str()), (ana.actor.name.as_str(), "Tom Weber"));
    // A name gives no right and takes none: whoever has the role may sign.
    let done =
        fixture.documents(&ida).sign_envelope(signature(&open, "Ida Lang")).await.unwrap().into_inner();
    assert_eq!(done.envelope.unwrap().signers[1].name, ida.actor.name);
}
