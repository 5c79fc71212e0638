//! Sealed files and what is made of them, by our own judgement. Programs that are not ours judge them in the tests of the
//! whole.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use portico_core::{MockClock, SeededEntropy};

use super::*;
use crate::{
    DATA_AGREEMENT,
    signing::{Certificate, CertifiedSeal, FontConfig, Fonts, Imprint, certify, enter},
};

const FIRM: &str = "01890000-0000-7000-8000-000000000001";

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

/// A key that is valid from the day before `at` for so many days.
fn key(at: DateTime<Utc>, days: u64) -> FileKey {
    let made = make_development_seal(at, days).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), made.seal.as_bytes()).unwrap();
    FileKey::read(file.path(), None, true).unwrap()
}

pub(super) fn draft(tenant: &str, field: &str) -> Draft {
    let fonts = Fonts::load(&FontConfig::default()).unwrap();
    let imprint = Imprint { firm: "Northwind".to_owned(), title: "Agreement".to_owned(), made_at: now() };
    let document = enter(&fonts, DATA_AGREEMENT, &[], &imprint).unwrap();
    let certificate = Certificate {
        beside: Vec::new(),
        envelope: portico_core::EnvelopeId::new(now(), &SeededEntropy::new(1)),
        document_name: "Agreement".to_owned(),
        read_sha256: [1; 32],
        signed: ([2; 32], document.len()),
        firm: "Northwind".to_owned(),
        signers: Vec::new(),
        events: Vec::new(),
        seal: CertifiedSeal { subject: String::new(), development: true, verify_link: String::new() },
        made_at: now(),
    };
    let facts = Facts {
        format: FORMAT,
        tenant: tenant.to_owned(),
        firm: "Northwind".to_owned(),
        envelope: field.to_owned(),
        title: "Agreement".to_owned(),
        original_sha256: String::new(),
        signed_sha256: hex::encode(<sha2::Sha256 as sha2::Digest>::digest(&document)),
        signed_bytes: document.len() as u64,
        beside: Vec::new(),
        people: Vec::new(),
        events: Vec::new(),
        made_at: now(),
        development: true,
    };
    Draft {
        certificate: certify(&fonts, &certificate).unwrap(),
        facts: serde_json::to_vec(&facts).unwrap(),
        document,
        field: field.to_owned(),
        firm: "Northwind".to_owned(),
        at: now(),
    }
}

async fn sealed(key: &FileKey, tenant: &str, field: &str) -> Vec<u8> {
    let sealed = seal_with(key, None, [7; 8], draft(tenant, field)).await.unwrap();
    assert_eq!((sealed.level, sealed.note.as_str()), (Level::B, ""));
    sealed.bytes
}

fn verdict(bytes: &[u8], ours: &[&FileKey]) -> Finding {
    let ours: Vec<_> = ours.iter().map(|key| key.certificate().fingerprint).collect();
    judge(bytes, &examine(bytes), &ours, FIRM)
}

#[tokio::test]
async fn a_sealed_file_tells_what_stands_in_it() {
    let key = key(now(), 30);
    let bytes = sealed(&key, FIRM, "one").await;
    let Finding::Sealed(ours) = verdict(&bytes, &[&key]) else { panic!("{:?}", verdict(&bytes, &[&key])) };
    assert_eq!((ours.facts.envelope.as_str(), ours.out_of_time, ours.timestamp_at), ("one", false, None));
    assert!(ours.subject.contains("Development seal") && ours.facts.fits(&bytes) && ours.facts.is_chained());
    assert!(
        bytes.starts_with(&draft(FIRM, "one").document),
        "the signed document stays as it was, byte for byte"
    );
}

#[tokio::test]
async fn every_change_shows() {
    let key = key(now(), 30);
    let bytes = sealed(&key, FIRM, "one").await;
    let step = bytes.len() / 97;
    let seal = examine(&bytes).remove(0);
    for at in (0..bytes.len()).step_by(step.max(1)) {
        let mut mutant = bytes.clone();
        mutant[at] ^= 1;
        let found = verdict(&mutant, &[&key]);
        assert!(!matches!(found, Finding::Sealed(_) | Finding::Extended(_)), "byte {at}: {found:?}");
    }
    let mut longer = bytes.clone();
    longer.extend_from_slice(b"\n% nothing of weight");
    assert!(matches!(verdict(&longer, &[&key]), Finding::Extended(_)));
    assert!(matches!(verdict(&bytes[..bytes.len() - 1], &[&key]), Finding::Unsealed));

    // The seal of another file of the same firm fits in the same place.
    let other = sealed(&key, FIRM, "two").await;
    let mut mutant = bytes.clone();
    let room = seal.room();
    mutant[room.clone()].copy_from_slice(&other[examine(&other)[0].room()]);
    assert!(matches!(verdict(&mutant, &[&key]), Finding::Altered { .. }));
    // What stands in the room beside the signature is no way in either.
    let mut mutant = bytes.clone();
    mutant[room.end - 9..room.end - 1].copy_from_slice(b">/Evil<0");
    assert!(matches!(verdict(&mutant, &[&key]), Finding::Unsealed));
}

#[tokio::test]
async fn another_firms_seal_and_anothers_key_are_not_ours() {
    let (ours, theirs) = (key(now(), 30), key(now(), 30));
    let elsewhere = sealed(&ours, "01890000-0000-7000-8000-000000000002", "one").await;
    assert_eq!(verdict(&elsewhere, &[&ours]), Finding::Foreign, "one installation, two firms");
    let forged = sealed(&theirs, FIRM, "one").await;
    assert_eq!(verdict(&forged, &[&ours]), Finding::Foreign);
    assert!(matches!(verdict(&forged, &[&ours, &theirs]), Finding::Sealed(_)));
}

#[tokio::test]
async fn a_seal_from_outside_its_certificates_time_is_marked() {
    let key = key(now() - TimeDelta::days(90), 30);
    let bytes = sealed(&key, FIRM, "one").await;
    let Finding::Sealed(ours) = verdict(&bytes, &[&key]) else { panic!("not sealed") };
    assert!(ours.out_of_time);
}

#[test]
fn hostile_bytes_are_looked_at_calmly() {
    let ours = key(now(), 30);
    let mut files: Vec<Vec<u8>> = vec![
        Vec::new(),
        b"/ByteRange".to_vec(),
        b"/ByteRange[".to_vec(),
        b"/ByteRange[0 1 2 3]".to_vec(),
        b"/ByteRange[0 18446744073709551615 18446744073709551615 18446744073709551615]<00>".to_vec(),
        b"/ByteRange[0 10 4 3] <00>".to_vec(),
        b"/ByteRange[-1 99999999999999999999999 3 \xff]".to_vec(),
        b"%PDF-1.7 /ByteRange[0 34 40 2]    <3080>  ".to_vec(),
        b"/ByteRange[0 0 0 0]".repeat(10_000),
        vec![b'<'; 100_000],
    ];
    // Nested lengths that promise more than there is.
    for der in ["30840fffffff", "3080308030803080", "06092a864886f70d010702a0840fffffff", "ff", ""] {
        let head = format!("%PDF-1.7\n/ByteRange[0 0000000064 {:010} 0000000000]", 64 + der.len() + 2);
        files.push(format!("{head:<64}<{der}>").into_bytes());
    }
    for bytes in files {
        assert_eq!(verdict(&bytes, &[&ours]), Finding::Unsealed, "{:?}", &bytes[..bytes.len().min(60)]);
    }
}

/// A sealer over a folder, with the setting for its key.
fn sealer(folder: &std::path::Path, key: Option<&str>, clock: &MockClock) -> Arc<Sealer> {
    let config = SealConfig { key: key.map(|name| folder.join(name)), ..SealConfig::default() };
    let entropy = Arc::new(SeededEntropy::new(5));
    Arc::new(Sealer::new(config, folder.join("seal"), Arc::new(clock.clone()), entropy))
}

#[tokio::test]
async fn a_development_seal_is_made_once_and_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let clock = MockClock::at(now());
    let first = sealer(folder.path(), None, &clock).ready().await.unwrap();
    let again = sealer(folder.path(), None, &clock).ready().await.unwrap();
    assert_eq!(first.certificate().fingerprint, again.certificate().fingerprint);
    assert!(first.certificate().development && first.certificate().subject.contains(DEVELOPMENT_NAME));
    let mode = |name: &str| {
        std::fs::metadata(folder.path().join("seal").join(name)).unwrap().permissions().mode() & 0o777
    };
    assert_eq!(mode("development.pem"), 0o600);
    assert!(folder.path().join("seal/authority.pem").exists());
}

#[tokio::test]
async fn a_certificate_that_has_run_out_is_refused_and_its_successor_taken_without_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let clock = MockClock::at(now());
    let put = |at, days| {
        let made = make_development_seal(at, days).unwrap();
        std::fs::write(folder.path().join("own.pem"), made.seal.as_bytes()).unwrap();
    };
    put(now() - TimeDelta::days(60), 30);
    let sealer = sealer(folder.path(), Some("own.pem"), &clock);
    let refused = sealer.ready().await.unwrap_err();
    assert!(matches!(refused, SealError::NotValidNow { .. }), "{refused}");
    assert!(refused.to_string().contains("seal-key"), "{refused}");
    // Another moment in the file's own time, so that the change is seen.
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    put(now(), 30);
    let key = sealer.ready().await.unwrap();
    assert!(!key.certificate().development);
}

#[tokio::test]
async fn a_key_that_cannot_be_used_is_named_with_its_fault() {
    let folder = tempfile::tempdir().unwrap();
    let clock = MockClock::at(now());
    let made = make_development_seal(now(), 30).unwrap();
    let other = make_development_seal(now(), 30).unwrap();
    let (secret, _) = made.seal.split_once("-----BEGIN CERTIFICATE").unwrap();
    let (_, certificates) = other.seal.split_once("-----END PRIVATE KEY-----").unwrap();
    for (content, words) in [
        (String::new(), "neither PEM nor"),
        (secret.to_owned(), "none of its certificates"),
        (certificates.to_owned(), "no private key"),
        (format!("{secret}{certificates}"), "none of its certificates"),
        ("\u{1}\u{2}nonsense".to_owned(), "neither PEM nor"),
    ] {
        std::fs::write(folder.path().join("own.pem"), content).unwrap();
        let refused = sealer(folder.path(), Some("own.pem"), &clock).ready().await.unwrap_err().to_string();
        assert!(refused.contains("own.pem") && refused.contains(words), "{refused}");
    }
    let absent = sealer(folder.path(), Some("absent.pem"), &clock).ready().await.unwrap_err().to_string();
    assert!(absent.contains("absent.pem"), "{absent}");
}
