//! An object as a stream of bytes that goes on where a connection broke.

use std::{io::ErrorKind, ops::Range, sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio_util::io::StreamReader;

use super::{
    super::blobs::{BlobError, BlobReader},
    client::{Client, pause},
    error::S3Error,
};

/// How long the next bytes may take.
const STALLED: Duration = Duration::from_secs(60);
/// How often the stream goes on anew without having got further.
const RENEWALS: u32 = 4;

struct Reading {
    client: Arc<Client>,
    key: String,
    rest: Range<u64>,
    body: Option<Incoming>,
    renewed: u32,
}

/// Opens an object for these bytes; an error of the first request is answered at once.
pub(super) async fn open(
    client: Arc<Client>,
    key: String,
    bytes: Range<u64>,
) -> Result<BlobReader, BlobError> {
    if bytes.is_empty() {
        return Ok(Box::pin(tokio::io::empty()));
    }
    let body = client.get(&key, &bytes).await?.into_body();
    let reading = Reading { client, key, rest: bytes, body: Some(body), renewed: 0 };
    let pieces = stream::try_unfold(reading, |mut reading| async move {
        let piece = reading.next().await.map_err(failed)?;
        Ok::<_, std::io::Error>(piece.map(|piece| (piece, reading)))
    });
    Ok(Box::pin(StreamReader::new(pieces.boxed())))
}

impl Reading {
    async fn next(&mut self) -> Result<Option<Bytes>, S3Error> {
        while !self.rest.is_empty() {
            let mut body = match self.body.take() {
                Some(body) => body,
                None => self.client.get(&self.key, &self.rest).await?.into_body(),
            };
            let broken = match tokio::time::timeout(STALLED, body.frame()).await {
                Ok(Some(Ok(frame))) => {
                    self.body = Some(body);
                    let Ok(mut piece) = frame.into_data() else { continue };
                    piece.truncate(usize::try_from(self.rest.end - self.rest.start).unwrap_or(usize::MAX));
                    if piece.is_empty() {
                        continue;
                    }
                    self.rest.start += piece.len() as u64;
                    self.renewed = 0;
                    return Ok(Some(piece));
                }
                Ok(Some(Err(error))) => S3Error::away(&error),
                Ok(None) => S3Error::Away("a file ended before its end".to_owned()),
                Err(_) => S3Error::Away(format!("no bytes for {} s", STALLED.as_secs())),
            };
            self.renewed += 1;
            if self.renewed > RENEWALS {
                return Err(broken);
            }
            tracing::debug!("reading goes on at byte {}: {broken}", self.rest.start);
            pause(self.renewed).await;
        }
        Ok(None)
    }
}

fn failed(error: S3Error) -> std::io::Error {
    match error.into() {
        BlobError::Io(error) => error,
        BlobError::Missing => ErrorKind::NotFound.into(),
        other => std::io::Error::other(other),
    }
}
