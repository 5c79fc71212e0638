//! Checksum: bytes that a go brings count only where their sum is the one that was promised.

use std::io;

use axum::body::Body;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use futures_util::{TryStreamExt as _, stream::BoxStream};
use http::HeaderMap;
use portico_core::VersionId;
use sha1::{Digest as _, Sha1};
use sha2::Sha256;
use std::sync::{Arc, Mutex, PoisonError};
use tokio_util::io::StreamReader;

use super::protocol::Not;
use crate::{
    domain::upload::Upload,
    error::DocumentsError,
    service::{Call, Service},
    vault::VaultError,
};

/// A go's bytes as they come.
pub(super) type Pieces = BoxStream<'static, Result<Bytes, io::Error>>;

/// A sum that was promised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Promised {
    Sha1(Vec<u8>),
    Sha256(Vec<u8>),
}

enum Running {
    Sha1(Sha1),
    Sha256(Sha256),
}

impl Running {
    fn of(promised: &Promised) -> Self {
        match promised {
            Promised::Sha1(_) => Self::Sha1(Sha1::new()),
            Promised::Sha256(_) => Self::Sha256(Sha256::new()),
        }
    }

    fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha1(sum) => sum.update(bytes),
            Self::Sha256(sum) => sum.update(bytes),
        }
    }

    fn is(&self, promised: &Promised) -> bool {
        match (self, promised) {
            (Self::Sha1(sum), Promised::Sha1(expected)) => sum.clone().finalize().as_slice() == expected,
            (Self::Sha256(sum), Promised::Sha256(expected)) => sum.clone().finalize().as_slice() == expected,
            _ => false,
        }
    }
}

/// The sum that a request promises, if it does.
pub(super) fn promised(headers: &HeaderMap) -> Result<Option<Promised>, Not> {
    let Some(value) = headers.get("upload-checksum") else { return Ok(None) };
    let wrong = || Not::request("Send Upload-Checksum as sha1 or sha256, a space, and the sum in Base64.");
    let text = value.to_str().map_err(|_| wrong())?;
    let (algorithm, sum) = text.trim().split_once(' ').ok_or_else(wrong)?;
    let sum = STANDARD.decode(sum.trim()).map_err(|_| wrong())?;
    match (algorithm, sum.len()) {
        ("sha1", 20) => Ok(Some(Promised::Sha1(sum))),
        ("sha256", 32) => Ok(Some(Promised::Sha256(sum))),
        _ => Err(wrong()),
    }
}

/// The go's bytes once their sum has been found right. Until then they lie aside, sealed like any other file, in a place that is
/// emptied whatever happens: nothing of a go that was altered ever joins the upload.
pub(super) async fn checked(
    service: &Service,
    call: &Call,
    upload: &Upload,
    promised: Promised,
    body: Body,
) -> Result<(Pieces, VersionId), Not> {
    let running = Arc::new(Mutex::new(Running::of(&promised)));
    let summed = Arc::clone(&running);
    let pieces = body.into_data_stream().map_err(io::Error::other).inspect_ok(move |piece| {
        summed.lock().unwrap_or_else(PoisonError::into_inner).update(piece);
    });
    let aside = VersionId::new(service.clock.now(), &*service.entropy);
    let written = service
        .vault
        .write(call.ctx.tenant, upload.document_id, aside, StreamReader::new(pieces), upload.size)
        .await;
    let received = match written {
        // A go that was cut has no sum.
        Err(VaultError::Interrupted(_)) => return Err(Not::Mismatch),
        other => other?,
    };
    if !running.lock().unwrap_or_else(PoisonError::into_inner).is(&promised) {
        service.vault.delete(call.ctx.tenant, aside).await?;
        return Err(Not::Mismatch);
    }
    let bytes = service.vault.read(&received.stored, None).await.map_err(DocumentsError::from)?;
    Ok((Box::pin(bytes.map_err(io::Error::other)), aside))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_is_read_and_anything_else_is_refused() {
        let read = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("upload-checksum", text.parse().unwrap());
            promised(&headers).ok().flatten()
        };
        let hello = STANDARD.encode(Sha1::digest(b"hello"));
        let known = read(&format!("sha1 {hello}")).unwrap();
        let mut running = Running::of(&known);
        running.update(b"hel");
        assert!(!running.is(&known));
        running.update(b"lo");
        assert!(running.is(&known));
        for wrong in ["sha1", "sha1 !!", "md5 XUFAKrxLKna5cZ2REBfFkg==", "sha256 aGVsbG8="] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
        assert!(promised(&HeaderMap::new()).is_ok_and(|none| none.is_none()));
    }
}
