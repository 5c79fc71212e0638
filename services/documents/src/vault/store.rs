//! The vault itself: bytes in, bytes out, in constant memory.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::{
    StreamExt, TryStreamExt,
    stream::{self, BoxStream},
};
use portico_core::{DocumentId, SharedEntropy, TenantId, VersionId};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncRead, AsyncReadExt};

use super::{
    DataKey, Kms, KmsError, WrappedKey,
    blobs::{BlobError, BlobKey, BlobReader, BlobStore},
    format::{CHUNK, Geometry, HEADER, Header, LARGEST, NONCE_PREFIX, TAG},
    seal::{Seal, binding},
};

/// What must be kept to read a version again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The firm.
    pub tenant: TenantId,
    /// The document.
    pub document: DocumentId,
    /// The version whose bytes these are.
    pub version: VersionId,
    /// Plaintext bytes.
    pub size: u64,
    /// The plaintext's SHA-256.
    pub sha256: [u8; 32],
    /// The version's key, wrapped by the tenant's.
    pub key: WrappedKey,
}

/// What [`Vault::write`] learned about the bytes that went through it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// What to keep.
    pub stored: Stored,
    /// The first bytes, at most one chunk, for telling the type.
    pub head: Bytes,
    /// The last bytes, at most one chunk (the same as `head` in a small file).
    pub tail: Bytes,
}

/// A part of a file: from `start` up to but without `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByteRange {
    /// The first byte.
    pub start: u64,
    /// The byte after the last one.
    pub end: u64,
}

/// Why bytes could not be stored or read.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The upload is larger than allowed.
    #[error("the file is larger than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// The sender went away, or its connection broke, before the end.
    #[error("the upload broke off before its end")]
    Interrupted(#[source] std::io::Error),
    /// The range begins beyond the end of the file, or ends before it begins.
    #[error("the file has {size} bytes; the range asked for lies outside")]
    OutOfRange {
        /// The file's size in bytes.
        size: u64,
    },
    /// The stored bytes are not the ones that were written: cut, altered, swapped or another tenant's.
    #[error("the stored file is damaged")]
    Damaged,
    /// The key that opens the file could not be had.
    #[error(transparent)]
    Key(#[from] KmsError),
    /// The store that holds the sealed bytes failed.
    #[error(transparent)]
    Blobs(#[from] BlobError),
}

/// A file's bytes as they are opened. Each piece was verified before it is handed out; after an error nothing follows.
pub type Plaintext = BoxStream<'static, Result<Bytes, VaultError>>;

/// Stores and reads versions.
#[derive(Clone)]
pub struct Vault {
    pub(super) blobs: Arc<dyn BlobStore>,
    pub(super) kms: Arc<dyn Kms>,
    pub(super) entropy: SharedEntropy,
}

impl Vault {
    /// A vault over a store of sealed bytes and a key service.
    pub fn new(blobs: Arc<dyn BlobStore>, kms: Arc<dyn Kms>, entropy: SharedEntropy) -> Self {
        Self { blobs, kms, entropy }
    }

    /// Reads `source` to its end and stores it, sealed, as the bytes of `version`. At most `limit` bytes.
    ///
    /// # Errors
    /// [`VaultError::TooLarge`] and [`VaultError::Interrupted`] are the sender's; [`BlobError::Exists`] says that the
    /// version has bytes already. On any error, and where the future is dropped, nothing is left behind.
    pub async fn write(
        &self,
        tenant: TenantId,
        document: DocumentId,
        version: VersionId,
        source: impl AsyncRead + Send,
        limit: u64,
    ) -> Result<Received, VaultError> {
        let limit = limit.min(LARGEST);
        let bound = binding(tenant, document, version);
        let key = DataKey::fresh(self.entropy.as_ref());
        let wrapped = self.kms.wrap(tenant, &key, &bound).await?;
        let mut nonce_prefix = [0; NONCE_PREFIX];
        self.entropy.fill(&mut nonce_prefix);
        let header = Header { nonce_prefix };
        let seal = Seal::new(&key, &header, bound);

        let mut blob = self.blobs.create(BlobKey { tenant, version }).await?;
        blob.write(&header.to_bytes()).await?;

        let mut source = std::pin::pin!(source);
        let (mut hash, mut size, mut head) = (Sha256::new(), 0_u64, Bytes::new());
        let mut before = Vec::with_capacity(CHUNK);
        let mut chunk = Vec::with_capacity(CHUNK + TAG);
        let mut ahead = Vec::with_capacity(CHUNK + TAG);
        fill(source.as_mut(), &mut chunk).await?;
        let mut position = 0_u32;
        let tail = loop {
            // Whether a chunk is the last is known only when nothing comes after it.
            ahead.clear();
            if chunk.len() == CHUNK {
                fill(source.as_mut(), &mut ahead).await?;
            }
            size += chunk.len() as u64;
            if size + ahead.len() as u64 > limit {
                return Err(VaultError::TooLarge { limit });
            }
            let last = ahead.is_empty();
            hash.update(&chunk);
            if position == 0 {
                head = Bytes::copy_from_slice(&chunk);
            }
            let tail = last.then(|| tail(&before, &chunk));
            before.clear();
            before.extend_from_slice(&chunk);
            seal.seal(position, last, &mut chunk).map_err(|_| VaultError::Damaged)?;
            blob.write(&chunk).await?;
            if let Some(tail) = tail {
                break tail;
            }
            std::mem::swap(&mut chunk, &mut ahead);
            position += 1;
        };
        blob.commit().await?;
        let sha256 = hash.finalize().into();
        Ok(Received { stored: Stored { tenant, document, version, size, sha256, key: wrapped }, head, tail })
    }

    /// Opens a version, or a part of it. The first chunk is verified before this returns, so that a damaged file is
    /// an error and not a broken download. A range that reaches beyond the end stops at the end.
    ///
    /// # Errors
    /// [`VaultError::OutOfRange`], [`VaultError::Damaged`], [`BlobError::Missing`], or the key's.
    pub async fn read(&self, stored: &Stored, range: Option<ByteRange>) -> Result<Plaintext, VaultError> {
        let range = range.unwrap_or(ByteRange { start: 0, end: stored.size });
        let end = range.end.min(stored.size);
        let outside = range.start > end || (range.start == stored.size && stored.size > 0);
        if outside {
            return Err(VaultError::OutOfRange { size: stored.size });
        }
        let geometry = Geometry::new(stored.size).ok_or(VaultError::Damaged)?;
        let place = BlobKey { tenant: stored.tenant, version: stored.version };
        if self.blobs.size(place).await? != geometry.blob_len() {
            return Err(VaultError::Damaged);
        }
        let bound = binding(stored.tenant, stored.document, stored.version);
        let key = self.kms.unwrap(stored.tenant, &stored.key, &bound).await?;

        let chunk = |byte: u64| u32::try_from(byte / CHUNK as u64).map_err(|_| VaultError::Damaged);
        let first = chunk(range.start)?;
        let sealed = geometry.end(chunk(end.saturating_sub(1))?.max(first));
        let mut reader = self.blobs.open(place, 0..if first == 0 { sealed } else { HEADER as u64 }).await?;
        let mut bytes = [0; HEADER];
        reader.read_exact(&mut bytes).await.map_err(broken)?;
        let header = Header::parse(&bytes).ok_or(VaultError::Damaged)?;
        if first > 0 {
            reader = self.blobs.open(place, geometry.offset(first)..sealed).await?;
        }
        let mut opening = Opening {
            seal: Seal::new(&key, &header, bound),
            reader,
            geometry,
            position: first,
            range: ByteRange { start: range.start, end },
            done: false,
        };
        let head = opening.next().await?;
        let rest = stream::try_unfold(opening, |mut opening| async move {
            Ok(opening.next().await?.map(|bytes| (bytes, opening)))
        });
        Ok(stream::iter(head.map(Ok)).chain(rest).boxed())
    }

    /// The same, as one buffer, for files that are known to be small.
    ///
    /// # Errors
    /// As for [`Vault::read`], and [`VaultError::TooLarge`] where the version has more than `limit` bytes.
    pub async fn read_all(&self, stored: &Stored, limit: u64) -> Result<Vec<u8>, VaultError> {
        if stored.size > limit {
            return Err(VaultError::TooLarge { limit });
        }
        let bytes = self.read(stored, None).await?;
        bytes
            .try_fold(Vec::new(), |mut all, piece| async move {
                all.extend_from_slice(&piece);
                Ok(all)
            })
            .await
    }

    /// The same version with its key wrapped by the tenant's current key. No file is touched.
    ///
    /// # Errors
    /// The key service's.
    pub async fn rewrap(&self, stored: &Stored) -> Result<Stored, VaultError> {
        let bound = binding(stored.tenant, stored.document, stored.version);
        let key = self.kms.unwrap(stored.tenant, &stored.key, &bound).await?;
        let key = self.kms.wrap(stored.tenant, &key, &bound).await?;
        Ok(Stored { key, ..stored.clone() })
    }

    /// Removes a version's bytes. Bytes that are gone already are no error.
    ///
    /// # Errors
    /// The store's.
    pub async fn delete(&self, tenant: TenantId, version: VersionId) -> Result<(), VaultError> {
        Ok(self.blobs.delete(BlobKey { tenant, version }).await?)
    }
}

/// A version while it is being read.
struct Opening {
    seal: Seal,
    reader: BlobReader,
    geometry: Geometry,
    position: u32,
    range: ByteRange,
    done: bool,
}

impl Opening {
    /// The next verified piece of the range; nothing at its end.
    async fn next(&mut self) -> Result<Option<Bytes>, VaultError> {
        if self.done {
            return Ok(None);
        }
        let last = self.position == self.geometry.last();
        let mut buffer = vec![0; self.geometry.plain_len(self.position) + TAG];
        self.reader.read_exact(&mut buffer).await.map_err(broken)?;
        self.seal.open(self.position, last, &mut buffer).map_err(|_| VaultError::Damaged)?;

        let begins = u64::from(self.position) * CHUNK as u64;
        let ends = begins + buffer.len() as u64;
        let within = |place: u64| usize::try_from(place.clamp(begins, ends) - begins).unwrap_or(0);
        let piece = Bytes::from(buffer).slice(within(self.range.start)..within(self.range.end));
        self.done = last || ends >= self.range.end;
        self.position += 1;
        Ok(if piece.is_empty() { None } else { Some(piece) })
    }
}

/// Reads until the chunk is full or the source ends.
async fn fill(source: std::pin::Pin<&mut impl AsyncRead>, chunk: &mut Vec<u8>) -> Result<(), VaultError> {
    source.take(CHUNK as u64).read_to_end(chunk).await.map_err(VaultError::Interrupted)?;
    Ok(())
}

/// The last bytes of a file whose last two chunks these are: at most one chunk's worth.
fn tail(before: &[u8], last: &[u8]) -> Bytes {
    let wanted = (CHUNK - last.len()).min(before.len());
    let mut tail = Vec::with_capacity(wanted + last.len());
    tail.extend_from_slice(&before[before.len() - wanted..]);
    tail.extend_from_slice(last);
    tail.into()
}

/// A blob that ends too early is damaged; any other failure is the store's.
fn broken(error: std::io::Error) -> VaultError {
    if error.kind() == std::io::ErrorKind::UnexpectedEof {
        VaultError::Damaged
    } else {
        BlobError::from(error).into()
    }
}
