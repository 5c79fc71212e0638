//! Where sealed bytes lie: a disk or an object store. Nothing here knows of keys.

use std::{ops::Range, pin::Pin, time::Duration};

use async_trait::async_trait;
use portico_core::{TenantId, VersionId};
use tokio::io::AsyncRead;

use super::format::HEADER;

/// The place of one blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BlobKey {
    /// The firm; its blobs share a folder, so that they can be counted, moved and removed together.
    pub tenant: TenantId,
    /// The version whose bytes these are.
    pub version: VersionId,
}

/// Why the store did not do as it was asked.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// There is no such blob.
    #[error("the stored file is missing")]
    Missing,
    /// A blob with this key is there already. Versions are immutable: it stays as it is.
    #[error("the stored file exists already")]
    Exists,
    /// No space is left.
    #[error("the file store is full")]
    Full,
    /// Anything else that went wrong with the disk or the service.
    #[error("the file store failed")]
    Io(#[source] std::io::Error),
}

impl From<std::io::Error> for BlobError {
    fn from(error: std::io::Error) -> Self {
        use std::io::ErrorKind::{AlreadyExists, FileTooLarge, NotFound, QuotaExceeded, StorageFull};
        match error.kind() {
            NotFound => Self::Missing,
            AlreadyExists => Self::Exists,
            // A file system that takes no file of this size, or a process that may not write one, has no room for it either.
            StorageFull | QuotaExceeded | FileTooLarge => Self::Full,
            _ => Self::Io(error),
        }
    }
}

/// Bytes of a blob, those of the range that it was opened for.
pub type BlobReader = Pin<Box<dyn AsyncRead + Send>>;

/// A blob in the making. Dropped without [`BlobWriter::commit`], it leaves nothing behind.
#[async_trait]
pub trait BlobWriter: Send {
    /// Appends `bytes`.
    ///
    /// # Errors
    /// [`BlobError::Full`] or [`BlobError::Io`].
    async fn write(&mut self, bytes: &[u8]) -> Result<(), BlobError>;

    /// Makes the blob appear under its key, whole and durable.
    ///
    /// # Errors
    /// [`BlobError::Exists`] where the key is taken; then and on any other error nothing is left behind.
    async fn commit(self: Box<Self>) -> Result<(), BlobError>;
}

/// What does not fill a chunk yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rest {
    /// Its bytes; empty where there is none.
    pub bytes: Vec<u8>,
    /// By what the store tells it from any other; nothing where there is none.
    pub tag: Option<String>,
}

/// The refusal to publish a part that is not as large as it should be.
pub(super) fn another_size(there: u64, expected: u64) -> BlobError {
    BlobError::Io(std::io::Error::other(format!(
        "a part has {there} bytes, and its blob is to have {expected}"
    )))
}

/// Blobs in the making that come in several goes, possibly in different processes. What one go has committed is durable and still
/// hidden: a part appears under its key when it is published, whole.
///
/// Beside a part lies its *rest*: a few bytes that do not fill a chunk yet and are written anew with each go.
#[async_trait]
pub trait PartStore: Send + Sync + 'static {
    /// Bytes of the part that were kept so far; 0 where there is none.
    ///
    /// # Errors
    /// [`BlobError::Io`].
    async fn part_size(&self, key: BlobKey) -> Result<u64, BlobError>;

    /// Goes on with a part behind its first `offset` bytes: none, or what commits have kept. Whatever a crash has left behind them is
    /// cut off. The writer's commit keeps what it was given, and does not publish it;
    /// whole writes may be kept before.
    ///
    /// # Errors
    /// [`BlobError::Full`] or [`BlobError::Io`].
    async fn append(&self, key: BlobKey, offset: u64) -> Result<Box<dyn BlobWriter>, BlobError>;

    /// A part's first bytes. No more of it can be read before it is published.
    ///
    /// # Errors
    /// [`BlobError::Missing`] where there are fewer, or [`BlobError::Io`].
    async fn part_head(&self, key: BlobKey) -> Result<[u8; HEADER], BlobError>;

    /// Replaces the part's rest, durably and at once, where it is still the one with the tag that is `known`, or there is none as then.
    ///
    /// # Errors
    /// [`BlobError::Exists`] where another go has written one since; [`BlobError::Full`] or [`BlobError::Io`].
    async fn write_rest(&self, key: BlobKey, bytes: Vec<u8>, known: Option<&str>) -> Result<(), BlobError>;

    /// The part's rest.
    ///
    /// # Errors
    /// [`BlobError::Io`].
    async fn read_rest(&self, key: BlobKey) -> Result<Rest, BlobError>;

    /// Makes the part appear under its key, if it has `size` bytes; its rest goes.
    ///
    /// # Errors
    /// [`BlobError::Exists`] where the key is taken, [`BlobError::Missing`] where there is no part, [`BlobError::Io`] where it has
    /// another size.
    async fn publish(&self, key: BlobKey, size: u64) -> Result<(), BlobError>;

    /// Removes a part with its rest. One that is gone already is no error.
    ///
    /// # Errors
    /// [`BlobError::Io`].
    async fn delete_part(&self, key: BlobKey) -> Result<(), BlobError>;
}

/// A store of blobs, each written once, read at any offset, and deleted.
#[async_trait]
pub trait BlobStore: PartStore {
    /// Begins a blob. It is not visible under its key before it is committed.
    ///
    /// # Errors
    /// [`BlobError::Full`] or [`BlobError::Io`].
    async fn create(&self, key: BlobKey) -> Result<Box<dyn BlobWriter>, BlobError>;

    /// The blob's length in bytes.
    ///
    /// # Errors
    /// [`BlobError::Missing`] or [`BlobError::Io`].
    async fn size(&self, key: BlobKey) -> Result<u64, BlobError>;

    /// Opens these bytes of the blob for reading. A blob that is shorter ends early.
    ///
    /// # Errors
    /// [`BlobError::Missing`] or [`BlobError::Io`].
    async fn open(&self, key: BlobKey, bytes: Range<u64>) -> Result<BlobReader, BlobError>;

    /// Removes the blob. One that is gone already is no error.
    ///
    /// # Errors
    /// [`BlobError::Io`].
    async fn delete(&self, key: BlobKey) -> Result<(), BlobError>;

    /// Removes what interrupted processes left in the making, where nothing of it can be used and it is older than `age`, which is
    /// beyond the longest upload in one go. How much that was.
    ///
    /// # Errors
    /// The first that cannot be listed or removed.
    async fn sweep(&self, age: Duration) -> Result<usize, BlobError>;

    /// The firms that have a blob, and maybe some that had, in the order of their ids.
    ///
    /// # Errors
    /// They cannot be listed.
    async fn tenants(&self) -> Result<Vec<TenantId>, BlobError>;

    /// The firm's blobs whose versions end in these two digits, in the order of their ids.
    ///
    /// # Errors
    /// They cannot be listed.
    async fn versions(&self, tenant: TenantId, shard: u8) -> Result<Vec<VersionId>, BlobError>;
}
