//! Removes what processes that are gone left half-done: uploads in the making, and files laid ready for their pages.

use std::time::Duration;

use super::REST;
use crate::{error::DocumentsError, preview, service::Service, vault::VaultError};

/// Beyond the longest pause within an upload.
const ABANDONED: Duration = Duration::from_secs(24 * 3600);

pub(super) async fn run(service: &Service) -> Result<Duration, DocumentsError> {
    let uploads = service.blobs.sweep(ABANDONED).await.map_err(VaultError::from)?;
    let sources = preview::sweep(&service.config.preview).await?;
    if uploads + sources > 0 {
        tracing::info!(uploads, sources, "removed what interrupted processes left behind");
    }
    Ok(REST)
}
