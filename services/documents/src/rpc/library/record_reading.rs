//! What a browser tells of its reader: which pages were before them and for how long, and that they printed.

use portico_core::VersionId;
use portico_proto::documents::v1::{RecordReadingRequest, RecordReadingResponse};
use serde_json::json;

use crate::{
    access,
    domain::reading::believed,
    error::DocumentsError,
    events::publish,
    service::{Call, SharedService},
    store,
};

pub(super) async fn handle(
    service: &SharedService,
    call: Call,
    request: RecordReadingRequest,
) -> Result<RecordReadingResponse, DocumentsError> {
    let id: VersionId = request.version_id.parse()?;
    let (document, version, _) = access::openable(service, &call, id).await?;
    let now = service.clock.now();
    let mut tx = service.store.begin(&call.ctx).await?;
    // Nobody reads before a page was shown to them.
    let Some(since) = store::readings::hold(&mut tx, id).await? else { return Ok(RecordReadingResponse {}) };
    let told: Vec<_> = request.pages.iter().map(|page| (page.page, page.seconds)).collect();
    let seconds = believed(&told, version.file.pages, since, now);
    store::readings::add(&mut tx, &version, &seconds, request.printed, now).await?;
    if request.printed {
        publish::version_audited(service, &mut tx, "document.printed", &document, &version, json!({}))
            .await?;
    }
    tx.commit().await?;
    Ok(RecordReadingResponse {})
}
