//! Single objects: put, read, looked at, listed, removed.

use std::ops::Range;

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode, header};
use hyper::body::Incoming;
use rusty_s3::{
    S3Action as _,
    actions::{ListObjectsV2, ListObjectsV2Response},
};

use super::{
    client::{Client, Signed, whole},
    error::S3Error,
};

/// Facts that lie beside an object: the names of their headers, and their values.
pub(super) type Facts<'a> = [(&'static str, &'a str)];

/// The tag by which the store tells what an object holds.
pub(super) fn tag(headers: &HeaderMap) -> Result<String, S3Error> {
    let tag = headers.get(header::ETAG).and_then(|tag| tag.to_str().ok());
    tag.map(ToOwned::to_owned).ok_or_else(|| S3Error::Odd("an object has no tag".to_owned()))
}

/// What lies right below a prefix.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// Keys of objects.
    pub(super) keys: Vec<String>,
    /// Prefixes of further ones, each with a slash at its end.
    pub(super) folders: Vec<String>,
}

impl Client {
    /// Whether the bucket is there and these keys may use it.
    pub(super) async fn check(&self) -> Result<(), S3Error> {
        let keys = self.keys().await?;
        self.send(Signed::new(&self.bucket.head_bucket(Some(&keys)))).await.map(drop)
    }

    /// An object's size in bytes and its headers; nothing where there is none.
    pub(super) async fn look(&self, key: &str) -> Result<Option<(u64, HeaderMap)>, S3Error> {
        let keys = self.keys().await?;
        let answer = match self.send(Signed::new(&self.bucket.head_object(Some(&keys), key))).await {
            Ok(answer) => answer,
            Err(error) if error.is_missing() => return Ok(None),
            Err(error) => return Err(error),
        };
        let size =
            answer.headers().get(header::CONTENT_LENGTH).and_then(|size| size.to_str().ok()?.parse().ok());
        let size = size.ok_or_else(|| S3Error::Odd("an object has no size".to_owned()))?;
        Ok(Some((size, answer.headers().clone())))
    }

    /// The bytes of an object in this range, which is not empty, as they come.
    pub(super) async fn get(&self, key: &str, bytes: &Range<u64>) -> Result<Response<Incoming>, S3Error> {
        let keys = self.keys().await?;
        let range = format!("bytes={}-{}", bytes.start, bytes.end.saturating_sub(1));
        let request = Signed::new(&self.bucket.get_object(Some(&keys), key)).header("range", &range)?;
        let answer = self.send(request).await?;
        if answer.status() != StatusCode::PARTIAL_CONTENT && bytes.start > 0 {
            return Err(S3Error::Odd("a range was asked for and the whole came".to_owned()));
        }
        Ok(answer)
    }

    /// A small object with its headers; nothing where there is none.
    pub(super) async fn get_small(
        &self,
        key: &str,
        limit: usize,
    ) -> Result<Option<(HeaderMap, Bytes)>, S3Error> {
        let keys = self.keys().await?;
        match self.send(Signed::new(&self.bucket.get_object(Some(&keys), key))).await {
            Ok(answer) => {
                let (head, body) = answer.into_parts();
                Ok(Some((head.headers, whole(body, limit).await?)))
            }
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes an object, whatever was there.
    #[cfg(test)]
    pub(super) async fn put(&self, key: &str, body: Bytes) -> Result<(), S3Error> {
        let keys = self.keys().await?;
        self.send(Signed::new(&self.bucket.put_object(Some(&keys), key)).body(body)).await.map(drop)
    }

    /// Writes an object, with facts beside it, where the one with this tag still is, or none; answers its own tag. Where there is
    /// another one meanwhile, the answer is 412.
    pub(super) async fn replace(
        &self,
        key: &str,
        known: Option<&str>,
        facts: &Facts<'_>,
        body: Bytes,
    ) -> Result<String, S3Error> {
        let keys = self.keys().await?;
        let mut action = self.bucket.put_object(Some(&keys), key);
        for (name, value) in facts {
            action.headers_mut().insert(*name, *value);
        }
        let size = body.len() as u64;
        let signed = Signed::new(&action).body(body);
        let signed = match known {
            Some(tag) => signed.header("if-match", tag)?,
            None => signed.header("if-none-match", "*")?,
        };
        let request = facts.iter().try_fold(signed, |request, (name, value)| request.header(name, value))?;
        let error = match self.send(request).await {
            Ok(answer) => return tag(answer.headers()),
            Err(error) => error,
        };
        if error.may_be_our_own()
            && let Some((there, headers)) = self.look(key).await?
            && there == size
            && facts.iter().all(|(name, value)| headers.get(*name).is_some_and(|fact| fact == *value))
        {
            return tag(&headers);
        }
        Err(error)
    }

    /// Writes an object where there is none yet; otherwise the answer is 412.
    pub(super) async fn put_new(&self, key: &str, body: Bytes) -> Result<(), S3Error> {
        let keys = self.keys().await?;
        let size = body.len() as u64;
        let request = Signed::new(&self.bucket.put_object(Some(&keys), key)).body(body);
        match self.send(request.header("if-none-match", "*")?).await {
            Ok(_) => Ok(()),
            Err(error) if error.may_be_our_own() && self.has(key, size).await? => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Whether an object is there, with this size.
    pub(super) async fn has(&self, key: &str, size: u64) -> Result<bool, S3Error> {
        Ok(self.look(key).await?.is_some_and(|(there, _)| there == size))
    }

    /// Removes an object. One that is gone already is no error.
    pub(super) async fn remove(&self, key: &str) -> Result<(), S3Error> {
        let keys = self.keys().await?;
        match self.send(Signed::new(&self.bucket.delete_object(Some(&keys), key))).await {
            Err(error) if !error.is_missing() => Err(error),
            _ => Ok(()),
        }
    }

    /// What lies right below a prefix, which is empty or ends in a slash.
    pub(super) async fn list(&self, prefix: &str) -> Result<Listing, S3Error> {
        let (mut listing, mut next) = (Listing::default(), None::<String>);
        loop {
            let page = self.page(prefix, next.as_deref()).await?;
            listing.keys.extend(page.contents.into_iter().map(|object| object.key));
            listing.folders.extend(page.common_prefixes.into_iter().map(|folder| folder.prefix));
            next = page.next_continuation_token;
            if next.is_none() {
                return Ok(listing);
            }
        }
    }

    async fn page(&self, prefix: &str, from: Option<&str>) -> Result<ListObjectsV2Response, S3Error> {
        let keys = self.keys().await?;
        let mut action = self.bucket.list_objects_v2(Some(&keys));
        action.with_prefix(prefix);
        action.with_delimiter("/");
        if let Some(from) = from {
            action.with_continuation_token(from);
        }
        let answer = self.ask(Signed::new(&action)).await?;
        ListObjectsV2::parse_response(&answer).map_err(|error| S3Error::Odd(error.to_string()))
    }
}
