//! Several documents in one envelope.

use super::{sealed::flat, *};
use crate::seal::{FileKey, Finding, SealKey as _, examine, judge};

async fn three() -> (Fixture, String) {
    let mut fixture = Fixture::new().await;
    fixture.upload_template().await;
    fixture.also_sign("annex").await;
    fixture.also_sign("terms").await;
    let step = fixture.activate("agreement").await;
    (fixture, step)
}

fn all(open: &Envelope, name: &str) -> SignEnvelopeRequest {
    let others = open.others.iter().map(|paper| paper.original.as_ref().unwrap().sha256.clone());
    SignEnvelopeRequest { other_sha256: others.collect(), ..signature(open, name) }
}

#[tokio::test]
async fn one_act_signs_all_and_each_has_its_own_seal_and_names_the_others() {
    let (fixture, step) = three().await;
    let (ana, paul) = (fixture.client("signatory"), fixture.manager());
    let open = envelope(&fixture, &ana, &step).await;
    assert_eq!(open.others.iter().map(|paper| paper.title.as_str()).collect::<Vec<_>>(), ["annex", "terms"]);
    for unread in [Vec::new(), all(&open, "x").other_sha256[..1].to_vec(), vec!["00".repeat(32); 2]] {
        let request = SignEnvelopeRequest { other_sha256: unread, ..signature(&open, "Ana Ruiz") };
        let refusal = refused(fixture.documents(&ana).sign_envelope(request).await);
        assert_eq!(refusal.fields[0].field, "sha256");
    }
    fixture.documents(&ana).sign_envelope(all(&open, "Ana Ruiz")).await.unwrap();
    let done = fixture.documents(&paul).sign_envelope(all(&open, "Tom Weber")).await.unwrap().into_inner();
    let done = done.envelope.unwrap();
    assert_eq!(done.state, "completed");
    let again = fixture.documents(&paul).sign_envelope(all(&open, "Tom Weber")).await.unwrap().into_inner();
    assert_eq!(again.event, "", "a double click signs once");

    let key = FileKey::read(&fixture.home.path().join("seal/development.pem"), None, true).unwrap();
    let fingerprint = key.certificate().fingerprint;
    let first = (open.title.clone(), done.signed.clone().unwrap());
    let others = done.others.iter().map(|paper| (paper.title.clone(), paper.signed.clone().unwrap()));
    let mut all_facts = Vec::new();
    for (title, version) in std::iter::once(first).chain(others) {
        let bytes = fixture.get(&ana, &format!("/versions/{}", version.id)).await.unwrap().into_body();
        let finding = judge(&bytes, &examine(&bytes), &[fingerprint], &fixture.tenant.to_string());
        let Finding::Sealed(ours) = finding else { panic!("{title}: {finding:?}") };
        assert!(ours.facts.is_chained() && ours.facts.fits(&bytes));
        assert_eq!(ours.facts.title, title);
        let text = flat(&bytes);
        assert!(text.contains("Signed in the same act"), "{text}");
        for other in &ours.facts.beside {
            assert!(text.contains(&other.original_sha256) && text.contains(&other.signed_sha256), "{text}");
        }
        all_facts.push(ours.facts);
    }
    assert_eq!(all_facts.len(), 3);
    for facts in &all_facts {
        let named: Vec<_> = facts.beside.iter().map(|one| (&one.title, &one.signed_sha256)).collect();
        let expected: Vec<_> = all_facts
            .iter()
            .filter(|other| other.title != facts.title)
            .map(|other| (&other.title, &other.signed_sha256))
            .collect();
        assert_eq!(named, expected, "each certificate names the hashes that the others have");
        assert_eq!(facts.envelope, open.id);
    }
    assert_eq!(fixture.said::<StepFulfilled>().await.len(), 1);
    // Three templates, three contracts, three signed files.
    assert_eq!((fixture.blobs(), fixture.rows("versions").await), (9, 6));
}

#[tokio::test]
async fn of_two_who_sign_last_at_once_only_ones_files_stay() {
    let (fixture, step) = three().await;
    let ana = fixture.client("signatory");
    let open = envelope(&fixture, &ana, &step).await;
    fixture.documents(&ana).sign_envelope(all(&open, "Ana Ruiz")).await.unwrap();
    let (tom, ida) = (fixture.manager(), fixture.manager());
    let (mut one, mut other) = (fixture.documents(&tom), fixture.documents(&ida));
    let (one, other) =
        tokio::join!(one.sign_envelope(all(&open, "Tom Weber")), other.sign_envelope(all(&open, "Ida Lang")));
    assert_ne!(one.is_ok(), other.is_ok());
    assert_eq!((fixture.blobs(), fixture.rows("versions").await), (9, 6));
}
