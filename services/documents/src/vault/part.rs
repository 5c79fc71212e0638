//! Uploads that come in several goes.
//!
//! A part is the blob itself, as far as it has come: its header, then every chunk that is full, sealed in its place. What a go brings
//! beyond the last full chunk waits beside it as the *rest*, sealed by itself under the same key and a nonce prefix that is drawn
//! anew each time it is written, so that no nonce ever seals two texts. A rest says to which chunk it belongs; one that was
//! overtaken is ignored.
//!
//! How much has come is read from the part, not from a row: a process that is killed loses what it had not made durable, and
//! nothing that it acknowledged. A chunk that a crash has torn is cut off and comes again.
//!
//! The state of SHA-256 is not kept on the disk. While one process takes all goes it hands the state from one to the next in memory
//! ([`Hashed`]); otherwise, once all is there, what is stored is read once more and hashed.

use std::io::ErrorKind;

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use portico_core::{DocumentId, TenantId, VersionId};
use sha2::{Digest as _, Sha256};

use super::{
    DataKey, WrappedKey,
    blobs::{BlobError, BlobKey, BlobWriter, Rest},
    format::{CHUNK, Geometry, HEADER, Header, LARGEST, NONCE_PREFIX, TAG},
    seal::{Seal, binding},
    store::{ByteRange, Received, Stored, Vault, VaultError},
};

/// An upload of a known size that comes in several goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The firm.
    pub tenant: TenantId,
    /// The document that it is to be a version of.
    pub document: DocumentId,
    /// The version whose bytes these will be.
    pub version: VersionId,
    /// Plaintext bytes of the whole.
    pub size: u64,
    /// The version's key, wrapped by the tenant's.
    pub key: WrappedKey,
}

/// SHA-256 of a part's first full chunks.
#[derive(Clone)]
pub struct Hashed {
    chunks: u32,
    state: Sha256,
}

impl std::fmt::Debug for Hashed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Hashed({} chunks)", self.chunks)
    }
}

/// What stands before a rest: a word, its nonce prefix, and the position of the chunk that it begins.
const MARK: [u8; 4] = *b"REST";
const REST_HEADER: usize = 4 + NONCE_PREFIX + 4;

/// One go of an upload. Dropped without [`PartWriter::pause`], what it was given may come again.
pub struct PartWriter {
    vault: Vault,
    part: Part,
    key: DataKey,
    seal: Seal,
    geometry: Geometry,
    blob: Box<dyn BlobWriter>,
    /// Full chunks so far.
    position: u32,
    /// The beginning of the next chunk.
    chunk: Vec<u8>,
    /// The tag of the rest that this go has read.
    known_rest: Option<String>,
    hash: Option<Sha256>,
}

impl Part {
    const fn place(&self) -> BlobKey {
        BlobKey { tenant: self.tenant, version: self.version }
    }

    fn binding(&self) -> [u8; 48] {
        binding(self.tenant, self.document, self.version)
    }

    fn geometry(&self) -> Result<Geometry, VaultError> {
        Geometry::new(self.size).ok_or(VaultError::TooLarge { limit: LARGEST })
    }

    fn stored(&self, sha256: [u8; 32]) -> Stored {
        Stored {
            tenant: self.tenant,
            document: self.document,
            version: self.version,
            size: self.size,
            sha256,
            key: self.key.clone(),
        }
    }
}

/// Full chunks in a part of `length` bytes; all of them where it is whole.
fn full_chunks(geometry: Geometry, length: u64) -> u32 {
    if length == geometry.blob_len() {
        return geometry.last() + 1;
    }
    let bytes = length.saturating_sub(HEADER as u64);
    u32::try_from(bytes / (CHUNK + TAG) as u64).unwrap_or(u32::MAX).min(geometry.last())
}

impl Vault {
    /// A part with a key of its own. Nothing is written yet.
    ///
    /// # Errors
    /// [`VaultError::TooLarge`], or the key service's.
    pub async fn begin_part(
        &self,
        tenant: TenantId,
        document: DocumentId,
        version: VersionId,
        size: u64,
    ) -> Result<Part, VaultError> {
        let key = DataKey::fresh(self.entropy.as_ref());
        let key = self.kms.wrap(tenant, &key, &binding(tenant, document, version)).await?;
        let part = Part { tenant, document, version, size, key };
        part.geometry()?;
        Ok(part)
    }

    /// Goes on with a part where it stands. `known` is what an earlier go handed over.
    ///
    /// # Errors
    /// [`VaultError::Damaged`] where what is stored is not this part; the store's and the key's.
    pub async fn resume_part(&self, part: &Part, known: Option<Hashed>) -> Result<PartWriter, VaultError> {
        let (geometry, place) = (part.geometry()?, part.place());
        let key = self.kms.unwrap(part.tenant, &part.key, &part.binding()).await?;
        let length = self.blobs.part_size(place).await?;
        let begun = length >= HEADER as u64;
        let header = if begun { self.part_header(place).await? } else { self.fresh_header() };
        let position = if begun { full_chunks(geometry, length) } else { 0 };
        let Rest { bytes: chunk, tag: known_rest } = if position > geometry.last() {
            Rest::default()
        } else {
            self.rest(part, &key, position, geometry).await?
        };
        let end = if position > geometry.last() { geometry.blob_len() } else { geometry.offset(position) };
        let mut blob = self.blobs.append(place, if begun { end } else { 0 }).await?;
        if !begun {
            blob.write(&header.to_bytes()).await?;
        }
        let hash = match known {
            Some(known) if known.chunks == position => Some(known.state),
            _ => (position == 0).then(Sha256::new),
        };
        let seal = Seal::new(&key, &header, part.binding());
        Ok(PartWriter {
            vault: self.clone(),
            part: part.clone(),
            key,
            seal,
            geometry,
            blob,
            position,
            chunk,
            known_rest,
            hash,
        })
    }

    /// How much of a part has come, in plaintext bytes.
    ///
    /// # Errors
    /// As for [`Vault::resume_part`].
    pub async fn part_offset(&self, part: &Part) -> Result<u64, VaultError> {
        let (geometry, place) = (part.geometry()?, part.place());
        let length = self.blobs.part_size(place).await?;
        if length < HEADER as u64 {
            return Ok(if self.is_published(part).await? {
                part.size
            } else {
                self.begun(part, geometry).await?
            });
        }
        let position = full_chunks(geometry, length);
        if position > geometry.last() {
            return Ok(part.size);
        }
        let key = self.kms.unwrap(part.tenant, &part.key, &part.binding()).await?;
        let rest = self.rest(part, &key, position, geometry).await?;
        Ok(u64::from(position) * CHUNK as u64 + rest.bytes.len() as u64)
    }

    /// The bytes of a part that has no full chunk and whose header is not durable either: its rest alone.
    async fn begun(&self, part: &Part, geometry: Geometry) -> Result<u64, VaultError> {
        let key = self.kms.unwrap(part.tenant, &part.key, &part.binding()).await?;
        Ok(self.rest(part, &key, 0, geometry).await?.bytes.len() as u64)
    }

    async fn is_published(&self, part: &Part) -> Result<bool, VaultError> {
        match self.blobs.size(part.place()).await {
            Ok(size) => Ok(size == part.geometry()?.blob_len()),
            Err(BlobError::Missing) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes a part that is whole a version's bytes, and tells what they are. Doing it again answers the same.
    ///
    /// # Errors
    /// [`VaultError::Interrupted`] where bytes are missing; [`VaultError::Damaged`]; the store's and the key's.
    pub async fn finish_part(&self, part: &Part, known: Option<Hashed>) -> Result<Received, VaultError> {
        let geometry = part.geometry()?;
        if !self.is_published(part).await? {
            if self.blobs.part_size(part.place()).await? != geometry.blob_len() {
                return Err(VaultError::Interrupted(ErrorKind::UnexpectedEof.into()));
            }
            self.blobs.publish(part.place(), geometry.blob_len()).await?;
        } else {
            // What a crash between the two names left.
            self.blobs.delete_part(part.place()).await?;
        }
        let unnamed = part.stored([0; 32]);
        let sha256: [u8; 32] = match known {
            Some(known) if known.chunks == geometry.last() + 1 => known.state.finalize().into(),
            _ => {
                let bytes = self.read(&unnamed, None).await?;
                let hash = bytes.try_fold(Sha256::new(), |mut hash, piece| async move {
                    hash.update(&piece);
                    Ok(hash)
                });
                hash.await?.finalize().into()
            }
        };
        let edge = (CHUNK as u64).min(part.size);
        let head = self.edge(&unnamed, 0, edge).await?;
        let tail = self.edge(&unnamed, part.size - edge, part.size).await?;
        Ok(Received { stored: part.stored(sha256), head, tail })
    }

    async fn edge(&self, stored: &Stored, start: u64, end: u64) -> Result<Bytes, VaultError> {
        if start == end {
            return Ok(Bytes::new());
        }
        let bytes = self.read(stored, Some(ByteRange { start, end })).await?;
        let whole = bytes.try_fold(Vec::new(), |mut whole, piece| async move {
            whole.extend_from_slice(&piece);
            Ok(whole)
        });
        Ok(whole.await?.into())
    }

    /// Removes a part. One that is gone already is no error.
    ///
    /// # Errors
    /// The store's.
    pub async fn delete_part(&self, tenant: TenantId, version: VersionId) -> Result<(), VaultError> {
        Ok(self.blobs.delete_part(BlobKey { tenant, version }).await?)
    }

    fn fresh_header(&self) -> Header {
        let mut nonce_prefix = [0; NONCE_PREFIX];
        self.entropy.fill(&mut nonce_prefix);
        Header { nonce_prefix }
    }

    async fn part_header(&self, place: BlobKey) -> Result<Header, VaultError> {
        Header::parse(&self.blobs.part_head(place).await?).ok_or(VaultError::Damaged)
    }

    /// The beginning of the chunk at `position`, empty where none was kept for it, with the tag of whatever rest is there.
    async fn rest(
        &self,
        part: &Part,
        key: &DataKey,
        position: u32,
        geometry: Geometry,
    ) -> Result<Rest, VaultError> {
        let Rest { mut bytes, tag } = self.blobs.read_rest(part.place()).await?;
        let Some(header) = bytes.first_chunk::<REST_HEADER>().filter(|header| header[..4] == MARK) else {
            return Ok(Rest { bytes: Vec::new(), tag });
        };
        if header[REST_HEADER - 4..] != position.to_be_bytes() {
            return Ok(Rest { bytes: Vec::new(), tag });
        }
        let mut nonce_prefix = [0; NONCE_PREFIX];
        nonce_prefix.copy_from_slice(&header[4..4 + NONCE_PREFIX]);
        let mut rest = bytes.split_off(REST_HEADER);
        let seal = Seal::new(key, &Header { nonce_prefix }, part.binding());
        seal.open(position, true, &mut rest).map_err(|_| VaultError::Damaged)?;
        if rest.len() >= geometry.plain_len(position).max(1) {
            return Err(VaultError::Damaged);
        }
        Ok(Rest { bytes: rest, tag })
    }
}

impl PartWriter {
    /// How much has come, in plaintext bytes, with what this go was given.
    pub fn offset(&self) -> u64 {
        if self.is_whole() {
            self.part.size
        } else {
            u64::from(self.position) * CHUNK as u64 + self.chunk.len() as u64
        }
    }

    /// Whether nothing is missing any more.
    pub fn is_whole(&self) -> bool {
        self.position > self.geometry.last()
    }

    /// Takes the next bytes; what is beyond the end is not taken. Answers how many were.
    ///
    /// # Errors
    /// The store's.
    pub async fn push(&mut self, mut bytes: &[u8]) -> Result<usize, VaultError> {
        let given = bytes.len();
        while !bytes.is_empty() && !self.is_whole() {
            let full = self.geometry.plain_len(self.position);
            let (now, later) = bytes.split_at(bytes.len().min(full - self.chunk.len()));
            self.chunk.extend_from_slice(now);
            bytes = later;
            if self.chunk.len() == full {
                self.seal_chunk().await?;
            }
        }
        Ok(given - bytes.len())
    }

    async fn seal_chunk(&mut self) -> Result<(), VaultError> {
        if let Some(hash) = &mut self.hash {
            hash.update(&self.chunk);
        }
        let last = self.position == self.geometry.last();
        self.seal.seal(self.position, last, &mut self.chunk).map_err(|_| VaultError::Damaged)?;
        self.blob.write(&self.chunk).await?;
        self.chunk.clear();
        self.position += 1;
        Ok(())
    }

    /// Ends this go: what came is durable once this answers. The offset, and what the next go may go on hashing with.
    ///
    /// # Errors
    /// The store's; then what came in this go may come again.
    pub async fn pause(self) -> Result<(u64, Option<Hashed>), VaultError> {
        let (offset, whole) = (self.offset(), self.is_whole());
        let Self { vault, part, key, blob, position, mut chunk, known_rest, hash, .. } = self;
        blob.commit().await?;
        if !whole && !chunk.is_empty() {
            let header = vault.fresh_header();
            let seal = Seal::new(&key, &header, part.binding());
            seal.seal(position, true, &mut chunk).map_err(|_| VaultError::Damaged)?;
            let mut rest = Vec::with_capacity(REST_HEADER + chunk.len());
            rest.extend_from_slice(&MARK);
            rest.extend_from_slice(&header.nonce_prefix);
            rest.extend_from_slice(&position.to_be_bytes());
            rest.extend_from_slice(&chunk);
            vault.blobs.write_rest(part.place(), rest, known_rest.as_deref()).await?;
        }
        Ok((offset, hash.map(|state| Hashed { chunks: position, state })))
    }
}

#[cfg(test)]
mod tests;
