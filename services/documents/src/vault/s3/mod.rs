//! Blobs as objects of a bucket, on Amazon S3 or any server that speaks its language.
//!
//! A blob is `<prefix><tenant>/<last two digits of the version>/<version>`. It appears there, whole, when the store has answered the
//! request that makes it: one `PutObject` for what fits into a part, `CompleteMultipartUpload` for all else. What waits between the goes
//! of an upload lies below `<prefix>.parts`, see [`waiting`].

mod address;
mod assembly;
mod client;
mod error;
mod keys;
mod objects;
mod reader;
#[cfg(test)]
pub(crate) mod testing;
mod uploads;
mod waiting;

use std::{
    ops::Range,
    str::FromStr,
    sync::Arc,
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use portico_core::{TenantId, VersionId};

pub use self::address::{InvalidS3Address, S3Address, S3Config, S3Keys};
use self::{
    assembly::{Assembly, NewBlob},
    client::Client,
    error::S3Error,
};
use super::blobs::{BlobError, BlobKey, BlobReader, BlobStore, BlobWriter};

const MIB: u64 = 1024 * 1024;
/// The least that stores take as a part that is not the last: 5 MiB. An upload holds twice that in memory at most.
const LEAST_PART: u64 = 5 * MIB;
/// Stores take 10,000 parts; some are left for the bytes that sealing adds.
const MOST_PARTS: u64 = 9_900;

/// Blobs as objects of a bucket.
pub struct S3Blobs {
    client: Arc<Client>,
    prefix: String,
    /// The bytes of a part.
    part: usize,
}

impl S3Blobs {
    /// Blobs in a bucket, the largest of them with `largest` bytes of plaintext. Nothing is asked of the server yet.
    ///
    /// # Errors
    /// The certificate cannot be read, or the endpoint cannot be used.
    pub fn new(config: &S3Config, largest: u64) -> anyhow::Result<Self> {
        let client = Arc::new(Client::new(config)?);
        Ok(Self { client, prefix: config.address.prefix.clone(), part: part_size(largest) })
    }

    /// Whether the bucket can be used. A server that does not answer may do so later and is no error here.
    ///
    /// # Errors
    /// What the server has against it: there is no such bucket, or the keys do not open it.
    pub async fn check(&self) -> anyhow::Result<()> {
        match self.client.check().await {
            Ok(()) => Ok(()),
            Err(error @ S3Error::Away(_)) => {
                tracing::error!("files can be neither stored nor read now: {error}");
                Ok(())
            }
            Err(error) => {
                let name = self.client.bucket.name();
                Err(anyhow::Error::from(error).context(format!("the bucket {name} for files cannot be used")))
            }
        }
    }

    fn blob(&self, key: BlobKey) -> String {
        let version = key.version.to_string();
        let shard = version.get(version.len().saturating_sub(2)..).unwrap_or_default();
        format!("{}{}/{shard}/{version}", self.prefix, key.tenant)
    }

    fn waiting(&self, key: BlobKey) -> String {
        format!("{}.parts/{}/{}", self.prefix, key.tenant, key.version)
    }

    /// The blob that this is the key of.
    fn named(&self, key: &str) -> Option<BlobKey> {
        let mut names = key.strip_prefix(self.prefix.as_str())?.split('/');
        let (tenant, _shard, version) = (names.next()?, names.next()?, names.next()?);
        Some(BlobKey { tenant: tenant.parse().ok()?, version: version.parse().ok()? })
    }
}

/// The bytes of a part, so that the largest blob fits into as many as stores take.
fn part_size(largest: u64) -> usize {
    let needed = largest.div_ceil(MOST_PARTS).next_multiple_of(MIB);
    usize::try_from(needed.max(LEAST_PART)).unwrap_or(usize::MAX)
}

#[async_trait]
impl BlobStore for S3Blobs {
    async fn create(&self, key: BlobKey) -> Result<Box<dyn BlobWriter>, BlobError> {
        let assembly = Assembly::new(Arc::clone(&self.client), self.blob(key), self.part);
        Ok(Box::new(NewBlob::new(assembly)))
    }

    async fn size(&self, key: BlobKey) -> Result<u64, BlobError> {
        Ok(self.client.look(&self.blob(key)).await?.ok_or(BlobError::Missing)?.0)
    }

    async fn open(&self, key: BlobKey, bytes: Range<u64>) -> Result<BlobReader, BlobError> {
        reader::open(Arc::clone(&self.client), self.blob(key), bytes).await
    }

    async fn delete(&self, key: BlobKey) -> Result<(), BlobError> {
        Ok(self.client.remove(&self.blob(key)).await?)
    }

    async fn sweep(&self, age: Duration) -> Result<usize, BlobError> {
        let mut removed = 0;
        for upload in self.client.unfinished(&self.prefix).await? {
            let Some(key) = self.named(&upload.key) else { continue };
            let since = upload.since.parse::<DateTime<Utc>>().map(SystemTime::from).ok();
            let old = since
                .and_then(|since| SystemTime::now().duration_since(since).ok())
                .is_some_and(|idle| idle >= age);
            // One that comes in several goes waits for as long as its row does, and goes with it.
            if old && self.waiting_upload(key).await?.as_deref() != Some(&upload.id) {
                self.client.abort(&upload.key, &upload.id).await?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    async fn tenants(&self) -> Result<Vec<TenantId>, BlobError> {
        Ok(ids(&self.client.list(&self.prefix).await?.folders))
    }

    async fn versions(&self, tenant: TenantId, shard: u8) -> Result<Vec<VersionId>, BlobError> {
        let folder = format!("{}{tenant}/{shard:02x}/", self.prefix);
        Ok(ids(&self.client.list(&folder).await?.keys))
    }
}

/// The ids that keys end in, in their order.
fn ids<T: FromStr + Ord>(keys: &[String]) -> Vec<T> {
    let last = |key: &String| key.trim_end_matches('/').rsplit('/').next()?.parse().ok();
    let mut ids: Vec<T> = keys.iter().filter_map(last).collect();
    ids.sort_unstable();
    ids
}

#[cfg(test)]
mod tests;
