//! The text of a page, for people who cannot see its image.

use portico_core::VersionId;
use portico_proto::documents::v1::{GetPageTextRequest, GetPageTextResponse};
use serde_json::json;

use crate::{
    access, convert,
    domain::{library::Level, sighting::Way},
    error::DocumentsError,
    events::publish,
    service::{Call, SharedService},
};

pub(super) async fn handle(
    service: &SharedService,
    call: Call,
    request: GetPageTextRequest,
) -> Result<GetPageTextResponse, DocumentsError> {
    let id: VersionId = request.version_id.parse()?;
    let page = u32::try_from(request.page).unwrap_or_default();
    // Whoever may see the picture may hear the words: a file that is for the screen only is so for blind people too.
    let (document, version, right) = access::openable(service, &call, id).await?;
    let (file, stored) = access::shown(service, &call.ctx, &version).await?;
    let layout = service.previews.layout(&service.vault, &file, &stored, page).await?;
    let mut tx = service.store.begin(&call.ctx).await?;
    let details = json!({ "page": page, "text": true });
    publish::version_seen(service, &mut tx, Way::Viewed, &document, &version, details).await?;
    tx.commit().await?;
    let mut text = convert::page_text(&layout);
    if right.level < Level::View {
        // Without their places nothing lays the words over the picture to be marked and copied.
        text.blocks.iter_mut().for_each(|block| block.lines.clear());
    }
    Ok(text)
}
