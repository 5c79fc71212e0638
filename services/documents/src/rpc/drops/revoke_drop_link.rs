//! Ends a link.

use portico_core::DropLinkId;
use portico_proto::documents::v1::{RevokeDropLinkRequest, RevokeDropLinkResponse};
use serde_json::json;

use crate::{
    access, convert,
    error::DocumentsError,
    events::drops,
    service::{Call, SharedService},
    store,
};

pub(super) async fn handle(
    service: &SharedService,
    call: Call,
    request: RevokeDropLinkRequest,
) -> Result<RevokeDropLinkResponse, DocumentsError> {
    let id: DropLinkId = request.drop_link_id.parse()?;
    let mut tx = service.store.begin(&call.ctx).await?;
    let link = store::drop_links::read(&mut tx, id).await?.ok_or(DocumentsError::NotFound)?;
    drop(tx);
    // Whoever may not see the folder may not see its links.
    access::folder(service, &call, link.folder_id).await?;
    let now = service.clock.now();
    let mut tx = service.store.begin(&call.ctx).await?;
    let event = if store::drop_links::revoke(&mut tx, id, now).await? {
        drops::changed(service, &mut tx, "drop_link.revoked", &link, json!({ "files": link.files })).await?
    } else {
        String::new()
    };
    let link = store::drop_links::read(&mut tx, id).await?.ok_or(DocumentsError::NotFound)?;
    tx.commit().await?;
    Ok(RevokeDropLinkResponse { link: Some(convert::drop_link(&link, now)), event })
}
