//! Uploads of several parts, as the object store has them.

use bytes::Bytes;
use http::header;
use instant_xml::FromXml;
use rusty_s3::{
    S3Action as _,
    actions::{CompleteMultipartUploadResponse, CreateMultipartUpload, ListParts, PartsContent},
};

use super::{
    client::{Client, Signed, pause},
    error::S3Error,
};

/// How often a completion is asked for that the store says yes to and then fails.
const COMPLETIONS: u32 = 4;

/// An upload that was begun and neither completed nor aborted.
#[derive(Debug, Clone, FromXml)]
#[xml(rename = "Upload", ns("http://s3.amazonaws.com/doc/2006-03-01/"))]
pub(super) struct Unfinished {
    /// The key that its object would have.
    #[xml(rename = "Key")]
    pub(super) key: String,
    #[xml(rename = "UploadId")]
    pub(super) id: String,
    /// When it was begun, as the store writes it.
    #[xml(rename = "Initiated")]
    pub(super) since: String,
}

#[derive(Debug, FromXml)]
#[xml(rename = "ListMultipartUploadsResult", ns("http://s3.amazonaws.com/doc/2006-03-01/"))]
struct Page {
    uploads: Vec<Unfinished>,
    #[xml(rename = "IsTruncated")]
    is_truncated: Option<bool>,
    #[xml(rename = "NextKeyMarker")]
    next_key: Option<String>,
    #[xml(rename = "NextUploadIdMarker")]
    next_id: Option<String>,
}

impl Client {
    /// Begins an upload and answers its id.
    pub(super) async fn begin(&self, key: &str) -> Result<String, S3Error> {
        let keys = self.keys().await?;
        let answer = self.ask(Signed::new(&self.bucket.create_multipart_upload(Some(&keys), key))).await?;
        let answer = CreateMultipartUpload::parse_response(&answer).map_err(odd)?;
        Ok(answer.upload_id().to_owned())
    }

    /// Sends a part, counted from 1, and answers its tag. One that was sent before is replaced.
    pub(super) async fn part(
        &self,
        key: &str,
        upload: &str,
        number: u16,
        bytes: Bytes,
    ) -> Result<String, S3Error> {
        let keys = self.keys().await?;
        let request = Signed::new(&self.bucket.upload_part(Some(&keys), key, number, upload)).body(bytes);
        let answer = self.send(request).await?;
        let tag = answer.headers().get(header::ETAG).and_then(|tag| tag.to_str().ok());
        tag.map(ToOwned::to_owned).ok_or_else(|| S3Error::Odd("a part has no tag".to_owned()))
    }

    /// All parts of an upload, by their numbers.
    pub(super) async fn parts(&self, key: &str, upload: &str) -> Result<Vec<PartsContent>, S3Error> {
        let (mut parts, mut next) = (Vec::new(), None);
        loop {
            let keys = self.keys().await?;
            let mut action = self.bucket.list_parts(Some(&keys), key, upload);
            if let Some(next) = next {
                action.set_part_number_marker(next);
            }
            // Some servers call the list a response, and say the same in it.
            let answer =
                self.ask(Signed::new(&action)).await?.replace("ListPartsResponse", "ListPartsResult");
            let page = ListParts::parse_response(&answer).map_err(odd)?;
            parts.extend(page.parts);
            next = page.next_part_number_marker;
            if next.is_none() {
                parts.sort_by_key(|part| part.number);
                return Ok(parts);
            }
        }
    }

    /// Whether an upload can be gone on with.
    pub(super) async fn is_open(&self, key: &str, upload: &str) -> Result<bool, S3Error> {
        let keys = self.keys().await?;
        let mut action = self.bucket.list_parts(Some(&keys), key, upload);
        action.set_max_parts(1);
        match self.send(Signed::new(&action)).await {
            Ok(_) => Ok(true),
            Err(error) if error.is_no_upload() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Makes one object of the parts with these tags, where there is none yet; otherwise the answer is 412. `size` is the whole's.
    pub(super) async fn complete(
        &self,
        key: &str,
        upload: &str,
        tags: &[String],
        size: u64,
    ) -> Result<(), S3Error> {
        let mut tries = 0;
        loop {
            let keys = self.keys().await?;
            let tags = tags.iter().map(String::as_str);
            let action = self.bucket.complete_multipart_upload(Some(&keys), key, upload, tags);
            let request = Signed::new(&action).body(action.body().into()).header("if-none-match", "*")?;
            let answer = match self.ask(request).await {
                Ok(answer) => answer,
                // The parts were joined, and the answer that said so was lost.
                Err(error) if (tries > 0 || error.may_be_our_own()) && self.has(key, size).await? => {
                    return Ok(());
                }
                Err(error) => return Err(error),
            };
            // The store says 200 before it begins, and may find only then that it cannot.
            match CompleteMultipartUploadResponse::parse(&answer) {
                Ok(_) => return Ok(()),
                Err(error) if tries + 1 == COMPLETIONS => return Err(odd(error)),
                Err(_) => tries += 1,
            }
            pause(tries).await;
        }
    }

    /// Gives an upload up, with its parts. One that is gone already is no error.
    pub(super) async fn abort(&self, key: &str, upload: &str) -> Result<(), S3Error> {
        let keys = self.keys().await?;
        match self.send(Signed::new(&self.bucket.abort_multipart_upload(Some(&keys), key, upload))).await {
            Err(error) if !error.is_missing() && !error.is_no_upload() => Err(error),
            _ => Ok(()),
        }
    }

    /// Uploads below a prefix that are neither completed nor aborted. Some servers list none and clean up by themselves.
    pub(super) async fn unfinished(&self, prefix: &str) -> Result<Vec<Unfinished>, S3Error> {
        let (mut found, mut next) = (Vec::new(), None);
        loop {
            let keys = self.keys().await?;
            // The empty key is the bucket itself.
            let mut action = self.bucket.get_object(Some(&keys), "");
            let query = action.query_mut();
            query.insert("uploads", "1");
            query.insert("prefix", prefix);
            if let Some((key, id)) = next.take() {
                query.insert::<_, String>("key-marker", key);
                query.insert::<_, String>("upload-id-marker", id);
            }
            let page: Page = instant_xml::from_str(&self.ask(Signed::new(&action)).await?).map_err(odd)?;
            found.extend(page.uploads);
            match (page.is_truncated, page.next_key, page.next_id) {
                (Some(true), Some(key), Some(id)) => next = Some((key, id)),
                _ => return Ok(found),
            }
        }
    }
}

fn odd(error: instant_xml::Error) -> S3Error {
    S3Error::Odd(error.to_string())
}
