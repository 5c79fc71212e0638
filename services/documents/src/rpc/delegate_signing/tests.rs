//! Who may name whom, and what becomes of the paper then.

use portico_core::{Ctx, ErrorCode, PersonId, Problem};
use portico_proto::{
    documents::v1::{
        DelegateSigningRequest, Envelope, GetEnvelopeRequest, ListDocumentsRequest, SignEnvelopeRequest,
    },
    events::v1::{NoticeRequested, StepProgressed},
};

use crate::testing::{Fixture, refused};

async fn open(fixture: &Fixture, ctx: &Ctx, id: &str) -> Result<Envelope, Problem> {
    let get = GetEnvelopeRequest { envelope_id: id.to_owned(), ..Default::default() };
    let answer = fixture.documents(ctx).get_envelope(get).await;
    answer
        .map(|answer| answer.into_inner().envelope.unwrap())
        .map_err(|status| portico_rpc::problem_from(&status))
}

fn to(envelope: &Envelope, place: usize, person: &Ctx) -> DelegateSigningRequest {
    DelegateSigningRequest {
        envelope_id: envelope.id.clone(),
        signer_id: envelope.signers[place].id.clone(),
        person_id: person.actor.person.unwrap().to_string(),
        message: "I am away.".to_owned(),
        ..DelegateSigningRequest::default()
    }
}

fn signature(envelope: &Envelope, name: &str) -> SignEnvelopeRequest {
    SignEnvelopeRequest {
        envelope_id: envelope.id.clone(),
        sha256: envelope.original.as_ref().unwrap().sha256.clone(),
        typed_name: name.to_owned(),
        consent: true,
        intent: true,
        ..SignEnvelopeRequest::default()
    }
}

/// The agreement with its first signer, and a colleague of theirs who has no role at all and may see no step.
async fn prepared(invite: bool) -> (Fixture, Ctx, Ctx, Envelope) {
    let mut fixture = Fixture::new().await;
    fixture.upload_template().await;
    fixture.change_esign(|esign| esign.invite_others = invite);
    let step = fixture.activate("agreement").await;
    let (ana, bea) = (fixture.client("signatory"), fixture.client("nobody"));
    fixture.named(&bea, "Bea Roth");
    {
        let mut world = fixture.world.lock().unwrap();
        world.members.insert(fixture.acme, vec![ana.actor.person.unwrap(), bea.actor.person.unwrap()]);
        world.blind.insert(bea.actor.person.unwrap());
    }
    let get = GetEnvelopeRequest { step_id: step, ..Default::default() };
    let envelope = fixture.documents(&ana).get_envelope(get).await.unwrap().into_inner().envelope.unwrap();
    (fixture, ana, bea, envelope)
}

#[tokio::test]
async fn a_colleague_who_was_named_reads_and_signs_instead_and_stands_in_the_certificate() {
    let (fixture, ana, bea, envelope) = prepared(false).await;
    let file = format!("/versions/{}", envelope.original.as_ref().unwrap().id);
    assert_eq!(open(&fixture, &bea, &envelope.id).await, Err(Problem::not_found()));
    assert_eq!(fixture.get(&bea, &file).await.unwrap_err(), Problem::not_found());
    let answer = fixture.documents(&ana).delegate_signing(to(&envelope, 0, &bea)).await.unwrap().into_inner();
    assert!(answer.event.starts_with("portico.events.v1.StepProgressed;"), "{}", answer.event);
    let turn = fixture.said::<StepProgressed>().await.pop().unwrap();
    assert_eq!(turn.next_person_id, bea.actor.person.unwrap().to_string());

    let hers = open(&fixture, &bea, &envelope.id).await.unwrap();
    assert!(hers.signers[0].is_caller && hers.signers[0].name == "Bea Roth");
    assert_eq!(hers.signers[0].delegated_by, ana.actor.name);
    assert!(fixture.get(&bea, &file).await.is_ok(), "she reads what she signs");
    let told = fixture.said::<NoticeRequested>().await.pop().unwrap();
    assert_eq!(told.person_ids, [bea.actor.person.unwrap().to_string()]);
    assert_eq!(told.link, format!("/sign/{}", envelope.id));
    assert!(told.body.contains("I am away.") && told.translations[0].body.contains("I am away."));
    // The place is no longer hers who gave it away, role or not.
    let late = refused(fixture.documents(&ana).sign_envelope(signature(&envelope, "Ana Ruiz")).await);
    assert_eq!(late.code, ErrorCode::FailedPrecondition);

    let done = fixture.documents(&bea).sign_envelope(signature(&envelope, "Bea Roth")).await.unwrap();
    assert_eq!(done.into_inner().envelope.unwrap().signers[0].name, bea.actor.name);
    let manager = fixture.manager();
    let done = fixture.documents(&manager).sign_envelope(signature(&envelope, "Tom Weber")).await.unwrap();
    let signed = done.into_inner().envelope.unwrap().signed.unwrap();
    let bytes = fixture.get(&bea, &format!("/versions/{}", signed.id)).await.unwrap().into_body();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &bytes).unwrap();
    let text =
        std::process::Command::new("pdftotext").arg("-layout").arg(file.path()).arg("-").output().unwrap();
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    assert!(text.contains("Given to somebody else") && text.contains("Bea Roth"), "{text}");
    assert_eq!(fixture.audited().await.iter().filter(|action| *action == "envelope.delegated").count(), 1);
}

#[tokio::test]
async fn nobody_of_another_account_and_nobody_twice() {
    let (fixture, ana, bea, envelope) = prepared(false).await;
    let stranger = portico_testkit::client(fixture.tenant, &[fixture.globex], &["signatory"]);
    let tom = fixture.manager();
    fixture.world.lock().unwrap().members.insert(fixture.globex, vec![stranger.actor.person.unwrap()]);
    for person in [&stranger, &tom, &ana] {
        let refusal = refused(fixture.documents(&ana).delegate_signing(to(&envelope, 0, person)).await);
        assert_eq!(refusal.fields[0].field, "person_id", "{}", person.actor.name);
    }
    let refusal = refused(fixture.documents(&ana).delegate_signing(to(&envelope, 1, &bea)).await);
    assert_eq!(refusal.code, ErrorCode::PermissionDenied, "the firm's place is not hers to give");
    // A client names somebody new only where the definition lets them.
    let new = DelegateSigningRequest {
        person_id: String::new(),
        new_name: "Nia New".to_owned(),
        new_email: "nia@acme.example".to_owned(),
        ..to(&envelope, 0, &bea)
    };
    assert_eq!(refused(fixture.documents(&ana).delegate_signing(new).await).fields[0].field, "person_id");
    for stranger in fixture.strangers() {
        let refusal = refused(fixture.documents(&stranger).delegate_signing(to(&envelope, 0, &bea)).await);
        assert_eq!(refusal, Problem::not_found());
    }
    for wrong in ["", "x", &envelope.id] {
        let request = DelegateSigningRequest { signer_id: wrong.to_owned(), ..to(&envelope, 0, &bea) };
        assert_eq!(refused(fixture.documents(&ana).delegate_signing(request).await), Problem::not_found());
    }
    fixture.documents(&ana).delegate_signing(to(&envelope, 0, &bea)).await.unwrap();
    let again = refused(fixture.documents(&tom).delegate_signing(to(&envelope, 0, &bea)).await);
    assert!(again.fields[0].description.contains("already"), "{again:?}");
}

#[tokio::test]
async fn staff_name_signers_ahead_and_the_firms_people_for_the_firms_places() {
    let (fixture, ana, bea, envelope) = prepared(false).await;
    let (tom, ida) = (fixture.manager(), portico_testkit::staff(fixture.tenant, &["accountant"]));
    fixture.named(&ida, "Ida Lang");
    {
        let mut world = fixture.world.lock().unwrap();
        world.staff = vec![tom.actor.person.unwrap(), ida.actor.person.unwrap()];
        world.blind.insert(ida.actor.person.unwrap());
    }
    let refusal = refused(fixture.documents(&tom).delegate_signing(to(&envelope, 1, &bea)).await);
    assert_eq!(refusal.fields[0].field, "person_id", "a client does not sign for the firm");
    let said = fixture.said::<NoticeRequested>().await.len();
    fixture.documents(&tom).delegate_signing(to(&envelope, 1, &ida)).await.unwrap();
    assert_eq!(fixture.said::<NoticeRequested>().await.len(), said, "it is not her turn yet");
    fixture.documents(&ana).sign_envelope(signature(&envelope, "Ana Ruiz")).await.unwrap();
    let turn = fixture.said::<StepProgressed>().await.pop().unwrap();
    assert_eq!(turn.next_person_id, ida.actor.person.unwrap().to_string());
    let done = fixture.documents(&ida).sign_envelope(signature(&envelope, "Ida Lang")).await.unwrap();
    assert_eq!(done.into_inner().envelope.unwrap().state, "completed");
    let closed = refused(fixture.documents(&tom).delegate_signing(to(&envelope, 1, &tom)).await);
    assert_eq!(closed.reason, "place_closed");
}

#[tokio::test]
async fn somebody_new_is_invited_where_the_definition_allows_it() {
    let (fixture, ana, _, envelope) = prepared(true).await;
    let new = |name: &str, email: &str| DelegateSigningRequest {
        person_id: String::new(),
        new_name: name.to_owned(),
        new_email: email.to_owned(),
        ..to(&envelope, 0, &ana)
    };
    for (name, email, field) in
        [("", "nia@acme.example", "new_name"), ("Nia", "nia", "new_email"), ("", "", "person_id")]
    {
        let refusal = refused(fixture.documents(&ana).delegate_signing(new(name, email)).await);
        assert_eq!(refusal.fields[0].field, field);
    }
    fixture.documents(&ana).delegate_signing(new("Nia New", "nia@acme.example")).await.unwrap();
    let after = open(&fixture, &fixture.manager(), &envelope.id).await.unwrap();
    assert_eq!(after.signers[0].name, "Nia New");
    let invited = fixture.world.lock().unwrap().invited.clone();
    assert_eq!(invited, ["nia@acme.example"]);
}

/// Whom the stand-in for identity knows by this address.
fn addressed(email: &str) -> PersonId {
    uuid::Uuid::from_u128(email.len() as u128).into()
}

fn newcomer(envelope: &Envelope, ana: &Ctx, email: &str) -> DelegateSigningRequest {
    DelegateSigningRequest {
        person_id: String::new(),
        new_name: "Typed Name".to_owned(),
        new_email: email.to_owned(),
        ..to(envelope, 0, ana)
    }
}

#[tokio::test]
async fn whoever_was_shut_out_is_not_let_in_again_and_whoever_belongs_keeps_place_and_name() {
    let (fixture, ana, _, envelope) = prepared(true).await;
    let (gone, kept) = ("gone@acme.example", "colleague@acme.example");
    {
        let mut world = fixture.world.lock().unwrap();
        world.members.entry(fixture.acme).or_default().extend([addressed(gone), addressed(kept)]);
        world.deactivated.insert(addressed(gone));
        world.names.insert(addressed(kept), "Karl Kept".to_owned());
    }
    let refusal = refused(fixture.documents(&ana).delegate_signing(newcomer(&envelope, &ana, gone)).await);
    assert_eq!(refusal.fields[0].field, "new_email");
    fixture.documents(&ana).delegate_signing(newcomer(&envelope, &ana, kept)).await.unwrap();
    let after = open(&fixture, &fixture.manager(), &envelope.id).await.unwrap();
    assert_eq!(after.signers[0].name, "Karl Kept");
    assert_eq!(fixture.world.lock().unwrap().placed, 0, "nobody's roles were written anew");
}

#[tokio::test]
async fn of_several_who_are_named_at_once_one_is_brought_in() {
    let (fixture, ana, _, envelope) = prepared(true).await;
    let (mut first, mut second, mut third) =
        (fixture.documents(&ana), fixture.documents(&ana), fixture.documents(&ana));
    let (first, second, third) = tokio::join!(
        first.delegate_signing(newcomer(&envelope, &ana, "a@acme.example")),
        second.delegate_signing(newcomer(&envelope, &ana, "bb@acme.example")),
        third.delegate_signing(newcomer(&envelope, &ana, "ccc@acme.example"))
    );
    assert_eq!([first, second, third].iter().filter(|answer| answer.is_ok()).count(), 1);
    assert_eq!(fixture.world.lock().unwrap().placed, 1);
}

#[tokio::test]
async fn whoever_was_named_in_an_earlier_attempt_reads_nothing_of_the_next() {
    let (fixture, ana, bea, envelope) = prepared(false).await;
    fixture.documents(&ana).delegate_signing(to(&envelope, 0, &bea)).await.unwrap();
    fixture.activate_again("agreement", &envelope.step_id, 2).await.unwrap();
    let get = GetEnvelopeRequest { step_id: envelope.step_id.clone(), ..Default::default() };
    let next = fixture.documents(&ana).get_envelope(get).await.unwrap().into_inner().envelope.unwrap();
    assert_ne!(next.id, envelope.id);
    let file = |envelope: &Envelope| format!("/versions/{}", envelope.original.as_ref().unwrap().id);
    assert!(fixture.get(&bea, &file(&envelope)).await.is_ok(), "she was to sign it");
    assert_eq!(fixture.get(&bea, &file(&next)).await.unwrap_err(), Problem::not_found());
    assert!(fixture.get(&ana, &file(&next)).await.is_ok());
    let signed = |name: &str| signature(&next, name);
    fixture.documents(&ana).sign_envelope(signed("Ana Ruiz")).await.unwrap();
    fixture.documents(&fixture.manager()).sign_envelope(signed("Tom Weber")).await.unwrap();
    let listed = async |ctx: &Ctx| {
        let listed = fixture.documents(ctx).list_documents(ListDocumentsRequest::default()).await.unwrap();
        listed.into_inner().documents.len()
    };
    assert_eq!((listed(&ana).await, listed(&bea).await), (1, 0));
}
