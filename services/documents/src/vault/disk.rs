//! Blobs as files of one folder.

use std::{
    fs::File as StdFile,
    io::ErrorKind,
    ops::Range,
    path::{Path, PathBuf},
    str::FromStr,
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use portico_core::{TenantId, VersionId};
use tempfile::TempPath;
use tokio::{
    fs::File,
    io::{AsyncReadExt, AsyncSeekExt, BufReader},
};

use super::{
    blobs::{BlobError, BlobKey, BlobReader, BlobStore, BlobWriter},
    gather::{Gather, Writing},
};

/// Bytes that come from the disk at once. Each time costs a turn of a thread that may block, so a chunk at a time would cost more
/// than its decryption.
const AT_ONCE: usize = 512 * 1024;

/// Blobs under `root/<tenant>/<last two digits of the version>/<version>`.
///
/// The *last* digits, since the first ones of a UUIDv7 are its time and would put a year's files into one folder.
/// A blob in the making lies in `root/.incoming` and is renamed into place, so a reader never meets half a file.
#[derive(Debug, Clone)]
pub struct DiskBlobs {
    root: PathBuf,
    writing: Writing,
}

impl DiskBlobs {
    /// Blobs under `root`, which is made on first use.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into(), writing: Writing::default() }
    }

    pub(super) fn incoming(&self) -> PathBuf {
        self.root.join(".incoming")
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) const fn writing(&self) -> &Writing {
        &self.writing
    }

    pub(super) fn path(&self, key: BlobKey) -> PathBuf {
        let version = key.version.to_string();
        let shard = version.get(version.len().saturating_sub(2)..).unwrap_or_default();
        self.root.join(key.tenant.to_string()).join(shard).join(&version)
    }
}

struct DiskWriter {
    file: Gather,
    temporary: TempPath,
    target: PathBuf,
}

#[async_trait]
impl BlobWriter for DiskWriter {
    async fn write(&mut self, bytes: &[u8]) -> Result<(), BlobError> {
        self.file.write(bytes).await
    }

    async fn commit(self: Box<Self>) -> Result<(), BlobError> {
        let Self { file, temporary, target } = *self;
        file.finish().await?;
        in_background(move || {
            let folder = target.parent().unwrap_or(Path::new("."));
            std::fs::create_dir_all(folder)?;
            temporary.persist_noclobber(&target).map_err(|error| error.error)?;
            keep_names(folder)?;
            Ok(())
        })
        .await
    }
}

#[async_trait]
impl BlobStore for DiskBlobs {
    async fn create(&self, key: BlobKey) -> Result<Box<dyn BlobWriter>, BlobError> {
        let (folder, target) = (self.incoming(), self.path(key));
        let (file, temporary) = in_background(move || {
            std::fs::create_dir_all(&folder)?;
            Ok(tempfile::Builder::new().prefix("").suffix(".part").tempfile_in(folder)?.into_parts())
        })
        .await?;
        Ok(Box::new(DiskWriter { file: self.writing.begin(file), temporary, target }))
    }

    async fn size(&self, key: BlobKey) -> Result<u64, BlobError> {
        Ok(tokio::fs::metadata(self.path(key)).await?.len())
    }

    async fn open(&self, key: BlobKey, bytes: Range<u64>) -> Result<BlobReader, BlobError> {
        let mut file = File::open(self.path(key)).await?;
        if bytes.start > 0 {
            file.seek(std::io::SeekFrom::Start(bytes.start)).await?;
        }
        let length = bytes.end.saturating_sub(bytes.start);
        // What is asked for may be a header alone.
        let at_once = usize::try_from(length).unwrap_or(AT_ONCE).min(AT_ONCE);
        Ok(Box::pin(BufReader::with_capacity(at_once, file.take(length))))
    }

    async fn delete(&self, key: BlobKey) -> Result<(), BlobError> {
        match tokio::fs::remove_file(self.path(key)).await {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    async fn sweep(&self, age: Duration) -> Result<usize, BlobError> {
        let folder = self.incoming();
        in_background(move || {
            let mut removed = 0;
            let entries = match std::fs::read_dir(folder) {
                Ok(entries) => entries,
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(0),
                Err(error) => return Err(error.into()),
            };
            for entry in entries {
                let entry = entry?;
                // A file that was finished or removed meanwhile is no fault.
                let Some(changed) = unless_gone(entry.metadata().and_then(|facts| facts.modified()))? else {
                    continue;
                };
                let old = SystemTime::now().duration_since(changed).is_ok_and(|idle| idle >= age);
                if old && unless_gone(std::fs::remove_file(entry.path()))?.is_some() {
                    removed += 1;
                }
            }
            Ok(removed)
        })
        .await
    }

    async fn tenants(&self) -> Result<Vec<TenantId>, BlobError> {
        names(self.root.clone()).await
    }

    async fn versions(&self, tenant: TenantId, shard: u8) -> Result<Vec<VersionId>, BlobError> {
        names(self.root.join(tenant.to_string()).join(format!("{shard:02x}"))).await
    }
}

/// Makes the names in a folder durable: a name is when its folder is, and a new folder when its parent is.
pub(super) fn keep_names(folder: &Path) -> std::io::Result<()> {
    folder.ancestors().take(3).try_for_each(|folder| StdFile::open(folder)?.sync_all())
}

/// The ids that name what lies in a folder; nothing where there is no folder.
async fn names<T: FromStr + Ord + Send + 'static>(folder: PathBuf) -> Result<Vec<T>, BlobError> {
    in_background(move || {
        let Some(entries) = unless_gone(std::fs::read_dir(folder))? else { return Ok(Vec::new()) };
        let mut names = Vec::new();
        for entry in entries {
            names.extend(entry?.file_name().to_str().and_then(|name| name.parse::<T>().ok()));
        }
        names.sort_unstable();
        Ok(names)
    })
    .await
}

/// A file that is not there any more is nothing, and no error.
pub(super) fn unless_gone<T>(outcome: std::io::Result<T>) -> Result<Option<T>, BlobError> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn in_background<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BlobError> + Send + 'static,
) -> Result<T, BlobError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| BlobError::Io(std::io::Error::other(error)))?
}
