//! The places that one suite of tests runs over: a disk, and a bucket of a server that is not ours.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use portico_core::{TenantId, VersionId};
use tempfile::TempDir;

use super::{BlobKey, BlobStore, DiskBlobs, s3::testing::TestBucket};

/// Where the bytes of a test lie.
pub(super) enum Shelf {
    Disk(TempDir),
    Bucket(Box<TestBucket>),
}

/// Runs each of these over both places. Where the server is missing, those over a bucket say so.
macro_rules! over_both {
    ($($test:ident),* $(,)?) => {
        mod on_disk {
            $(#[tokio::test]
            async fn $test() {
                super::$test($crate::vault::testing::Shelf::on_disk()).await;
            })*
        }
        mod in_a_bucket {
            $(#[tokio::test]
            async fn $test() {
                if let Some(shelf) = $crate::vault::testing::Shelf::in_a_bucket().await {
                    super::$test(shelf).await;
                }
            })*
        }
    };
}
pub(super) use over_both;

impl Shelf {
    pub(super) fn on_disk() -> Self {
        Self::Disk(TempDir::new().unwrap())
    }

    pub(super) async fn in_a_bucket() -> Option<Self> {
        TestBucket::new().await.map(Box::new).map(Self::Bucket)
    }

    pub(super) fn blobs(&self) -> Arc<dyn BlobStore> {
        match self {
            Self::Disk(folder) => Arc::new(DiskBlobs::new(folder.path())),
            Self::Bucket(bucket) => bucket.blobs.clone(),
        }
    }

    /// The sealed bytes as they lie there.
    pub(super) async fn sealed(&self, tenant: TenantId, version: VersionId) -> Vec<u8> {
        match self {
            Self::Disk(folder) => std::fs::read(folder.path().join(place(tenant, version))).unwrap(),
            Self::Bucket(bucket) => bucket.get(&format!("portal/{}", place(tenant, version))).await.unwrap(),
        }
    }

    /// Lays other bytes there, as somebody would who got at the place.
    pub(super) async fn forge(&self, tenant: TenantId, version: VersionId, bytes: Vec<u8>) {
        match self {
            Self::Disk(folder) => {
                let path = folder.path().join(place(tenant, version));
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, bytes).unwrap();
            }
            Self::Bucket(bucket) => {
                bucket.put(&format!("portal/{}", place(tenant, version)), bytes).await;
            }
        }
    }

    /// Everything that lies there, whatever it is.
    pub(super) async fn everything(&self) -> Vec<String> {
        match self {
            Self::Disk(folder) => {
                let mut found = Vec::new();
                walk(folder.path(), &mut found);
                found.iter().map(|path| path.display().to_string()).collect()
            }
            Self::Bucket(bucket) => bucket.everything().await,
        }
    }

    /// Leaves half a chunk behind what a go has kept, as a power cut does on a disk. A store writes an object whole or not at all.
    pub(super) fn tear(&self, key: BlobKey) {
        let Self::Disk(folder) = self else { return };
        let path = folder.path().join(".parts").join(key.tenant.to_string()).join(key.version.to_string());
        let file = std::fs::OpenOptions::new().append(true).open(path).unwrap();
        file.set_len(file.metadata().unwrap().len() + 4000).unwrap();
    }
}

fn place(tenant: TenantId, version: VersionId) -> String {
    let version = version.to_string();
    format!("{tenant}/{}/{version}", &version[version.len() - 2..])
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() { walk(&path, found) } else { found.push(path) }
    }
}
