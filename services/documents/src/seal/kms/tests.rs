use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

use der::Decode as _;
use portico_core::{Clock as _, SystemClock};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use x509_cert::spki::SubjectPublicKeyInfoOwned;

use super::*;
use crate::seal::{Finding, examine, judge, seal_with, tests::draft};

const FIRM: &str = "01890000-0000-7000-8000-000000000001";

/// moto, a key service of Amazon's kind that is not ours.
struct Service {
    child: Child,
    endpoint: String,
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Nothing, with a word about it, where the service is missing; on the build server it never is.
fn service() -> Option<Service> {
    let Some(python) = std::env::var_os("PORTICO_MOTO") else {
        let ci = std::env::var("CI").is_ok_and(|value| value == "true");
        assert!(!ci, "moto is missing: scripts/test fetches it and names its Python in PORTICO_MOTO");
        eprintln!("skipped: moto is missing; scripts/test fetches it and names its Python in PORTICO_MOTO");
        return None;
    };
    let mut command = Command::new(python);
    command.args(["-c", include_str!("../../vault/s3/moto.py")]);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    Some(Service { child, endpoint: format!("http://127.0.0.1:{}", line.trim()) })
}

/// A public key that somebody else has the private part of.
struct Theirs {
    key: Vec<u8>,
    rsa: bool,
}

impl rcgen::PublicKeyData for Theirs {
    fn der_bytes(&self) -> &[u8] {
        &self.key
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        if self.rsa { &rcgen::PKCS_RSA_SHA256 } else { &rcgen::PKCS_ECDSA_P256_SHA256 }
    }
}

impl Service {
    fn config(&self, key: &str, certificate: PathBuf) -> KmsConfig {
        let address = format!("aws-kms:{key}?region=eu-central-1&endpoint={}", self.endpoint);
        let keys = KmsKeys { id: "test".to_owned(), secret: "test".to_owned(), token: None };
        KmsConfig { address: address.parse().unwrap(), certificate, keys }
    }

    async fn ask(&self, target: &str, body: serde_json::Value) -> serde_json::Value {
        let config = self.config("any", PathBuf::new());
        let body = body.to_string().into_bytes();
        let request = signed(&config.address, &config.keys, (target, body), SystemClock.now()).unwrap();
        let client: Client<HttpConnector, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
        let answer = client.request(request).await.unwrap();
        assert!(answer.status().is_success(), "{target}: {}", answer.status());
        serde_json::from_slice(&answer.into_body().collect().await.unwrap().to_bytes()).unwrap()
    }

    /// Has it make a key; the key's id and its public part.
    async fn make(&self, spec: &str) -> (String, Theirs) {
        let asked = serde_json::json!({ "KeySpec": spec, "KeyUsage": "SIGN_VERIFY" });
        let made = self.ask("TrentService.CreateKey", asked).await;
        let id = made["KeyMetadata"]["KeyId"].as_str().unwrap().to_owned();
        let public = self.ask("TrentService.GetPublicKey", serde_json::json!({ "KeyId": id })).await;
        let der = STANDARD.decode(public["PublicKey"].as_str().unwrap()).unwrap();
        let info = SubjectPublicKeyInfoOwned::from_der(&der).unwrap();
        let key = info.subject_public_key.raw_bytes().to_vec();
        (id, Theirs { key, rsa: spec.starts_with("RSA") })
    }
}

/// A certificate of this key, made out by an authority of the test's.
fn certificate(key: &Theirs) -> tempfile::NamedTempFile {
    let authority_key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::default();
    authority.distinguished_name.push(DnType::CommonName, "Test authority");
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let issuer = Issuer::new(authority, authority_key);
    let mut own = CertificateParams::default();
    own.distinguished_name.push(DnType::CommonName, "Northwind Consulting");
    own.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::ContentCommitment];
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), own.signed_by(key, &issuer).unwrap().pem()).unwrap();
    file
}

fn clock() -> SharedClock {
    Arc::new(SystemClock)
}

#[tokio::test]
async fn a_key_that_never_leaves_its_service_seals() {
    let Some(service) = service() else { return };
    for spec in ["ECC_NIST_P256", "RSA_3072"] {
        let (id, public) = service.make(spec).await;
        let paper = certificate(&public);
        let key = KmsKey::new(&service.config(&id, paper.path().to_owned()), clock()).unwrap();
        let sealed = seal_with(&key, None, [7; 8], draft(FIRM, "one")).await.unwrap();
        assert!(sealed.certificate.subject.contains("Northwind Consulting"), "{spec}");
        let finding = judge(&sealed.bytes, &examine(&sealed.bytes), &[key.certificate().fingerprint], FIRM);
        assert!(matches!(finding, Finding::Sealed(_)), "{spec}: {finding:?}");
    }
}

#[tokio::test]
async fn a_seal_that_would_not_fit_its_certificate_is_not_made() {
    let Some(service) = service() else { return };
    let ((id, _), (_, other)) = (service.make("ECC_NIST_P256").await, service.make("ECC_NIST_P256").await);
    let paper = certificate(&other);
    let key = KmsKey::new(&service.config(&id, paper.path().to_owned()), clock()).unwrap();
    let refused = seal_with(&key, None, [7; 8], draft(FIRM, "one")).await.unwrap_err().to_string();
    assert!(refused.contains("does not fit its certificate"), "{refused}");
    let nowhere = "00000000-0000-4000-8000-000000000000";
    let key = KmsKey::new(&service.config(nowhere, paper.path().to_owned()), clock()).unwrap();
    let refused = key.sign(b"x").await.unwrap_err().to_string();
    assert!(refused.contains("400") && refused.contains("NotFound"), "{refused}");
    let config = service.config(&id, paper.path().to_owned());
    drop(service);
    let refused = KmsKey::new(&config, clock()).unwrap().sign(b"x").await.unwrap_err().to_string();
    assert!(refused.contains("did not answer"), "{refused}");
}

#[test]
fn an_address_names_key_and_region_and_goes_nowhere_in_the_clear() {
    let read = |text: &str| text.parse::<KmsAddress>();
    let address = read("aws-kms:alias/seal?region=eu-central-1").unwrap();
    assert_eq!((address.key.as_str(), address.region.as_str()), ("alias/seal", "eu-central-1"));
    assert_eq!(address.endpoint, "https://kms.eu-central-1.amazonaws.com");
    let arn = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd";
    assert_eq!(read(&format!("aws-kms:{arn}?region=eu-central-1")).unwrap().key, arn);
    assert!(read("aws-kms:k?region=r&endpoint=http://127.0.0.1:5000").is_ok());
    for wrong in [
        "",
        "k",
        "aws-kms:k",
        "aws-kms:?region=r",
        "aws-kms:k?region=",
        "aws-kms:k?region=a.example/",
        "aws-kms:k?region=r&endpoint=http://kms.example",
        "aws-kms:k?region=r&endpoint=https://kms.example/path",
        "aws-kms:k?region=r&other=1",
    ] {
        assert!(read(wrong).is_err(), "{wrong}");
    }
    let keys = KmsKeys { id: "id".to_owned(), secret: "s3cret".to_owned(), token: Some("t0ken".to_owned()) };
    let printed = format!("{keys:?}");
    assert!(!printed.contains("s3cret") && !printed.contains("t0ken"), "{printed}");
}
