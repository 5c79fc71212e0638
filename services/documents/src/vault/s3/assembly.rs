//! An object in the making: bytes are gathered to parts, and one part is on its way while the next is gathered.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use tokio::task::JoinHandle;

use super::{
    super::blobs::{BlobError, BlobWriter},
    client::Client,
    error::S3Error,
};

/// Up to here a buffer grows with what comes.
const SMALL: usize = 1024 * 1024;

/// The parts of an upload. It holds two of them at most: the one that is gathered and the one on its way.
pub(super) struct Assembly {
    pub(super) client: Arc<Client>,
    /// The key of the object that it becomes.
    pub(super) key: String,
    /// The bytes of each part but the last.
    pub(super) part: usize,
    /// The upload's id, once there is more than one part's worth.
    pub(super) upload: Option<String>,
    /// Parts that the store has.
    pub(super) parts: u16,
    /// Their tags, as far as they were sent from here.
    pub(super) tags: Vec<String>,
    /// What does not fill a part yet.
    pub(super) gathered: BytesMut,
    flying: Option<JoinHandle<Result<String, S3Error>>>,
}

impl Assembly {
    pub(super) fn new(client: Arc<Client>, key: String, part: usize) -> Self {
        Self {
            client,
            key,
            part,
            upload: None,
            parts: 0,
            tags: Vec::new(),
            gathered: BytesMut::new(),
            flying: None,
        }
    }

    /// Bytes that still fit into the part that is gathered; never 0, for a full one is sent before more is taken.
    pub(super) fn room(&self) -> usize {
        self.part - self.gathered.len()
    }

    /// Gathers bytes that there is [`Assembly::room`] for.
    pub(super) fn gather(&mut self, bytes: &[u8]) {
        // Small files get small buffers; a large one gets its part's at once, and never twice that.
        if self.gathered.capacity() - self.gathered.len() < bytes.len() && self.gathered.len() >= SMALL {
            self.gathered.reserve(self.room());
        }
        self.gathered.extend_from_slice(bytes);
    }

    /// Sends what was gathered as the next part, once the one before has arrived; `then` is done after it has arrived itself.
    pub(super) async fn send(
        &mut self,
        upload: &str,
        then: impl Future<Output = Result<(), S3Error>> + Send + 'static,
    ) -> Result<(), S3Error> {
        self.land().await?;
        let (number, bytes) = (self.parts + 1, self.take());
        let (client, key, upload) = (Arc::clone(&self.client), self.key.clone(), upload.to_owned());
        self.flying = Some(tokio::spawn(async move {
            let tag = client.part(&key, &upload, number, bytes).await?;
            then.await?;
            Ok(tag)
        }));
        Ok(())
    }

    /// Waits for the part that is on its way.
    pub(super) async fn land(&mut self) -> Result<(), S3Error> {
        if let Some(flying) = self.flying.take() {
            let tag = flying.await.map_err(|error| S3Error::Away(error.to_string()))??;
            self.tags.push(tag);
            self.parts += 1;
        }
        Ok(())
    }

    /// What was gathered and not sent.
    pub(super) fn take(&mut self) -> Bytes {
        std::mem::take(&mut self.gathered).freeze()
    }
}

impl Drop for Assembly {
    fn drop(&mut self) {
        if let Some(flying) = &self.flying {
            flying.abort();
        }
    }
}

/// A blob that comes in one go. Up to a part it is one request; beyond that an upload of several, which is aborted where the blob
/// is not committed.
pub(super) struct NewBlob {
    assembly: Assembly,
    size: u64,
}

impl NewBlob {
    pub(super) const fn new(assembly: Assembly) -> Self {
        Self { assembly, size: 0 }
    }

    async fn send_part(&mut self) -> Result<(), S3Error> {
        let upload = match &self.assembly.upload {
            Some(upload) => upload.clone(),
            None => {
                let begun = self.assembly.client.begin(&self.assembly.key).await?;
                self.assembly.upload.insert(begun).clone()
            }
        };
        self.assembly.send(&upload, async { Ok(()) }).await
    }

    async fn finish(&mut self) -> Result<(), S3Error> {
        let (client, key) = (Arc::clone(&self.assembly.client), self.assembly.key.clone());
        let Some(upload) = self.assembly.upload.clone() else {
            return client.put_new(&key, self.assembly.take()).await;
        };
        if !self.assembly.gathered.is_empty() {
            self.send_part().await?;
        }
        self.assembly.land().await?;
        client.complete(&key, &upload, &self.assembly.tags, self.size).await
    }
}

#[async_trait]
impl BlobWriter for NewBlob {
    async fn write(&mut self, mut bytes: &[u8]) -> Result<(), BlobError> {
        self.size += bytes.len() as u64;
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(self.assembly.room()));
            self.assembly.gather(now);
            bytes = later;
            if self.assembly.room() == 0 {
                self.send_part().await?;
            }
        }
        Ok(())
    }

    async fn commit(mut self: Box<Self>) -> Result<(), BlobError> {
        // Servers that do not know `If-None-Match` would replace it.
        if self.assembly.client.look(&self.assembly.key).await?.is_some() {
            return Err(BlobError::Exists);
        }
        self.finish().await?;
        self.assembly.upload = None;
        Ok(())
    }
}

impl Drop for NewBlob {
    fn drop(&mut self) {
        // Without a runtime the sweep finds it.
        let (Some(upload), Ok(runtime)) =
            (self.assembly.upload.take(), tokio::runtime::Handle::try_current())
        else {
            return;
        };
        let (client, key) = (Arc::clone(&self.assembly.client), self.assembly.key.clone());
        runtime.spawn(async move {
            if let Err(error) = client.abort(&key, &upload).await {
                tracing::warn!("an upload that broke off waits for the sweep: {error}");
            }
        });
    }
}
