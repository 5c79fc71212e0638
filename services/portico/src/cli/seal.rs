//! The settings of a seal whose key lies in a key service.

use std::path::PathBuf;

use anyhow::Context as _;
use portico_documents::{KmsAddress, KmsConfig, KmsKeys};

/// A key of the seal that never leaves its service.
#[derive(clap::Args, Clone)]
pub(crate) struct KeyService {
    /// A key in AWS KMS for the seal on signed documents, in the place of one in a file: aws-kms:alias/seal?region=eu-central-1. It must be
    /// ECC_NIST_P256 or RSA, to sign and verify. Access keys are those of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
    #[arg(long, env = "PORTICO_SEAL_KMS", conflicts_with = "seal_key", requires = "seal_certificate")]
    seal_kms: Option<KmsAddress>,
    /// A PEM file with the certificate of that key, and those above it. Read anew when it changes.
    #[arg(long, env = "PORTICO_SEAL_CERTIFICATE", requires = "seal_kms")]
    seal_certificate: Option<PathBuf>,
}

impl KeyService {
    /// The key with what requests are signed with; none where the key lies in a file.
    pub(crate) fn config(&self) -> anyhow::Result<Option<KmsConfig>> {
        self.config_with(&|name: &str| std::env::var(name).ok())
    }

    /// The same, where `variable` reads the environment. Keys are no arguments: every user of a machine can list those.
    fn config_with(&self, variable: &dyn Fn(&str) -> Option<String>) -> anyhow::Result<Option<KmsConfig>> {
        let (Some(address), Some(certificate)) = (self.seal_kms.clone(), self.seal_certificate.clone())
        else {
            return Ok(None);
        };
        let wanted = "the seal's key lies in AWS KMS, and the access keys are missing: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";
        let given = |name: &str| variable(name).filter(|value| !value.is_empty());
        let keys = KmsKeys {
            id: given("AWS_ACCESS_KEY_ID").context(wanted)?,
            secret: given("AWS_SECRET_ACCESS_KEY").context(wanted)?,
            token: given("AWS_SESSION_TOKEN"),
        };
        Ok(Some(KmsConfig { address, certificate, keys }))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[arg(long)]
        seal_key: Option<PathBuf>,
        #[command(flatten)]
        service: KeyService,
    }

    const KEY: [&str; 2] = ["--seal-kms", "aws-kms:alias/seal?region=eu-central-1"];
    const PAPER: [&str; 2] = ["--seal-certificate", "own.pem"];

    fn read(arguments: &[&[&str]]) -> anyhow::Result<Line> {
        Ok(Line::try_parse_from(["portico"].iter().chain(arguments.concat().iter()))?)
    }

    #[test]
    fn a_key_service_wants_a_certificate_and_access_keys_and_no_other_key() {
        let line = read(&[&KEY, &PAPER]).unwrap();
        assert!(line.seal_key.is_none());
        let keyed = |name: &str| (name != "AWS_SESSION_TOKEN").then(|| "given".to_owned());
        let config = line.service.config_with(&keyed).unwrap().unwrap();
        assert_eq!((config.keys.id.as_str(), config.keys.token), ("given", None));
        let missing = line.service.config_with(&|_| None).unwrap_err().to_string();
        assert!(missing.contains("AWS_ACCESS_KEY_ID"), "{missing}");
        assert!(read(&[]).unwrap().service.config_with(&|_| None).unwrap().is_none());
        for wrong in [&[&KEY[..]][..], &[&PAPER], &[&KEY, &PAPER, &["--seal-key", "own.p12"]]] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }
}
