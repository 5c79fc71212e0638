//! Blobs in the making that come in several goes.
//!
//! Full parts lie in an upload of the store. What does not fill one yet is an object of its own, `.parts/<tenant>/<version>`, written
//! anew whenever a part has arrived and at the end of each go; the facts beside it say which upload it goes on with, and how many of its
//! parts count. Both are written by one request, so that they always fit each other. A process that is killed loses what came after its
//! last full part; a part of which no facts tell is sent again, in the same place.
//!
//! The facts are replaced only where they are still those that this go has read or written: one that was taken over, and does not know
//! it yet, overwrites nothing of its successor's; nor does it overwrite a rest that it has not read. Where the store has given up the upload that they name, they go, and all begins anew.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use http::HeaderMap;
use sha2::{Digest as _, Sha256};
use tokio::sync::Mutex;

use super::{
    super::{
        blobs::{BlobError, BlobKey, BlobWriter, PartStore, Rest, another_size},
        format::HEADER,
    },
    S3Blobs,
    assembly::Assembly,
    client::Client,
    error::S3Error,
    objects::tag,
};

/// The largest rest: less than a chunk, sealed.
const LARGEST_REST: usize = 128 * 1024;

const UPLOAD: &str = "x-amz-meta-upload";
const PARTS: &str = "x-amz-meta-parts";
const PART: &str = "x-amz-meta-part";
const HEAD: &str = "x-amz-meta-head";
/// SHA-256 of a rest.
const SUM: &str = "x-amz-meta-sum";

/// What is known of a blob in the making.
#[derive(Debug, Clone, Default)]
struct Facts {
    /// The upload that its full parts lie in; none where there is no full part yet.
    upload: Option<String>,
    /// How many of them count.
    parts: u16,
    /// The bytes of each.
    part: u64,
    /// The blob's first bytes, which cannot be read from a part.
    head: Vec<u8>,
}

impl Facts {
    fn read(headers: &HeaderMap) -> Result<Self, S3Error> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let odd = || S3Error::Odd("what waits of an upload lacks its facts".to_owned());
        Ok(Self {
            upload: text(UPLOAD).map(ToOwned::to_owned),
            parts: text(PARTS).and_then(|parts| parts.parse().ok()).ok_or_else(odd)?,
            part: text(PART).and_then(|part| part.parse().ok()).ok_or_else(odd)?,
            head: text(HEAD).and_then(|head| hex::decode(head).ok()).ok_or_else(odd)?,
        })
    }

    /// Bytes in the parts that count.
    fn full(&self) -> u64 {
        u64::from(self.parts) * self.part
    }

    /// Writes them beside `tail`, in one request, in the place of those with the tag that is `known`.
    async fn write(&self, client: &Client, key: &str, tail: Bytes, known: &Known) -> Result<(), S3Error> {
        let (parts, part, head) = (self.parts.to_string(), self.part.to_string(), hex::encode(&self.head));
        let mut facts = vec![(PARTS, parts.as_str()), (PART, part.as_str()), (HEAD, head.as_str())];
        if let Some(upload) = &self.upload {
            facts.push((UPLOAD, upload));
        }
        let mut known = known.lock().await;
        let written = client.replace(key, known.as_deref(), &facts, tail).await?;
        *known = Some(written);
        Ok(())
    }
}

/// The tag of the facts as a go has last read or written them; nothing where there are none yet.
type Known = Mutex<Option<String>>;

/// One go.
struct Appending {
    assembly: Assembly,
    /// Where the facts lie.
    place: String,
    /// As they were before this go; the head as far as it is known.
    facts: Facts,
    known: Arc<Known>,
    /// Bytes that were kept before, of those that are gathered first.
    kept: usize,
    changed: bool,
}

impl Appending {
    /// Sends a part. `behind` is what the same write brought beyond it: with that, the part counts once it has arrived.
    async fn send_part(&mut self, behind: &[u8]) -> Result<(), S3Error> {
        let upload = match &self.assembly.upload {
            Some(upload) => upload.clone(),
            None => {
                let begun = self.assembly.client.begin(&self.assembly.key).await?;
                self.facts.upload = Some(begun.clone());
                // From now on the facts name the upload, so that no sweep takes it for one that nobody goes on with.
                let kept =
                    Bytes::copy_from_slice(self.assembly.gathered.get(..self.kept).unwrap_or_default());
                self.facts.write(&self.assembly.client, &self.place, kept, &self.known).await?;
                self.assembly.upload.insert(begun).clone()
            }
        };
        self.land().await?;
        let facts = Facts { parts: self.assembly.parts + 1, ..self.facts.clone() };
        let (client, place) = (Arc::clone(&self.assembly.client), self.place.clone());
        let (behind, known) = (Bytes::copy_from_slice(behind), Arc::clone(&self.known));
        let then = async move { facts.write(&client, &place, behind, &known).await };
        self.assembly.send(&upload, then).await
    }

    /// Waits for the part that is on its way. Where the store has given up its upload, the facts that name it go: the next go begins
    /// anew.
    async fn land(&mut self) -> Result<(), S3Error> {
        let Err(error) = self.assembly.land().await else { return Ok(()) };
        if error.is_no_upload() {
            let client = &self.assembly.client;
            let there = client.look(&self.place).await?;
            let there = there.map(|(_, headers)| Facts::read(&headers)).transpose()?;
            // Those of another upload are a successor's.
            if there.is_some_and(|there| there.upload == self.assembly.upload) {
                tracing::warn!("the object store has given up {}, and it begins anew", self.assembly.key);
                client.remove(&self.place).await?;
            }
        }
        Err(error)
    }
}

#[async_trait]
impl BlobWriter for Appending {
    async fn write(&mut self, mut bytes: &[u8]) -> Result<(), BlobError> {
        self.changed = true;
        let lacking = HEADER - self.facts.head.len().min(HEADER);
        self.facts.head.extend_from_slice(bytes.get(..lacking).unwrap_or(bytes));
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(self.assembly.room()));
            self.assembly.gather(now);
            bytes = later;
            if self.assembly.room() == 0 {
                self.send_part(bytes).await?;
            }
        }
        Ok(())
    }

    async fn commit(mut self: Box<Self>) -> Result<(), BlobError> {
        if !self.changed {
            return Ok(());
        }
        self.land().await?;
        self.facts.parts = self.assembly.parts;
        let tail = self.assembly.take();
        Ok(self.facts.write(&self.assembly.client, &self.place, tail, &self.known).await?)
    }
}

impl S3Blobs {
    fn rest(&self, key: BlobKey) -> String {
        format!("{}.rest", self.waiting(key))
    }

    async fn facts(&self, key: BlobKey) -> Result<Option<(Facts, u64)>, S3Error> {
        let Some((tail, headers)) = self.client.look(&self.waiting(key)).await? else { return Ok(None) };
        Ok(Some((Facts::read(&headers)?, tail)))
    }

    /// The upload that a blob in the making goes on with.
    pub(super) async fn waiting_upload(&self, key: BlobKey) -> Result<Option<String>, S3Error> {
        Ok(self.facts(key).await?.and_then(|(facts, _)| facts.upload))
    }

    /// The facts, the bytes beside them, and the tag of both.
    async fn facts_and_tail(&self, key: BlobKey) -> Result<Option<(Facts, Bytes, String)>, S3Error> {
        let Some((headers, tail)) = self.client.get_small(&self.waiting(key), LARGEST_TAIL).await? else {
            return Ok(None);
        };
        Ok(Some((Facts::read(&headers)?, tail, tag(&headers)?)))
    }
}

/// Beyond the largest part of any setting, since a setting may have changed.
const LARGEST_TAIL: usize = 1 << 30;

#[async_trait]
impl PartStore for S3Blobs {
    async fn part_size(&self, key: BlobKey) -> Result<u64, BlobError> {
        let Some((facts, tail)) = self.facts(key).await? else { return Ok(0) };
        if let Some(upload) = facts.upload.as_ref().filter(|_| facts.parts > 0) {
            let blob = self.blob(key);
            if !self.client.is_open(&blob, upload).await? {
                // A rule of the bucket has ended it, or it was published and what waits was not cleared away.
                tracing::warn!("the object store has no parts of {blob} any more, and what waits of it goes");
                self.delete_part(key).await?;
                return Ok(0);
            }
        }
        Ok(facts.full() + tail)
    }

    async fn append(&self, key: BlobKey, offset: u64) -> Result<Box<dyn BlobWriter>, BlobError> {
        let mut assembly = Assembly::new(Arc::clone(&self.client), self.blob(key), self.part);
        let place = self.waiting(key);
        if offset == 0 {
            let facts = Facts { part: self.part as u64, ..Facts::default() };
            let there = self.client.look(&place).await?;
            let known = there.map(|(_, headers)| tag(&headers)).transpose()?;
            let known = Arc::new(Mutex::new(known));
            return Ok(Box::new(Appending { assembly, place, facts, known, kept: 0, changed: true }));
        }
        let (facts, tail, tag) = self.facts_and_tail(key).await?.ok_or(BlobError::Missing)?;
        let kept = offset.checked_sub(facts.full()).and_then(|kept| tail.get(..usize::try_from(kept).ok()?));
        let kept = kept.ok_or_else(|| {
            let error = format!("an upload stands at {}, not at {offset}", facts.full() + tail.len() as u64);
            BlobError::Io(std::io::Error::other(error))
        })?;
        // The size of its parts was chosen when it began.
        assembly.part = usize::try_from(facts.part).unwrap_or(self.part).max(kept.len() + 1);
        assembly.upload.clone_from(&facts.upload);
        assembly.parts = facts.parts;
        assembly.gather(kept);
        let (changed, kept) = (kept.len() < tail.len(), kept.len());
        let known = Arc::new(Mutex::new(Some(tag)));
        Ok(Box::new(Appending { assembly, place, facts, known, kept, changed }))
    }

    async fn part_head(&self, key: BlobKey) -> Result<[u8; HEADER], BlobError> {
        let (facts, _) = self.facts(key).await?.ok_or(BlobError::Missing)?;
        facts.head.try_into().map_err(|_| BlobError::Missing)
    }

    async fn write_rest(&self, key: BlobKey, bytes: Vec<u8>, known: Option<&str>) -> Result<(), BlobError> {
        // The sum tells our own, where the answer is lost, from a successor's of the same size.
        let sum = hex::encode(Sha256::digest(&bytes));
        match self.client.replace(&self.rest(key), known, &[(SUM, &sum)], bytes.into()).await {
            Ok(_) => Ok(()),
            // It went with its part, which a successor has finished or somebody has given up.
            Err(error) if error.is_missing() => Err(BlobError::Exists),
            Err(error) => Err(error.into()),
        }
    }

    async fn read_rest(&self, key: BlobKey) -> Result<Rest, BlobError> {
        let Some((headers, bytes)) = self.client.get_small(&self.rest(key), LARGEST_REST).await? else {
            return Ok(Rest::default());
        };
        Ok(Rest { bytes: bytes.into(), tag: Some(tag(&headers)?) })
    }

    async fn publish(&self, key: BlobKey, size: u64) -> Result<(), BlobError> {
        let (client, blob) = (&self.client, self.blob(key));
        let (facts, tail, _) = self.facts_and_tail(key).await?.ok_or(BlobError::Missing)?;
        // It may have changed since somebody looked.
        let there = facts.full() + tail.len() as u64;
        if there != size {
            return Err(another_size(there, size));
        }
        if client.look(&blob).await?.is_some() {
            return Err(BlobError::Exists);
        }
        match &facts.upload {
            Some(upload) if facts.parts > 0 => {
                let parts = client.parts(&blob, upload).await?;
                let counted = parts.into_iter().take(usize::from(facts.parts));
                let mut tags = Vec::with_capacity(usize::from(facts.parts) + 1);
                for (number, part) in (1..).zip(counted) {
                    if (part.number, part.size) != (number, facts.part) {
                        return Err(S3Error::Odd(format!(
                            "part {number} of an upload is not as it was sent"
                        ))
                        .into());
                    }
                    tags.push(part.etag);
                }
                if tags.len() != usize::from(facts.parts) {
                    return Err(S3Error::Odd("an upload lacks parts that were sent".to_owned()).into());
                }
                if !tail.is_empty() {
                    tags.push(client.part(&blob, upload, facts.parts + 1, tail).await?);
                }
                client.complete(&blob, upload, &tags, size).await?;
            }
            _ => client.put_new(&blob, tail).await?,
        }
        self.delete_part(key).await
    }

    async fn delete_part(&self, key: BlobKey) -> Result<(), BlobError> {
        if let Some((Facts { upload: Some(upload), .. }, _)) = self.facts(key).await? {
            self.client.abort(&self.blob(key), &upload).await?;
        }
        self.client.remove(&self.waiting(key)).await?;
        Ok(self.client.remove(&self.rest(key)).await?)
    }
}
