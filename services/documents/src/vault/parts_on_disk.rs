//! Blobs in the making that come in several goes, as files below `root/.parts/<tenant>`: `<version>` and, for what does not fill a
//! chunk yet, `<version>.rest`.

use std::{io::ErrorKind, path::PathBuf};

use async_trait::async_trait;
use sha2::{Digest as _, Sha256};
use tokio::{fs::File, io::AsyncReadExt};

use super::{
    blobs::{BlobError, BlobKey, BlobWriter, PartStore, Rest, another_size},
    disk::{DiskBlobs, in_background, keep_names, unless_gone},
    format::HEADER,
    gather::Gather,
};

impl DiskBlobs {
    fn part(&self, key: BlobKey) -> PathBuf {
        self.root().join(".parts").join(key.tenant.to_string()).join(key.version.to_string())
    }

    fn rest(&self, key: BlobKey) -> PathBuf {
        self.part(key).with_extension("rest")
    }
}

/// By what a rest is told from any other: each is sealed anew, so no two are alike.
fn tag(rest: &[u8]) -> String {
    hex::encode(Sha256::digest(rest))
}

struct Appending(Gather);

#[async_trait]
impl BlobWriter for Appending {
    async fn write(&mut self, bytes: &[u8]) -> Result<(), BlobError> {
        self.0.write(bytes).await
    }

    async fn commit(self: Box<Self>) -> Result<(), BlobError> {
        self.0.finish().await
    }
}

#[async_trait]
impl PartStore for DiskBlobs {
    async fn part_size(&self, key: BlobKey) -> Result<u64, BlobError> {
        let facts = unless_gone(tokio::fs::metadata(self.part(key)).await)?;
        Ok(facts.map_or(0, |facts| facts.len()))
    }

    async fn append(&self, key: BlobKey, offset: u64) -> Result<Box<dyn BlobWriter>, BlobError> {
        use std::io::Seek as _;
        let path = self.part(key);
        let file = in_background(move || {
            if offset == 0 {
                let folder = path.parent().map(PathBuf::from).unwrap_or_default();
                std::fs::create_dir_all(&folder)?;
                std::fs::OpenOptions::new().create(true).append(true).open(&path)?;
                keep_names(&folder)?;
            }
            let mut file = std::fs::OpenOptions::new().write(true).open(path)?;
            file.set_len(offset)?;
            file.seek(std::io::SeekFrom::Start(offset))?;
            Ok(file)
        })
        .await?;
        Ok(Box::new(Appending(self.writing().begin(file))))
    }

    async fn part_head(&self, key: BlobKey) -> Result<[u8; HEADER], BlobError> {
        let mut head = [0; HEADER];
        match File::open(self.part(key)).await?.read_exact(&mut head).await {
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Err(BlobError::Missing),
            outcome => Ok(outcome.map(|_| head)?),
        }
    }

    async fn write_rest(&self, key: BlobKey, bytes: Vec<u8>, known: Option<&str>) -> Result<(), BlobError> {
        use std::io::Write as _;
        let (rest, incoming, known) = (self.rest(key), self.incoming(), known.map(ToOwned::to_owned));
        in_background(move || {
            if unless_gone(std::fs::read(&rest))?.map(|there| tag(&there)) != known {
                return Err(BlobError::Exists);
            }
            std::fs::create_dir_all(&incoming)?;
            let mut file = tempfile::Builder::new().prefix("").suffix(".part").tempfile_in(incoming)?;
            file.write_all(&bytes)?;
            file.as_file().sync_all()?;
            file.persist(&rest).map_err(|error| error.error)?;
            if let Some(folder) = rest.parent() {
                keep_names(folder)?;
            }
            Ok(())
        })
        .await
    }

    async fn read_rest(&self, key: BlobKey) -> Result<Rest, BlobError> {
        let there = unless_gone(tokio::fs::read(self.rest(key)).await)?;
        Ok(there.map_or_else(Rest::default, |bytes| Rest { tag: Some(tag(&bytes)), bytes }))
    }

    async fn publish(&self, key: BlobKey, size: u64) -> Result<(), BlobError> {
        let (part, rest, target) = (self.part(key), self.rest(key), self.path(key));
        in_background(move || {
            let there = std::fs::metadata(&part)?.len();
            if there != size {
                return Err(another_size(there, size));
            }
            let folder = target.parent().map(PathBuf::from).unwrap_or_default();
            std::fs::create_dir_all(&folder)?;
            // A link fails where the name is taken; a rename would replace what is there.
            std::fs::hard_link(&part, &target)?;
            keep_names(&folder)?;
            std::fs::remove_file(&part)?;
            unless_gone(std::fs::remove_file(&rest))?;
            Ok(())
        })
        .await
    }

    async fn delete_part(&self, key: BlobKey) -> Result<(), BlobError> {
        for path in [self.part(key), self.rest(key)] {
            match tokio::fs::remove_file(path).await {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
                _ => {}
            }
        }
        Ok(())
    }
}
