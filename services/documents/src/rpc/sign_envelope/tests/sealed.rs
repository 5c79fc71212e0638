//! The finished file: its seal, its certificate, and a seal that is not ready.

use chrono::TimeDelta;
use portico_core::Clock as _;

use super::*;
use crate::{
    DocumentsConfig,
    seal::{FileKey, Finding, SealConfig, SealKey as _, examine, judge, make_development_seal},
};

/// The words on all pages, parted by single spaces.
pub(super) fn flat(pdf: &[u8]) -> String {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(pdf).unwrap();
    let text = Command::new("pdftotext").arg("-layout").arg(file.path()).arg("-").output().unwrap().stdout;
    String::from_utf8(text).unwrap().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn the_file_is_sealed_and_its_certificate_tells_the_whole_story() {
    let config =
        DocumentsConfig { origin: "https://{slug}.portal.example".to_owned(), ..DocumentsConfig::default() };
    let fixture = Fixture::with(config).await;
    fixture.upload_template().await;
    let step = fixture.activate("agreement").await;
    let (ana, paul) = (fixture.client("signatory"), fixture.manager());
    let opening = |ctx: &Ctx| {
        let get = GetEnvelopeRequest { step_id: step.clone(), opening: true, ..Default::default() };
        let mut documents = fixture.documents(ctx);
        async move { documents.get_envelope(get).await.unwrap().into_inner().envelope.unwrap() }
    };
    // Whose turn it is not leaves no trace, and who looks twice one.
    opening(&paul).await;
    let open = opening(&ana).await;
    opening(&ana).await;
    let with = |name: &str| SignEnvelopeRequest {
        consent_text: "I agree to  sign\nelectronically.".to_owned(),
        ..signature(&open, name)
    };
    fixture.database.clock.advance(TimeDelta::minutes(3));
    fixture.documents(&ana).sign_envelope(with("Ana Ruiz")).await.unwrap();
    fixture.database.clock.advance(TimeDelta::minutes(1));
    opening(&paul).await;
    let done = fixture.documents(&paul).sign_envelope(with("Tom Weber")).await.unwrap().into_inner();
    let done = done.envelope.unwrap();
    let version = done.signed.unwrap();
    let bytes = fixture.get(&ana, &format!("/versions/{}", version.id)).await.unwrap().into_body();

    let key = FileKey::read(&fixture.home.path().join("seal/development.pem"), None, true).unwrap();
    let fingerprint = key.certificate().fingerprint;
    let finding = judge(&bytes, &examine(&bytes), &[fingerprint], &fixture.tenant.to_string());
    let Finding::Sealed(ours) = finding else { panic!("{finding:?}") };
    let facts = ours.facts;
    assert!(facts.is_chained() && facts.fits(&bytes) && facts.development);
    assert_eq!(facts.original_sha256, done.original.unwrap().sha256);
    let kinds: Vec<_> = facts.events.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(
        kinds,
        ["prepared", "sent", "opened", "consented", "signed", "sent", "opened", "consented", "signed"]
    );
    assert_eq!(facts.people[0].consent, "I agree to sign electronically.");
    for person in &facts.people {
        assert!(person.sent_at <= person.opened_at && person.opened_at <= person.signed_at, "{person:?}");
        assert!(person.opened_at.is_some() && !person.consent_sha256.is_empty() && !person.email.is_empty());
    }
    let text = flat(&bytes);
    for words in [
        "Certificate of completion",
        "development certificate",
        "portal.example/verify",
        &facts.envelope,
        &facts.signed_sha256,
        &facts.events[8].sha256,
        &facts.people[0].consent_sha256,
        "simple electronic signatures",
    ] {
        assert!(text.contains(words), "{words} is missing in {text}");
    }
    assert_eq!(fixture.audited().await.iter().filter(|action| *action == "envelope.opened").count(), 2);
    assert_eq!(fixture.rows("seal_certificates").await, 1);
}

#[tokio::test]
async fn with_a_certificate_that_has_run_out_the_last_signer_keeps_their_turn() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("own.pem");
    let seal = SealConfig { key: Some(path.clone()), ..SealConfig::default() };
    let put = |at, days| {
        std::fs::write(&path, make_development_seal(at, days).unwrap().seal.as_bytes()).unwrap();
    };
    put(chrono::DateTime::from_timestamp(1_500_000_000, 0).unwrap(), 30);
    let fixture = Fixture::with(DocumentsConfig { seal, ..DocumentsConfig::default() }).await;
    fixture.upload_template().await;
    let step = fixture.activate("agreement").await;
    let (ana, paul) = (fixture.client("signatory"), fixture.manager());
    let open = envelope(&fixture, &ana, &step).await;
    // Only the last act needs the seal.
    fixture.documents(&ana).sign_envelope(signature(&open, "Ana Ruiz")).await.unwrap();
    let late = refused(fixture.documents(&paul).sign_envelope(signature(&open, "Tom Weber")).await);
    assert_eq!((late.code, late.reason.as_str()), (ErrorCode::FailedPrecondition, "seal_unavailable"));
    assert!(late.message.contains("Nothing was signed"), "{}", late.message);
    let still = envelope(&fixture, &paul, &step).await;
    assert_eq!((still.state.as_str(), still.signers[1].state()), ("open", SignerState::Ready));
    assert_eq!(fixture.blobs(), 2, "the template and the contract");

    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    put(fixture.database.clock.now(), 30);
    let done = fixture.documents(&paul).sign_envelope(signature(&open, "Tom Weber")).await.unwrap();
    assert_eq!(done.into_inner().envelope.unwrap().state, "completed");
}
