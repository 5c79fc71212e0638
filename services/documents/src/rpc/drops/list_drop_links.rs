//! Lists the links to a folder.

use chrono::{DateTime, Utc};
use portico_proto::documents::v1::{ListDropLinksRequest, ListDropLinksResponse};
use portico_service::page;
use uuid::Uuid;

use crate::{
    access, convert,
    error::DocumentsError,
    service::{Call, SharedService},
    store,
};

pub(super) async fn handle(
    service: &SharedService,
    call: Call,
    request: ListDropLinksRequest,
) -> Result<ListDropLinksResponse, DocumentsError> {
    let folder = access::folder(service, &call, request.folder_id.parse()?).await?;
    let size = page::size(request.page_size, 50, 200);
    let after = page::key::<(DateTime<Utc>, Uuid)>(&request.page_token).map_err(DocumentsError::Invalid)?;
    let mut tx = service.store.begin(&call.ctx).await?;
    let mut found = store::drop_links::list(&mut tx, folder.id, after, size + 1).await?;
    let next_page_token = page::cut(&mut found, size, |last| (last.created_at, last.id.0));
    let now = service.clock.now();
    let links = found.iter().map(|link| convert::drop_link(link, now)).collect();
    Ok(ListDropLinksResponse { links, next_page_token })
}
