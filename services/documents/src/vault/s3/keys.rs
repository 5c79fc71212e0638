//! The keys that requests are signed with, read anew where they lie in a file.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use rusty_s3::Credentials;
use serde::Deserialize;
use tokio::sync::Mutex;

use super::address::S3Keys;

/// How long what was read from a file is used.
const FRESH: Duration = Duration::from_secs(60);

/// The keys as they are now.
pub(super) struct Keys {
    source: S3Keys,
    read: Mutex<Option<(Instant, Arc<Credentials>)>>,
}

/// Keys that cannot be read. What the file holds is never repeated.
#[derive(Debug, thiserror::Error)]
pub(super) enum KeysError {
    #[error("the file {0} with the keys of the file store cannot be read: {1}")]
    Unreadable(String, #[source] std::io::Error),
    #[error(
        "the file {0} does not hold the keys of the file store: it must be a JSON object with access_key_id and \
         secret_access_key, and with session_token where the keys belong to a session"
    )]
    Malformed(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
}

impl Keys {
    pub(super) fn new(source: S3Keys) -> Self {
        Self { source, read: Mutex::default() }
    }

    /// The keys. Where a file cannot be read any more, those from before are used on.
    pub(super) async fn current(&self) -> Result<Arc<Credentials>, KeysError> {
        let mut read = self.read.lock().await;
        let known = match read.as_ref() {
            Some((since, keys)) if since.elapsed() < FRESH => return Ok(Arc::clone(keys)),
            Some((_, keys)) => Some(Arc::clone(keys)),
            None => None,
        };
        let keys = match (self.load().await, known) {
            (Ok(keys), _) => Arc::new(keys),
            (Err(error), Some(known)) => {
                tracing::warn!("{error}; the keys from before are used on");
                known
            }
            (Err(error), None) => return Err(error),
        };
        *read = Some((Instant::now(), Arc::clone(&keys)));
        Ok(keys)
    }

    async fn load(&self) -> Result<Credentials, KeysError> {
        match &self.source {
            S3Keys::Given { id, secret, token: Some(token) } => {
                Ok(Credentials::new_with_token(id, secret, token))
            }
            S3Keys::Given { id, secret, token: None } => Ok(Credentials::new(id, secret)),
            S3Keys::File(path) => from_file(path).await,
        }
    }
}

async fn from_file(path: &Path) -> Result<Credentials, KeysError> {
    let name = || path.display().to_string();
    let text = tokio::fs::read(path).await.map_err(|error| KeysError::Unreadable(name(), error))?;
    let file: File = serde_json::from_slice(&text).map_err(|_| KeysError::Malformed(name()))?;
    Ok(match file.session_token {
        Some(token) => Credentials::new_with_token(file.access_key_id, file.secret_access_key, token),
        None => Credentials::new(file.access_key_id, file.secret_access_key),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_is_read_and_a_wrong_one_is_named_without_what_it_holds() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.json");
        let keys = Keys::new(S3Keys::File(path.clone()));
        let missing = keys.current().await.unwrap_err().to_string();
        assert!(missing.contains("keys.json"), "{missing}");
        std::fs::write(&path, r#"{"access_key_id": "AKIA", "secret": "hush"}"#).unwrap();
        let wrong = keys.current().await.unwrap_err().to_string();
        assert!(wrong.contains("secret_access_key") && !wrong.contains("hush"), "{wrong}");
        std::fs::write(&path, r#"{"access_key_id": "AKIA", "secret_access_key": "hush"}"#).unwrap();
        let read = keys.current().await.unwrap();
        assert_eq!((read.key(), read.secret(), read.token()), ("AKIA", "hush", None));
        std::fs::remove_file(&path).unwrap();
        assert_eq!(keys.current().await.unwrap().key(), "AKIA", "used for a minute without a look");
    }
}
