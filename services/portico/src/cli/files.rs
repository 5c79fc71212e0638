//! The settings of the place of stored files.

use std::path::PathBuf;

use anyhow::Context as _;
use portico_documents::{S3Address, S3Config, S3Keys};

/// Where stored files lie.
#[derive(clap::Args, Clone)]
pub(crate) struct Files {
    /// A bucket of Amazon S3 or of a server that speaks its language, for stored files: s3://bucket/prefix?region=eu-central-1, with
    /// &endpoint=https://minio.example:9000 for a server that is not Amazon's. Without one they lie in a folder below the home.
    /// Files are encrypted before they leave this process.
    #[arg(long = "files", env = "PORTICO_FILES")]
    address: Option<S3Address>,
    /// A JSON file with the bucket's keys: {"access_key_id": "…", "secret_access_key": "…"}, and "session_token" where they belong to a
    /// session. Read anew every minute. Without one they are those of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
    #[arg(long = "files-keys", env = "PORTICO_FILES_KEYS", requires = "address")]
    keys: Option<PathBuf>,
    /// A PEM file with the certificate of the bucket server's own authority, where it is none of the usual ones.
    #[arg(long = "files-certificate", env = "PORTICO_FILES_CERTIFICATE", requires = "address")]
    certificate: Option<PathBuf>,
}

impl Files {
    /// The bucket with its keys; none where files lie below the home.
    pub(crate) fn config(&self) -> anyhow::Result<Option<S3Config>> {
        self.config_with(&|name: &str| std::env::var(name).ok())
    }

    /// The same, where `variable` reads the environment. Keys are no arguments: every user of a machine can list those.
    fn config_with(&self, variable: &dyn Fn(&str) -> Option<String>) -> anyhow::Result<Option<S3Config>> {
        let Some(address) = self.address.clone() else { return Ok(None) };
        let keys = match &self.keys {
            Some(path) => S3Keys::File(path.clone()),
            None => {
                let wanted = "files are to lie in a bucket, and its keys are missing: name a file with --files-keys \
                              (PORTICO_FILES_KEYS), or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";
                let given = |name: &str| variable(name).filter(|value| !value.is_empty());
                S3Keys::Given {
                    id: given("AWS_ACCESS_KEY_ID").context(wanted)?,
                    secret: given("AWS_SECRET_ACCESS_KEY").context(wanted)?,
                    token: given("AWS_SESSION_TOKEN"),
                }
            }
        };
        Ok(Some(S3Config { address, keys, certificate: self.certificate.clone() }))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        files: Files,
    }

    // Whatever keys this machine has in its environment are not what is tested.
    fn keyed(name: &str) -> Option<String> {
        match name {
            "AWS_ACCESS_KEY_ID" => Some("AKIA".to_owned()),
            "AWS_SECRET_ACCESS_KEY" => Some("hush".to_owned()),
            _ => None,
        }
    }

    fn config(arguments: &[&str]) -> anyhow::Result<Option<S3Config>> {
        Line::try_parse_from(["portico"].iter().chain(arguments))?.files.config_with(&keyed)
    }

    #[test]
    fn a_bucket_has_its_keys_from_a_file_or_from_the_environment() {
        let address = "s3://files/portal?region=eu-central-1";
        let given = config(&["--files", address]).unwrap().unwrap();
        let keys = S3Keys::Given { id: "AKIA".to_owned(), secret: "hush".to_owned(), token: None };
        assert!(given.keys == keys, "{given:?}");
        let file = config(&["--files", address, "--files-keys", "keys.json"]).unwrap().unwrap();
        assert_eq!(file.keys, S3Keys::File("keys.json".into()));
    }

    #[test]
    fn without_a_bucket_files_lie_below_the_home_and_a_wrong_one_is_refused_in_words() {
        assert_eq!(config(&[]).unwrap(), None);
        assert!(config(&["--files-keys", "keys.json"]).is_err(), "keys without a bucket");
        let refused = config(&["--files", "s3://files"]).unwrap_err().to_string();
        assert!(refused.contains("region is missing"), "{refused}");
        let bare =
            Files { address: Some("s3://files?region=x".parse().unwrap()), keys: None, certificate: None };
        let half = |name: &str| keyed(name).filter(|_| name != "AWS_SECRET_ACCESS_KEY");
        assert!(bare.config_with(&half).unwrap_err().to_string().contains("AWS_SECRET_ACCESS_KEY"));
    }

    #[test]
    fn a_secret_cannot_be_given_where_everybody_sees_it() {
        let said = ["--files", "s3://files?region=x", "--aws-secret-access-key", "hush"];
        assert!(config(&said).is_err());
    }
}
